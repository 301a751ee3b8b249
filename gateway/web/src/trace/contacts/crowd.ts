// What the people of a cluster have in common: windows of places, and how often and how
// long each of them was where. Pure.
import { wire } from "../../shared/time";

const parts = (text: string | null, by: string) => (text ?? "").split(by).filter((part) => part !== "");

/** One place and time: a gate or a site. Times are RFC 3339, "" as long as they are not chosen. */
export interface Window {
	kind: "site" | "gate";
	code: string;
	from: string;
	to: string;
}

export const MOST_WINDOWS = 20;

/** Windows of an address: "at" as windowsQuery writes it, or "gates" and "sites" with one "from" and "to". */
export function windowsOf(q: URLSearchParams): Window[] {
	const from = q.get("from") ?? "";
	const to = q.get("to") ?? "";
	const listed = (name: "gate" | "site") =>
		parts(q.get(`${name}s`), ",").map((code): Window => ({ kind: name, code, from, to }));
	const written = parts(q.get("at"), ";").map((text): Window => {
		const [kind, code = "", since = "", until = ""] = text.split("~");
		return { kind: kind === "gate" ? "gate" : "site", code, from: since, to: until };
	});
	return [...written, ...listed("site"), ...listed("gate")].slice(0, MOST_WINDOWS);
}

export const windowsQuery = (windows: readonly Window[]): string =>
	windows.map((w) => [w.kind, w.code, w.from, w.to].join("~")).join(";");

/** What can be asked: whatever has a place and a time that runs forward. */
export const complete = (w: Window): boolean => w.code !== "" && Date.parse(w.from) < Date.parse(w.to);

/** The stays of one of the people compared. */
export interface Trail {
	id: string;
	name: string;
	/** Code of the home site. */
	home: string;
	stays: { site: string; site_name: string; from: string; to: string | null }[];
}

/** How often and how long one was at a place. */
export interface Cell {
	times: number;
	minutes: number;
}

/** A place where at least one of them was. */
export interface Shared {
	site: string;
	name: string;
	/** In the order of the trails; null: was not there. */
	cells: (Cell | null)[];
	people: number;
	minutes: number;
	/** It is the home of somebody among them. */
	home: boolean;
	/** When they were there, in order of time: UTC ms, apart by GAP at least. */
	spans: { from: number; to: number }[];
}

const MINUTE = 60_000;
/** Stays of one place that are nearer to each other than this are one window. */
const GAP = 120 * MINUTE;

/** Places by how many of the people were there, the most first. now ends stays that have no end. */
export function sharedPlaces(trails: readonly Trail[], now: number): Shared[] {
	const places = new Map<string, Shared>();
	const homes = new Set(trails.map((trail) => trail.home));
	trails.forEach((trail, i) => {
		for (const stay of trail.stays) {
			const from = Date.parse(stay.from);
			const to = stay.to === null ? now : Date.parse(stay.to);
			const place = places.get(stay.site) ?? empty(stay, trails.length, homes.has(stay.site));
			const cell = place.cells[i] ?? { times: 0, minutes: 0 };
			cell.times++;
			cell.minutes += Math.round((to - from) / MINUTE);
			place.cells[i] = cell;
			place.spans.push({ from, to });
			places.set(stay.site, place);
		}
	});
	for (const place of places.values()) {
		const there = place.cells.filter((cell) => cell !== null);
		place.people = there.length;
		place.minutes = there.reduce((sum, cell) => sum + cell.minutes, 0);
		place.spans = joined(place.spans);
	}
	return [...places.values()].sort(
		(a, b) => b.people - a.people || b.minutes - a.minutes || (a.site < b.site ? -1 : 1),
	);
}

function empty(stay: Trail["stays"][number], people: number, home: boolean): Shared {
	return {
		site: stay.site,
		name: stay.site_name || stay.site,
		cells: Array.from({ length: people }, () => null),
		people: 0,
		minutes: 0,
		home,
		spans: [],
	};
}

/** Spans in order, those nearer than GAP made one. */
export function joined(spans: readonly { from: number; to: number }[]): { from: number; to: number }[] {
	const out: { from: number; to: number }[] = [];
	for (const span of [...spans].sort((a, b) => a.from - b.from)) {
		const last = out[out.length - 1];
		if (last && span.from - last.to < GAP) {
			last.to = Math.max(last.to, span.to);
		} else {
			out.push({ ...span });
		}
	}
	return out;
}

/** The windows to ask about with the places that were chosen, the first MOST_WINDOWS. */
export function windowsAt(places: readonly Shared[]): Window[] {
	const all = places.flatMap((p) =>
		p.spans.map(
			(s): Window => ({ kind: "site", code: p.site, from: wire(s.from), to: wire(Math.max(s.to, s.from + MINUTE)) }),
		),
	);
	return all.slice(0, MOST_WINDOWS);
}
