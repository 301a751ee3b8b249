// The observation diary: two readings a day, in the morning until 14:00 and after.
import { localDay, startOfDay } from "../shared/time";
import type { Reading, Slot } from "./types";

const DAY = 86_400_000;
/** ms after local midnight at which the afternoon's slot begins. */
const NOON = 14 * 3600_000;

/** The symptoms that can be ticked, by wire name. */
export const symptoms = [
	["cough", "咳嗽", "Cough"],
	["fatigue", "乏力", "Tired"],
	["sore_throat", "咽痛", "Sore throat"],
	["breathless", "气短", "Short of breath"],
	["diarrhoea", "腹泻", "Diarrhoea"],
	["headache", "头痛", "Headache"],
	["muscle_pain", "肌肉酸痛", "Muscle pain"],
	["chills", "发冷", "Chills"],
] as const;

/** The slot that a time (UTC ms) belongs to. */
export function slotOf(at: number): Slot {
	return at - startOfDay(at) < NOON ? "am" : "pm";
}

/** One day of the diary: what was measured in each slot, and whether the slot is over. */
export interface DiaryDay {
	day: string;
	am: Reading | null;
	pm: Reading | null;
	/** Slots that went by without a reading. */
	missed: Slot[];
}

/** The days from one time to another (UTC ms), latest first; at most 31. */
export function diaryDays(readings: readonly Reading[], from: number, now: number): DiaryDay[] {
	const days: DiaryDay[] = [];
	for (let start = startOfDay(now); start + DAY > from && days.length < 31; start -= DAY) {
		const day = localDay(start);
		const last = (slot: Slot) =>
			readings
				.filter((r) => r.slot === slot && localDay(Date.parse(r.at)) === day)
				.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0] ?? null;
		const am = last("am");
		const pm = last("pm");
		const missed: Slot[] = [];
		if (!am && now >= start + NOON && from < start + NOON) {
			missed.push("am");
		}
		if (!pm && now >= start + DAY) {
			missed.push("pm");
		}
		days.push({ day, am, pm, missed });
	}
	return days;
}

/** Whole days in a row, up to today or yesterday, with both readings. */
export function streak(days: readonly DiaryDay[]): number {
	let count = 0;
	for (const [i, d] of days.entries()) {
		if (d.am && d.pm) {
			count++;
		} else if (i > 0 || d.missed.length > 0) {
			break;
		}
	}
	return count;
}

/** Reads a temperature as typed: "36.5", "36,5", "365"; null unless 30.0 to 45.0 with one decimal. */
export function readTemperature(typed: string): number | null {
	const plain = typed.normalize("NFKC").trim().replace(/[,。]/, ".");
	const digits = /^\d{3}$/.test(plain) ? `${plain.slice(0, 2)}.${plain[2]}` : plain;
	if (!/^\d{2}(\.\d)?$/.test(digits)) {
		return null;
	}
	const value = Number(digits);
	return value >= 30 && value <= 45 ? value : null;
}
