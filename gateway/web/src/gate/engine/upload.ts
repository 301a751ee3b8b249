// Sends what waits, in order and in batches, and shows what became of each. What the
// server refuses stays in the list with the reason; nothing is dropped silently.
import { ApiError, isBarred } from "../../shared/api";
import type { Text } from "../types";
import type { Core } from "./core";
import { isTemporary } from "./frozen";
import type { Change, KeptScan, Known, Queued } from "./kept";
import { isOutage } from "./link";
import { forget, personKey, recall } from "./people";
import type { Shifts } from "./shifts";
import type { WireAnswer, WireResult } from "./wire";

const BATCH = 200;
const PATIENCE = 15_000;
/**
 * How often one entry is tried at which the server fails for a reason of its own. What
 * it cannot take at the moment waits for as long as that lasts: it is never given up.
 */
const TRIES = 30;
/** A scan dated by a clock that was ahead is kept until its time has come, if that is within so long (ms). */
const AHEAD = 24 * 3_600_000;
/** So many entries one after the other that something before the server bars, and it is tried again later. */
const BARRED = 5;
const SOON = 300;
const LATER = 20_000;

type Entry = Extract<Queued, { kind: "scan" | "annul" }>;
type ScanEntry = Extract<Queued, { kind: "scan" }>;
type AnnulEntry = Extract<Queued, { kind: "annul" }>;

export class Uploader {
	private running: Promise<void> | null = null;
	private timer: unknown;
	private stopped = false;
	/** Halved each time a whole batch is refused, to find the one that it is about. */
	private size = BATCH;
	/** What something before the server bars (seq): the rest goes first, until all was tried. */
	private readonly barred = new Set<number>();
	private barredInARow = 0;

	constructor(
		private readonly core: Core,
		private readonly shifts: Shifts,
	) {}

	/** Uploads before long, if the server is there by then: it may be about to come back. */
	soon(after = SOON): void {
		const { link, world } = this.core;
		world.timers.clear(this.timer);
		if (!this.stopped) {
			this.timer = world.timers.set(after, () => link.online && void this.run().catch(() => undefined));
		}
	}

	stop(): void {
		this.stopped = true;
		this.core.world.timers.clear(this.timer);
	}

	/** Uploads what waits. Throws ApiError when the server does not answer. */
	run(): Promise<void> {
		this.running ??= this.drain().finally(() => {
			this.running = null;
			if (this.core.waiting > 0) {
				this.soon(LATER);
			}
		});
		return this.running;
	}

	private async drain(): Promise<void> {
		this.barredInARow = 0;
		for (;;) {
			await this.core.idle();
			// Of each that is passed over there is at most one other that has to come after it.
			const first = await this.core.store.queue(this.size + 2 * this.barred.size);
			const waiting = this.unbarred(first).slice(0, this.size);
			const [head] = waiting;
			if (!head || this.stopped || this.core.elsewhere || !this.core.device || this.core.device.revoked) {
				this.barred.clear(); // next time from the beginning
				return;
			}
			if (head.kind === "open" || head.kind === "close") {
				await this.shifts.report(head).catch((cause) => this.passOver(head, cause));
				continue;
			}
			const end = waiting.findIndex((item) => item.kind !== "scan" && item.kind !== "annul");
			const moved = await this.batch(waiting.slice(0, end < 0 ? undefined : end) as Entry[]);
			if (!moved) {
				return;
			}
		}
	}

	/** Without what is passed over, and without what comes after it: a scan is taken back, a shift closed. */
	private unbarred(waiting: Queued[]): Queued[] {
		const over = waiting.filter((item) => this.barred.has(item.seq));
		const before = new Set(over.map((item) => (item.kind === "scan" ? item.scan.id : item.kind === "open" && item.id)));
		return waiting.filter((item) => {
			const of = item.kind === "annul" ? item.annul.scan : item.kind === "close" && item.id;
			return !over.includes(item) && !(of && before.has(of));
		});
	}

	/** Sends some entries; true if there may be more to send. */
	private async batch(entries: Entry[]): Promise<boolean> {
		const { core } = this;
		const scans = entries.filter((e): e is ScanEntry => e.kind === "scan");
		const annuls = entries.filter((e): e is AnnulEntry => e.kind === "annul");
		core.markSending(new Set(scans.map((e) => e.scan.id)));
		const body = { scans: scans.map(({ scan, told }) => ({ ...scan, told })), annulments: annuls.map((e) => e.annul) };
		let answers: { results: WireAnswer[]; annulments: WireAnswer[] };
		try {
			answers = await core.link.call("/v1/scans/batch", { body, timeout: PATIENCE });
		} catch (cause) {
			core.markSending(new Set());
			return this.refusedWhole(cause, entries);
		}
		this.size = Math.min(BATCH, this.size * 2);
		this.barredInARow = 0;
		const before = core.waiting;
		await core.update(async () => {
			const changes: Change[] = [];
			for (const [i, entry] of scans.entries()) {
				changes.push(await this.ofScan(entry, answers.results[i]));
			}
			for (const [i, entry] of annuls.entries()) {
				changes.push(await this.ofAnnul(entry, answers.annulments[i], changes));
			}
			return joined(changes);
		});
		return core.waiting < before;
	}

	/** The batch was refused: by nobody at home (try again), or for one of its entries. */
	private async refusedWhole(cause: unknown, entries: Entry[]): Promise<boolean> {
		const barred = isBarred(cause);
		if (!(cause instanceof ApiError) || (isOutage(cause) && !barred) || cause.status === 401) {
			throw cause;
		}
		if (entries.length > 1) {
			this.size = Math.floor(entries.length / 2);
			return true;
		}
		const [entry] = entries;
		if (barred) {
			return this.passOver(entry as Entry, cause);
		}
		const error = { code: cause.code, detail: cause.detail };
		const answer = { id: "", error };
		await this.core.update(() =>
			entry?.kind === "scan" ? this.ofScan(entry, answer) : this.ofAnnul(entry as AnnulEntry, answer, []),
		);
		return true;
	}

