// The page's state: households on this phone, their members' strips, the clock.
// It refreshes by itself when it can, and goes on with what is kept when not.
import { computed, signal } from "@preact/signals";
import { ApiError } from "../shared/api";
import type { Text } from "../shared/i18n";
import { inTime } from "../shared/intime";
import { type Clock, serverTime } from "./clock";
import type { My } from "./my";
import type { Family, Settings, Store } from "./store";
import { readStrip, type Strip, trimStrip, wantsStrip } from "./strip";
import type { Household, Member } from "./types";

/** A household with what the server last said of it on this visit. */
export interface LiveFamily extends Family {
	live: Household | null;
}

/** Somebody whose pass can be shown: the whole of what is known, or what was kept. */
export interface Person {
	family: LiveFamily;
	member: Member;
}

/** ms between two looks at the server while the page is in view. */
export const EVERY = 5 * 60_000;
/** A page that comes back into view looks again after this many ms. */
const SOON = 20_000;

export class Home {
	readonly ready = signal(false);
	readonly families = signal<readonly LiveFamily[]>([]);
	readonly strips = signal<ReadonlyMap<string, Strip>>(new Map());
	readonly clock = signal<Clock>({ offset: 0, known: "never", heardAt: 0 });
	/** Null until the server was asked on this visit. */
	readonly online = signal<boolean | null>(null);
	/** What happened to a household without this phone's doing. */
	readonly notice = signal<Text | null>(null);
	readonly large = signal(false);
	readonly durable = signal(true);
	private readonly chosen = signal("");
	private askedAt = Number.NEGATIVE_INFINITY;
	private asking: Promise<void> | null = null;

	readonly people = computed<readonly Person[]>(() =>
		this.families.value.flatMap((family) =>
			(family.live?.members ?? family.members).map((member) => ({ family, member })),
		),
	);
	/** Who is on the screen. */
	readonly shown = computed<Person | null>(
		() => this.people.value.find((p) => p.member.id === this.chosen.value) ?? this.people.value[0] ?? null,
	);

	constructor(
		readonly my: My,
		private readonly store: Store,
		private readonly measure: () => Promise<number>,
		private readonly wall: () => number = Date.now,
	) {}

	/** The server's time, UTC ms, as well as this phone knows it. */
	now(): number {
		return serverTime(this.clock.peek(), this.wall());
	}

	/** Reads what is kept. The page can be used when it resolves; refresh() comes after. */
	async start(): Promise<void> {
		const [families, strips, kept] = await Promise.all([
			this.store.families(),
			this.store.strips(),
			this.store.settings(),
		]);
		this.durable.value = this.store.durable;
		if (this.store.unread) {
			this.notice.value = {
				zh: "读不出这部手机里存的通行码。请关掉页面重开，或换普通窗口（不用无痕）；还不行就重新激活，但关掉页面就没了。",
				en: "The passes kept on this phone cannot be read. Close the page and open it again, not in a private window; else activate again, for this visit only.",
			};
		}
		this.large.value = kept.large ?? false;
		this.chosen.value = kept.shown ?? "";
		if (kept.offset !== undefined) {
			this.clock.value = { offset: kept.offset, known: "kept", heardAt: kept.heardAt ?? 0 };
		}
		this.families.value = families.map((f) => ({ ...f, live: null }));
		this.strips.value = new Map(strips.map((s) => [s.resident, s]));
		this.ready.value = true;
	}

	/** Asks the server for everything that may have changed; one at a time, not too often unless forced. */
	async refresh(force = false): Promise<void> {
		if (this.asking) {
			return this.asking;
		}
		if (!force && this.wall() - this.askedAt < SOON) {
			return;
		}
		this.askedAt = this.wall();
		this.asking = this.refreshAll().finally(() => {
			this.asking = null;
		});
		return this.asking;
	}

	private async refreshAll(): Promise<void> {
		try {
			const offset = await this.measure();
			if (!Number.isFinite(offset)) {
				throw new Error("what answered is not the server");
			}
			this.clock.value = { offset, known: "right", heardAt: this.wall() - offset };
			this.online.value = true;
			await this.keepSettings();
		} catch {
			this.online.value = false;
			return;
		}
		await Promise.all(this.families.value.map((f) => this.refreshFamily(f)));
	}

	private async refreshFamily(family: LiveFamily): Promise<void> {
		try {
			const value = await this.my.household(family.token);
			if (!this.has(family)) {
				return; // signed out meanwhile
			}
			const before = new Map(family.members.map((m) => [m.id, m.status]));
			const next = await this.take(family.token, value);
			await this.dropStrangers(family, next);
			for (const m of next.members) {
				await this.refreshStrip(next, m.id, before.get(m.id) !== m.status);
			}
		} catch (cause) {
			if (this.has(family)) {
				await this.failed(family, cause);
			}
		}
	}

	/** Whether a household is on this phone: what was asked for one that is not any more is dropped. */
	private has(family: Family): boolean {
		return this.families.value.some((f) => f.token === family.token);
	}

	/** Fetches a member's strip if it is time to, or whatever its age. */
	private async refreshStrip(family: Family, resident: string, whatever: boolean): Promise<void> {
		const strip = this.strips.value.get(resident);
		if (!whatever && !wantsStrip(strip, this.now())) {
			return;
		}
		try {
			const answer = await this.my.passes(family.token, resident);
			if (!this.has(family)) {
				return;
			}
			await this.putStrip(trimStrip(readStrip(resident, answer), this.now()));
		} catch (cause) {
			if (cause instanceof ApiError && ["not_found", "invalid"].includes(cause.code)) {
				await this.dropStrip(resident); // there are no passes for them any more
				return;
			}
			throw cause;
		}
	}

