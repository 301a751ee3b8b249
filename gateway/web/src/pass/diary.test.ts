import { expect, test } from "vitest";
import { diaryDays, readTemperature, slotOf, streak } from "./diary";
import type { Reading, Slot } from "./types";

/** A time of day in Shanghai on the 24th of November 2026 and days around it. */
function at(day: number, clock: string): number {
	return Date.parse(`2026-11-${day}T${clock}:00+08:00`);
}

function reading(time: number, slot: Slot = slotOf(time)): Reading {
	const text = { zh: "", en: "" };
	return {
		id: String(time),
		at: new Date(time).toISOString(),
		slot,
		temperature: 36.5,
		symptoms: [],
		fever: false,
		advice: text,
	};
}

test("morning ends at 14:00 in Shanghai", () => {
	expect(slotOf(at(24, "00:00"))).toBe("am");
	expect(slotOf(at(24, "13:59"))).toBe("am");
	expect(slotOf(at(24, "14:00"))).toBe("pm");
	expect(slotOf(at(24, "23:59"))).toBe("pm");
});

test("days in a row count until one was missed, and today counts once it is whole", () => {
	const readings = [22, 23].flatMap((d) => [reading(at(d, "08:00")), reading(at(d, "18:00"))]);
	const now = at(24, "09:00");
	expect(streak(diaryDays(readings, at(21, "20:00"), now))).toBe(2);
	readings.push(reading(at(24, "08:30")), reading(at(24, "15:00")));
	expect(streak(diaryDays(readings, at(21, "20:00"), at(24, "16:00")))).toBe(3);
	readings.splice(3, 1); // the afternoon of the 23rd
	expect(streak(diaryDays(readings, at(21, "20:00"), at(24, "16:00")))).toBe(1);
});

test("a morning missed today ends the row at once", () => {
	const readings = [reading(at(23, "08:00")), reading(at(23, "18:00"))];
	const days = diaryDays(readings, at(23, "07:00"), at(24, "15:00"));
	expect(days[0]?.missed).toEqual(["am"]);
	expect(streak(days)).toBe(0);
});

test("slots before the observation began are not missed", () => {
	const days = diaryDays([], at(23, "16:00"), at(24, "10:00"));
	expect(days.map((d) => [d.day, d.missed])).toEqual([
		["2026-11-24", []],
		["2026-11-23", ["pm"]],
	]);
});

test("a temperature is read however it is typed, and nonsense is not", () => {
	expect(readTemperature("36.5")).toBe(36.5);
	expect(readTemperature("365")).toBe(36.5);
	expect(readTemperature("36,5")).toBe(36.5);
	expect(readTemperature("37")).toBe(37);
	expect(readTemperature("36。8")).toBe(36.8);
	for (const typed of ["", "3", "29.9", "45.1", "36.55", "98.6", "abc", "3650"]) {
		expect(readTemperature(typed), typed).toBeNull();
	}
});