	/** Something before the server bars one entry: that stays, and the rest goes on, unless nothing gets through. */
	private passOver(entry: Queued, cause: unknown): boolean {
		if (!isBarred(cause)) {
			throw cause;
		}
		this.barred.add(entry.seq);
		this.barredInARow++;
		if (this.barredInARow >= BARRED) {
			throw cause;
		}
		return true;
	}

	private async ofScan(entry: ScanEntry, answer: WireAnswer | undefined): Promise<Change> {
		const kept = await this.core.store.scan(entry.scan.id);
		const error = answer?.error ?? (answer?.result ? undefined : { code: "unavailable", detail: "no answer" });
		if (error) {
			if (again(error.code, entry.tries) || this.isAhead(entry, error)) {
				return { retry: [{ ...entry, tries: entry.tries + 1 }] };
			}
			const problem = refusal(error.detail);
			const refused: KeptScan[] = kept ? [{ ...kept, state: "refused", problem, settled: true }] : [];
			return { done: [entry.seq], recent: refused };
		}
		if (answer?.result?.reason === "device_revoked") {
			void this.core.markRevoked(true); // nobody is on record: it stays here, and the guard is told not to clear the phone
			return { retry: [entry] };
		}
		const change: Change = { done: [entry.seq] };
		if (kept) {
			change.recent = [uploaded(kept, entry, answer?.result as WireResult)];
			change.people = await this.known(kept, answer?.result as WireResult);
		}
		return change;
	}

	/**
	 * The phone's clock was set on while it was offline, so that the scan is of a time to
	 * come. It waits for that: late on record is better than not at all.
	 */
	private isAhead({ scan }: ScanEntry, error: { field?: string }): boolean {
		const ahead = Date.parse(scan.occurred_at) - this.core.clock.now();
		return error.field === "occurred_at" && ahead > 0 && ahead < AHEAD;
	}

	/** The server has said who it was: what is remembered moves to that person. */
	private async known(kept: KeptScan, { person }: WireResult): Promise<Known[]> {
		const [key] = kept.keys;
		if (!person || key === undefined || key === personKey(person.id)) {
			return [];
		}
		const { alias: _, ...before } = await recall(this.core.store, key);
		const own = this.core.sync ? { own: person.home === this.core.sync.site.code } : {};
		const to = personKey(person.id);
		return [
			{ ...before, key: to, at: kept.at, nameMasked: person.name_masked, ...own },
			{ key, at: kept.at, alias: to },
		];
	}

	private async ofAnnul(entry: AnnulEntry, answer: WireAnswer | undefined, before: Change[]): Promise<Change> {
		const scan = before.flatMap((c) => c.recent ?? []).find((s) => s.id === entry.annul.scan);
		const kept = scan ?? (await this.core.store.scan(entry.annul.scan));
		const error = answer?.error ?? (answer?.annulment ? undefined : { code: "unavailable", detail: "no answer" });
		if (error && again(error.code, entry.tries)) {
			return { retry: [{ ...entry, tries: entry.tries + 1 }] };
		}
		const change: Change = { done: [entry.seq] };
		if (kept) {
			const gone = error === undefined || isGone(error.code);
			change.recent = [
				gone ? { ...kept, annulled: "done" } : { ...kept, annulled: "", problem: refusal(error.detail) },
			];
		}
		return change;
	}
}

function again(code: string, tries: number): boolean {
	return isTemporary(code) && (code !== "internal" || tries < TRIES);
}

/** Nothing is left to take back: it was before, or the refusal named nobody. */
export function isGone(code: string): boolean {
	return code === "annulled" || code === "not_found";
}

/** The people without what a scan that was taken back has left. */
export async function forgotten(core: Core, kept: KeptScan): Promise<Known[]> {
	const records = await Promise.all(kept.keys.map((key) => recall(core.store, key)));
	return records.filter((known) => known.at > 0).map((known) => forget(known, kept.id));
}

export function refusal(detail: string): Text {
	return { zh: `服务器未接受：${detail}`, en: `Not accepted: ${detail}` };
}

/** A scan that is on record now, with what the server says of it. */
function uploaded(kept: KeptScan, { told }: ScanEntry, r: WireResult): KeptScan {
	const { verdict } = kept;
	const person = r.person && { ...r.person, nameMasked: r.person.name_masked, own: verdict.person?.own ?? null };
	const done: KeptScan = {
		...kept,
		state: "done",
		settled: true,
		subjectWord: person?.nameMasked || kept.subjectWord,
		named: person ? { resident: person.id } : kept.named,
		verdict: {
			...verdict,
			person: person && { id: person.id, nameMasked: person.nameMasked, kind: person.kind, own: person.own },
		},
	};
	if (r.decision !== told.decision || r.reason !== told.reason) {
		return { ...done, state: "conflict", problem: { zh: `服务器记录：${r.text.zh}`, en: `On record: ${r.text.en}` } };
	}
	if (r.flags.includes("conflict")) {
		const problem = {
			zh: "与服务器的判断不一致，已按当时的答复记录",
			en: "The server would have decided otherwise; it is on record as you told it",
		};
		return { ...done, state: "conflict", problem };
	}
	return done;
}

function joined(changes: Change[]): Change {
	return {
		done: changes.flatMap((c) => c.done ?? []),
		retry: changes.flatMap((c) => c.retry ?? []),
		recent: changes.flatMap((c) => c.recent ?? []),
		people: changes.flatMap((c) => c.people ?? []),
	};
}
