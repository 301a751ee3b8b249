// The server's time, as this phone can tell it: its own clock less the offset that
// was measured. Scans are dated by it.
import { CLOCK_WRONG, offsetOf, type Sample } from "../../shared/clock";

const KEPT = 8;
/** A new sample that disagrees by more than this and the ways there (ms): somebody set the clock. */
const TOLERANCE = 1_500;

/** A phone's clock with what is known of its error. */
export class PhoneClock {
	private samples: Sample[] = [];
	private known: number | null = null;

	constructor(private readonly phone: () => number) {}

	/** Phone minus server, ms; null: never measured. */
	get offset(): number | null {
		return this.known;
	}

	/** Off by so much that passes would look expired without a correction. */
	get wrong(): boolean {
		return this.known !== null && Math.abs(this.known) > CLOCK_WRONG;
	}

	/** Takes up what was measured in an earlier visit. */
	restore(offset: number | null): void {
		this.known ??= offset;
	}

	/** Takes a measurement: of the last few the one with the shortest way counts. */
	add(sample: Sample): void {
		const way = sample.cameAt - sample.sentAt;
		if (!Number.isFinite(sample.server) || way < 0) {
			return;
		}
		const now = offsetOf([sample]) as number;
		const apart = (s: Sample) => Math.abs((offsetOf([s]) as number) - now) - (way + s.cameAt - s.sentAt) / 2;
		this.samples = this.samples.filter((s) => apart(s) <= TOLERANCE).slice(-KEPT + 1);
		this.samples.push(sample);
		this.known = offsetOf(this.samples);
	}

	/** The server's time now, UTC ms. */
	now(): number {
		return Math.round(this.phone() - (this.known ?? 0));
	}
}
