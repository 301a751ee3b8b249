// Where a contact's exposure comes from, by the table of weights in the answer.
import type { Contact, Kind, Meeting, Weight } from "./types";

const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * What one meeting adds to the exposure, in minutes at a venue: a day of one household
 * counts when it has begun, a minute half if an end was concluded, and an exit alone like
 * a meeting at a gate and half the time there is of it.
 */
export function exposureOf(m: Meeting, weights: readonly Weight[]): number {
	const of = (kind: Kind) => weights.find((w) => w.kind === kind)?.weight ?? 0;
	const ms = Date.parse(m.to) - Date.parse(m.from);
	switch (m.kind) {
		case "household":
			return of("household") * Math.max(1, Math.ceil(ms / DAY));
		case "vehicle":
		case "gate":
			return of(m.kind);
		case "venue":
			if (m.unknown_start) {
				return of("gate") + (of("venue") * ms) / MINUTE / 2;
			}
			return (of("venue") * ms) / MINUTE / (m.inferred ? 2 : 1);
	}
}

/** What the meetings of a kind add up to. */
export interface Share {
	kind: Kind;
	meetings: number;
	exposure: number;
}

/** The shares of a contact's exposure, the largest first, and what meetings beyond the evidence add. */
export function sharesOf(c: Contact, weights: readonly Weight[]): { shares: Share[]; beyond: Share | null } {
	const by = new Map<Kind, Share>();
	for (const m of c.evidence) {
		const share = by.get(m.kind) ?? { kind: m.kind, meetings: 0, exposure: 0 };
		share.meetings++;
		share.exposure += exposureOf(m, weights);
		by.set(m.kind, share);
	}
	const shares = [...by.values()].sort((a, b) => b.exposure - a.exposure);
	const left = c.meetings - c.evidence.length;
	const sum = shares.reduce((s, share) => s + share.exposure, 0);
	const rest = Math.max(0, c.exposure - Math.floor(sum));
	return { shares, beyond: left > 0 ? { kind: "venue", meetings: left, exposure: rest } : null };
}

/** The site where the evidence has the most exposure; of equals the earliest. */
export function placeOf(c: Contact, weights: readonly Weight[]): { code: string; name: string } {
	const by = new Map<string, { name: string; exposure: number }>();
	for (const m of c.evidence) {
		const place = by.get(m.site) ?? { name: m.site_name, exposure: 0 };
		place.exposure += exposureOf(m, weights);
		by.set(m.site, place);
	}
	let best = { code: "", name: "", exposure: -1 };
	for (const [code, { name, exposure }] of by) {
		if (exposure > best.exposure) {
			best = { code, name, exposure };
		}
	}
	return { code: best.code, name: best.name };
}
