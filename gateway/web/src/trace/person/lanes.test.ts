import { expect, test } from "vitest";
import { DAY, HOUR } from "../period";
import { layOut, moved, nightsOf, SHORTEST, ticksOf, zoomed } from "./lanes";
import type { Stay, TrailEvent, Trajectory } from "./types";

const midnight = Date.parse("2020-02-10T16:00:00Z"); // of 11 February in Shanghai
const at = (hour: number) => new Date(midnight + hour * HOUR).toISOString();

function stay(site: string, from: number, to: number | null, more: Partial<Stay> = {}): Stay {
	return {
		site,
		site_name: `${site} name`,
		entry_gate: "",
		exit_gate: "",
		from: at(from),
		to: to === null ? null : at(to),
		open: to === null,
		inferred: false,
		unknown_start: false,
		reentry: false,
		late: false,
		conflict: false,
		why: [],
		minutes: 0,
		...more,
	};
}

const event = (site: string, hour: number, more: Partial<TrailEvent> = {}) =>
	({
		site,
		occurred_at: at(hour),
		flags: [],
		decision: "pass",
		temperature: null,
		annulled: false,
		annulment: false,
		...more,
	}) as TrailEvent;

const day: Trajectory = {
	resident: { id: "1", name_masked: "王*明", home: "V1" },
	from: at(0),
	to: at(24),
	stays: [
		stay("M1", 9, 10),
		stay("V2", 11, 15, { inferred: true, why: ["seen_elsewhere"] }),
		stay("V1", -3, 8, { late: true }),
		stay("V1", 16, null),
		stay("P1", 15.5, 15.5, { unknown_start: true }),
	],
	attempts: [],
	explained: [],
	events: [
		event("M1", 9, { temperature: 37.3, flags: ["degraded", "late"] }),
		event("V2", 11, { temperature: 36.2 }),
		event("E1", 10.5, { decision: "deny" }),
		event("V1", 16, { temperature: 39, annulled: true }),
	],
};

test("the home comes first, then where somebody was longest; refusals have a lane, too", () => {
	const { lanes, known } = layOut(day, midnight + 18 * HOUR, () => 37.3);
	expect(lanes.map((l) => l.site)).toEqual(["V1", "P1", "V2", "M1", "E1"]);
	expect(known).toBe(midnight + 18 * HOUR);
	expect(lanes[0]?.time).toBe(10 * HOUR); // 0 to 8 and 16 to now
	expect(lanes[4]?.points[0]).toMatchObject({ refused: true, marks: [] });
});

test("what was not seen is marked, at the end that was not seen", () => {
	const { lanes } = layOut(day, midnight + 18 * HOUR, () => 37.3);
	const [home, shop, visit] = lanes.map((l) => l.bars);
	expect(home?.[0]).toMatchObject({ vagueStart: false, vagueEnd: false, marks: ["late"] });
	expect(home?.[1]).toMatchObject({ open: true, to: midnight + 18 * HOUR });
	expect(visit?.[0]).toMatchObject({ vagueEnd: true, marks: ["inferred"] });
	expect(shop?.[0]).toMatchObject({ vagueStart: true, from: midnight, to: midnight + 15.5 * HOUR });
});

test("readings that were taken back are none; the fever line is the site's", () => {
	const { readings } = layOut(day, midnight + 18 * HOUR, (site) => (site === "V2" ? 36 : 37.4));
	expect(readings.map((r) => [r.celsius, r.fever])).toEqual([
		[37.3, false],
		[36.2, true],
	]);
});

test("zooming keeps the moment under the pointer and stays within bounds", () => {
	const bounds = { from: 0, to: 10 * DAY };
	const near = zoomed(bounds, 0.1, 5 * DAY, bounds);
	expect(near).toEqual({ from: 4.5 * DAY, to: 5.5 * DAY });
	expect(zoomed(near, 100, 5 * DAY, bounds)).toEqual(bounds);
	expect(zoomed(near, 1e-9, 5 * DAY, bounds).to - 5 * DAY).toBeCloseTo(SHORTEST / 2);
	expect(moved(near, -99 * DAY, bounds)).toEqual({ from: 0, to: DAY });
	expect(moved(near, DAY, bounds)).toEqual({ from: 5.5 * DAY, to: 6.5 * DAY });
});

test.each([
	[1, 720],
	[14, 1000],
	[61, 300],
])("ticks of %i days on %i px are whole hours or days and far enough apart", (days, width) => {
	const view = { from: midnight + 7 * 60_000, to: midnight + 7 * 60_000 + days * DAY };
	const ticks = ticksOf(view, width);
	const px = ticks.slice(1).map((tick, i) => ((tick.at - (ticks[i]?.at ?? 0)) / (view.to - view.from)) * width);
	expect(Math.min(...px)).toBeGreaterThan(50);
	expect(ticks.length).toBeGreaterThan(2);
	expect(ticks.every((tick) => tick.day === ((tick.at + 8 * HOUR) % DAY === 0))).toBe(true);
	expect(ticks.find((tick) => tick.day)?.text).toMatch(/^\d\d-\d\d$/);
});

test("nights are those at the place", () => {
	expect(nightsOf({ from: midnight, to: midnight + DAY })).toEqual([
		{ from: midnight - 2 * HOUR, to: midnight + 6 * HOUR },
		{ from: midnight + 22 * HOUR, to: midnight + 30 * HOUR },
	]);
});
