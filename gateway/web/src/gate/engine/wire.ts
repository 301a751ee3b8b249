// What goes over the wire between this phone and the server, as openapi.yaml has it.
// Times are RFC 3339 in UTC with ms.
import type { Decision, Direction, Text } from "../types";
import type { JWKS } from "./keys";

export type Strictness = "off" | "warn" | "deny";

/** A site's rules between two times, null: open-ended. */
export interface WireRules {
	from: string | null;
	until: string | null;
	closed: boolean;
	residents_only: boolean;
	opens_at: string; // "06:00" in the site's zone, "": always open
	closes_at: string; // may lie past midnight
	temperature_on: "in" | "out" | "both" | "none";
	fever_line: number;
	low_line: number;
	remeasure_minutes: number;
	low_again: Strictness;
	anti_passback: Strictness;
	replayed_pass: Strictness;
	disinfection: boolean;
}

/** One answer of the published table. */
export interface Cell {
	decision: Decision;
	reason: string;
	action: string;
	flags: string[];
}

export interface WireShift {
	id: string;
	gate: string;
	device: string;
	lane: string;
	person: { login: string; name: string };
	opened_at: string;
	closed_at: string | null;
	note: string;
}

export interface ShiftAnswer {
	shift: WireShift | null;
	previous: WireShift | null;
}

/** GET /v1/gate/sync: all that a gate needs to go on alone. */
export interface Sync {
	now: string;
	device: { code: string; lane: string };
	gate: { code: string; name: string; open: boolean };
	site: { code: string; name: string; kind: string; residential: boolean; zone: string; key: string };
	rules: WireRules[];
	rules_version: number;
	table: { own: Record<Direction, Cell>; other: Record<Direction, Cell> };
	reasons: ({ reason: string } & Text)[];
	flags: ({ flag: string } & Text)[];
	actions: ({ action: string } & Text)[];
	stale_after: number; // seconds
	past_limit: "refuse" | "enter";
	jwks: JWKS;
	call: string;
	shift: WireShift | null;
	shifts_counts: { in: number; out: number; denied: number } | null;
}

/** How a person is named: exactly one member. */
export interface WireSubject {
	pass?: string;
	resident?: string;
	id_document?: string;
	walk_in?: { name: string; id_tail: string; phone: string };
}

/** A scan, frozen before it is sent: (device, id, occurred_at) is its identity. */
export interface WireScan extends WireSubject {
	id: string;
	occurred_at: string;
	direction: Direction;
	temperature?: number;
	temperature_method?: string;
	remeasure_of?: string;
	plate?: string;
	plate_unchecked?: boolean;
	vehicle?: string;
	vehicle_disinfected?: boolean;
	purpose?: string;
	override?: { reason: string };
}

export interface Told {
	decision: Decision;
	reason: string;
	action: string;
}

export interface WireAnnul extends WireSubject {
	id: string;
	scan: string;
	occurred_at: string;
	annulled_at: string;
}

export interface WireResult {
	id: string;
	decision: Decision;
	reason: string;
	color: "green" | "yellow" | "red";
	action: string;
	text: Text;
	person: { id: string; name_masked: string; kind: string; home: string } | null;
	occurred_at: string;
	recorded_at: string;
	duplicate: boolean;
	degraded: boolean;
	permit?: { number: number; until: string; entries_left: number | null };
	call?: string;
	flags: string[];
}

/** What became of one of many. */
export interface WireAnswer {
	id: string;
	result?: WireResult;
	annulment?: { id: string; scan: string };
	error?: { code: string; field?: string; detail: string };
}

export interface WirePermit {
	number: number;
	person: { id: string; name_masked: string };
	until: string;
	entries_left: number | null;
	pass: { compact: string; qr_svg: string } | null;
}
