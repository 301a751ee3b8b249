// What the server tells residents: the JSON of /v1/activate and /v1/my/….
import type { Text } from "../shared/i18n";

export type Status =
	| "green"
	| "yellow"
	| "red"
	| "observation"
	| "quarantine"
	| "recovered"
	| "visitor"
	| "outsider"
	| "gone";

export interface Contest {
	id: string;
	state: "open" | "upheld" | "changed";
	opened_at: string;
	/** The office has to answer by then: 48 h after it was opened. */
	due_at: string;
	text: string;
	answer?: string;
	answered_at?: string | null;
}

export type Slot = "am" | "pm";

export interface Reading {
	id: string;
	at: string;
	slot: Slot;
	temperature: number;
	method?: string;
	symptoms: string[];
	note?: string;
	fever: boolean;
	advice: Text;
}

/** Somebody under observation at home owes two readings a day. */
export interface Observed {
	from: string;
	until: string | null;
	readings_due: Slot[];
	today: Reading[];
}

export interface Member {
	id: string;
	name: string;
	kind: string;
	status: Status;
	status_text: Text;
	ground?: string;
	ground_text?: Text;
	since?: string | null;
	until?: string | null;
	by_office?: string;
	contest?: Contest | null;
	observed?: Observed | null;
}

export interface PhoneInfo {
	id: string;
	name: string;
	activated_at: string;
	last_seen: string;
	this: boolean;
}

export interface Household {
	now: string;
	site: { code: string; name: string };
	door: string;
	office: { name: string; phone: string };
	members: Member[];
	phones: PhoneInfo[];
}

export interface PassesAnswer {
	now: string;
	passes: { compact: string; not_before: string; expires_at: string }[];
}

export interface HistoryEvent {
	id: string;
	occurred_at: string;
	site: string;
	gate: string;
	direction: "in" | "out";
	decision: "pass" | "deny" | "remeasure" | "incomplete";
	reason: string;
	text: Text;
	temperature?: number | null;
	annulled?: boolean;
}

export interface Read {
	at: string;
	role: string;
	role_text: Text;
	office: string;
	what: Text;
	ground?: Text | null;
}

export type RequestKind = "shopping" | "rubbish" | "disinfection" | "medicine" | "counsel" | "other";

export interface ServiceRequest {
	id: string;
	resident?: string;
	kind: RequestKind;
	text: string;
	state: "open" | "taken" | "done";
	opened_at: string;
	taken_at?: string | null;
	done_at?: string | null;
	note?: string;
}
