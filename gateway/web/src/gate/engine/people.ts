// What the phone remembers, for a day, of who was here: the last passage, a first
// reading, at home here or not. By the keys of how they were named; once the server
// has said who it is, all of them lead to one record.
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Subject, Verdict } from "../types";
import { hex, utf8 } from "./bytes";
import type { Ruling } from "./decide";
import type { Known, Store } from "./kept";
import type { Pass } from "./pass";

/**
 * The key under which somebody is remembered, "" for nobody. Documents and names go
 * through a keyed hash, so that the memory holds none.
 */
export function keyOf(subject: Subject, pass: Pass | null, secret: Uint8Array): string {
	const sealed = (text: string) => hex(hmac(sha256, secret, utf8(text)).subarray(0, 8));
	if (pass) {
		return `p:${hex(pass.jti)}`;
	}
	if ("resident" in subject) {
		return personKey(subject.resident);
	}
	if ("id_document" in subject) {
		return `d:${sealed(subject.id_document.normalize("NFKC").trim().toUpperCase())}`;
	}
	if ("walk_in" in subject) {
		const { name, id_tail, phone } = subject.walk_in;
		return `w:${sealed([name.trim(), id_tail.toUpperCase(), phone].join("\0"))}`;
	}
	return "";
}

export const personKey = (id: string) => `r:${id}`;

/**
 * Reads what is remembered under a key: the record, or an empty one to be filled. What
 * cannot be read is not known; no passage waits for it.
 */
export async function recall(store: Store, key: string): Promise<Known> {
	const read = (at: string) => store.person(at).catch(() => undefined);
	const known = await read(key);
	if (known?.alias === undefined) {
		return known ?? { key, at: 0 };
	}
	return (await read(known.alias)) ?? { key: known.alias, at: 0 };
}

/** The first reading that waits for its second at a time, by the site's window (ms). */
export function waitingOf(known: Known, at: number, window: number, first?: string): "" | "h" | "l" {
	const reading = known.reading;
	const waits = reading && at >= reading.at && at <= reading.at + window && (first ?? reading.scan) === reading.scan;
	return waits ? reading.level : "";
}

/** A permit that this phone saw issued or used and that is good at a time. */
export function permitOf(known: Known, at: number): boolean {
	const p = known.permit;
	return p !== undefined && at < p.until && (p.left === null || p.left > 0);
}

/** What a reading leaves behind: see Ruling. */
export type Remembered = Pick<Ruling, "reading" | "fever">;

/**
 * What is remembered after an answer, to be written with it: the person's record and,
 * if the server has said who it is, the way from key to it.
 */
export function remember(before: Known, key: string, v: Verdict, { reading, fever }: Remembered): Known[] {
	if (key === "") {
		return [];
	}
	const known: Known = { ...before, at: v.occurredAt };
	const passed = v.decision === "pass";
	if ((passed || (v.direction === "out" && v.action === "register")) && v.occurredAt >= (known.last?.at ?? 0)) {
		known.last = { way: passed ? v.direction : "left", at: v.occurredAt, scan: v.id };
	}
	if (reading === "") {
		delete known.reading;
	} else if (reading) {
		known.reading = { level: reading, at: v.occurredAt, scan: v.id };
	}
	if (fever) {
		known.fever = true;
	} else if (v.by !== "offline") {
		delete known.fever; // the server knows better
	}
	if (v.permit) {
		known.permit = { number: v.permit.number, until: v.permit.until, left: v.permit.entriesLeft };
	} else if (known.permit?.left && passed && v.direction === "in" && v.by === "offline" && known.own !== true) {
		known.permit = { ...known.permit, left: known.permit.left - 1 };
	}
	if (!v.person?.id) {
		return [known];
	}
	known.key = personKey(v.person.id);
	known.nameMasked = v.person.nameMasked;
	if (v.person.own !== null) {
		known.own = v.person.own;
	}
	return key === known.key ? [known] : [known, { key, at: v.occurredAt, alias: known.key }];
}

/** The record without what a scan that was taken back has left in it. */
export function forget(known: Known, scan: string): Known {
	const { last, reading, ...rest } = known;
	return {
		...rest,
		...(last && last.scan !== scan ? { last } : {}),
		...(reading && reading.scan !== scan ? { reading } : {}),
	};
}
