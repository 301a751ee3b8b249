// How a person's time is laid out: a lane for each site, stays as bars, passages and
// temperatures as points, days and nights behind them. Pure: times in, times out; only
// the scale knows of pixels.
import { clockTime, localDay, startOfDay } from "../../shared/time";
import { DAY, HOUR, type Period } from "../period";
import type { Stay, TrailEvent, Trajectory } from "./types";

export interface Bar {
	/** Place in Trajectory.stays. */
	stay: number;
	from: number;
	to: number;
	/** The beginning or the end was not seen. */
	vagueStart: boolean;
	vagueEnd: boolean;
	open: boolean;
	/** Marks that need words: they stand on the bar. */
	marks: Mark[];
}

export type Mark = "late" | "conflict" | "reentry" | "inferred" | "unknown_start";

export interface Point {
	/** Place in Trajectory.events. */
	event: number;
	at: number;
	/** Letters of the flags that need words. */
	marks: ("late" | "conflict" | "degraded")[];
	/** Nobody was let through. */
	refused: boolean;
}

export interface Lane {
	site: string;
	name: string;
	home: boolean;
	bars: Bar[];
	points: Point[];
	/** ms there within the period, as far as is known. */
	time: number;
}

export interface Reading {
	event: number;
	at: number;
	celsius: number;
	fever: boolean;
}

export interface Layout {
	lanes: Lane[];
	readings: Reading[];
	/** What cannot be known yet begins here. */
	known: number;
}

const marked: Mark[] = ["inferred", "unknown_start", "reentry", "late", "conflict"];

/** Lays a trajectory out: the home first, then the sites by how long somebody was there. */
export function layOut(t: Trajectory, now: number, feverLine: (site: string) => number): Layout {
	const period = { from: Date.parse(t.from), to: Date.parse(t.to) };
	const known = Math.min(now, period.to);
	const lanes = new Map<string, Lane>();
	const lane = (site: string, name: string): Lane => {
		const found = lanes.get(site) ?? { site, name, home: site === t.resident.home, bars: [], points: [], time: 0 };
		found.name ||= name;
		lanes.set(site, found);
		return found;
	};
	t.stays.forEach((stay, i) => {
		const bar = barOf(stay, i, period.from, known);
		const at = lane(stay.site, stay.site_name);
		at.bars.push(bar);
		at.time += Math.max(0, Math.min(bar.to, period.to) - Math.max(bar.from, period.from));
	});
	t.events.forEach((event, i) => {
		if (!event.annulment && !event.annulled && event.site !== "") {
			lane(event.site, "").points.push(pointOf(event, i));
		}
	});
	const readings = t.events.flatMap((e, i): Reading[] =>
		e.temperature === null || e.annulment || e.annulled
			? []
			: [
					{
						event: i,
						at: Date.parse(e.occurred_at),
						celsius: e.temperature,
						fever: e.temperature >= feverLine(e.site),
					},
				],
	);
	const first = (l: Lane) => Math.min(...l.bars.map((b) => b.from), ...l.points.map((p) => p.at));
	const order = (a: Lane, b: Lane) => Number(b.home) - Number(a.home) || b.time - a.time || first(a) - first(b);
	return { lanes: [...lanes.values()].sort(order), readings, known };
}

function barOf(stay: Stay, i: number, from: number, known: number): Bar {
	const began = Date.parse(stay.from);
	const ended = stay.to === null ? Math.max(known, began) : Date.parse(stay.to);
	return {
		stay: i,
		// Of a beginning that nobody saw only the exit is known: the bar comes from before the period.
		from: stay.unknown_start && began === ended ? Math.min(from, began) : began,
		to: ended,
		vagueStart: stay.unknown_start,
		vagueEnd: stay.inferred,
		open: stay.open,
		marks: marked.filter((mark) => stay[mark]),
	};
}

function pointOf(event: TrailEvent, i: number): Point {
	const marks = (["late", "conflict", "degraded"] as const).filter((flag) => event.flags.includes(flag));
	return { event: i, at: Date.parse(event.occurred_at), marks, refused: event.decision !== "pass" };
}

/** The shortest that can be looked at. */
export const SHORTEST = 10 * 60_000;

/** A view so many times as long around a moment, within bounds. */
export function zoomed(view: Period, by: number, pivot: number, bounds: Period): Period {
	const length = Math.min(Math.max((view.to - view.from) * by, SHORTEST), bounds.to - bounds.from);
	const share = (pivot - view.from) / (view.to - view.from);
	return within({ from: pivot - share * length, to: pivot + (1 - share) * length }, bounds);
}

/** A view moved by so many ms, within bounds. */
export function moved(view: Period, by: number, bounds: Period): Period {
	return within({ from: view.from + by, to: view.to + by }, bounds);
}

function within({ from, to }: Period, bounds: Period): Period {
	const length = to - from;
	const start = Math.max(bounds.from, Math.min(from, bounds.to - length));
	return { from: start, to: start + length };
}

export interface Tick {
	at: number;
	text: string;
	/** A day begins. */
	day: boolean;
}

const STEPS = [10 * 60_000, 30 * 60_000, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY];

/** Whole hours or days at the place, at most one every so many pixels. */
export function ticksOf(view: Period, width: number, apart = 54): Tick[] {
	const step = STEPS.find((s) => (s / (view.to - view.from)) * width >= apart) ?? 14 * DAY;
	const ticks: Tick[] = [];
	const midnight = startOfDay(view.from);
	for (let at = midnight + Math.ceil((view.from - midnight) / step) * step; at <= view.to; at += step) {
		const day = at === startOfDay(at);
		ticks.push({ at, day, text: day ? localDay(at).slice(5) : clockTime(at) });
	}
	return ticks;
}

/** Nights (22:00 to 06:00 at the place) that touch a view. */
export function nightsOf(view: Period): Period[] {
	const nights: Period[] = [];
	for (let day = startOfDay(view.from) - DAY; day < view.to; day += DAY) {
		const night = { from: day + 22 * HOUR, to: day + 30 * HOUR };
		if (night.to > view.from && night.from < view.to) {
			nights.push(night);
		}
	}
	return nights;
}
