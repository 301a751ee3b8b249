// What tests know of the town, and how they call its API.
import { readFileSync } from "node:fs";

export const townFile = "test-results/town.json";

export interface Townsman {
	id: string;
	name: string;
	idNumber: string;
	site: string;
	door: string;
}

export interface Town {
	url: string;
	/** The operator's page and the metrics. */
	status: string;
	/** Folder of the program's data. */
	data: string;
	/** Sessions by login: admin and those of build.ts. */
	sessions: Record<string, string>;
	/** The others' are "secret of the LOGIN". */
	adminPassword: string;
	/** A guard's badge, PGB1-…, of 张建国. */
	badge: string;
	/** Of 佟道口村 (V1: 3-1-101 王小明 and family, …) and 大窦村 (V2). */
	people: Townsman[];
	/** Case under which a tracer asks. */
	kase: string;
}

export function readTown(): Town {
	return JSON.parse(readFileSync(townFile, "utf8")) as Town;
}

/** One call as somebody, sent again while the machine is busy; throws with the server's words. */
export function call<T>(...args: Parameters<typeof callOnce>): Promise<T> {
	return patiently(() => callOnce<T>(...args));
}

async function callOnce<T>(
	town: Pick<Town, "url">,
	token: string,
	method: string,
	path: string,
	body?: unknown,
	headers: Record<string, string> = {},
): Promise<T> {
	const init: RequestInit = { method, headers: { ...headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) } };
	if (body !== undefined) {
		init.body = typeof body === "string" ? body : JSON.stringify(body);
		(init.headers as Record<string, string>)["Content-Type"] ??=
			typeof body === "string" ? "text/csv" : "application/json";
	}
	const response = await fetch(town.url + path, init);
	const text = await response.text();
	if (!response.ok) {
		throw new Error(`${method} ${path}: ${response.status} ${text}`);
	}
	const type = response.headers.get("Content-Type") ?? "";
	return (type.includes("json") && !type.includes("ndjson") ? JSON.parse(text) : text) as T;
}

/** Makes room for one more phone at a gate: the one-time code PGE1-…. */
export async function newDevice(town: Town, gate: string, lane = "一道"): Promise<{ code: string; enrolCode: string }> {
	const made = await call<{ code: string; enrol_code: string }>(
		town,
		town.sessions.admin ?? "",
		"POST",
		"/v1/devices",
		{ gate, lane },
	);
	return { code: made.code, enrolCode: made.enrol_code };
}

export type Pass = { compact: string; token: string; not_before: string; expires_at: string };

/** A pass of somebody, as an enroller issues it. */
export function passOf(town: Town, person: Townsman, kind: "app" | "paper" = "app"): Promise<Pass> {
	const body = kind === "paper" ? { kind, days: 7 } : { kind };
	return call(town, town.sessions.enroller ?? "", "POST", `/v1/residents/${person.id}/passes`, body);
}

export interface EventRow {
	id: string;
	occurred_at: string;
	direction: string;
	decision: string;
	reason: string;
	temperature?: number;
	person: { id: string; name_masked: string } | null;
	flags: string[];
}

/** What the gate's index holds of the last two hours, as a tracer reads it. */
export async function eventsAt(town: Town, gate: string): Promise<EventRow[]> {
	const span = new URLSearchParams({
		from: new Date(Date.now() - 2 * 3600_000).toISOString(),
		to: new Date(Date.now() + 300_000).toISOString(),
		limit: "1000",
	});
	const answer = await call<{ events: EventRow[] }>(
		town,
		town.sessions.tracer ?? "",
		"GET",
		`/v1/gates/${gate}/events?${span}`,
		undefined,
		{
			"Trace-Case": town.kase,
			"Trace-Reason": encodeURIComponent("drill"),
		},
	);
	return answer.events;
}

/** Waits until the gate's index, which follows the log, holds what is wanted. */
export async function eventually<T>(look: () => Promise<T>, right: (value: T) => boolean, within = 10_000): Promise<T> {
	const end = Date.now() + within;
	for (;;) {
		const value = await look();
		if (right(value) || Date.now() > end) {
			return value;
		}
		await new Promise((r) => setTimeout(r, 100));
	}
}

/** Does something that is safe to repeat until a busy machine has done it. */
export async function patiently<T>(act: () => Promise<T>): Promise<T> {
	for (let turn = 1; ; turn++) {
		try {
			return await act();
		} catch (cause) {
			const many = /: 429 /.test(String(cause)); // what was not taken counts as well
			if (turn === 30 || !(many || /: 503 |"unavailable"/.test(String(cause)))) {
				throw cause;
			}
			await new Promise((r) => setTimeout(r, many ? 5_000 : 200));
		}
	}
}
