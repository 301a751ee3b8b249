// What a long run does that every run does not.
import { expect } from "@playwright/test";

/** deploy/test --long: larger samples, and times are judged. */
export const long = Boolean(process.env.PASSGATE_LONG);

/**
 * A time against its limit, both in one unit. Every run prints times; they are judged in
 * a long run only, which has a quiet machine to itself: elsewhere a late answer says
 * more about what runs beside it than about the page.
 */
export function judge(what: string, time: number, limit: number): void {
	console.log(`${what}: ${Math.round(time)} of ${limit}`);
	if (long) {
		expect(time, what).toBeLessThanOrEqual(limit);
	}
}
