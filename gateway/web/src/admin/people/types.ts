// What the API says of people, as far as these screens show it.

export interface Home {
	site: string;
	door: string;
	grid: string;
}

export interface Text {
	zh: string;
	en: string;
}

/** One decision about somebody's status, with its ground. */
export interface Decision {
	status: string;
	ground: string;
	ground_text: Text;
	since: string;
	until: string | null;
	/** Login of the author; "passgate" where it ended by itself, "" by enrolment. */
	by: string;
	by_office: string;
	second: string;
}

/** A person in the clear. */
export interface Resident extends Home {
	id: string;
	kind: string;
	name: string;
	/** The whole number for enrollers, its last four characters for others. */
	id_number: string;
	phone: string;
	status: string;
	generation: number;
	created_at: string;
	decisions?: Decision[];
}

/** What was done to a record. */
export interface Work {
	what: "moved" | "corrected" | "merged" | "gone";
	at: string;
	by: string;
	before: string;
	from: Home | null;
	to: Home | null;
	fields: string[];
	date: string;
	reason: string;
}

export interface Pass {
	kind: string;
	compact: string;
	not_before: string;
	expires_at: string;
}
