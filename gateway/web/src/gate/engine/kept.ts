// What the phone keeps, and the one way in which it is kept: everything that belongs
// together is written in one transaction.
import type { RecentScan } from "../types";
import type { RevocationList } from "./revocations";
import type { Sync, Told, WireAnnul, WireScan, WireSubject } from "./wire";

/** How many entries may wait for their upload; then no more passages are taken offline. */
export const QUEUE_MAX = 20_000;
/** How many scans the guard sees; those with a problem stay beyond it. */
export const RECENT_MAX = 50;
/** For how long what the phone knows of people is kept, ms. */
export const PEOPLE_FOR = 24 * 3_600_000;
/** For how long a refused upload or a conflict is shown, ms. */
export const PROBLEM_FOR = 28 * 24 * 3_600_000;

/** This phone as a device of a gate. The token is a secret. */
export interface KeptDevice {
	token: string;
	code: string;
	gate: string;
	lane: string;
	site: string;
	revoked: boolean;
}

export interface KeptShift {
	id: string;
	login: string;
	name: string;
	openedAt: number;
}

export interface Counts {
	in: number;
	out: number;
	refused: number;
	since: number;
	/** ID of the shift that is counted. */
	shift: string;
}

/** Single values, by name. */
export interface KeptValues {
	device: KeptDevice;
	sync: { body: Sync; at: number }; // at: when it came, by the server's clock
	list: RevocationList;
	listAt: number;
	shift: KeptShift | null;
	previousNote: string;
	offset: number;
	counts: Counts;
	notice: { zh: string; en: string } | null;
}

/** What waits for its upload, in the order in which it happened. */
export type QueueItem =
	| { kind: "scan"; scan: WireScan; told: Told }
	| { kind: "annul"; annul: WireAnnul }
	| { kind: "open"; id: string; badge: string; openedAt: number }
	| { kind: "close"; id: string; note: string; closedAt: number };

export type Queued = QueueItem & { seq: number; tries: number };

/** A scan in the list, with what an undo needs. */
export interface KeptScan extends RecentScan {
	id: string;
	at: number; // occurred_at, UTC ms
	/** How the person is named to the server from here on. */
	named: WireSubject;
	/** Under what the phone remembers the person, see people.ts. */
	keys: string[];
	/** The answer was sent for, and no upload of this scan is due. */
	settled: boolean;
}

/** What the phone remembers of a person who was here, by a key of people.ts. */
export interface Known {
	key: string;
	at: number; // last use, UTC ms
	/** The key under which the rest lies, once the server has said who it is. */
	alias?: string;
	own?: boolean;
	nameMasked?: string;
	last?: { way: "in" | "out" | "left"; at: number; scan: string };
	reading?: { level: "h" | "l"; at: number; scan: string };
	permit?: { number: number; until: number; left: number | null };
	/** Has a fever case: seen here, or so the server said. */
	fever?: boolean;
}

/** One change, written whole or not at all. */
export interface Change {
	values?: Partial<KeptValues>;
	queue?: QueueItem[];
	/** Entries of the queue that are done with. */
	done?: number[];
	/** Entries of the queue to be tried again later. */
	retry?: Queued[];
	recent?: KeptScan[];
	people?: Known[];
	/** Nothing is answered before the change is on the disk. */
	strict?: boolean;
}

/** Where things are kept: IndexedDB, or memory where there is none. */
export interface Store {
	/** False: all is lost when the page goes. */
	readonly durable: boolean;
	value<K extends keyof KeptValues>(name: K): Promise<KeptValues[K] | undefined>;
	person(key: string): Promise<Known | undefined>;
	scan(id: string): Promise<KeptScan | undefined>;
	/** The newest first: RECENT_MAX of them and whatever has a problem. */
	recent(): Promise<KeptScan[]>;
	/** The oldest first. */
	queue(limit: number): Promise<Queued[]>;
	waiting(): Promise<number>;
	/** Rejects if it could not be written; then nothing of it was. */
	change(c: Change): Promise<void>;
	/** Forgets what is older than it has to be. */
	prune(now: number): Promise<void>;
	clear(): Promise<void>;
	close(): void;
}

/** Whether a scan stays in the list although newer ones have come. */
export function hasProblem(s: KeptScan): boolean {
	return (s.state === "conflict" || s.state === "refused") && !s.seen;
}

/** Whether a scan may leave the store: nothing more will become of it. */
export function mayGo(s: KeptScan, now: number): boolean {
	return hasProblem(s) ? s.at < now - PROBLEM_FOR : s.settled;
}

/** What the guard sees of the scans: RECENT_MAX, newest first, and what has a problem. */
export function shown(scans: KeptScan[]): KeptScan[] {
	return scans.sort((a, b) => b.at - a.at).filter((s, i) => i < RECENT_MAX || hasProblem(s));
}
