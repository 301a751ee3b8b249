// The grid member's work on this phone: the list, what was done, and sending it.
// Everything is written down here first; the network comes when it comes.

import { computed, signal } from "@preact/signals";
import { call } from "../desk/call";
import { hold, session } from "../desk/session";
import { ApiError, isBarred } from "../shared/api";
import { measureOffset } from "../shared/clock";
import { newId } from "../shared/id";
import { wire } from "../shared/time";
import { inMemory, openStore, type Store } from "./store";
import type { Entry, Kept, Today } from "./types";
import { leftOf, usable } from "./work";

/** ms for which a tap can be taken back. */
export const UNDO = 10_000;
/** ms after which what failed for want of a network is tried again. */
const LATER = 15_000;
/** So many of the entries are barred by something before the server, and it is tried again later. */
const BARRED = 5;

/** Whether a tap can still be taken back; a phone's clock that was set back holds nothing for longer. */
export function held(entry: Entry): boolean {
	const rest = entry.holdUntil - Date.now();
	return rest > 0 && rest <= UNDO;
}

/** Tells an entry from others, wherever it is kept. */
function nameOf(entry: Entry): string {
	return `${entry.who} ${entry.key} ${entry.at}`;
}

export type Done = Pick<Entry, "key" | "what" | "path"> & { body: (at: string, id: string) => Record<string, unknown> };

export class Desk {
	readonly kept = signal<Kept | null>(null);
	readonly entries = signal<Entry[]>([]);
	readonly online = signal(true);
	readonly busy = signal(false);
	readonly failure = signal<unknown>(null);
	readonly left = computed(() => (this.kept.value ? leftOf(this.kept.value.today, this.entries.value) : null));
	/** False where nothing is kept beyond this visit. */
	readonly durable = signal(true);
	/** What waits on this phone while nobody is signed in. */
	readonly unsent = signal<{ count: number; who: string }>({ count: 0, who: "" });
	readonly waiting = computed(() => this.entries.value.filter((e) => e.state === "waiting").length);
	readonly refused = computed(() => this.entries.value.filter((e) => e.state === "refused"));
	private offset = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private sending: Promise<void> | null = null;

	constructor(
		private store: Store,
		private readonly openAgain: () => Promise<Store> = openStore,
	) {
		this.durable.value = store.durable;
	}

	/** Does something with what is kept; a disk that fails costs what is kept, never what is on the screen. */
	private async keep<T>(work: (store: Store) => Promise<T>): Promise<T> {
		const store = this.store;
		try {
			return await work(store);
		} catch {
			if (this.store === store) {
				this.store = inMemory(this.kept.value ?? undefined, this.entries.value);
				this.durable.value = false;
			}
			return work(this.store); // not on a second memory, where another failure has made one meanwhile
		}
	}

	/** Tries the phone's disk again; what was done meanwhile goes there. */
	async reopen(): Promise<void> {
		const disk = await this.openAgain();
		await this.sending?.catch(() => undefined);
		if (!disk.durable || this.durable.value) {
			return;
		}
		const done = this.entries.value.filter((e) => e.state !== "sent");
		this.store = disk;
		this.durable.value = true;
		const there = new Set((await this.keep((s) => s.entries())).map(nameOf));
		for (const { seq: _, ...entry } of done.filter((e) => !there.has(nameOf(e)))) {
			await this.keep((s) => s.add(entry));
		}
		await this.open();
	}

	/** The session has ended, and nobody can sign in again without a network: the work goes on. */
	get overtime(): boolean {
		return session.value !== null && session.value.expires < Date.now();
	}

	/** The server's time, UTC ms, as far as the phone knows it. */
	now(): number {
		return Date.now() - this.offset;
	}

	/** Takes up what the phone has, for whoever is signed in. */
	async open(): Promise<void> {
		const who = session.value?.login ?? "";
		const kept = await this.keep((s) => s.list());
		this.offset = kept?.offset ?? this.offset;
		if (usable(kept, who, this.now())) {
			this.kept.value = kept;
		} else {
			await this.keep((s) => s.wipe());
			this.kept.value = null;
		}
		this.entries.value = (await this.keep((s) => s.entries())).filter((e) => e.who === who);
		void this.refresh();
	}

	/** Nobody is signed in: nothing of anybody is in memory, and on the phone no longer than a day. */
	async leave(): Promise<void> {
		clearTimeout(this.timer);
		this.kept.value = null;
		this.entries.value = [];
		const kept = await this.keep((s) => s.list());
		if (kept && !usable(kept, kept.who, this.now())) {
			await this.keep((s) => s.wipe());
		}
		const waits = (await this.keep((s) => s.entries())).filter((e) => e.state === "waiting");
		this.unsent.value = { count: waits.length, who: [...new Set(waits.map((e) => e.who))].join(", ") };
	}

	/** Forgets the list and the session; what waits stays for the next time they sign in. */
	async close(): Promise<void> {
		clearTimeout(this.timer);
		await this.keep((s) => s.wipe());
		this.kept.value = null;
		this.entries.value = [];
		hold(null);
	}

