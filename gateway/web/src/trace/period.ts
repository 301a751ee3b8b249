// Periods that questions are about: in addresses RFC 3339, shown in the site's zone.
import { clockTime, dayAndTime, localDay, startOfDay, wire } from "../shared/time";

/** UTC ms; to is excluded. */
export interface Period {
	from: number;
	to: number;
}

export const HOUR = 3600_000;
export const DAY = 24 * HOUR;
/** The longest that the server answers for. */
export const LONGEST = 61 * DAY;

/** Reads a moment of an address: RFC 3339, a local day, or UTC ms; NaN if it is none. */
export function moment(text: string | null): number {
	if (!text) {
		return Number.NaN;
	}
	if (/^\d{11,}$/.test(text)) {
		return Number(text);
	}
	return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00+08:00`) : Date.parse(text);
}

/** The period of an address; null if it names none that can be asked for. */
export function periodOf(query: URLSearchParams): Period | null {
	const [from, to] = [moment(query.get("from")), moment(query.get("to"))];
	return from < to && to - from <= LONGEST ? { from, to } : null;
}

/** As the query of an address or a call has it. */
export const asked = ({ from, to }: Period) => ({ from: wire(from), to: wire(to) });

/** So long before and after a moment. */
export const around = (at: number, margin: number): Period => ({ from: at - margin, to: at + margin });

export const presets = {
	hour: (now: number): Period => ({ from: now - (now % HOUR), to: now - (now % HOUR) + HOUR }),
	today: (now: number): Period => ({ from: startOfDay(now), to: startOfDay(now) + DAY }),
	yesterday: (now: number): Period => ({ from: startOfDay(now) - DAY, to: startOfDay(now) }),
	last:
		(days: number) =>
		(now: number): Period => ({ from: wholeMinute(now) - days * DAY, to: wholeMinute(now) }),
};

/** The end of the minute: so what happens now is in. */
const wholeMinute = (now: number) => Math.ceil(now / 60_000) * 60_000;

/** "02-11 08:00 – 09:00", "02-11 08:00 – 02-12 00:00". */
export function periodText({ from, to }: Period): string {
	const sameDay = localDay(from) === localDay(to);
	return `${dayAndTime(from)} – ${sameDay ? clockTime(to) : dayAndTime(to)}`;
}
