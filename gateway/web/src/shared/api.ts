// One way to call the server: bearer token, deadline, problem+json to ApiError. Between
// the page and the server stand others that answer in its place (a login of the network,
// a proxy, a firewall): what is not in the server's own form is no answer of it, so that
// nobody's work is given up for it.

/** What the server says is wrong (RFC 9457), or that it could not be asked: status 0. */
export class ApiError extends Error {
	constructor(
		/** HTTP status; 0 when no answer came. */
		readonly status: number,
		/** Stable code of the problem, "timeout" or "network" when no answer came. */
		readonly code: string,
		readonly detail: string,
		readonly field?: string,
		/** Seconds to wait before the next try, if the server says so. */
		readonly retryAfter?: number,
		/** The detail in Chinese, if the server has words for it. */
		readonly detailZh?: string,
		/** HTTP status of whatever answered in the server's place. */
		readonly front?: number,
	) {
		super(`${code}: ${detail}`);
	}
}

export interface CallOptions {
	method?: "GET" | "POST" | "PUT" | "DELETE";
	/** Sent as JSON, or as it is with a media type of its own. */
	body?: unknown;
	type?: string;
	token?: string;
	headers?: Record<string, string>;
	/** Gives the call up from outside. */
	signal?: AbortSignal;
	/** ms until the call is given up. */
	timeout?: number;
	accept?: string;
	fetch?: typeof fetch;
}

/** An answer and when it was asked and came, by the phone's clock, for measuring the server's. */
export interface Answer<T> {
	value: T;
	status: number;
	headers: Headers;
	sentAt: number;
	cameAt: number;
}

/** Calls the server; throws ApiError for whatever is not a 2xx of its own. */
export async function ask<T>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
	const { method = options.body === undefined ? "GET" : "POST", token, timeout = 10_000 } = options;
	const headers: Record<string, string> = { ...options.headers, Accept: options.accept ?? "application/json" };
	if (token) {
		headers.Authorization = `Bearer ${token}`;
	}
	let body: string | Blob | undefined;
	if (options.body !== undefined) {
		headers["Content-Type"] = options.type ?? "application/json";
		body = options.type ? (options.body as string | Blob) : JSON.stringify(options.body);
	}
	const stop = new AbortController();
	options.signal?.addEventListener("abort", () => stop.abort());
	if (options.signal?.aborted) {
		stop.abort();
	}
	const timer = setTimeout(() => stop.abort(), timeout);
	const sentAt = Date.now();
	try {
		const init: RequestInit = { method, headers, signal: stop.signal, cache: "no-store", credentials: "omit" };
		const response = await (options.fetch ?? fetch)(path, body === undefined ? init : { ...init, body });
		const cameAt = Date.now();
		const text = await response.text();
		if (!response.ok) {
			throw problem(response, text);
		}
		const json = isJSON(response);
		if (!json && options.accept === undefined && response.status !== 204) {
			throw elses(response);
		}
		return {
			value: (json ? JSON.parse(text) : text) as T,
			status: response.status,
			headers: response.headers,
			sentAt,
			cameAt,
		};
	} catch (cause) {
		if (cause instanceof ApiError) {
			throw cause;
		}
		const late = stop.signal.aborted;
		throw new ApiError(0, late ? "timeout" : "network", late ? `no answer within ${timeout} ms` : String(cause));
	} finally {
		clearTimeout(timer);
	}
}

/**
 * Whether something before the server, such as a firewall, refuses this one call: others may
 * get through. Not so a login of the network, and whoever asks to wait.
 */
export function isBarred(cause: unknown): boolean {
	const front = cause instanceof ApiError ? (cause.front ?? 0) : 0;
	return front >= 400 && front < 500 && ![401, 407, 408, 429].includes(front);
}

function isJSON(response: Response, kind = "json"): boolean {
	return (response.headers.get("Content-Type") ?? "").includes(kind);
}

/** An answer that is not a 2xx, as the error that it is: the server's own, or none of its. */
export function problem(response: Response, text: string): ApiError {
	try {
		const p = JSON.parse(text) as Partial<Record<"code" | "detail" | "title" | "field" | "detail_zh", string>>;
		if (isJSON(response, "problem+json") && typeof p.code === "string" && p.code !== "") {
			const detail = p.detail ?? p.title ?? "";
			return new ApiError(response.status, p.code, detail, p.field, waitOf(response), p.detail_zh);
		}
	} catch {
		// no JSON
	}
	return elses(response);
}

/** Somebody else's answer. */
function elses(response: Response): ApiError {
	const { status } = response;
	const detail = `something else answers in the place of the server, with status ${status}`;
	return new ApiError(0, "network", detail, undefined, waitOf(response), undefined, status);
}

function waitOf(response: Response): number | undefined {
	const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
	return Number.isFinite(wait) ? wait : undefined;
}
