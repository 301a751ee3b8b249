// A list of people on its way into the register: what the file held, what would become of
// each row, what has. No more than a few hundred rows go in one call, so that progress is
// real and a call that fails is short; a row that is sent again changes nothing.

import { call } from "../../../desk/call";
import { ApiError } from "../../../shared/api";
import type { Text } from "../../../shared/i18n";
import type { Home } from "../types";
import { csv } from "./csv";

export const CHUNK = 500; // rows in one call

/** What becomes of a row, or would. */
export type Verdict = "new" | "changed" | "moves" | "unchanged" | "duplicate" | "refused";

export interface Line {
	sheet: string;
	/** As the spreadsheet counts. */
	row: number;
	name: string;
	id_number: string;
	phone: string;
	site: string;
	door: string;
	grid: string;
	verdict: Verdict | null;
	/** What changes. */
	fields: string[];
	from: Home | null;
	to: Home | null;
	/** Place of the row that it repeats. */
	of: string;
	/** What is wrong, if it is refused. */
	field: string;
	why: Text | null;
}

export interface Sheet {
	name: string;
	site: string;
	columns: { field: string; heading: string }[];
	rows: number;
	skipped: Record<string, number>;
}

export interface Book {
	sheets: Sheet[];
	hidden_sheets: string[];
	hidden_rows: number;
	lines: Line[];
}

type Told = Pick<Line, "sheet" | "row" | "name" | "id_number" | "phone" | "site" | "door" | "grid" | "of">;
type Bad = Told & { field: string; why: string; why_zh: string };

/** Has the server read a file; site is that of rows that name none. Throws ApiError. */
export async function readBook(file: Blob, site: string): Promise<Book> {
	const got = await call<Omit<Book, "lines"> & { rows: Told[]; bad: Bad[] }>("POST", "/v1/residents/workbook", {
		body: file,
		type: "application/octet-stream",
		query: { site },
		timeout: 60_000,
	});
	const blank = { fields: [], from: null, to: null, field: "", why: null };
	const lines: Line[] = [
		...got.rows.map((r) => ({ ...blank, ...r, verdict: r.of ? ("duplicate" as const) : null })),
		...got.bad.map((r) => ({
			...blank,
			...r,
			verdict: "refused" as const,
			why: { zh: r.why_zh, en: r.why },
		})),
	];
	const order = new Map(got.sheets.map((s, i) => [s.name, i]));
	lines.sort((a, b) => (order.get(a.sheet) ?? 0) - (order.get(b.sheet) ?? 0) || a.row - b.row);
	return { sheets: got.sheets, hidden_sheets: got.hidden_sheets, hidden_rows: got.hidden_rows, lines };
}

/** "小区 12", or the number alone of a file without sheets. */
export function place(line: Pick<Line, "sheet" | "row">): string {
	return line.sheet ? `${line.sheet} ${line.row}` : String(line.row);
}

/** Whether a row is sent: it is refused for nothing yet, and repeats none. */
export const goes = (line: Line): boolean => line.verdict !== "refused" && line.verdict !== "duplicate";

const HEAD = ["name", "id_number", "phone", "site", "door", "grid"] as const;

/** The body of one call. */
export function bodyOf(lines: readonly Line[]): string {
	return csv([HEAD, ...lines.map((line) => HEAD.map((column) => line[column]))]);
}

/** What was refused, to be corrected and dropped again: as the command line writes it. */
export function refusedCsv(lines: readonly Line[]): string {
	const rows = lines
		.filter((line) => line.verdict === "refused")
		.map((line) => [
			line.sheet,
			String(line.row),
			line.field,
			line.why?.zh ?? "",
			line.why?.en ?? "",
			...HEAD.map((column) => line[column]),
		]);
	return `\ufeff${csv([["sheet", "row", "field", "原因", "reason", ...HEAD], ...rows])}`;
}

