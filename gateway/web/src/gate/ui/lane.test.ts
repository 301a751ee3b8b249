import { describe, expect, it } from "vitest";
import type { Verdict } from "../types";
import { DONE_FOR, holds, idle, type Lane, type LaneEvent, lane, newLane, reads } from "./lane";

const both = () => true;
const neither = () => false;

function run(start: Lane, events: LaneEvent[], needs = both): Lane {
	return events.reduce((l, e) => lane(l, e, needs), start);
}

function verdict(more: Partial<Verdict> = {}): Verdict {
	return {
		id: "scan-1",
		occurredAt: 1_000,
		direction: "in",
		decision: "pass",
		reason: "ok",
		color: "green",
		action: "admit",
		text: { zh: "通行", en: "Go" },
		flags: [],
		person: { id: "0400000000000007", nameMasked: "王*明", kind: "resident", own: true },
		by: "server",
		duplicate: false,
		...more,
	};
}

const seen = (...passes: string[]): LaneEvent => ({ type: "seen", passes, at: 0 });
const temp = (tenths: number | null): LaneEvent => ({ type: "temperature", tenths });
const answer = (asked: number, more: Partial<Verdict> = {}, at = 0): LaneEvent => ({
	type: "answered",
	asked,
	verdict: verdict(more),
	at,
});

describe("one person", () => {
	it("is code, one tap, answer, and away by itself", () => {
		const asking = run(newLane(), [seen("PG1:A"), temp(365)]);
		expect(asking.step).toBe("asking");
		expect(asking.ask).toEqual({ subject: { pass: "PG1:A" }, direction: "in", temperature: 36.5, method: "forehead" });
		const answered = run(asking, [answer(1)]);
		expect(answered.step).toBe("verdict");
		expect(idle(run(answered, [{ type: "fade", id: "scan-1" }]))).toBe(true);
	});

	it("is asked about at the code where the temperature was read before, and it is used once", () => {
		const asking = run(newLane(), [temp(364), seen("PG1:A")]);
		expect(asking.ask?.temperature).toBe(36.4);
		const next = run(asking, [answer(1), { type: "next" }, seen("PG1:B")]);
		expect(next.step).toBe("temperature");
	});

	it("is asked about at the code where no temperature is taken", () => {
		const asking = run(newLane("out"), [seen("PG1:A")], neither);
		expect(asking.ask).toEqual({ subject: { pass: "PG1:A" }, direction: "out" });
	});

	it("is not mixed up with whoever shows a code while the reading is awaited", () => {
		const waiting = run(newLane(), [seen("PG1:A"), seen("PG1:B")]);
		expect(waiting.person?.subject).toEqual({ pass: "PG1:A" });
		expect(reads(waiting)).toBe(false);
		const asking = run(waiting, [temp(365), seen("PG1:B"), { type: "direction", direction: "out" }]);
		expect(asking.ask).toMatchObject({ subject: { pass: "PG1:A" }, direction: "in" });
	});

	it("can be sent with no temperature, and the preset can be dropped", () => {
		expect(run(newLane(), [seen("PG1:A"), temp(null)]).ask).not.toHaveProperty("temperature");
		expect(run(newLane(), [temp(365), { type: "forget_preset" }, seen("PG1:A")]).step).toBe("temperature");
	});
});

