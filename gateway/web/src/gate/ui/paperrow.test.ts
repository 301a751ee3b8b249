import { describe, expect, it } from "vitest";
import { type Draft, emptyDraft, paperRow, TOLD, wrong } from "./paperrow";

const draft = (d: Partial<Draft>): Draft => ({ ...emptyDraft(1, "2026-11-24"), time: "08:05", who: "孙八", ...d });

describe("a row of the paper log", () => {
	it("says what the guard did by the numbers that are printed, and never another reason", () => {
		const said = TOLD.map(([told]) => {
			const { decision, reason } = paperRow(draft({ told }));
			return `${decision} ${reason}`;
		});
		expect(said).toEqual([
			"pass ok",
			"deny fever",
			"deny outsider",
			"deny status_red",
			"deny outside_hours",
			"deny guard",
		]);
	});

	it("keeps its own day, as a page goes on past midnight", () => {
		const late = draft({ time: "23:58" });
		const next = emptyDraft(2, "2026-11-25", late);
		expect(new Date(paperRow(late).occurredAt).toISOString()).toBe("2026-11-24T15:58:00.000Z");
		expect(new Date(paperRow({ ...next, time: "00:10", who: "孙八" }).occurredAt).toISOString()).toBe(
			"2026-11-24T16:10:00.000Z",
		);
	});

	it("is refused without a day", () => {
		expect(wrong(draft({ day: "" }))).not.toBeNull();
		expect(wrong(draft({}))).toBeNull();
	});
});
