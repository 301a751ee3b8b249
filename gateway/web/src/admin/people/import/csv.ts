// CSV as the import takes it and as a spreadsheet opens it safely.

/** Characters by which a spreadsheet knows a formula, also as they are typed in Chinese. */
const FORMULA = /^[ '\u00a0\u3000]*[=+\-@\t\r\n＝＋－＠]/;

/** Puts an apostrophe in front of what a spreadsheet would run; the server takes it off. */
export function guard(text: string): string {
	return FORMULA.test(text) ? `'${text}` : text;
}

function cell(text: string): string {
	const safe = guard(text);
	return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** Rows as CSV, one a line. */
export function csv(rows: readonly (readonly string[])[]): string {
	return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
