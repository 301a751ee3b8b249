// Paper passes: fetched site by site, as the server draws one sheet at a time, and
// printed together.

import { paper } from "../../desk/call";
import { printHtml } from "../../desk/print";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";

export interface SheetQuery {
	/** Days that the passes are good for, 28 by default. */
	days?: number;
	/** The household of this person only. */
	resident?: string;
	/** RFC 3339: only households with somebody enrolled since. */
	since?: string;
	[name: string]: string | number | undefined;
}

const PATIENCE = 60_000; // ms to wait for one's turn

/** Fetches the sheets of sites, tells how many are there, and prints them. Throws ApiError. */
export async function printSheets(
	sites: readonly string[],
	query: SheetQuery = {},
	onDone: (sites: number) => void = () => undefined,
): Promise<void> {
	const pages: string[] = [];
	onDone(0);
	for (const site of sites) {
		const page = await sheetOf(site, query);
		if (page.includes('class="home"')) {
			pages.push(page);
		}
		onDone(pages.length);
	}
	if (pages.length === 0) {
		throw new ApiError(0, "empty", t({ zh: "没有要打印的人", en: "There is nobody to print a pass for" }));
	}
	await printHtml(...pages);
}

async function sheetOf(site: string, query: SheetQuery): Promise<string> {
	const end = Date.now() + PATIENCE;
	for (;;) {
		try {
			return await paper(`/v1/sites/${encodeURIComponent(site)}/sheet`, { query });
		} catch (cause) {
			if (!(cause instanceof ApiError) || cause.status !== 429 || Date.now() > end) {
				throw cause;
			}
			await new Promise((go) => setTimeout(go, 700));
		}
	}
}

/** mm of a page for homes, of a home's part that stays there, and of two passes beside each other. */
const [PAGE, STAYS, PASSES] = [263, 35, 48];

/** How many pages homes of so many people take, as the server sets them: none is split. */
export function pagesOf(homes: readonly number[]): number {
	let pages = 0;
	let room = 0;
	for (const people of homes) {
		const high = STAYS + PASSES * Math.ceil(people / 2);
		if (high > room) {
			pages += Math.ceil(high / PAGE);
			room = PAGE * Math.ceil(high / PAGE);
		}
		room -= high;
	}
	return pages;
}
