// Calls of who is signed in: JSON, streams of lines, files, what is printed.
import { ApiError, ask, problem } from "../shared/api";
import { groundHeaders } from "./ground";
import { hold, session } from "./session";

export type Method = "GET" | "POST" | "PUT" | "DELETE";
type Value = string | number | boolean | null | undefined;

export interface Options {
	body?: unknown;
	/** What has no value is left out. */
	query?: Record<string, Value>;
	/** ms until it is given up: 20,000 by default. */
	timeout?: number;
	accept?: string;
	/** Sends case and reason along: for whatever tells where people were. */
	trace?: boolean;
	/** Media type of a body that is text or bytes; JSON otherwise. */
	type?: string;
	signal?: AbortSignal;
}

/** The path with its query. */
export function at(path: string, query: Options["query"] = {}): string {
	const rest = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		if (value !== undefined && value !== null && value !== "") {
			rest.set(name, String(value));
		}
	}
	const tail = rest.toString();
	return tail ? `${path}?${tail}` : path;
}

/** How often a question is asked again that a busy server turned away (503). */
const TURNS = 2;
/** Longer than this (s) and it is said instead. */
const LONGEST_WAIT = 3;

/**
 * Asks, and asks again after the wait that a busy server names. What changes something is
 * sent once: whether it is sent again is for whoever sees what the server says.
 */
export async function patiently<T>(method: Method, act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
	for (let turn = 0; ; turn++) {
		try {
			return await act();
		} catch (cause) {
			const busy = cause instanceof ApiError && cause.status === 503;
			const wait = busy ? (cause.retryAfter ?? 1) : Number.POSITIVE_INFINITY;
			if (method !== "GET" || turn === TURNS || wait > LONGEST_WAIT || signal?.aborted) {
				throw cause;
			}
			await new Promise((done) => setTimeout(done, wait * 1000));
		}
	}
}

/** Calls the server; throws ApiError. Who is signed in no more sees the login. */
export async function call<T>(method: Method, path: string, options: Options = {}): Promise<T> {
	const { query, trace, timeout = 20_000, ...rest } = options;
	try {
		const init = { ...rest, method, timeout, ...tokenOf(), ...(trace ? { headers: groundHeaders() } : {}) };
		return (await patiently(method, () => ask<T>(at(path, query), init), rest.signal)).value;
	} catch (cause) {
		throw ended(cause);
	}
}

/**
 * Reads an answer of one JSON value a line while it comes, in batches of what has come so
 * far; gives the number of lines. Throws ApiError, also if the answer ends before its end.
 */
export async function lines<T>(path: string, options: Options, onRows: (rows: T[]) => void): Promise<number> {
	const response = await open("GET", path, { ...options, accept: "application/x-ndjson" });
	const reader = response.body?.getReader();
	const text = new TextDecoder();
	let rest = "";
	let count = 0;
	const take = (chunk: string, last: boolean) => {
		const parts = (rest + chunk).split("\n");
		rest = last ? "" : (parts.pop() ?? "");
		const rows = parts.filter((line) => line !== "").map((line) => JSON.parse(line) as T);
		count += rows.length;
		if (rows.length > 0) {
			onRows(rows);
		}
	};
	try {
		for (;;) {
			const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
			take(value ? text.decode(value, { stream: !done }) : "", done);
			if (done) {
				return count;
			}
		}
	} catch (cause) {
		throw cause instanceof ApiError ? cause : new ApiError(0, "network", `the answer broke off after ${count} rows`);
	}
}

/** Fetches a file and gives it to the browser to keep. */
export async function save(path: string, name: string, options: Options & { method?: Method } = {}): Promise<void> {
	const response = await open(options.method ?? (options.body === undefined ? "GET" : "POST"), path, {
		timeout: 300_000,
		...options,
	});
	keep(await response.blob(), name);
}

/** Gives something that the page made to the browser to keep as a file. */
export function keep(content: Blob | string, name: string, type = "text/plain;charset=utf-8"): void {
	const url = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Fetches a page that is made to be printed, as text. */
export function paper(path: string, options: Options & { method?: Method } = {}): Promise<string> {
	const method = options.method ?? (options.body === undefined ? "GET" : "POST");
	return call<string>(method, path, { timeout: 120_000, accept: "text/html", ...options });
}

/** An answer whose body is still to come, within the timeout; throws ApiError for whatever is not a 2xx. */
export async function open(method: Method, path: string, options: Options): Promise<Response> {
	try {
		return await patiently(method, () => opened(method, path, options), options.signal);
	} catch (cause) {
		throw ended(cause);
	}
}

async function opened(method: Method, path: string, options: Options): Promise<Response> {
	const { query, body, trace, accept = "*/*", type, signal, timeout = 60_000 } = options;
	const headers: Record<string, string> = { Accept: accept, ...(trace ? groundHeaders() : {}) };
	const { token } = tokenOf();
	if (token) {
		headers.Authorization = `Bearer ${token}`;
	}
	const stop = new AbortController();
	signal?.addEventListener("abort", () => stop.abort());
	const init: RequestInit = { method, headers, cache: "no-store", credentials: "omit", signal: stop.signal };
	if (body !== undefined) {
		headers["Content-Type"] = type ?? "application/json";
		init.body = type ? (body as BodyInit) : JSON.stringify(body);
	}
	let response: Response;
	const timer = setTimeout(() => stop.abort(), timeout);
	try {
		if (signal?.aborted) {
			stop.abort();
		}
		response = await fetch(at(path, query), init);
	} catch (cause) {
		throw new ApiError(0, signal?.aborted ? "stopped" : stop.signal.aborted ? "timeout" : "network", String(cause));
	} finally {
		clearTimeout(timer);
	}
	if (!response.ok) {
		throw problem(response, await response.text().catch(() => ""));
	}
	return response;
}

function tokenOf(): { token?: string } {
	const now = session.value;
	return now ? { token: now.token } : {};
}

/** A session that the server takes no more is none. */
function ended(cause: unknown): unknown {
	if (cause instanceof ApiError && cause.status === 401 && session.value) {
		hold(null);
	}
	return cause;
}
