// Lists that have to be read whole to be put into an order of their own.
import type { Page } from "../../desk/ui/pages";

/** More rows than a subdistrict has of anything that is still to be done. */
const MOST = 5000;

/** All rows of a list with cursors, at most MOST. */
export async function all<T>(load: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
	const rows: T[] = [];
	let next: string | undefined;
	do {
		const page = await load(next);
		rows.push(...page.rows);
		next = page.next || undefined;
	} while (next && rows.length < MOST);
	return rows;
}
