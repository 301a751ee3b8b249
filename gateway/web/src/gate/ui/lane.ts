// The lane as a state machine: code, temperature, answer, next. It is pure; what
// has to be asked of the engine stands in `ask`, and whoever runs the machine asks
// it once for every new `asked` and tells the answer.
//
// One person at a time: while somebody's temperature is awaited other codes are
// ignored, so that no reading is put down to the person behind.
import type { Direction, Method, ScanInput, Subject, Verdict } from "../types";

/** Somebody who stands at the gate. word: what to call them until the answer names them. */
export interface Person {
	subject: Subject;
	word: string;
}

/** A first reading that waits for its second. */
export interface Awaited {
	/** ID of the scan with the first reading. */
	id: string;
	person: Person;
	/** UTC ms, by the server's clock: a second reading after it counts as a first one. */
	until: number;
	/** The first reading was too low, so it is better taken elsewhere. */
	low: boolean;
	/** What they go out for, if that was asked before. */
	purpose: Purpose | null;
}

export interface Lane {
	step: "aim" | "temperature" | "asking" | "verdict" | "failed";
	direction: Direction;
	method: Method;
	/** Tenths of a degree, read before the code was, or kept for another question about the person. */
	preset: number | null;
	person: Person | null;
	/** What the person goes out for, from when it was asked until somebody else steps up. */
	purpose: Purpose | null;
	/** Set while the second reading of this person is taken. */
	again: Awaited | null;
	/** Who came in the same picture and follows one by one. */
	line: Person[];
	/** Several codes in one picture: the guard says what they are. */
	several: string[];
	/** What was asked of the engine last about this person, and the how manieth question it is. */
	ask: ScanInput | null;
	asked: number;
	verdict: Verdict | null;
	/** Why there was no answer at all. */
	failed: string;
	awaited: Awaited[];
	/** The pass that was let through last, which may still be in the picture, and until when it is not read again. */
	done: { pass: string; until: number } | null;
	/** An emergency that was tapped while an answer was awaited: it is asked as soon as that is here. */
	urgent: Override | null;
}

export type Purpose = NonNullable<ScanInput["purpose"]>;
export type Override = NonNullable<ScanInput["override"]>;

export type LaneEvent =
	| { type: "seen"; passes: string[]; at: number }
	| { type: "foreign"; text: string }
	| { type: "named"; person: Person }
	| { type: "several"; how: "each" | "none" }
	| { type: "temperature"; tenths: number | null }
	| { type: "method"; method: Method }
	| { type: "direction"; direction: Direction }
	| { type: "answered"; asked: number; verdict: Verdict; at: number }
	| { type: "failed"; asked: number; why: string }
	| { type: "next" }
	| { type: "fade"; id: string }
	| { type: "cancel" }
	| { type: "awaits"; person: Person; verdict: Verdict }
	| { type: "again"; id: string }
	| { type: "measure" }
	| { type: "retry" }
	| { type: "purpose"; purpose: Purpose }
	| { type: "override"; reason: Override }
	| { type: "forget_preset" }
	| { type: "clock"; now: number };

/** A pass that was let through is not read again for so long (ms): its owner is still putting the phone away. */
export const DONE_FOR = 8_000;
/** Green goes away by itself after so long (ms), unless the next code is sooner. */
export const GREEN_FOR = 2_500;

export function newLane(direction: Direction = "in"): Lane {
	return {
		step: "aim",
		direction,
		method: "forehead",
		preset: null,
		person: null,
		purpose: null,
		again: null,
		line: [],
		several: [],
		ask: null,
		asked: 0,
		verdict: null,
		failed: "",
		awaited: [],
		done: null,
		urgent: null,
	};
}

/** Tells whether the verdict stays until the guard acknowledges it, whatever comes into the picture. */
export function holds(v: Verdict): boolean {
	return v.decision !== "pass" && v.trouble !== "expired" && v.trouble !== "not_our_code";
}

/** Tells whether a code in the picture would be taken now. */
export function reads(l: Lane): boolean {
	if (l.several.length > 0 || l.line.length > 0) {
		return false;
	}
	return l.step === "aim" || (l.step === "verdict" && l.verdict !== null && !holds(l.verdict));
}

