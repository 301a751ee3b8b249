// Opens everything that a page leads to: each link, the first row of each table. Nothing
// that is opened changes anything; what is pressed to do something is left alone.
import type { Page, Request } from "@playwright/test";

/** A call that a page made by itself. */
export interface Asked {
	method: string;
	/** With its query. */
	path: string;
	body: string | null;
	headers: Record<string, string>;
	status: number;
	/** Screen on which it was made. */
	screen: string;
}

export interface Crawl {
	screens: string[];
	asked: Asked[];
	/** Errors of scripts, and what the console complains of. */
	complaints: string[];
}

const LIMIT = 120; // screens of one page, rows' own included

/** Crawls the page that is open; it is signed in. */
export async function crawl(page: Page): Promise<Crawl> {
	const asked: Asked[] = [];
	const complaints: string[] = [];
	const open = new Set<Request>();
	let screen = "";
	page.on("pageerror", (e) => complaints.push(`${screen}: ${e.message}`));
	page.on("request", (r) => {
		// The live board's stream has no end.
		if (r.url().includes("/v1/") && !r.url().includes("/v1/live")) {
			open.add(r);
		}
	});
	page.on("requestfailed", (r) => open.delete(r));
	page.on("requestfinished", async (r) => {
		open.delete(r);
		if (!r.url().includes("/v1/")) {
			return;
		}
		const url = new URL(r.url());
		const path = url.pathname + url.search;
		const at = screen;
		const response = await r.response();
		const { "trace-case": kase, "trace-reason": why, "content-type": type, accept } = r.headers();
		const headers = Object.fromEntries(
			Object.entries({ "Trace-Case": kase, "Trace-Reason": why, "Content-Type": type, Accept: accept }).filter(
				([, v]) => v,
			),
		) as Record<string, string>;
		asked.push({ method: r.method(), path, body: r.postData(), headers, status: response?.status() ?? 0, screen: at });
	});
	const calm = async () => {
		for (let quiet = 0, i = 0; quiet < 2 && i < 100; i++) {
			await page.waitForTimeout(25);
			quiet = open.size === 0 ? quiet + 1 : 0;
		}
	};
	const links = () =>
		page.$$eval("a[href^='#/']", (all) => all.map((a) => a.getAttribute("href") ?? "").filter((h) => h !== ""));
	const seen = new Set<string>();
	const kinds = new Map<string, number>();
	const todo = await links();
	while (todo.length > 0 && seen.size < LIMIT) {
		screen = todo.shift() ?? "";
		// A few of one kind are enough: "#/residents/0123" and "#/residents/4567" are one kind.
		const kind =
			screen.replace(/\?.*/, "").split("/").slice(0, 2).join("/") + (screen.split("/").length > 2 ? "/…" : "");
		const of = kinds.get(kind) ?? 0;
		if (seen.has(screen) || of >= 2) {
			continue;
		}
		seen.add(screen);
		kinds.set(kind, of + 1);
		await page.evaluate((hash) => {
			location.hash = hash;
		}, screen);
		await calm();
		todo.push(...(await links()));
		const row = page.locator("#main .tr.opens").first();
		if (await row.isVisible()) {
			await row.click({ position: { x: 4, y: 8 } }).catch(() => undefined);
			await calm();
			todo.push(...(await links()));
			await page.keyboard.press("Escape");
		}
	}
	return { screens: [...seen], asked, complaints };
}
