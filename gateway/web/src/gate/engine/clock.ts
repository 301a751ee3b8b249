// The server's time, as this phone can tell it: its own clock less the offset that
// was measured. Scans are dated by it.
import { CLOCK_WRONG, jump, type Look, offsetOf, type Sample } from "../../shared/clock";

const KEPT = 8;
/** A new sample that disagrees by more than this and the ways there (ms): somebody set the clock. */
const TOLERANCE = 1_500;
/** Time does not go back by more than this, ms: then the phone has lost its clock. */
const BACK = 60_000;

/** A phone's clock with what is known of its error. */
export class PhoneClock {
	private samples: Sample[] = [];
	private known: number | null = null;
	private latest = 0;
	/** The phone's clock fell back since it was measured: the time is a guess. */
	private lost = false;
	private last: Look | null = null;
	/**
	 * By how much the phone's clock ran ahead since it was measured: it was set on, or the
	 * phone slept. Until that is known it is believed, and what looks expired is not.
	 */
	private ahead = 0;

	constructor(
		private readonly phone: () => number,
		/** The time that runs, ms, whatever the phone's clock is set to. */
		private readonly run: () => number,
	) {}

	/** Phone minus server, ms; null: never measured. */
	get offset(): number | null {
		return this.known;
	}

	/** Off by so much that passes would look expired without a correction. */
	get wrong(): boolean {
		return this.doubtful || (this.known !== null && Math.abs(this.known) > CLOCK_WRONG);
	}

	/** The clock may have been set since it was measured: nothing is corrected until the server says its time. */
	get doubtful(): boolean {
		return this.lost || this.ahead > CLOCK_WRONG;
	}

	/** No telling what time it is: what looks expired may not be. */
	get unknown(): boolean {
		return this.doubtful || this.known === null;
	}

	/** Takes up an earlier visit: its offset, and a time (UTC ms) that is past for certain. */
	restore(offset: number | null, past: number): void {
		this.known ??= offset;
		this.latest = Math.max(this.latest, past);
	}

	/** Takes a measurement: of the last few the one with the shortest way counts. */
	add(sample: Sample): void {
		const way = sample.cameAt - sample.sentAt;
		const measured = offsetOf([sample]);
		if (measured === null || !Number.isFinite(sample.server)) {
			return;
		}
		const apart = (s: Sample) =>
			Math.abs((offsetOf([s]) as number) - measured) - (way + s.cameAt - s.sentAt) / 2 > TOLERANCE;
		this.samples = [...this.samples.filter((s) => !apart(s)).slice(1 - KEPT), sample];
		this.known = offsetOf(this.samples);
		this.latest = sample.server;
		this.lost = false;
		this.ahead = 0;
		this.last = { wall: this.phone(), run: this.run() };
	}

	/** The guard has compared the phone's clock with another: it is right. */
	trust(): void {
		this.known = Math.abs(this.known ?? CLOCK_WRONG + 1) > CLOCK_WRONG ? 0 : this.known;
		this.latest = Math.round(this.phone() - (this.known ?? 0));
		this.lost = false;
		this.ahead = 0;
	}

	/** A code that begins at a time (UTC ms) was shown, and so it is no earlier: that much of the doubt goes. */
	shown(from: number): void {
		const since = this.now() - from;
		this.ahead = Math.min(this.ahead, Math.max(0, since));
	}

	/** Looks whether the clock was set since the last look. Back is certain, and is corrected. */
	private look(phone: number): void {
		const look = { wall: phone, run: this.run() };
		const by = this.last ? jump(this.last, look) : 0;
		this.last = look;
		const left = this.ahead + by;
		if (by < 0 && this.ahead > CLOCK_WRONG && Math.abs(left) < BACK) {
			this.ahead = 0; // it had been set on, and was put right again
			this.correct(Math.min(0, left));
		} else if (by < 0) {
			this.correct(by);
		} else {
			this.ahead = left;
		}
	}

	private correct(by: number): void {
		this.known = this.known === null ? null : this.known + by;
	}

	/** The server's time now, UTC ms. From a phone that lost its clock: the last time that was known, and on from there. */
	now(): number {
		const phone = this.phone();
		this.look(phone);
		const now = Math.round(phone - (this.known ?? 0));
		if (now < this.latest - BACK) {
			this.known = phone - this.latest;
			this.lost = true;
			return this.latest;
		}
		if (!this.doubtful) {
			this.latest = Math.max(this.latest, now);
		}
		return now;
	}
}
