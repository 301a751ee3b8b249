// The answers that were asked for: kept for as long as the session lasts, so that going
// back asks nobody anything again. What they say in full stays in the worker.
import { signal } from "@preact/signals";
import { open } from "../../desk/call";
import { ApiError } from "../../shared/api";
import type { Order, Told } from "./contacts.worker";
import type { Frame } from "./draw";
import { onOther, sessionMap } from "./memo";
import type { Network } from "./network";
import type { Contact, Head, Row } from "./types";

/** What is asked about somebody's contacts. Times as the API takes them, "" for the case's period. */
export interface Question {
	id: string;
	from: string;
	to: string;
	hops: number;
	/** s */
	margin: number;
	/** min */
	overlap: number;
	expand: number;
	limit: number;
}

/** An answer as the page holds it. */
export interface Found {
	number: number;
	head: Head;
	rows: Row[];
}

const KEPT = 6;
const PATIENCE = 60_000; // ms: contacts of contacts take the server seconds

const kept = sessionMap<string, Promise<Found>>();
/** Names by ID of those whose contacts were asked for: for the way that was gone. */
export const names = signal<ReadonlyMap<string, string>>(new Map());

let worker: Worker | null = null;
let count = 0;
const waiting = new Map<number, (told: Told) => void>();
const reading = new Map<number, { rows: Row[]; done: (found: Found) => void; fail: (cause: unknown) => void }>();

function hear({ data }: MessageEvent<Told>): void {
	if (data.did === "rows") {
		reading.get(data.id)?.rows.push(...data.rows);
	} else if (data.did === "read") {
		const { rows = [], done } = reading.get(data.id) ?? {};
		reading.delete(data.id);
		done?.({ number: data.id, head: data.head, rows });
	} else if (data.did === "failed") {
		reading.get(data.id)?.fail(new ApiError(0, "unreadable", data.why));
		reading.delete(data.id);
	} else {
		waiting.get(data.ask)?.(data);
	}
}

function order(message: Order, transfer: Transferable[] = []): void {
	if (!worker) {
		worker = new Worker(new URL("./contacts.worker.ts", import.meta.url), { type: "module" });
		worker.addEventListener("message", hear);
	}
	worker.postMessage(message, transfer);
}

// Who signs in next finds nothing of it.
onOther(() => {
	worker?.terminate();
	worker = null;
	waiting.clear();
	reading.clear();
	names.value = new Map();
});

/** Asks, or gives what was answered to the same question before; again asks anew. */
export function contactsOf(q: Question, kase: string, again = false): Promise<Found> {
	const key = JSON.stringify([q, kase]);
	const had = kept.get(key);
	kept.delete(key); // the latest stands at the end
	if (had && !again) {
		kept.set(key, had);
		return had;
	}
	const asked = fetchAnswer(q);
	kept.set(key, asked);
	asked.catch(() => kept.get(key) === asked && kept.delete(key));
	const [oldest] = kept.keys();
	if (kept.size > KEPT && oldest !== undefined) {
		void kept.get(oldest)?.then(({ number }) => order({ do: "drop", id: number }));
		kept.delete(oldest);
	}
	return asked;
}

async function fetchAnswer(q: Question): Promise<Found> {
	const stop = new AbortController();
	const timer = setTimeout(() => stop.abort(), PATIENCE);
	try {
		const query = {
			from: q.from,
			to: q.to,
			hops: q.hops,
			gate_margin: q.margin,
			min_overlap: q.overlap,
			expand: q.expand,
			limit: q.limit,
		};
		const response = await open("GET", `/v1/residents/${q.id}/contacts`, {
			query,
			trace: true,
			accept: "application/json",
			signal: stop.signal,
		});
		const text = await response.arrayBuffer();
		count++;
		const id = count;
		const found = await new Promise<Found>((done, fail) => {
			reading.set(id, { rows: [], done, fail });
			order({ do: "read", id, text }, [text]);
		});
		const { resident } = found.head;
		names.value = new Map(names.value).set(resident.id, resident.name_masked);
		return found;
	} catch (cause) {
		throw stop.signal.aborted ? new ApiError(0, "timeout", `no answer within ${PATIENCE} ms`) : cause;
	} finally {
		clearTimeout(timer);
	}
}

/** Everything an answer says of one contact. */
export function contactAt(found: Found, rank: number): Promise<Contact | null> {
	count++;
	const ask = count;
	return new Promise((resolve) => {
		waiting.set(ask, (told) => {
			waiting.delete(ask);
			resolve(told.did === "contact" ? told.contact : null);
		});
		order({ do: "contact", id: found.number, rank, ask });
	});
}

/** Has a network laid out: onNetwork first, then onMove while it settles. Gives what ends the telling. */
export function layOut(
	found: Found,
	ranks: number[],
	onNetwork: (network: Network, at: Float32Array) => void,
	onMove: (at: Float32Array, done: boolean) => void,
): () => void {
	count++;
	const ask = count;
	waiting.set(ask, (told) => {
		if (told.did === "network") {
			onNetwork(told.network, told.at);
		} else if (told.did === "moved") {
			onMove(told.at, told.done);
		}
	});
	order({ do: "network", id: found.number, ranks, ask });
	return () => waiting.delete(ask);
}

/** Gives a canvas to the worker, which draws on it from then on. */
export function drawOn(canvas: OffscreenCanvas): void {
	order({ do: "canvas", canvas }, [canvas]);
}

/** Has the network that was laid out last drawn. */
export function paint(frame: Frame): void {
	order({ do: "paint", frame });
}