describe("the answer", () => {
	const green = run(newLane(), [seen("PG1:A"), temp(365), answer(1)]);
	const red = run(newLane(), [
		seen("PG1:A"),
		temp(365),
		answer(1, { decision: "deny", color: "red", reason: "status_red" }),
	]);

	it("green gives way to the next code at once", () => {
		expect(run(green, [seen("PG1:B")])).toMatchObject({ step: "temperature", person: { subject: { pass: "PG1:B" } } });
	});

	it("is not asked for twice while the phone is still in the picture, but is later", () => {
		expect(run(green, [seen("PG1:A")]).step).toBe("verdict");
		const later = run(green, [{ type: "next" }, { type: "seen", passes: ["PG1:A"], at: DONE_FOR }]);
		expect(later.step).toBe("temperature");
	});

	it("red stays until it is acknowledged", () => {
		const still = run(red, [seen("PG1:B"), { type: "fade", id: "scan-1" }, { type: "foreign", text: "https://a.b" }]);
		expect(still.verdict?.reason).toBe("status_red");
		expect(run(red, [{ type: "next" }]).step).toBe("aim");
	});

	it("about a code that is out of date or foreign gives way to a good code", () => {
		for (const trouble of ["expired", "not_our_code"] as const) {
			const v = verdict({ decision: "deny", color: "red", trouble });
			expect(holds(v)).toBe(false);
		}
		expect(holds(verdict({ decision: "deny", color: "red", trouble: "revoked" }))).toBe(true);
	});

	it("to another question than the present one changes nothing", () => {
		const asking = run(newLane(), [seen("PG1:A"), temp(365)]);
		expect(run(asking, [answer(7)])).toBe(asking);
		expect(run(green, [answer(1, { decision: "deny" })])).toBe(green);
	});

	it("that never came can be asked for again, the same", () => {
		const asking = run(newLane(), [seen("PG1:A"), temp(365)]);
		const failed = run(asking, [{ type: "failed", asked: 1, why: "full" }]);
		expect(failed).toMatchObject({ step: "failed", failed: "full" });
		expect(run(failed, [{ type: "retry" }])).toMatchObject({ step: "asking", asked: 2, ask: asking.ask });
		expect(run(failed, [{ type: "cancel" }]).step).toBe("aim");
	});

	it("about used-up outings can be asked for again with a purpose, with the same reading", () => {
		const quota = run(newLane("out"), [seen("PG1:A"), temp(365), answer(1, { decision: "deny", reason: "quota" })]);
		expect(run(quota, [{ type: "purpose", purpose: "medical" }]).ask).toMatchObject({
			subject: { pass: "PG1:A" },
			direction: "out",
			purpose: "medical",
			temperature: 36.5,
		});
	});
});

describe("a high reading that was answered", () => {
	const high: Partial<Verdict> = {
		decision: "deny",
		color: "red",
		action: "measure_again",
		flags: ["temperature_high"],
	};
	const quota = run(newLane("out"), [seen("PG1:A"), temp(376), answer(1, { ...high, reason: "quota" })]);

	it("is not sent again with a purpose: the person is measured first, and the purpose goes with it", () => {
		const measuring = run(quota, [{ type: "purpose", purpose: "medical" }]);
		expect(measuring).toMatchObject({ step: "temperature", preset: null, asked: 1 });
		const asking = run(measuring, [temp(366)]);
		expect(asking.ask).toMatchObject({ subject: { pass: "PG1:A" }, purpose: "medical", temperature: 36.6 });
		const next = run(asking, [answer(2), { type: "next" }, seen("PG1:B"), temp(365)]);
		expect(next.ask).not.toHaveProperty("purpose");
	});

	it("is taken anew for somebody who was refused", () => {
		const asking = run(quota, [{ type: "measure" }, temp(377)]);
		expect(asking.ask).toEqual({ subject: { pass: "PG1:A" }, direction: "out", temperature: 37.7, method: "forehead" });
	});

	it("does not count again with what was let pass by eye or as an emergency", () => {
		const grey = run(newLane(), [
			seen("PG1:A"),
			temp(376),
			answer(1, { ...high, color: "grey", reason: "outsider", by: "offline" }),
			{ type: "override", reason: "other" },
		]);
		expect(grey.ask).toEqual({ subject: { pass: "PG1:A" }, direction: "in", override: "other" });
	});

	it("keeps the purpose for the second reading", () => {
		const first = run(newLane("out"), [
			seen("PG1:A"),
			temp(365),
			answer(1, { decision: "deny", reason: "quota" }),
			{ type: "purpose", purpose: "work" },
			answer(2, { id: "s", ...high, decision: "remeasure", reason: "remeasure", remeasureUntil: 9_000 }),
			{ type: "next" },
			{ type: "again", id: "s" },
			temp(366),
		]);
		expect(first.ask).toMatchObject({ remeasureOf: "s", purpose: "work", temperature: 36.6 });
	});
});

