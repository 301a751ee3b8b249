// What the office's screens make of numbers and of what is typed.
import { describe, expect, test } from "vitest";
import { bars, dayBy, dayWords, groups, type Line, urgent } from "./bulletindata";
import { type Application, current, lacks, type OneEnterprise, type Profile } from "./enterprisetypes";
import { bodyOf as reportOf } from "./hotlinenew";
import { bodyOf as visitOf } from "./inspectionform";
import { bodyOf as moveOf } from "./supplymoves";
import { isLate } from "./todaytiles";

const line = (key: string, number: number, more: Partial<Line> = {}): Line => ({
	...{ key, number, group: "gates", group_text: { zh: "卡口", en: "Gates" }, text: { zh: key, en: key }, unit: "人次" },
	...{ of: "", urgent: false, yesterday: 0, change: number, change_text: "", correction: 0, opens: true, ...more },
});

describe("the bulletin", () => {
	test("parts that count nothing are left out, unless they did the day before or were corrected", () => {
		const [gates, health] = groups([
			line("denied", 3),
			line("denied_fever", 0, { of: "denied" }),
			line("denied_quota", 3, { of: "denied" }),
			line("denied_expired", 0, { of: "denied", yesterday: 2 }),
			line("denied_revoked", 0, { of: "denied", correction: 1 }),
			line("fevers", 0, { group: "health" }),
		]);
		expect(gates?.lines[0]?.parts.map((p) => p.key)).toEqual(["denied_quota", "denied_expired", "denied_revoked"]);
		expect(health?.lines.map((l) => l.line.key)).toEqual(["fevers"]);
	});
	test("what has to be seen to is urgent and above 0", () => {
		const all = [line("a", 0, { urgent: true }), line("b", 2, { urgent: true }), line("c", 9)];
		expect(urgent(all).map((l) => l.key)).toEqual(["b"]);
	});
	test("bars are drawn to the longer of the two days", () => {
		expect(bars(line("a", 5, { yesterday: 10 }))).toEqual({ now: 0.5, before: 1 });
		expect(bars(line("a", 0, { yesterday: null }))).toEqual({ now: 0, before: 0 });
	});
	test("days go over the ends of months and have their weekday", () => {
		expect(dayBy("2020-03-01", -1)).toBe("2020-02-29");
		expect(dayWords("2020-02-11", "zh")).toBe("2020年2月11日（星期二）");
	});
});

test("a movement holds only what belongs to it", () => {
	const typed = {
		id: "supply-1",
		node: "A1",
		item: "masks",
		quantity: 5,
		to_kind: "staff",
		to_staff: "wu",
		to_site: "V1",
		reason: "x",
	};
	const same = { id: "supply-1", node: "A1", item: "masks", quantity: 5 };
	expect(moveOf("out", typed)).toEqual({ ...same, movement: "out", to: { staff: "wu" } });
	expect(moveOf("transfer", { ...typed, to_node: "A2" })).toEqual({
		...same,
		movement: "transfer",
		to: { node: "A2" },
	});
	expect(moveOf("correction", typed)).toEqual({ ...same, movement: "correction", reason: "x" });
});

test("a report about staff names them or says that nobody knows who", () => {
	const typed = {
		id: "report-1",
		channel: "phone",
		kind: "tip_off",
		text: "…",
		node: "A1",
		anonymous: true,
		unnamed: true,
	};
	expect(reportOf(typed)).toMatchObject({
		about_staff: [],
		about_unnamed_staff: true,
		caller: { anonymous: true, name: "" },
	});
	expect(reportOf({ ...typed, staff: "wu", about_site: "V1" })).toMatchObject({
		...{ about_staff: ["wu"], about_unnamed_staff: false, node: "", about_site: "V1" },
	});
});

test("an inspection sends what was looked at, and a finding for all that is lacking", () => {
	const blank = { note: "", severity: "minor", text: "", due_at: "2020-02-13T10:00:00.000Z" };
	const visit = { id: "inspect-1", site: "M1", at: "2020-02-11T10:00:00.000Z", note: "", at_site: "刘经理" };
	const body = visitOf({
		...visit,
		checks: {
			masks: { ...blank, result: "ok" },
			canteen: { ...blank, result: "lacking", text: "围桌就餐" },
			plan: { ...blank, result: "" },
		},
	}) as { checklist: { item: string }[]; findings: object[] };
	expect(body.checklist.map((c) => c.item)).toEqual(["masks", "canteen"]);
	expect(body.findings).toEqual([
		{ item: "canteen", severity: "minor", text: "围桌就餐", due_at: blank.due_at, owner: "", at_site: "刘经理" },
	]);
});

test("an enterprise goes on with what waits, else with what is in force", () => {
	const profile: Profile = {
		...{ contact: "刘", phone: "", plan_on_file: true, plan_note: "", masks: 0, thermometers: 1, staff_limit: 0 },
	};
	expect(lacks(profile)).toEqual(["contact", "masks"]);
	const applications = [{ id: "new" }, { id: "old" }] as Application[];
	const e = { application: null, in_force: "old", applications } as OneEnterprise;
	expect(current(e)?.id).toBe("old");
	expect(current({ ...e, application: "new" })?.id).toBe("new");
});

test("late is what says so or is past its deadline", () => {
	expect([{ overdue: true }, { due_at: "2020-01-01T00:00:00Z" }, { due_at: null }, {}].map(isLate)).toEqual([
		true,
		true,
		false,
		false,
	]);
});