	/** Writes something down that was done. */
	async done(what: Done): Promise<void> {
		const at = this.now();
		const id = newId();
		const { body, ...rest } = what;
		const entry: Entry = {
			...rest,
			who: session.value?.login ?? "",
			body: body(wire(at), id),
			at,
			holdUntil: Date.now() + UNDO,
			state: "waiting",
		};
		const seq = await this.keep((s) => s.add(entry));
		this.entries.value = [...this.entries.value, { ...entry, seq }];
		this.later(UNDO + 50);
	}

	/** Takes a tap back, as long as it has not gone out. */
	async undo(entry: Entry): Promise<boolean> {
		if (entry.seq === undefined || !held(entry)) {
			return false;
		}
		return this.dismiss(entry);
	}

	/** Forgets an entry that was refused, or one that is held. */
	async dismiss(entry: Entry): Promise<boolean> {
		await this.keep((s) => s.drop(entry.seq ?? 0));
		this.entries.value = this.entries.value.filter((e) => e.seq !== entry.seq);
		return true;
	}

	/** Sends what waits, then asks for the list again. */
	async refresh(): Promise<void> {
		if (!session.value || this.busy.value) {
			return;
		}
		const who = session.value.login;
		this.busy.value = true;
		this.failure.value = null;
		try {
			this.offset = await measureOffset(1);
			await this.send();
			await this.fetchList();
			this.online.value = true;
		} catch (cause) {
			this.online.value = !(cause instanceof ApiError && cause.status === 0);
			this.failure.value = this.online.value ? cause : null;
		} finally {
			this.busy.value = false;
			if (session.value && session.value.login !== who) {
				this.later(0); // another member has signed in meanwhile
			} else if (this.waiting.value > 0 || !this.online.value) {
				this.later(LATER);
			}
		}
	}

	private later(ms: number): void {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => void this.refresh(), ms);
	}

	private async fetchList(): Promise<void> {
		const who = session.value;
		if (!who) {
			return;
		}
		const asked = this.entries.value.filter((e) => e.state === "sent").map((e) => e.seq);
		const [today, grid, places] = await Promise.all([
			call<Today>("GET", `/v1/grid/${encodeURIComponent(who.grid)}/today`),
			call<{ nodes: { id: string; parent: string; name: string; phone: string }[] }>("GET", "/v1/grid"),
			call<{ sites: { code: string; name: string }[] }>("GET", "/v1/sites"),
		]);
		const own = grid.nodes.find((n) => n.id === who.grid);
		const above = grid.nodes.find((n) => n.id === own?.parent);
		const office = own?.phone ? own : above?.phone ? above : grid.nodes.find((n) => n.phone !== "");
		const siteNames = Object.fromEntries(places.sites.map((s) => [s.code, s.name || s.code]));
		const kept: Kept = {
			who: who.login,
			at: this.now(),
			offset: this.offset,
			today,
			office: { name: office?.name ?? "", phone: office?.phone ?? "" },
			siteNames,
		};
		if (session.value?.token !== who.token) {
			return; // they have signed out meanwhile: nothing of theirs stays
		}
		await this.keep((s) => s.putList(kept));
		// What had been sent before the list was asked for is in it.
		for (const seq of asked) {
			await this.keep((s) => s.drop(seq ?? 0));
		}
		this.entries.value = this.entries.value.filter((e) => !asked.includes(e.seq));
		this.kept.value = kept;
	}

	private send(): Promise<void> {
		this.sending ??= this.drain().finally(() => {
			this.sending = null;
		});
		return this.sending;
	}

	/**
	 * In the order of the taps; what is held back waits, and what comes after it does not
	 * overtake it. What something before the server bars waits alone, with others about the same.
	 */
	private async drain(): Promise<void> {
		const barred = new Set<string>();
		for (;;) {
			const next = this.entries.value.find((e) => e.state === "waiting" && !barred.has(e.key));
			if (!next) {
				return;
			}
			if (held(next)) {
				this.later(next.holdUntil - Date.now() + 50);
				return;
			}
			try {
				await this.turn(await this.tell(next));
			} catch (cause) {
				barred.add(next.key);
				if (!isBarred(cause) || barred.size >= BARRED) {
					throw cause;
				}
			}
		}
	}

	/** Sends one; throws what is worth another try. */
	private async tell(entry: Entry): Promise<Entry> {
		try {
			await call("POST", entry.path, { body: entry.body });
			return { ...entry, state: "sent" };
		} catch (cause) {
			const again =
				!(cause instanceof ApiError) ||
				cause.status === 0 ||
				cause.status === 401 ||
				cause.status === 429 ||
				cause.status >= 500;
			if (again) {
				throw cause;
			}
			return { ...entry, state: "refused", why: cause.detail || cause.code };
		}
	}

	private async turn(entry: Entry): Promise<void> {
		await this.keep((s) => s.put(entry));
		this.entries.value = this.entries.value.map((e) => (e.seq === entry.seq ? entry : e));
	}
}
