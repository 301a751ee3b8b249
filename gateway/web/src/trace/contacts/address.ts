// A question and a filter in the page's address, so that going back, reloading and
// handing a link on lead to the same list.

import type { Question } from "./answers";
import { everything, type Filter } from "./rows";
import { type Kind, kinds } from "./types";

/** What the API takes: bounds and what holds if nothing is given. */
export const bounds = {
	hops: { first: 1, least: 1, most: 3 },
	margin: { first: 120, least: 0, most: 600 },
	overlap: { first: 1, least: 0, most: 1440 },
	expand: { first: 50, least: 1, most: 200 },
	limit: { first: 5000, least: 1, most: 10_000 },
};

export function questionOf(id: string, q: URLSearchParams): Question {
	const number = (name: keyof typeof bounds) => {
		const { first, least, most } = bounds[name];
		const n = Number.parseInt(q.get(name) ?? "", 10);
		return Number.isNaN(n) ? first : Math.min(most, Math.max(least, n));
	};
	return {
		id,
		from: q.get("from") ?? "",
		to: q.get("to") ?? "",
		hops: number("hops"),
		margin: number("margin"),
		overlap: number("overlap"),
		expand: number("expand"),
		limit: number("limit"),
	};
}

/** The part of the address that tells a question; what is as usual is left out. */
export function queryOf(q: Question): Record<string, string | undefined> {
	const number = (name: keyof typeof bounds) => (q[name] === bounds[name].first ? undefined : String(q[name]));
	return {
		from: q.from || undefined,
		to: q.to || undefined,
		hops: number("hops"),
		margin: number("margin"),
		overlap: number("overlap"),
		expand: number("expand"),
		limit: number("limit"),
	};
}

const list = (text: string | null) => (text ?? "").split(",").filter((part) => part !== "");

/** The filter, but for its text: that can be a name, and stays out of addresses. */
export function filterOf(q: URLSearchParams): Filter {
	const scope = q.get("scope");
	const calls = q.get("calls");
	return {
		...everything,
		hops: list(q.get("hop"))
			.map(Number)
			.filter((n) => n >= 1 && n <= 3),
		kinds: list(q.get("kind")).filter((k): k is Kind => (kinds as readonly string[]).includes(k)),
		place: q.get("place") ?? "",
		minutes: Math.max(0, Number.parseInt(q.get("least") ?? "", 10) || 0),
		scope: scope === "mine" || scope === "outside" ? scope : "",
		calls: calls === "with" || calls === "without" ? calls : "",
	};
}

/** As queryOf, of a filter; what is not filtered is "", so that it leaves the address. */
export function filterQuery(f: Filter): Record<string, string> {
	return {
		hop: f.hops.join(","),
		kind: f.kinds.join(","),
		place: f.place,
		least: f.minutes > 0 ? String(f.minutes) : "",
		scope: f.scope,
		calls: f.calls,
	};
}
