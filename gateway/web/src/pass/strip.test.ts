import { expect, test } from "vitest";
import { changesAt, coveredUntil, passAt, readStrip, STEP, type Strip, trimStrip, wantsStrip } from "./strip";

const START = Date.parse("2026-11-24T00:00:00Z");
const HOUR = 3600_000;

/** A strip as the server makes it: a pass every five minutes that lives for ten. */
function strip(count = 289, from = START): Strip {
	const passes = Array.from({ length: count }, (_, i) => ({
		compact: `PG1:${i}`,
		not_before: new Date(from + i * STEP).toISOString(),
		expires_at: new Date(from + i * STEP + 2 * STEP).toISOString(),
	}));
	return readStrip("0400000000000007", { now: new Date(from).toISOString(), passes });
}

test("the newest pass that has begun is shown, and changes at the boundary", () => {
	const s = strip();
	expect(passAt(s, START)?.compact).toBe("PG1:0");
	expect(passAt(s, START + STEP - 1)?.compact).toBe("PG1:0");
	expect(passAt(s, START + STEP)?.compact).toBe("PG1:1");
	expect(passAt(s, START + 23 * HOUR)?.compact).toBe(`PG1:${(23 * HOUR) / STEP}`);
});

test("outside the strip there is no pass", () => {
	const s = strip();
	expect(passAt(s, START - 1)).toBeNull();
	expect(passAt(s, START + 289 * STEP)?.compact).toBe("PG1:288"); // the last lives on for its second half
	expect(passAt(s, START + 290 * STEP)).toBeNull();
	expect(passAt(undefined, START)).toBeNull();
});

test("the countdown ends where the next pass begins, and at the end with the pass", () => {
	const s = strip(2);
	expect(s.passes.map((p) => changesAt(s, p))).toEqual([START + STEP, START + 3 * STEP]);
});

test("cover ends at a gap", () => {
	const s = strip(4);
	expect(coveredUntil(s, START)).toBe(START + 5 * STEP);
	s.passes.splice(1, 2); // the second and third are missing: 0 to 10 min, then 15 to 25
	expect(coveredUntil(s, START)).toBe(START + 2 * STEP);
	expect(coveredUntil(s, START + 2.5 * STEP)).toBe(0);
});

test("a strip is fetched when less than 12 h are left, or it is an hour old, or the clock went back", () => {
	const s = strip();
	expect(wantsStrip(undefined, START)).toBe(true);
	expect(wantsStrip(s, START + 10_000)).toBe(false);
	expect(wantsStrip(s, START + HOUR + 1)).toBe(true);
	expect(wantsStrip(s, START - 2 * HOUR)).toBe(true);
	expect(wantsStrip(strip(140), START)).toBe(true); // 11 h 45 min
});

test("what has expired is not kept", () => {
	const left = trimStrip(strip(10), START + 3 * STEP);
	expect(left.passes[0]?.compact).toBe("PG1:2");
	expect(left.passes).toHaveLength(8);
});
