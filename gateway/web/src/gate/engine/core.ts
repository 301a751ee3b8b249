// What all parts of the engine share: what is kept, what was synced, the clock, the
// way to the server, and the two signals that the screens read.
import { type Signal, signal } from "@preact/signals";
import type { GateState, RecentScan, Verdict } from "../types";
import { type Bytes, decode64 } from "./bytes";
import { PhoneClock } from "./clock";
import {
	type Change,
	type Counts,
	hasProblem,
	type KeptDevice,
	type KeptScan,
	type KeptShift,
	QUEUE_MAX,
	type Store,
	shown,
} from "./kept";
import { type KeySet, readKeys } from "./keys";
import { Link } from "./link";
import { MemoryStore } from "./memory";
import type { World } from "./options";
import { EMPTY, type RevocationList } from "./revocations";
import { rulesAt } from "./rules";
import type { Surroundings } from "./verdicts";
import type { Sync } from "./wire";

const NO_KEYS: KeySet = { byID: new Map(), byHint: new Map() };
export const NO_COUNTS: Counts = { in: 0, out: 0, refused: 0, since: 0, shift: "" };

export class Core {
	readonly clock: PhoneClock;
	readonly link: Link;
	readonly state: Signal<GateState>;
	readonly recent: Signal<RecentScan[]>;
	store: Store = new MemoryStore();
	device: KeptDevice | null = null;
	shift: KeptShift | null = null;
	previousNote = "";
	notice: GateState["notice"];
	counts: Counts = NO_COUNTS;
	sync: Sync | null = null;
	/** When rules and list came, by the server's clock; null: never. */
	syncAt: number | null = null;
	listAt: number | null = null;
	keys: KeySet = NO_KEYS;
	list: RevocationList = EMPTY;
	siteKey: Bytes = new Uint8Array(0);
	waiting = 0;
	/** False until the store was read. */
	loaded = false;
	/** The store cannot be read: what it has is not known. */
	unread = false;
	/** The gate was opened in another window, which goes on with it. */
	elsewhere = false;
	private scans: KeptScan[] = [];
	/** Changes are written one after the other, in the order of their calls. */
	private tail: Promise<unknown> = Promise.resolve();

	constructor(
		readonly world: World,
		recover: () => Promise<void>,
	) {
		this.clock = new PhoneClock(world.now, world.run);
		this.link = new Link(world, this.clock, {
			token: () => this.device?.token ?? "",
			recover,
			changed: () => this.publish(),
			revoked: () => void this.markRevoked(true),
		});
		this.state = signal(this.stateNow());
		this.recent = signal([]);
	}

	/** Reads what earlier visits have left. late: the store answers too late, since the gate goes on with another. */
	async load(store: Store, late = () => false): Promise<void> {
		const [device, sync, list, listAt, shift, note, offset, counts, notice, waiting, scans] = await Promise.all([
			store.value("device"),
			store.value("sync"),
			store.value("list"),
			store.value("listAt"),
			store.value("shift"),
			store.value("previousNote"),
			store.value("offset"),
			store.value("counts"),
			store.value("notice"),
			store.waiting(),
			store.recent(),
		]);
		if (late()) {
			return store.close();
		}
		this.store = store;
		this.device = device ?? null;
		this.shift = shift ?? null;
		this.previousNote = note ?? "";
		this.counts = counts ?? NO_COUNTS;
		this.notice = notice ?? undefined;
		this.list = list ?? EMPTY;
		this.listAt = listAt ?? null;
		if (sync) {
			await this.adopt(sync.body, sync.at).catch(() => undefined); // it is fetched again
		}
		this.waiting = waiting;
		this.scans = scans;
		this.clock.restore(offset ?? null, Math.max(this.syncAt ?? 0, this.listAt ?? 0, this.scans[0]?.at ?? 0));
		this.loaded = true;
		this.unread = false;
		this.publish();
	}

	/** Takes up what the server has said of the gate. Throws if its keys cannot be used. */
	async adopt(body: Sync, at: number): Promise<void> {
		this.keys = await readKeys(body.jwks, this.world.subtle);
		this.siteKey = decode64(body.site.key) ?? new Uint8Array(0);
		this.sync = body;
		this.syncAt = at;
	}

	/** Forgets everything about the device; what is on the disk, too. */
	async forget(): Promise<void> {
		await this.store.clear();
		this.device = null;
		this.shift = null;
		this.sync = null;
		this.syncAt = null;
		this.listAt = null;
		this.previousNote = "";
		this.notice = undefined;
		this.counts = NO_COUNTS;
		this.keys = NO_KEYS;
		this.list = EMPTY;
		this.siteKey = new Uint8Array(0);
		this.scans = [];
		this.waiting = 0;
		this.publish();
	}

	/** Writes a change, see update. */
	write(c: Change): Promise<void> {
		return this.update(async () => c);
	}