describe("a second reading", () => {
	const first = run(newLane(), [
		seen("PG1:A"),
		temp(376),
		answer(1, { decision: "remeasure", color: "red", reason: "remeasure", remeasureUntil: 600_000 }),
	]);

	it("waits beside the lane while others pass, and names the person, whose code may have expired", () => {
		const later = run(first, [
			{ type: "next" },
			seen("PG1:B"),
			temp(365),
			answer(2, { id: "scan-2" }),
			{ type: "again", id: "scan-1" },
		]);
		expect(later.step).toBe("temperature");
		const asking = run(later, [{ type: "method", method: "wrist" }, temp(366)]);
		expect(asking.ask).toEqual({
			subject: { resident: "0400000000000007", name: "王*明" },
			direction: "in",
			temperature: 36.6,
			method: "wrist",
			remeasureOf: "scan-1",
		});
		expect(run(asking, [answer(3, { id: "scan-3" })]).awaited).toEqual([]);
	});

	it("is dropped when its time is over, but not while it is taken", () => {
		expect(run(first, [{ type: "clock", now: 599_999 }]).awaited).toHaveLength(1);
		expect(run(first, [{ type: "clock", now: 600_000 }]).awaited).toEqual([]);
		expect(
			run(first, [
				{ type: "again", id: "scan-1" },
				{ type: "clock", now: 600_000 },
			]).awaited,
		).toHaveLength(1);
	});

	it("is given up by cancelling and still waits", () => {
		const gone = run(first, [{ type: "again", id: "scan-1" }, { type: "cancel" }]);
		expect(gone).toMatchObject({ step: "aim", again: null });
		expect(gone.awaited).toHaveLength(1);
	});

	it("comes from a car too", () => {
		const l = run(newLane(), [
			{
				type: "awaits",
				person: { subject: { pass: "PG1:C" }, word: "" },
				verdict: verdict({ id: "scan-9", decision: "remeasure", reason: "temperature_low", remeasureUntil: 5 }),
			},
		]);
		expect(l.awaited).toMatchObject([{ id: "scan-9", low: true }]);
	});
});

describe("several codes in one picture", () => {
	const several = run(newLane(), [seen("PG1:A", "PG1:B", "PG1:C")]);

	it("are followed one by one, each with a reading of their own", () => {
		expect(several.several).toHaveLength(3);
		expect(reads(several)).toBe(false);
		const first = run(several, [{ type: "several", how: "each" }, temp(365), answer(1)]);
		expect(first.line).toHaveLength(2);
		const second = run(first, [seen("PG1:X"), { type: "next" }]);
		expect(second).toMatchObject({ step: "temperature", person: { subject: { pass: "PG1:B" } } });
		const third = run(second, [temp(366), answer(2), { type: "fade", id: "scan-1" }]);
		expect(third).toMatchObject({ person: { subject: { pass: "PG1:C" } }, line: [] });
	});

	it("can be put aside", () => {
		expect(idle(run(several, [{ type: "several", how: "none" }]))).toBe(true);
	});
});

describe("an emergency", () => {
	it("passes with nobody named", () => {
		expect(run(newLane("out"), [{ type: "override", reason: "medical" }]).ask).toEqual({
			subject: { nobody: true },
			direction: "out",
			override: "medical",
		});
	});

	it("passes whoever was just refused, with what was read unless that would count as a second high reading", () => {
		const refused = run(newLane(), [
			seen("PG1:A"),
			temp(385),
			answer(1, { decision: "deny", reason: "fever", color: "red", flags: ["temperature_high"] }),
		]);
		expect(run(refused, [{ type: "override", reason: "medical" }]).ask).toEqual({
			subject: { pass: "PG1:A" },
			direction: "in",
			override: "medical",
		});
		const normal = run(newLane(), [seen("PG1:A"), temp(365), answer(1, { decision: "deny", color: "grey" })]);
		expect(run(normal, [{ type: "override", reason: "other" }]).ask).toMatchObject({ temperature: 36.5 });
	});

	it("that is tapped while an answer is awaited is asked as soon as that is here, or fails to come", () => {
		const asking = run(newLane(), [seen("PG1:A"), temp(385), { type: "override", reason: "medical" }]);
		expect([asking.step, asking.asked]).toEqual(["asking", 1]);
		const refused = run(asking, [answer(1, { decision: "deny", reason: "fever", color: "red" })]);
		expect([refused.step, refused.asked]).toEqual(["asking", 2]);
		expect(refused.ask).toMatchObject({ subject: { pass: "PG1:A" }, override: "medical" });
		expect(run(asking, [answer(1)]).ask).toMatchObject({ subject: { nobody: true }, override: "medical" });
		const failed = run(asking, [{ type: "failed", asked: 1, why: "" }]);
		expect(failed.ask).toMatchObject({ subject: { pass: "PG1:A" }, override: "medical" });
		expect(run(refused, [answer(2)]).step).toBe("verdict"); // once
	});

	it("is not held up by a mistyped document", () => {
		const person = { subject: { id_document: "37012" }, word: "…7012" };
		const failed = run(newLane(), [{ type: "named", person }, temp(365), { type: "failed", asked: 1, why: "" }]);
		expect(run(failed, [{ type: "override", reason: "fire" }]).ask?.subject).toEqual({ nobody: true });
	});

	it("is not about the person who has just gone through", () => {
		const passed = run(newLane(), [seen("PG1:A"), temp(365), answer(1)]);
		expect(run(passed, [{ type: "override", reason: "fire" }]).ask?.subject).toEqual({ nobody: true });
	});
});
