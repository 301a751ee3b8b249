// What the API answers about people's health.

import type { Step } from "../../desk/ui/register";
import type { Text } from "../../shared/i18n";

/** Whom to go to. */
export interface Client {
	id: string;
	name: string;
	phone: string;
	site: string;
	door: string;
}

/** Somebody by masked name; without one they live elsewhere. */
export interface Masked {
	id: string;
	name_masked: string;
	known_as?: Masked;
}

export interface Reading {
	at: string;
	temperature: number;
}

export interface FeverReport {
	at: string;
	by: string;
	to: string;
	note: string;
}

export interface Handover {
	at: string;
	by: string;
	how: string;
	hospital: string;
	plate: string;
	crew: string;
	note: string;
}

export interface Screening {
	at: string;
	/** Login; "hospital" by its code. */
	by: string;
	result: string;
	sampled_at: string | null;
	doctor: string;
	note: string;
}

export interface Procedure {
	stage: string;
	/** "" when the case is closed. */
	next_step: string;
	due_at: string | null;
	overdue: boolean;
	community: FeverReport | null;
	subdistrict: FeverReport | null;
	handover: Handover | null;
	screenings: Screening[];
	link_until: string | null;
}

export interface Fever {
	id: string;
	state: string;
	person: Masked;
	home: string;
	opened_at: string;
	site: string;
	site_name: string;
	gate: string;
	first: Reading;
	second: Reading;
	outcome: string;
	closed_at: string | null;
	closed_by: string;
	note: string;
	procedure: Procedure;
	contact?: { name: string; phone: string; site: string; door: string };
}

export interface DayReport {
	day: string;
	all_well: boolean;
	text: string;
	at: string;
	by: string;
}

export interface DayOfDiary {
	day: string;
	taken: string[];
	missed: string[];
	due: string[];
}

export interface Today extends DayOfDiary {
	report: DayReport | null;
	report_due: boolean;
	report_missed: boolean;
}

export interface Observation {
	id: string;
	node: string;
	state: string;
	person: Client | null;
	place: string;
	status: string;
	ground: string;
	ground_text: Text;
	case: string;
	from: string;
	until: string;
	leader: string;
	cadre: string;
	medic: string;
	today: Today;
	breaches: number;
	end: { how: string; ground: string; reason: string; by: string; at: string } | null;
}

export interface DiaryReading extends Reading {
	id: string;
	slot: string;
	method: string;
	symptoms: string[];
	note: string;
	fever: boolean;
	advice: Text;
	by: string;
}

export interface ObservationDetail extends Observation {
	evidence?: string;
	people: { part: string; login: string; name: string; phone: string }[];
	readings: DiaryReading[];
	days: DayOfDiary[];
	reports: DayReport[];
	breaches_seen: { event: string; at: string; gate: string; site: string }[];
	steps: Step[];
}

export interface Returnee {
	id: string;
	node: string;
	state: string;
	person: Client | null;
	from_province: string;
	arrived_at: string;
	transport: string;
	days: number;
	observation: string | null;
	outcome: string;
	closed_at: string | null;
	steps: Step[];
}

export interface Stay {
	id: string;
	node: string;
	state: string;
	/** For medics. */
	resident: string | null;
	name: string;
	since: string | null;
	until: string | null;
	overdue: boolean;
	ref: string;
	note: string;
	to: string;
}

export interface Bed {
	id: string;
	node: string;
	room: string;
	bed: string;
	state: string;
	since: string;
	note: string;
	stay: string | null;
	occupant: Stay | null;
}

export interface Beds {
	counts: Record<"capacity" | "free" | "occupied" | "to_clean" | "out_of_use" | "waiting", number>;
	beds: Bed[];
	waiting: Stay[];
}

export interface Purchase {
	id: string;
	node: string;
	state: string;
	site: string;
	site_name: string;
	at: string;
	due_at: string;
	overdue: boolean;
	buyer: { resident: Client | null; name: string; id_tail: string; id_document: string; phone: string };
	medicines: string[];
	for_whom: string;
	/** null or 0: not taken. */
	temperature: number | null;
	symptoms: string[];
	scan: string;
	repeated: boolean;
	earlier: string[];
	outcome: string;
	ref: string;
	closed_at: string | null;
	steps: Step[];
}

export interface Proposal {
	id: string;
	state: string;
	status: string;
	ground: string;
	ground_text: Text;
	until: string | null;
	evidence: string;
	case: string;
	node: string;
	count: number;
	/** In lists the first three. */
	people: Client[];
	failed: { resident: string; detail: string }[];
	proposed_by: string;
	proposed_at: string;
	expires_at: string;
	decided_by: string;
	closed_at: string | null;
	reason: string;
}

export interface Decision {
	status: string;
	ground: string;
	ground_text: Text;
	since: string;
	until: string | null;
	by: string;
	office: string;
	by_office: string;
	second: string;
	evidence?: string;
}

export interface Resident {
	id: string;
	kind: string;
	name: string;
	id_number: string;
	phone: string;
	site: string;
	door: string;
	grid: string;
	status: string;
	created_at: string;
	decisions: Decision[];
}

export interface Contest {
	id: string;
	resident: string;
	state: string;
	opened_at: string;
	due_at: string;
	text: string;
	answer: string;
	answered_at: string | null;
	overdue: boolean;
	person: Client;
	about: Decision;
	answered_by: string;
}

export interface FeverReading extends DiaryReading {
	person: Client;
}

export interface Approval {
	number: number;
	reason: string;
	asked_by: string;
	asked_at: string;
	until: string;
	approved_by: string;
	approved_at: string | null;
}

export interface Caps {
	people: number;
	days: number;
	hops: number;
}

export interface Case {
	code: string;
	kind: string;
	title: string;
	people: Masked[];
	grid: string;
	onset_at: string | null;
	sampled_at: string | null;
	isolated_at: string | null;
	period_from: string;
	period_to: string;
	opened_at: string;
	opened_by: string;
	closed_at: string | null;
	closed_by: string;
	outcome: string;
	caps: Caps;
	asked: number;
	lifts: (Caps & Approval)[];
	grants: ({ node: string } & Approval)[];
}

export interface WaitingChange {
	id: string;
	subscriber: string;
	node: string;
	id_document: string;
	status: string;
	ground: string;
	evidence: string;
	author: string;
	decided_at: string;
	since: string;
}
