// The decision of a phone that is on its own: the steps of the server's published
// order (checkpoint/precedence.go, verdict.lua), under the same names, as far as a
// phone can know. What it cannot know (status, quota, a full site, fever cases and
// permits from elsewhere) is left out, and where that matters it says so: unsure.
import type { Decision, Direction } from "../types";
import type { PassKind, Refusal } from "./pass";
import { needsTemperature, openAt } from "./rules";
import type { Cell, Sync, WireRules } from "./wire";

/** Who stands there, as far as the phone can tell. */
export type Who =
	| { by: "refused"; reason: Refusal } // a code that names nobody
	| { by: "pass"; kind: PassKind; time: "" | "expired" | "not_yet_valid"; revoked: boolean }
	| { by: "resident" | "id_document" | "walk_in" | "nobody" };

/** All that the decision depends on. Nothing else is looked at. */
export interface Question {
	at: number; // UTC ms
	direction: Direction;
	who: Who;
	/** At home here; null: not known. */
	own: boolean | null;
	residential: boolean;
	rules: WireRules | null;
	table: Sync["table"] | null;
	/** What is here is older than the limit, and what the gateway's limit then says. */
	stale: boolean;
	pastLimit: "refuse" | "enter";
	/** A visitor's permit that this phone knows to be good now. */
	permit: boolean;
	temperature: number | undefined;
	/** A first reading of the person at this site, within the window: high or low. */
	waiting: "" | "h" | "l";
	/** This phone has seen the person's second high reading, or was told of a fever case. */
	fever: boolean;
	/** The last passage that this phone knows; left: out although refused. */
	last: { way: "in" | "out" | "left"; at: number } | null;
	plate: boolean;
	disinfected: boolean;
	override: boolean;
}

export interface Ruling {
	decision: Decision;
	reason: string;
	action: string;
	flags: string[];
	/** The phone knows too little for this answer: check by eye. */
	unsure: boolean;
	/** The first reading that waits now, "" to forget it, undefined: as before. */
	reading: "" | "h" | "l" | undefined;
	/** A second high reading: a fever case is to be remembered. */
	fever: boolean;
}

/** Decides a passage. It is a pure function. */
export function decide(q: Question): Ruling {
	const r: Ruling = { ...ofIdentity(q), reading: undefined, fever: false };
	if (q.who.by !== "refused" && q.who.by !== "nobody") {
		ofFever(q, r);
		ofSite(q, r);
		ofBody(q, r);
		ofPlace(q, r);
	}
	if (q.override) {
		r.flags.push("override");
		if (r.decision !== "pass") {
			r.decision = "pass";
			r.action = "admit";
		}
	}
	return r;
}

type Answer = Omit<Ruling, "reading" | "fever">;

function answer(decision: Decision, reason: string, action: string, unsure = false): Answer {
	return { decision, reason, action, flags: [], unsure };
}

/** Steps code, person, pass, table and permit. */
function ofIdentity(q: Question): Answer {
	const { who } = q;
	if (who.by === "refused") {
		const register = who.reason === "not_our_pass" || who.reason === "malformed";
		return answer("deny", who.reason, register ? "register" : "send_back", who.reason === "unknown_key");
	}
	if (who.by === "nobody") {
		return answer("deny", "unknown_person", "register");
	}
	if (who.by === "pass" && (who.time !== "" || who.revoked)) {
		// On the list are passes that were withdrawn and those of people who have to stay at
		// home. Nobody is locked out of that: whoever seems to come home is the guard's to see.
		const comesHome = who.time === "" && q.own === true && q.direction === "in";
		return answer("deny", who.time || "revoked", "register", comesHome);
	}
	return ofTable(q, who.by === "walk_in" || (who.by === "pass" && who.kind === "v"));
}

function ofTable(q: Question, stranger: boolean): Answer {
	const entering = q.direction === "in";
	const own = q.own === true && !stranger;
	const only = stranger && entering && q.rules?.residents_only === true;
	const cell: Cell = only ? OUTSIDER : (q.table?.[own ? "own" : "other"][q.direction] ?? blind(entering && !own));
	const r: Answer = { ...cell, flags: [...cell.flags], unsure: q.stale || q.rules === null || q.table === null };
	if (stranger && r.decision === "pass") {
		r.flags.push("outsider");
	}
	if (q.who.by === "walk_in") {
		r.flags.push("walk_in");
	}
	if (r.reason === "outsider" && entering && !only) {
		if (q.permit && q.residential && q.rules?.residents_only !== true) {
			return { ...answer("pass", "ok", "admit", r.unsure), flags: r.flags };
		}
		r.unsure ||= q.who.by !== "walk_in" && (q.own === null || stranger); // may live here, may have a permit
	}
	return r;
}

