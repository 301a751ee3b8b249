// The list that a grid member works through, as GET /v1/grid/{id}/today gives it.

export interface Person {
	id: string;
	name: string;
	phone: string;
	site: string;
	door: string;
}

export interface ReadingDue {
	resident: string;
	observation: string;
	person: Person | null;
	/** "am", "pm": still to be taken, and over without one. */
	due: string[];
	missed: string[];
}

export interface ReportDue {
	observation: string;
	person: Person | null;
	day: string;
	missed: boolean;
}

export interface Request {
	id: string;
	kind: string;
	text: string;
	state: string;
	person: Person;
	overdue: boolean;
}

export interface Round {
	site: string;
	kind: string;
	round: number;
	due_at: string;
	overdue: boolean;
}

export interface HomeMissing {
	site: string;
	site_name: string;
	household: string;
	door: string;
	people: number;
	tried: { outcome: string; at: string; note: string } | null;
}

export interface Today {
	node: string;
	day: string;
	readings: ReadingDue[];
	reports: ReportDue[];
	requests: Request[];
	rounds: Round[];
	homes: { homes: number; reached: number; missing: HomeMissing[]; truncated: boolean };
	truncated: boolean;
}

/** The list as kept on the phone. */
export interface Kept {
	/** Whose it is: a login. */
	who: string;
	/** When it came, UTC ms by the server's clock. */
	at: number;
	/** Phone minus server (ms), as measured then. */
	offset: number;
	today: Today;
	/** Whom to phone. */
	office: { name: string; phone: string };
	siteNames: Record<string, string>;
}

/** Something done that the server is to be told. Frozen at the tap. */
export interface Entry {
	/** In order of the taps. */
	seq?: number;
	/** Whose it is: only their session sends it. */
	who: string;
	/** Which row of the list it answers: see keyOf… in work.ts. */
	key: string;
	/** What was done, in both languages, for the list of what waits. */
	what: { zh: string; en: string };
	path: string;
	body: Record<string, unknown>;
	/** When it was done, UTC ms by the server's clock. */
	at: number;
	/** Until then it can be taken back, UTC ms by the phone's running clock. */
	holdUntil: number;
	state: "waiting" | "sent" | "refused";
	/** Why the server refused it. */
	why?: string;
}
