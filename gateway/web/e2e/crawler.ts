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

/** Crawls the page that is open, from its links and seeds; it is signed in. look is given what each screen says. */
export async function crawl(page: Page, seeds: string[] = [], look?: (text: string) => void): Promise<Crawl> {
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
	const kinds = new Set<string>();
	const todo = [...(await links()), ...seeds];
	while (todo.length > 0 && seen.size < LIMIT) {
		screen = todo.shift() ?? "";
		// One of a kind is enough: "#/residents/0123" and "#/residents/4567" are one kind.
		const kind =
			screen.replace(/\?.*/, "").split("/").slice(0, 2).join("/") + (screen.split("/").length > 2 ? "/…" : "");
		if (kinds.has(kind)) {
			continue;
		}
		seen.add(screen);
		kinds.add(kind);
		await page.evaluate((hash) => {
			location.hash = hash;
		}, screen);
		await calm();
		todo.push(...(await links()));
		const row = page.locator("#main .tr.opens").first();
		if ((await row.isVisible()) && !(await page.locator("dialog[open]").isVisible())) {
			// What covers it belongs to the screen; another row is not worth a wait.
			await row.click({ position: { x: 4, y: 8 }, timeout: 300 }).catch(() => undefined);
			await calm();
			todo.push(...(await links()));
			look?.((await page.locator("#app").textContent()) ?? "");
			await page.keyboard.press("Escape");
		}
		look?.((await page.locator("#app").textContent()) ?? "");
	}
	return { screens: [...seen], asked, complaints };
}
