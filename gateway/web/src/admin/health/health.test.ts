import { describe, expect, it } from "vitest";
import { searchFor } from "../../desk/ui/findperson";
import { daysAsked, left } from "../../desk/ui/register";
import { closable } from "./feversteps";
import { spelled } from "./hospitalcode";
import { urgency } from "./observations";
import { idsIn } from "./statusmany";
import { dayOf, daysOf, markOf } from "./strip";
import type { Fever, Observation, ObservationDetail } from "./types";

describe("what somebody is looked for by", () => {
	it("is told from how it is written", () => {
		expect(searchFor(" 王小明 ")).toEqual({ name: "王小明" });
		expect(searchFor("138 0013-8000")).toEqual({ phone: "13800138000" });
		expect(searchFor("37012619800101001X")).toEqual({ id_number: "37012619800101001X" });
		expect(searchFor("E12345678")).toEqual({ id_number: "E12345678" });
		expect(searchFor("Anna Smith")).toEqual({ name: "Anna Smith" });
	});
});

describe("a pasted list", () => {
	it("gives each ID once and counts lines without one", () => {
		const rows =
			"王小明\t0400000000000007\t佟道口村\n\n0400000000000007\n040000000000002A,李四\n没有编号\n04000000000000070";
		expect(idsIn(rows)).toEqual({ ids: ["0400000000000007", "040000000000002a"], without: 2 });
	});
});

describe("a hospital's code", () => {
	it("is read out in fours, and nothing of it is lost", () => {
		const code = "PGF1-ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFG";
		expect(spelled(code)[1]).toBe("ABCD");
		expect(`PGF1-${spelled(code).slice(1).join("")}`).toBe(code);
	});
});

const step = { at: "2026-11-24T00:00:00Z", by: "medic", to: "x", note: "" };
const fever = (p: object) =>
	({ procedure: { community: null, subdistrict: null, handover: null, screenings: [], ...p } }) as unknown as Fever;

describe("a fever case is closed", () => {
	it("as a false reading only while nobody was handed over", () => {
		expect(closable(fever({})).outcomes).toEqual(["false_reading"]);
		expect(closable(fever({ handover: step })).outcomes).toEqual([]);
	});
	it("by a result when all of the procedure was done", () => {
		const done = { community: step, subdistrict: step, handover: step };
		expect(closable(fever({ ...done, screenings: [{ result: "inconclusive" }] })).outcomes).toEqual([
			"handed_over",
			"observation",
		]);
		expect(closable(fever({ ...done, screenings: [{ result: "negative" }] })).outcomes[0]).toBe("screened_negative");
	});
});

const quiet = {
	day: "2026-11-24",
	taken: [],
	due: [],
	missed: [],
	report: null,
	report_due: true,
	report_missed: false,
};
const observed = (more: object) =>
	({
		state: "running",
		from: "2026-11-22T02:00:00Z",
		until: "2026-12-06T02:00:00Z",
		breaches: 0,
		end: null,
		today: quiet,
		days: [{ day: "2026-11-22", taken: ["am"], missed: ["pm"], due: [] }],
		reports: [{ day: "2026-11-23", all_well: true, text: "", at: "", by: "household" }],
		...more,
	}) as unknown as ObservationDetail & Observation;
const noon = Date.parse("2026-11-24T04:00:00Z");

describe("an observation", () => {
	it("counts its days from midnight in the town", () => {
		expect(dayOf(observed({}), noon)).toEqual({ day: 3, of: 14 });
		expect(dayOf(observed({}), Date.parse("2026-11-24T16:00:00Z"))).toEqual({ day: 4, of: 14 });
	});
	it("has every day until its end, today among them", () => {
		const days = daysOf(observed({}), noon);
		expect(days.length).toBe(15);
		expect(days.filter((d) => d.today).map((d) => d.day)).toEqual(["2026-11-24"]);
		expect(days[1]?.report?.all_well).toBe(true);
		expect(markOf(days[0]?.diary, "pm")).toBe("missed");
		expect(markOf(days[5]?.diary, "am")).toBe("none");
	});
	it("comes first when it is to be decided, then when something was missed", () => {
		const rows = [
			observed({ today: { ...quiet, due: ["am"] } }),
			observed({ today: { ...quiet, missed: ["am"] } }),
			observed({ state: "held" }),
		];
		expect([...rows].sort((a, b) => urgency(b) - urgency(a))).toEqual([rows[2], rows[1], rows[0]]);
	});
});

describe("times of registers", () => {
	it("tell what is left, and what is late", () => {
		expect(left("2026-11-24T06:05:30Z", noon)).toBe("还剩 2 小时 5 分");
		expect(left("2026-11-23T03:00:00Z", noon)).toBe("超时 25 小时 0 分");
		expect(left("2026-11-20T01:00:00Z", noon)).toBe("超时 4 天 3 小时");
		expect(left(null, noon)).toBe("");
	});
	it("reach from the first day to the end of the last", () => {
		expect(daysAsked({ from: "2026-11-20", to: "2026-11-24" })).toEqual({ from: "2026-11-20", to: "2026-11-25" });
		expect(daysAsked({ to: "2026-03-01" }, 2)).toEqual({ from: "2026-02-28", to: "2026-03-02" });
	});
});
