// A car and all who sit in it, as a state machine like that of the lane: codes add
// riders, readings go to the rider whose turn it is, one question asks about all.
import type { Direction, ScanInput, Verdict } from "../types";
import { type Lane, type Person, spent } from "./lane";

/** The server takes 20 people in one car. */
export const MOST_RIDERS = 20;

export interface Rider {
	key: number;
	person: Person;
	tenths: number | null;
	/** A reading was used up by an answer: the car is not asked about again before it was taken anew. */
	again?: boolean;
}

export interface Car {
	step: "fill" | "asking" | "done";
	plate: string;
	/** The plate has a form of its own and is taken as it was typed. */
	unchecked: boolean;
	disinfected: boolean;
	riders: Rider[];
	/** Key of the rider who is measured next. */
	turn: number;
	keys: number;
	/** In the order of riders, once step is "done". */
	verdicts: Verdict[];
	failed: string;
}

export type CarEvent =
	| { type: "add"; people: Person[] }
	| { type: "remove"; key: number }
	| { type: "turn"; key: number }
	| { type: "temperature"; tenths: number | null }
	| { type: "plate"; plate: string; unchecked: boolean }
	| { type: "disinfected"; yes: boolean }
	| { type: "ask" }
	| { type: "disinfected_now" }
	| { type: "answered"; verdicts: Verdict[] }
	| { type: "failed"; why: string };

export function newCar(): Car {
	return {
		step: "fill",
		plate: "",
		unchecked: false,
		disinfected: false,
		riders: [],
		turn: 0,
		keys: 0,
		verdicts: [],
		failed: "",
	};
}

/** Whom the car waits for: a reading of theirs has to be taken anew. */
export function remeasured(c: Car): Rider | undefined {
	return c.riders.find((r) => r.again && r.tenths === null);
}

/** What is still missing before the car can be asked about: the plate, somebody in it, a reading. */
export function missing(c: Car, needsTemperature: boolean): "plate" | "riders" | "temperature" | "again" | "" {
	if (c.riders.length === 0) {
		return "riders";
	}
	if (remeasured(c)) {
		return "again";
	}
	if (needsTemperature && c.riders.some((r) => r.tenths === null)) {
		return "temperature";
	}
	return c.plate === "" ? "plate" : "";
}

export function car(c: Car, e: CarEvent): Car {
	if (c.step === "done") {
		return e.type === "disinfected_now" ? disinfectedNow(c) : c;
	}
	if (c.step === "asking" && e.type !== "answered" && e.type !== "failed") {
		return c;
	}
	switch (e.type) {
		case "add":
			return add(c, e.people);
		case "remove":
			return turnTo({ ...c, riders: c.riders.filter((r) => r.key !== e.key) }, c.turn);
		case "turn":
			return { ...c, turn: e.key };
		case "temperature": {
			// Where none can be taken, none is waited for any more.
			const riders = c.riders.map((r) => (r.key === c.turn ? { ...r, tenths: e.tenths, again: false } : r));
			return turnTo({ ...c, riders }, 0);
		}
		case "plate":
			return { ...c, plate: e.plate, unchecked: e.unchecked, failed: "" };
		case "disinfected":
			return { ...c, disinfected: e.yes };
		case "ask":
			return c.riders.length > 0 && c.plate !== "" && !remeasured(c) ? { ...c, step: "asking", failed: "" } : c;
		case "disinfected_now":
			return c;
		case "answered":
			return { ...c, step: "done", verdicts: e.verdicts };
		case "failed":
			return { ...c, step: "fill", failed: e.why };
	}
}

/** The same people and plate are asked about again, at once unless somebody has to be measured anew. */
function disinfectedNow(c: Car): Car {
	const riders = c.riders.map((r, i) => (spent(c.verdicts[i]) ? { ...r, tenths: null, again: true } : r));
	const whole = turnTo({ ...c, step: "fill", disinfected: true, riders, verdicts: [] }, 0);
	return car(whole, { type: "ask" });
}

/** The same code twice is one person; who is named twice by hand is the guard's matter. */
function add(c: Car, people: Person[]): Car {
	const riders = [...c.riders];
	let keys = c.keys;
	for (const person of people) {
		const { subject } = person;
		const known =
			"pass" in subject && riders.some((r) => "pass" in r.person.subject && r.person.subject.pass === subject.pass);
		if (!known && riders.length < MOST_RIDERS) {
			keys += 1;
			riders.push({ key: keys, person, tenths: null });
		}
	}
	return turnTo({ ...c, riders, keys }, c.turn);
}

/** The turn stays with a rider who has no reading yet, else it goes to the first who has none. */
function turnTo(c: Car, key: number): Car {
	const waiting = c.riders.filter((r) => r.tenths === null);
	const stays = waiting.find((r) => r.key === key);
	return { ...c, turn: (stays ?? waiting[0])?.key ?? 0 };
}

/** What is asked of the engine about the riders. */
export function riderInputs(c: Car, direction: Direction, method: Lane["method"]): ScanInput[] {
	return c.riders.map((r) => {
		const input: ScanInput = { subject: r.person.subject, direction };
		return r.tenths === null ? input : { ...input, temperature: r.tenths / 10, method };
	});
}