const OUTSIDER: Cell = { decision: "deny", reason: "outsider", action: "register", flags: [] };

/** The cell of a phone that was never synced: who leaves or comes home passes. */
function blind(refuse: boolean): Cell {
	return refuse
		? { decision: "deny", reason: "cut_off", action: "send_back", flags: [] }
		: { decision: "pass", reason: "ok", action: "admit", flags: [] };
}

/** Steps fever_case and fever_home: who has a fever is seen home, and stays there until fetched. */
function ofFever(q: Question, r: Ruling): void {
	if (!q.fever) {
		return;
	}
	r.flags.push("fever_case");
	if (r.decision === "pass" && (q.own === true) === (q.direction === "in")) {
		r.action = "escort";
	} else if (r.decision === "pass") {
		turn(r, "deny", "fever", "hold_here");
	}
}

/** Steps cut_off, closed, hours and disinfection. Nobody is locked out of their home. */
function ofSite(q: Question, r: Ruling): void {
	const entering = q.direction === "in";
	if (r.decision !== "pass" || !entering) {
		return;
	}
	const closed = q.rules?.closed === true;
	const late = q.rules !== null && !openAt(q.rules, q.at);
	if (q.own === true) {
		if (closed || late) {
			r.flags.push("outside_hours");
		}
	} else if (q.stale && q.pastLimit === "refuse") {
		turn(r, "deny", "cut_off", "send_back");
	} else if (closed) {
		turn(r, "deny", "site_closed", "send_back");
	} else if (late) {
		turn(r, "deny", "outside_hours", "send_back");
	}
	if (r.decision === "pass" && q.rules?.disinfection && q.plate && !q.disinfected) {
		turn(r, "incomplete", "disinfection_required", "disinfect");
	}
}

function turn(r: Ruling, decision: Decision, reason: string, action: string): void {
	r.decision = decision;
	r.reason = reason;
	r.action = action;
}

/** Step temperature. High readings count for people refused, too. */
function ofBody(q: Question, r: Ruling): void {
	const { rules, temperature: t } = q;
	if (rules === null) {
		return;
	}
	const passing = r.decision === "pass";
	if (t === undefined) {
		if (needsTemperature(rules, q.direction) && passing) {
			turn(r, "incomplete", "temperature_required", "measure_again");
		}
	} else if (t >= rules.fever_line) {
		r.flags.push("temperature_high");
		if (q.waiting === "h") {
			turn(r, passing ? "deny" : r.decision, passing ? "fever" : r.reason, "hold_here");
			r.reading = "";
			r.fever = true;
		} else {
			turn(r, passing ? "remeasure" : r.decision, passing ? "remeasure" : r.reason, "measure_again");
			r.reading = "h";
		}
	} else if (t < rules.low_line) {
		lowReading(q, r, rules);
	} else if (q.waiting !== "") {
		r.reading = "";
		if (q.waiting === "h") {
			r.flags.push("remeasured");
		}
	}
}

function lowReading(q: Question, r: Ruling, rules: WireRules): void {
	if (q.waiting === "l") {
		r.reading = "";
		if (rules.low_again !== "off") {
			r.flags.push("temperature_low");
		}
		if (rules.low_again === "deny" && r.decision === "pass" && q.own !== true) {
			turn(r, "deny", "temperature_low", "register");
		}
	} else if (r.decision === "pass") {
		if (q.waiting === "") {
			r.reading = "l";
		}
		turn(r, "remeasure", "temperature_low", "measure_again");
	}
}

/**
 * Steps already_inside and not_inside, by the passages at this phone. replayed_pass is
 * about another gate, of which the phone knows nothing.
 */
function ofPlace(q: Question, r: Ruling): void {
	const { last, rules } = q;
	if (r.decision !== "pass" || last === null || rules === null || q.at < last.at || rules.anti_passback === "off") {
		return;
	}
	const strict = rules.anti_passback === "deny";
	const inside = last.way === "in";
	const again = last.way === "left" && q.at <= last.at + rules.remeasure_minutes * 60_000;
	if (q.direction === "in" && inside) {
		if (strict && q.own !== true) {
			turn(r, "deny", "already_inside", "send_back");
		} else {
			r.flags.push("already_inside");
		}
	} else if (q.direction === "out" && !inside && !again) {
		if (strict) {
			turn(r, "deny", "not_inside", "register");
		} else {
			r.flags.push("not_inside");
		}
	}
}
