// The board as the server tells it: see Board, BoardGate in the contract.
import type { Text } from "../../shared/i18n";

export interface Counts {
	in: number;
	out: number;
	denied: number;
	fevers: number;
}

export type Trouble = "silent" | "unreachable" | "denials" | "fever" | "full" | "degraded" | "closed";

export interface BoardGate {
	gate: string;
	name: string;
	site: string;
	site_name: string;
	area: string;
	state: "open" | "closed" | "off_hours";
	/** The gravest first. */
	troubles: Trouble[];
	today: Counts;
	hour: Counts;
	five: Counts;
	/** By minute, 60 of them, the current one last. */
	passed: number[];
	refused: number[];
	last_at: string | null;
	/** In such a half hour. */
	usual: number | null;
	inside: number;
	capacity: number;
	devices: number;
	on_shift: number;
	contact_at: string | null;
}

export interface Denial {
	gate: string;
	at: string;
	direction: string;
	reason: string;
}

export interface AlarmNews {
	id: string;
	kind: string;
	level: "urgent" | "today";
	text: Text;
	node: string;
	node_name: string;
	opened_at: string;
}

export interface Snapshot {
	at: string;
	areas: { area: string; name: string }[];
	gates: BoardGate[];
	denials: Denial[];
}
