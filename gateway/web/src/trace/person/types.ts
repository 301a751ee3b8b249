// Where somebody was, as the server answers it.
import type { Named, Row } from "../gates/columns";

export interface Stay {
	site: string;
	site_name: string;
	entry_gate: string;
	exit_gate: string;
	from: string;
	/** null: they are there still, as far as is known. */
	to: string | null;
	open: boolean;
	/** The end was not seen but concluded. */
	inferred: boolean;
	unknown_start: boolean;
	reentry: boolean;
	late: boolean;
	conflict: boolean;
	/** Codes of the rules that set these marks. */
	why: string[];
	minutes: number;
}

export interface Attempt {
	occurred_at: string;
	gate: string;
	site: string;
	site_name: string;
	decision: string;
	reason: string;
}

export type TrailEvent = Row & { gate: string; site: string };

export interface Explanation {
	code: string;
	mark: string;
	zh: string;
	en: string;
}

export interface Trajectory {
	resident: Named & { home: string; known_as?: Named };
	from: string;
	to: string;
	stays: Stay[];
	attempts: Attempt[];
	explained: Explanation[];
	events: TrailEvent[];
}