/**
 * Tells whether the reading of an answer is used up. For the server the same reading in
 * another scan is a second one: two high readings are a case of fever, so that it is
 * never sent again but taken anew.
 */
export function spent(v: Verdict | null | undefined): boolean {
	return v != null && (v.action === "measure_again" || v.flags.includes("temperature_high"));
}

/** Tells whether nothing is going on, so that the page may be exchanged or left. */
export function idle(l: Lane): boolean {
	return l.step === "aim" && l.preset === null && l.several.length === 0;
}

/** The next state. needs tells whether a temperature is taken in a direction. */
export function lane(l: Lane, e: LaneEvent, needs: (d: Direction) => boolean): Lane {
	switch (e.type) {
		case "seen":
			return seen(l, e.passes, e.at, needs);
		case "foreign":
			return reads(l) ? ask(aim(l), { subject: { pass: e.text }, word: "" }, null) : l;
		case "named":
			return l.step === "asking" ? l : take(aim(l), e.person, needs);
		case "several":
			return chooseSeveral(l, e.how, needs);
		case "temperature":
			return temperature(l, e.tenths);
		case "method":
			return { ...l, method: e.method };
		case "direction":
			return l.step === "asking" ? l : { ...l, direction: e.direction };
		case "answered":
			return e.asked === l.asked && l.step === "asking" ? urgent(answered(l, e.verdict, e.at)) : l;
		case "failed":
			return e.asked === l.asked && l.step === "asking" ? urgent({ ...l, step: "failed", failed: e.why }) : l;
		case "retry":
			return l.step === "failed" && l.ask ? { ...l, step: "asking", asked: l.asked + 1, failed: "" } : l;
		case "next":
			return l.step === "verdict" ? following(l, needs) : l;
		case "fade":
			return l.step === "verdict" && l.verdict?.id === e.id && !holds(l.verdict) ? following(l, needs) : l;
		case "cancel":
			return l.step === "asking" ? l : aim({ ...l, preset: null, line: [], several: [] });
		case "awaits":
			return { ...l, awaited: [...l.awaited, ...waits(e.person, e.verdict, null)] };
		case "again":
			return measureAgain(l, e.id);
		case "measure":
			return l.step === "verdict" && l.person ? measure(l) : l;
		case "purpose":
			return l.step === "verdict" && l.person ? withPurpose({ ...l, purpose: e.purpose }, l.person) : l;
		case "override":
			return override(l, e.reason);
		case "forget_preset":
			return l.step === "aim" ? { ...l, preset: null } : l;
		case "clock":
			return { ...l, awaited: l.awaited.filter((a) => a.until > e.now || a.id === l.again?.id) };
	}
}

function seen(l: Lane, passes: string[], at: number, needs: (d: Direction) => boolean): Lane {
	if (!reads(l)) {
		return l;
	}
	const fresh = passes.filter((p) => !(l.done && l.done.pass === p && at < l.done.until));
	const first = fresh[0];
	if (first === undefined) {
		return l;
	}
	if (fresh.length > 1) {
		return { ...aim(l), several: fresh };
	}
	return take(aim(l), { subject: { pass: first }, word: "" }, needs);
}

function chooseSeveral(l: Lane, how: "each" | "none", needs: (d: Direction) => boolean): Lane {
	const [first, ...rest] = l.several.map((pass): Person => ({ subject: { pass }, word: "" }));
	if (how === "none" || !first) {
		return { ...l, several: [] };
	}
	return take({ ...l, several: [], preset: null, line: rest }, first, needs);
}

/** Somebody steps up: they are asked about at once where the temperature is known or not wanted. */
function take(l: Lane, person: Person, needs: (d: Direction) => boolean): Lane {
	if (l.preset !== null || !needs(l.direction)) {
		return ask(l, person, l.preset);
	}
	return { ...l, step: "temperature", person, verdict: null, failed: "" };
}

function temperature(l: Lane, tenths: number | null): Lane {
	if (l.step === "aim") {
		return { ...l, preset: tenths };
	}
	return l.step === "temperature" && l.person ? ask(l, l.person, tenths) : l;
}

