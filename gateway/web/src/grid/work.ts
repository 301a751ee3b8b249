// What is left to do: the list as the server gave it, less what was done since. Pure,
// so that it is the same with and without a network.
import type { Entry, HomeMissing, Kept, ReadingDue, ReportDue, Request, Round, Today } from "./types";

export const keyOfReading = (r: ReadingDue): string => `reading ${r.resident}`;
export const keyOfReport = (r: ReportDue): string => `report ${r.observation} ${r.day}`;
export const keyOfRequest = (r: Request): string => `request ${r.id}`;
export const keyOfRound = (r: Round): string => `round ${r.site} ${r.kind} ${r.round}`;
export const keyOfHome = (h: HomeMissing): string => `home ${h.site} ${h.household}`;

/** Fever as DOMAIN has it, °C. */
export const FEVER = 37.3;

export interface Left {
	readings: ReadingDue[];
	reports: ReportDue[];
	requests: Request[];
	rounds: Round[];
	homes: HomeMissing[];
	/** Homes of the node, and how many of them were reached. */
	of: number;
	reached: number;
}

/**
 * Less what was done: an entry answers its row until a list that came after it was sent says
 * otherwise. A home that was tried stays, with the try.
 */
export function leftOf(today: Today, entries: readonly Entry[]): Left {
	const done = new Map(entries.filter((e) => e.state !== "refused").map((e) => [e.key, e]));
	const open = <T>(rows: T[], key: (row: T) => string) => rows.filter((row) => !done.has(key(row)));
	const outcome = (h: HomeMissing) => done.get(keyOfHome(h))?.body.outcome;
	const homes = today.homes.missing
		.filter((h) => outcome(h) !== "reached")
		.map((h) => {
			const e = done.get(keyOfHome(h));
			return e ? { ...h, tried: { outcome: String(e.body.outcome), at: new Date(e.at).toISOString(), note: "" } } : h;
		});
	return {
		readings: open(today.readings, keyOfReading),
		reports: open(today.reports, keyOfReport),
		requests: today.requests
			.filter((r) => done.get(keyOfRequest(r))?.path.endsWith("/done") !== true)
			.map((r) => (done.has(keyOfRequest(r)) ? { ...r, state: "taken" } : r)),
		rounds: open(today.rounds, keyOfRound),
		homes,
		of: today.homes.homes,
		reached: today.homes.reached + today.homes.missing.length - homes.length,
	};
}

/** The building or row of a door: "3-1-101" is in "3-1", "1排2号" in "1排"; "" if the door tells none. */
function buildingOf(door: string): string {
	const row = door.indexOf("排");
	const cut = row >= 0 ? row + 1 : door.lastIndexOf("-");
	return cut > 0 ? door.slice(0, cut) : "";
}

/** Homes by building, both in the order in which people count. */
export function byBuilding(homes: readonly HomeMissing[]): [name: string, homes: HomeMissing[]][] {
	const groups = new Map<string, HomeMissing[]>();
	for (const h of homes) {
		const building = `${h.site_name} ${buildingOf(h.door)}`.trim();
		groups.set(building, [...(groups.get(building) ?? []), h]);
	}
	const natural = new Intl.Collator("zh", { numeric: true });
	return [...groups]
		.sort(([a], [b]) => natural.compare(a, b))
		.map(([name, list]) => [name, list.sort((a, b) => natural.compare(a.door, b.door))]);
}

/** Longer than this (ms) nobody's particulars are kept. */
export const KEEP = 24 * 3600_000;

/** A clock may be off by so much (ms) without having been set back. */
const SLACK = 120_000;

/** Whether a kept list is for this member and not too old; by a clock that was set back it would never be. */
export function usable(kept: Kept | undefined, who: string, now: number): kept is Kept {
	return kept !== undefined && kept.who === who && now - kept.at < KEEP && now > kept.at - SLACK;
}
