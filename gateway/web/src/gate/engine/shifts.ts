// Who is on shift at this phone: opened by a badge, handed over with a note, both also
// without the server, which is told later.
import { ApiError } from "../../shared/api";
import { wire } from "../../shared/time";
import type { Text } from "../types";
import { type Core, NO_COUNTS } from "./core";
import { isWrongTime } from "./frozen";
import type { KeptShift, Queued, QueueItem } from "./kept";
import { isAway, isOutage } from "./link";
import { Said } from "./options";
import type { ShiftAnswer, Sync, WireShift } from "./wire";

const BADGE = /^PGB1-[A-Z2-7]{26}$/;
const NOTE_BYTES = 600;

type ShiftEntry = Extract<Queued, { kind: "open" | "close" }>;

export class Shifts {
	/** Rises with each change made here: what was asked before it is not taken up. */
	changes = 0;

	constructor(
		private readonly core: Core,
		private readonly queued: () => void,
	) {}

	/** Puts the owner of a badge on shift. Throws ApiError if the server refuses the badge. */
	async open(text: string): Promise<void> {
		const { core } = this;
		const badge = text.trim().toUpperCase();
		if (!BADGE.test(badge)) {
			throw new Said({
				zh: "这不是工牌码，请扫工牌（PGB1 开头）",
				en: "That is no badge: scan the badge, it begins with PGB1",
			});
		}
		const id = core.newID("shift-");
		let openedAt = core.clock.now();
		try {
			const answer = await this.timed((at) => {
				openedAt = at;
				return this.send("/v1/shifts", { id, badge, opened_at: wire(at) });
			});
			await this.begin(keptShift(answer.shift as WireShift), answer.previous?.note ?? "");
		} catch (cause) {
			if (!isAway(cause)) {
				throw cause;
			}
			await this.begin({ id, login: "", name: "", openedAt }, "", { kind: "open", id, badge, openedAt });
		}
	}

	private async begin(shift: KeptShift, note: string, entry?: QueueItem): Promise<void> {
		const { core } = this;
		this.changes++;
		core.shift = shift;
		core.previousNote = note;
		core.notice = undefined;
		core.counts = { ...NO_COUNTS, since: shift.openedAt, shift: shift.id };
		const values = { shift, previousNote: note, counts: core.counts, notice: null };
		await core.write({ values, queue: entry ? [entry] : [], strict: true });
		if (entry) {
			this.queued();
		}
	}

	/** Hands the shift over. */
	async close(note: string): Promise<void> {
		const { core } = this;
		const shift = core.shift;
		if (!shift) {
			return;
		}
		const text = note.trim();
		if (new TextEncoder().encode(text).length > NOTE_BYTES) {
			throw new Said({ zh: "交班留言太长，最多约 200 字", en: "The note is too long: at most about 200 characters" });
		}
		let closedAt = core.clock.now();
		let queue: QueueItem[] = [];
		try {
			await this.timed((at) => {
				closedAt = at;
				return this.send("/v1/shifts/close", { id: shift.id, note: text, closed_at: wire(at) });
			});
		} catch (cause) {
			const waits = cause instanceof ApiError && cause.status === 404 && core.waiting > 0; // opened offline
			if (!isAway(cause) && !waits) {
				throw cause;
			}
			queue = [{ kind: "close", id: shift.id, note: text, closedAt }];
		}
		this.changes++;
		core.shift = null;
		core.previousNote = text;
		await core.write({ values: { shift: null, previousNote: text }, queue, strict: true });
		if (queue.length > 0) {
			this.queued();
		}
	}

	private send(path: string, body: Record<string, string>): Promise<ShiftAnswer> {
		const { link, world } = this.core;
		return link.online
			? link.call<ShiftAnswer>(path, { body, timeout: world.patience })
			: Promise.reject(new ApiError(0, "network", "offline"));
	}

	/** Once more after the clock was measured, if the server finds the time wrong. */
	private async timed(send: (at: number) => Promise<ShiftAnswer>): Promise<ShiftAnswer> {
		const { clock, link, world } = this.core;
		try {
			return await send(clock.now());
		} catch (cause) {
			if (!isWrongTime(cause)) {
				throw cause;
			}
			await link.measure(1, world.patience);
			return send(clock.now());
		}
	}

	/** Tells the server of a change that was made without it. Throws if it does not answer. */
	async report(entry: ShiftEntry): Promise<void> {
		const { core } = this;
		const [path, body] =
			entry.kind === "open"
				? ["/v1/shifts", { id: entry.id, badge: entry.badge, opened_at: wire(entry.openedAt) }]
				: ["/v1/shifts/close", { id: entry.id, note: entry.note, closed_at: wire(entry.closedAt) }];
		try {
			const answer = await core.link.call<ShiftAnswer>(path, { body });
			const mine = entry.kind === "open" && core.shift?.id === entry.id;
			if (mine && answer.shift) {
				core.shift = keptShift(answer.shift);
			}
			await core.write({ done: [entry.seq], values: { shift: core.shift } });
		} catch (cause) {
			if (!(cause instanceof ApiError) || isOutage(cause) || cause.status === 401) {
				throw cause;
			}
			await this.refused(entry, cause.detail);
		}
	}

	/** The server does not take it: the guard hears of it, and opens a shift anew. */
	private async refused(entry: ShiftEntry, detail: string): Promise<void> {
		const { core } = this;
		const opened = entry.kind === "open";
		const notice: Text = opened
			? { zh: `离线时开的班未被接受：${detail}`, en: `The shift that was opened offline was not accepted: ${detail}` }
			: { zh: `离线时的交班未被接受：${detail}`, en: `The hand-over made offline was not accepted: ${detail}` };
		core.notice = notice;
		if (opened && core.shift?.id === entry.id) {
			core.shift = null;
		}
		await core.write({ done: [entry.seq], values: { shift: core.shift, notice } });
	}

	/**
	 * Takes up what the server says of the shift, unless something was changed here since
	 * it was asked or waits to be told.
	 */
	adopt(sync: Sync, asked: number): void {
		const { core } = this;
		if (asked !== this.changes || core.waiting > 0) {
			return;
		}
		core.shift = sync.shift && keptShift(sync.shift);
		if (core.shift && core.counts.shift !== core.shift.id) {
			const { in: entered = 0, out = 0, denied = 0 } = sync.shifts_counts ?? {};
			core.counts = { in: entered, out, refused: denied, since: core.shift.openedAt, shift: core.shift.id };
		}
	}
}

function keptShift(s: WireShift): KeptShift {
	return { id: s.id, login: s.person.login, name: s.person.name, openedAt: Date.parse(s.opened_at) };
}
