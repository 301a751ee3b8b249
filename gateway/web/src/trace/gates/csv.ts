// The rows in sight as a file, with the columns of the server's own export and the
// masked name.
import type { Columns, Row } from "./columns";

const columnsOfFile = [
	"occurred_at",
	"recorded_at",
	"person",
	"name_masked",
	"direction",
	"decision",
	"reason",
	"color",
	"action",
	"flags",
	"temperature",
	"temperature_method",
	"who",
	"device",
	"lane",
	"plate",
	"vehicle",
	"purpose",
	"override",
	"annulled",
	"annulment",
	"staff",
	"source",
] as const;

/** Rows of one piece of the file. */
const PIECE = 2000;

/** The file in pieces; Excel takes it for UTF-8 by the mark at its beginning. */
export function csvOf(columns: Columns, index: Uint32Array): string[] {
	const pieces = [`\ufeff${columnsOfFile.join(",")}\r\n`];
	for (let from = 0; from < index.length; from += PIECE) {
		const lines = Array.from(index.subarray(from, from + PIECE), (n) => line(columns.row(n)));
		pieces.push(lines.join(""));
	}
	return pieces;
}

function line(row: Row): string {
	const flat: Record<string, unknown> = {
		...row,
		person: row.person?.id ?? "",
		name_masked: row.person?.name_masked ?? "",
		flags: row.flags.join(" "),
		temperature: row.temperature ?? "",
	};
	return `${columnsOfFile.map((name) => field(String(flat[name] ?? ""))).join(",")}\r\n`;
}

/** What a spreadsheet could take for a formula gets an apostrophe in front. */
function field(text: string): string {
	const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