	/**
	 * Works a change out and writes it; no other change comes in between. If the disk
	 * fails, it goes on in memory and says so: durable turns false.
	 */
	update(make: () => Promise<Change>): Promise<void> {
		const done = this.tail.then(async () => {
			const c = await make();
			await this.store.change(c).catch(async () => {
				await this.fallBack();
				await this.store.change(c);
			});
			this.waiting += (c.queue?.length ?? 0) - (c.done?.length ?? 0);
			const changed = new Map(c.recent?.map((s) => [s.id, s])); // of two changes to one the later counts
			this.scans = shown([...changed.values(), ...this.scans.filter((s) => !changed.has(s.id))]);
			this.publish();
		});
		this.tail = done.catch(() => undefined);
		return done;
	}

	/** Resolves when all that was asked to be written is written. */
	async idle(): Promise<void> {
		await this.tail;
	}

	/** Shows these scans as being sent, and no others; that is not kept. */
	markSending(ids: ReadonlySet<string>): void {
		this.scans = this.scans.map((s) => {
			const waits = s.state === "waiting" || s.state === "sending";
			return waits ? { ...s, state: ids.has(s.id) ? "sending" : "waiting" } : s;
		});
		this.publish();
	}

	/** Counts a verdict in the shift, or takes it out again. */
	count(v: Verdict, by: 1 | -1): Counts {
		const refused = v.decision === "deny" ? by : 0;
		const passed = v.decision === "pass" ? by : 0;
		const c = this.counts;
		this.counts = { ...c, refused: c.refused + refused, [v.direction]: c[v.direction] + passed };
		return this.counts;
	}

	/** Takes along what can still be read of the disk. */
	private async fallBack(): Promise<void> {
		const memory = new MemoryStore();
		await memory.change({ recent: this.scans });
		await this.store
			.queue(QUEUE_MAX)
			.then((retry) => memory.change({ retry }))
			.catch(() => undefined);
		this.store = memory;
	}

	async markRevoked(revoked: boolean): Promise<void> {
		if (this.device && this.device.revoked !== revoked) {
			this.device = { ...this.device, revoked };
			await this.write({ values: { device: this.device } });
		}
	}

	/** Age of the older of rules and list, by the server's clock. */
	get syncedAt(): number | null {
		return this.syncAt === null || this.listAt === null ? null : Math.min(this.syncAt, this.listAt);
	}

	/** Past the limit that the gateway set: the phone knows too little. */
	get stale(): boolean {
		const { sync, syncedAt } = this;
		return sync === null || syncedAt === null || this.clock.now() - syncedAt > sync.stale_after * 1000;
	}

	get surroundings(): Surroundings {
		return { sync: this.sync, clockUnknown: this.clock.unknown };
	}

	/** A new ID: of a scan, a shift, a car. */
	newID(kind: string): string {
		return kind + Array.from(this.world.bytes(12), (b) => b.toString(16).padStart(2, "0")).join("");
	}

	/** Renews what the screens see. */
	publish(): void {
		this.state.value = this.stateNow();
		this.recent.value = this.scans;
	}

	private stateNow(): GateState {
		const { sync, device, link, clock } = this;
		const rules = sync && rulesAt(sync.rules, clock.now());
		return {
			phase: this.phase(),
			online: link.online,
			offlineSince: link.offlineSince,
			gate: sync && {
				code: sync.gate.code,
				name: sync.gate.name,
				site: sync.site.code,
				siteName: sync.site.name,
				lane: device?.lane ?? sync.device.lane,
				kind: sync.site.kind,
				residential: sync.site.residential,
			},
			shift: this.shift,
			previousNote: this.previousNote,
			syncedAt: this.syncedAt,
			stale: this.stale,
			clockOffset: clock.offset,
			clockWrong: clock.wrong,
			clockDoubtful: clock.doubtful,
			waiting: this.waiting,
			conflicts: this.scans.filter(hasProblem).length,
			counts: this.counts,
			rules: rules && {
				temperatureOn: rules.temperature_on,
				feverLine: rules.fever_line,
				lowLine: rules.low_line,
				remeasureMinutes: rules.remeasure_minutes,
				disinfection: rules.disinfection,
			},
			call: sync?.call ?? "",
			durable: this.store.durable || !this.loaded,
			secure: this.world.secure,
			queueLeft: Math.max(0, QUEUE_MAX - this.waiting),
			elsewhere: this.elsewhere,
			unread: this.unread,
			notice: this.notice,
		};
	}

	private phase(): GateState["phase"] {
		if (!this.loaded || this.elsewhere) {
			return "loading";
		}
		if (this.device === null) {
			return "not_enrolled";
		}
		if (this.device.revoked) {
			return "revoked";
		}
		return this.shift ? "ready" : "no_shift";
	}
}
