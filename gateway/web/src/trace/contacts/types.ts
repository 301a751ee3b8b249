// The answer about somebody's contacts, as far as it is used here; see gateway/openapi.yaml.

/** How two people met, the gravest first. */
export const kinds = ["household", "vehicle", "venue", "gate"] as const;
export type Kind = (typeof kinds)[number];

/** Somebody in an answer; of people outside the asker's part of the grid there is the ID and the area only. */
export interface Person {
	id: string;
	outside: boolean;
	area: string;
	name_masked: string;
	kind: string;
	home: string;
}

export interface AtGate {
	at: string;
	gate: string;
	direction: string;
	decision: string;
}

export interface Stay {
	from: string;
	to: string;
	open: boolean;
	inferred: boolean;
	unknown_start: boolean;
}

export interface Meeting {
	kind: Kind;
	site: string;
	site_name: string;
	from: string;
	to: string;
	minutes: number;
	open: boolean;
	inferred: boolean;
	unknown_start: boolean;
	/** At a gate or of a vehicle: of the one before in the chain, and of the contact. */
	mine?: AtGate;
	theirs?: AtGate;
	/** At a venue, likewise. */
	my_stay?: Stay;
	their_stay?: Stay;
}

export interface Link {
	person: Person;
	infected_from: string;
	kind: Kind;
	site: string;
}

export interface Contact {
	hop: number;
	person: Person;
	kinds: Kind[];
	exposure: number;
	minutes: number;
	meetings: number;
	first_at: string;
	last_at: string;
	infected_from: string;
	/** From the person asked about to the contact, who is the last. */
	chain: Link[];
	/** The earliest meetings with the one before in the chain, 20 at most. */
	evidence: Meeting[];
}

export interface Guard {
	login: string;
	first_at: string;
	last_at: string;
	scans: number;
	gates: string[];
}

export interface Cut {
	kind: "people" | "time" | "crowd" | "venue" | "listing" | "days";
	hop: number;
	at: number;
	/** 0: not known. */
	of: number;
	site: string;
}

export interface Weight {
	kind: Kind;
	weight: number;
	per: string;
}

export interface Answer {
	resident: Person;
	from: string;
	to: string;
	as_of: string;
	period: "given" | "case";
	hops: number;
	/** s */
	gate_margin: number;
	/** min */
	min_overlap: number;
	contacts: Contact[];
	total: number;
	outside: number;
	staff: Guard[];
	cuts: Cut[];
	weights: Weight[];
}

/** The answer without its contacts. */
export type Head = Omit<Answer, "contacts">;

/** A contact as a row of the list: what is shown and filtered, no more. Times are UTC ms. */
export interface Row {
	/** Place in the answer, from 1. */
	rank: number;
	id: string;
	name: string;
	outside: boolean;
	area: string;
	home: string;
	hop: number;
	kinds: Kind[];
	exposure: number;
	minutes: number;
	meetings: number;
	first: number;
	last: number;
	/** Where the evidence has the most exposure: code and name of a site. */
	place: string;
	placeName: string;
	/** The end of a stay was concluded, somebody was still there, or only an exit was seen. */
	inferred: boolean;
	open: boolean;
	unknown: boolean;
	/** Whom they met: the one before in the chain. */
	via: string;
	viaName: string;
}