	/** A sign-out by the office is final; all else is a bad network or a server in trouble. */
	private async failed(family: Family, cause: unknown): Promise<void> {
		if (!(cause instanceof ApiError)) {
			throw cause;
		}
		if (cause.code === "unauthorized") {
			await this.forget(family);
			this.notice.value = {
				zh: `「${family.door || family.site}」已在本手机退出：激活码已更换，或有人在别处退出了这部手机。如需继续使用，请用社区发的新激活码重新激活。`,
				en: `“${family.door || family.site}” was signed out on this phone: the activation code was replaced, or somebody signed this phone out. To go on, activate it with the new code from your community.`,
			};
		} else if (cause.status === 429) {
			setTimeout(() => void this.refresh(true), (cause.retryAfter ?? 60) * 1000); // a large household's strips
		} else if (cause.status === 0 || cause.status >= 500) {
			this.online.value = false;
		}
	}

	/** Adds a household. Throws ApiError with the server's words. */
	async activate(code: string, tail: string): Promise<void> {
		const { token, household } = await this.my.activate(code, tail);
		const again = this.families.value.find((f) => f.members.some((m) => household.members.some((n) => n.id === m.id)));
		if (again) {
			await this.signOut(again).catch(() => this.forget(again));
		}
		const family = await this.take(token, household);
		this.notice.value = null;
		if (household.members[0]) {
			this.show(household.members[0].id);
		}
		await Promise.all(family.members.map((m) => this.refreshStrip(family, m.id, true))).catch(() => undefined);
		await this.refresh(true);
	}

	/** Signs this phone out of a household and forgets it. Throws ApiError if the server was not told; then it is not forgotten. */
	async signOut(family: LiveFamily): Promise<void> {
		const live = family.live ?? (await this.my.household(family.token));
		const mine = live.phones.find((p) => p.this);
		if (mine) {
			await this.my.dropPhone(family.token, mine.id);
		}
		await this.forget(family);
	}

	/** Signs another phone out. */
	async signOutOther(family: LiveFamily, phone: string): Promise<void> {
		await this.my.dropPhone(family.token, phone);
		await this.refresh(true);
	}

	/** Removes a household from this phone, whatever the server knows. */
	async forget(family: Family): Promise<void> {
		await this.store.dropFamily(family);
		this.families.value = this.families.value.filter((f) => f.token !== family.token);
		const left = new Map(this.strips.value);
		for (const m of family.members) {
			left.delete(m.id);
		}
		this.strips.value = left;
		if (this.families.value.length === 0) {
			this.chosen.value = "";
		}
		await this.keepSettings();
	}

	/** Puts somebody's pass on the screen. */
	show(resident: string): void {
		this.chosen.value = resident;
		void this.keepSettings();
	}

	/** Fetches somebody's codes anew, whatever there is. Throws ApiError. */
	async renew(person: Person): Promise<void> {
		await this.refreshStrip(person.family, person.member.id, true);
	}

	/** The next or the previous person. */
	turn(by: 1 | -1): void {
		const all = this.people.value;
		const at = all.findIndex((p) => p.member.id === this.shown.value?.member.id);
		const next = all[(at + by + all.length) % all.length];
		if (next) {
			this.show(next.member.id);
		}
	}

	setLarge(large: boolean): void {
		this.large.value = large;
		void this.keepSettings();
	}

	private async take(token: string, household: Household): Promise<LiveFamily> {
		const kept: Family = {
			token,
			site: household.site.name,
			door: household.door,
			office: household.office,
			members: household.members.map(({ id, name, kind, status, status_text }) => ({
				id,
				name,
				kind,
				status,
				status_text,
			})),
		};
		await this.keep(this.store.putFamily(kept));
		const next = { ...kept, live: household };
		const others = this.families.value.filter((f) => f.token !== token);
		const at = this.families.value.findIndex((f) => f.token === token);
		this.families.value = at < 0 ? [...others, next] : this.families.value.map((f) => (f.token === token ? next : f));
		return next;
	}

	private async dropStrangers(before: Family, after: Family): Promise<void> {
		for (const m of before.members) {
			if (!after.members.some((n) => n.id === m.id)) {
				await this.dropStrip(m.id);
			}
		}
	}

	/** A full or failing disk costs what is kept, never what is on the screen. */
	private async keep(writing: Promise<void>): Promise<void> {
		try {
			await inTime(writing);
		} catch {
			this.durable.value = false;
		}
	}

	private async putStrip(strip: Strip): Promise<void> {
		this.strips.value = new Map(this.strips.value).set(strip.resident, strip);
		await this.keep(this.store.putStrip(strip));
	}

	private async dropStrip(resident: string): Promise<void> {
		const left = new Map(this.strips.value);
		left.delete(resident);
		this.strips.value = left;
		await this.keep(this.store.dropStrip(resident));
	}

	private async keepSettings(): Promise<void> {
		const { offset, known, heardAt } = this.clock.value;
		const settings: Settings = { large: this.large.value, shown: this.chosen.value };
		if (known !== "never") {
			Object.assign(settings, { offset, heardAt });
		}
		await this.keep(this.store.putSettings(settings));
	}
}
