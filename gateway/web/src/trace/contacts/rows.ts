// The list of contacts: rows of an answer, filters, what they count, the table to keep.
import { wire } from "../../shared/time";
import { placeOf } from "./exposure";
import { type Answer, type Contact, type Kind, kinds, type Row, type Weight } from "./types";

export function rowsOf(answer: Answer): Row[] {
	return answer.contacts.map((c, i) => rowOf(c, i + 1, answer));
}

function rowOf(c: Contact, rank: number, answer: { resident: Answer["resident"]; weights: Weight[] }): Row {
	const before = c.chain[c.chain.length - 2]?.person ?? answer.resident;
	const place = placeOf(c, answer.weights);
	return {
		rank,
		id: c.person.id,
		name: c.person.name_masked,
		outside: c.person.outside,
		area: c.person.area,
		home: c.person.home,
		hop: c.hop,
		kinds: c.kinds,
		exposure: c.exposure,
		minutes: c.minutes,
		meetings: c.meetings,
		first: Date.parse(c.first_at),
		last: Date.parse(c.last_at),
		place: place.code,
		placeName: place.name,
		inferred: c.evidence.some((m) => m.inferred),
		open: c.evidence.some((m) => m.open),
		unknown: c.evidence.some((m) => m.unknown_start),
		via: before.id,
		viaName: before.name_masked,
	};
}

/** What is shown of a list; an empty part of it holds nothing back. */
export interface Filter {
	hops: readonly number[];
	kinds: readonly Kind[];
	/** Code of a site. */
	place: string;
	/** Least minutes together at venues. */
	minutes: number;
	scope: "" | "mine" | "outside";
	calls: "" | "without" | "with";
	/** Part of a name, an ID or where somebody lives. */
	text: string;
}

export const everything: Filter = { hops: [], kinds: [], place: "", minutes: 0, scope: "", calls: "", text: "" };

/** The rows that a filter lets through. called are the IDs of those who are on the call list; homeName names a site. */
export function filtered(
	rows: readonly Row[],
	f: Filter,
	called: ReadonlySet<string>,
	homeName: (code: string) => string,
): Row[] {
	const text = f.text.trim().toLowerCase();
	return rows.filter(
		(r) =>
			(f.hops.length === 0 || f.hops.includes(r.hop)) &&
			(f.kinds.length === 0 || r.kinds.some((k) => f.kinds.includes(k))) &&
			(f.place === "" || r.place === f.place) &&
			r.minutes >= f.minutes &&
			(f.scope === "" || r.outside === (f.scope === "outside")) &&
			(f.calls === "" || called.has(r.id) === (f.calls === "with")) &&
			(text === "" || `${r.name} ${r.id} ${r.home} ${homeName(r.home)} ${r.area}`.toLowerCase().includes(text)),
	);
}

/** How many rows each choice of a filter would show of the whole list. */
export interface Counts {
	hops: Map<number, number>;
	kinds: Map<Kind, number>;
	/** Sites by number of rows, the most first. */
	places: { code: string; name: string; count: number }[];
	outside: number;
	/** The most exposure of a row. */
	most: number;
}

export function countsOf(rows: readonly Row[]): Counts {
	const hops = new Map<number, number>();
	const by = new Map<Kind, number>(kinds.map((k) => [k, 0]));
	const places = new Map<string, { code: string; name: string; count: number }>();
	let outside = 0;
	let most = 0;
	for (const r of rows) {
		hops.set(r.hop, (hops.get(r.hop) ?? 0) + 1);
		for (const k of r.kinds) {
			by.set(k, (by.get(k) ?? 0) + 1);
		}
		const place = places.get(r.place) ?? { code: r.place, name: r.placeName || r.place, count: 0 };
		place.count++;
		places.set(r.place, place);
		outside += r.outside ? 1 : 0;
		most = Math.max(most, r.exposure);
	}
	return { hops, kinds: by, places: [...places.values()].sort((a, b) => b.count - a.count), outside, most };
}

/** How long the bar of an exposure is, 0 to 1, on a scale of logarithms: a household would leave no bar to others. */
export function barOf(exposure: number, most: number): number {
	return most <= 0 ? 0 : Math.log1p(Math.max(0, exposure)) / Math.log1p(most);
}

const columns =
	"rank,hop,person,outside,area,name_masked,home,home_name,met,exposure,minutes,meetings,first_at,last_at,through,site,site_name,inferred,open,unknown_start";

/** The rows as a table that Excel takes for UTF-8; no cell is taken for a formula. */
export function csvOf(rows: readonly Row[], homeName: (code: string) => string): string {
	const lines = rows.map((r) =>
		[
			r.rank,
			r.hop,
			r.id,
			r.outside,
			r.area,
			r.name,
			r.home,
			homeName(r.home),
			r.kinds.join(" "),
			r.exposure,
			r.minutes,
			r.meetings,
			wire(r.first),
			wire(r.last),
			r.via,
			r.place,
			r.placeName,
			r.inferred,
			r.open,
			r.unknown,
		]
			.map(cell)
			.join(","),
	);
	return `\ufeff${[columns, ...lines].join("\r\n")}\r\n`;
}

/** One cell of a CSV file. */
export function cell(value: string | number | boolean): string {
	const text = String(value);
	const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
