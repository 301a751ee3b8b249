// What the board knows, and how an event changes it.
import type { AlarmNews, BoardGate, Counts, Denial, Snapshot, Trouble } from "./types";

/** Something in the list of news at the side. */
export type News = { at: number; denial: Denial } | { at: number; alarm: AlarmNews };

export interface BoardState {
	/** The moment that the counts are of, UTC ms by the server's clock; 0: nothing is known. */
	at: number;
	areas: { area: string; name: string }[];
	gates: ReadonlyMap<string, BoardGate>;
	/** The newest first. */
	news: readonly News[];
}

export const nothing: BoardState = { at: 0, areas: [], gates: new Map(), news: [] };

const NEWS = 100;

/** The state after an event; the same one if the event says nothing of it. */
export function told(state: BoardState, name: string, data: unknown): BoardState {
	switch (name) {
		case "snapshot": {
			const s = data as Snapshot;
			const alarms = state.news.filter((n) => "alarm" in n);
			const denials = s.denials.map((denial) => ({ at: Date.parse(denial.at), denial }));
			return {
				at: Date.parse(s.at),
				areas: s.areas,
				gates: new Map(s.gates.map((g) => [g.gate, g])),
				news: newest([...alarms, ...denials]),
			};
		}
		case "gates": {
			const d = data as { at: string; gates: BoardGate[] };
			const at = Date.parse(d.at);
			if (d.gates.length === 0) {
				return { ...state, at };
			}
			const gates = new Map(state.gates);
			for (const g of d.gates) {
				gates.set(g.gate, g);
			}
			return { ...state, at, gates };
		}
		case "denial": {
			const denial = data as Denial;
			return { ...state, news: newest([{ at: Date.parse(denial.at), denial }, ...state.news]) };
		}
		case "alarm": {
			const alarm = data as AlarmNews;
			const others = state.news.filter((n) => !("alarm" in n && n.alarm.id === alarm.id));
			return { ...state, news: newest([{ at: Date.parse(alarm.opened_at), alarm }, ...others]) };
		}
	}
	return state;
}

function newest(all: News[]): News[] {
	return all.sort((a, b) => b.at - a.at).slice(0, NEWS);
}

/** The troubles, the gravest first. */
export const troubleOrder: readonly Trouble[] = [
	"silent",
	"unreachable",
	"denials",
	"fever",
	"full",
	"degraded",
	"closed",
];

const stateOrder: readonly BoardGate["state"][] = ["open", "off_hours", "closed"];

/** Where a gate stands among others: the gravest trouble first, then those with more of them, what is closed last. */
export function gravity(g: BoardGate): number {
	const first = g.troubles[0];
	return first ? troubleOrder.indexOf(first) * 10 - g.troubles.length : 1000 + stateOrder.indexOf(g.state);
}

/** Gates by trouble, then by area and name: counts do not move them, so that nothing jumps while it is read. */
export function byTrouble(gates: Iterable<BoardGate>): BoardGate[] {
	return [...gates].sort(
		(a, b) => gravity(a) - gravity(b) || compare(a.area, b.area) || compare(a.site, b.site) || compare(a.gate, b.gate),
	);
}

const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);

export interface Sum {
	gates: number;
	open: number;
	troubled: number;
	inside: number;
	today: Counts;
	hour: Counts;
	five: Counts;
}

/** Gates added up; a site's people inside once. */
export function sum(gates: Iterable<BoardGate>): Sum {
	const none = () => ({ in: 0, out: 0, denied: 0, fevers: 0 });
	const s: Sum = { gates: 0, open: 0, troubled: 0, inside: 0, today: none(), hour: none(), five: none() };
	const sites = new Set<string>();
	for (const g of gates) {
		s.gates++;
		s.open += g.state === "open" ? 1 : 0;
		s.troubled += g.troubles.length > 0 ? 1 : 0;
		if (!sites.has(g.site)) {
			sites.add(g.site);
			s.inside += g.inside;
		}
		for (const span of ["today", "hour", "five"] as const) {
			for (const way of ["in", "out", "denied", "fevers"] as const) {
				s[span][way] += g[span][way];
			}
		}
	}
	return s;
}