interface Plan {
	rows: {
		row: number;
		verdict: Verdict;
		fields: string[];
		from: Home | null;
		to: Home | null;
		of: number;
		field: string;
		why: string;
		why_zh: string;
	}[];
}

interface Imported {
	created: number;
	changed: number;
	unchanged: number;
	moved: number;
	sites: string[];
	errors: { row: number; field: string; why: string; why_zh: string }[];
}

export type Counts = Pick<Imported, "created" | "changed" | "unchanged" | "moved">;

interface Way {
	signal: AbortSignal;
	/** Told after each call: rows done. */
	onDone: (rows: number) => void;
	/** ms to wait before the first repetition. */
	pause?: number;
}

/** Says what would become of each row; changes the lines. Throws ApiError. */
export async function previewLines(lines: Line[], way: Way): Promise<void> {
	await inChunks(lines.filter(goes), way, { preview: 1 }, (chunk, plan: Plan) => {
		for (const p of plan.rows) {
			const line = chunk[p.row - 2]; // the header is row 1
			if (line) {
				const first = chunk[p.of - 2];
				Object.assign(line, { verdict: p.verdict, fields: p.fields, from: p.from, to: p.to, field: p.field });
				line.of = first ? place(first) : line.of;
				line.why = p.why ? { zh: p.why_zh, en: p.why } : null;
			}
		}
	});
}

/** Imports what can be; changes the lines that are refused. Throws ApiError. */
export async function importLines(
	lines: Line[],
	moves: boolean,
	way: Way,
): Promise<{ counts: Counts; sites: string[] }> {
	const counts: Counts = { created: 0, changed: 0, unchanged: 0, moved: 0 };
	const sites = new Set<string>();
	await inChunks(lines.filter(goes), way, moves ? { moves: 1 } : {}, (chunk, got: Imported) => {
		for (const key of Object.keys(counts) as (keyof Counts)[]) {
			counts[key] += got[key];
		}
		for (const code of got.sites) {
			sites.add(code);
		}
		for (const e of got.errors) {
			const line = chunk[e.row - 2];
			if (line) {
				Object.assign(line, { verdict: "refused", field: e.field, why: { zh: e.why_zh, en: e.why } });
			}
		}
	});
	return { counts, sites: [...sites].sort() };
}

/** Throws once the work was stopped. */
export function goesOn(signal: AbortSignal): void {
	if (signal.aborted) {
		throw new DOMException("stopped", "AbortError");
	}
}

async function inChunks<T>(
	lines: Line[],
	way: Way,
	query: Record<string, number>,
	take: (chunk: Line[], got: T) => void,
): Promise<void> {
	for (let at = 0; at < lines.length; at += CHUNK) {
		goesOn(way.signal);
		const chunk = lines.slice(at, at + CHUNK);
		take(chunk, await patiently(() => post<T>(chunk, query, way.signal), way));
		way.onDone(chunk.length);
	}
}

function post<T>(chunk: Line[], query: Record<string, number>, signal: AbortSignal): Promise<T> {
	return call<T>("POST", "/v1/residents/import", {
		body: bodyOf(chunk),
		type: "text/csv; charset=utf-8",
		query,
		signal,
		timeout: 30_000,
	});
}

const PATIENCE = 90_000; // ms for which a server that is busy or away is asked again

async function patiently<T>(ask: () => Promise<T>, { signal, pause = 500 }: Way): Promise<T> {
	const end = Date.now() + PATIENCE;
	for (let wait = pause; ; wait = Math.min(wait * 2, 8_000)) {
		try {
			return await ask();
		} catch (cause) {
			const passing = cause instanceof ApiError && (cause.status === 0 || cause.status === 429 || cause.status >= 500);
			if (!passing || signal.aborted || Date.now() > end) {
				throw cause;
			}
			await new Promise((go) => setTimeout(go, Math.max(wait, (cause.retryAfter ?? 0) * 1000)));
			goesOn(signal);
		}
	}
}