function ask(l: Lane, person: Person, tenths: number | null, more: Partial<ScanInput> = {}): Lane {
	const input: ScanInput = { subject: person.subject, direction: l.direction, ...more };
	if (tenths !== null) {
		input.temperature = tenths / 10;
		input.method = l.method;
	}
	if (l.again) {
		input.remeasureOf = l.again.id;
	}
	if (l.purpose) {
		input.purpose = l.purpose;
	}
	// The reading is kept for a second question about the same person.
	return { ...l, step: "asking", person, preset: tenths, ask: input, asked: l.asked + 1, verdict: null, failed: "" };
}

/** The person who was answered is measured anew, for the same question. */
function measure(l: Lane): Lane {
	return { ...l, step: "temperature", preset: null, verdict: null };
}

function withPurpose(l: Lane, person: Person): Lane {
	return spent(l.verdict) ? measure(l) : ask(l, person, l.preset);
}

function answered(l: Lane, verdict: Verdict, at: number): Lane {
	const awaited = l.awaited.filter((a) => a.id !== l.again?.id);
	if (l.person) {
		awaited.push(...waits(l.person, verdict, l.purpose));
	}
	const subject = l.person?.subject;
	const passed = verdict.decision === "pass" && subject && "pass" in subject;
	return {
		...l,
		step: "verdict",
		again: null,
		preset: spent(verdict) ? null : l.preset,
		verdict,
		awaited,
		done: passed ? { pass: subject.pass, until: at + DONE_FOR } : null,
	};
}

/** Whom a verdict makes wait for a second reading. */
function waits(person: Person, v: Verdict, purpose: Purpose | null): Awaited[] {
	if (v.decision !== "remeasure" || v.remeasureUntil === undefined) {
		return [];
	}
	const low = v.reason === "temperature_low";
	return [{ id: v.id, person: settled(person, v), until: v.remeasureUntil, low, purpose }];
}

/** A code may expire before the second reading: the answer says who it was. */
function settled(person: Person, v: Verdict): Person {
	if (!v.person) {
		return person;
	}
	const { id, nameMasked } = v.person;
	return { subject: { resident: id, name: nameMasked }, word: nameMasked };
}

function measureAgain(l: Lane, id: string): Lane {
	const again = l.awaited.find((a) => a.id === id);
	if (!again || l.step === "asking" || l.step === "temperature") {
		return l;
	}
	return { ...aim(l), preset: null, step: "temperature", person: again.person, purpose: again.purpose, again };
}

function override(l: Lane, reason: Override): Lane {
	if (l.step === "asking") {
		return { ...l, urgent: reason };
	}
	// What was written down may be why there was no answer: it does not hold an emergency up.
	const misnamed = l.step === "failed" && l.person !== null && !("pass" in l.person.subject);
	const person = l.verdict?.decision === "pass" || misnamed ? null : l.person;
	const alone = { ...l, again: null, purpose: null };
	// A reading that is used up is gone since the answer; without an answer nobody knows whether it is.
	const tenths = person && l.step === "verdict" ? l.preset : null;
	return ask(alone, person ?? { subject: { nobody: true }, word: "" }, tenths, { override: reason });
}

/** No answer, and none that fails to come, keeps an emergency waiting that was tapped before it. */
function urgent(l: Lane): Lane {
	return l.urgent === null ? l : override({ ...l, urgent: null }, l.urgent);
}

/** After an answer: who else came in the same picture, or whoever comes. */
function following(l: Lane, needs: (d: Direction) => boolean): Lane {
	const [first, ...rest] = l.line;
	const clear = { ...aim(l), preset: null };
	return first ? take({ ...clear, line: rest }, first, needs) : clear;
}

/** Nobody at the gate. A temperature that was read beforehand stays only if nobody has used it. */
function aim(l: Lane): Lane {
	const preset = l.step === "aim" ? l.preset : null;
	const nobody = { person: null, purpose: null, again: null, ask: null, verdict: null };
	return { ...l, ...nobody, step: "aim", preset, failed: "", several: [] };
}
