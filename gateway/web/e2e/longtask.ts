// How long the page's own thread is held up, as its browser tells.
import type { Page } from "@playwright/test";

/** Has every page of the tab note its long tasks; before the first one is opened. */
export async function watchTasks(page: Page): Promise<void> {
	await page.addInitScript(() => {
		const long: number[] = [];
		Object.assign(globalThis, { long });
		new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => e.duration))).observe({
			type: "longtask",
		});
	});
}

/** The longest task since it was last asked, ms; 0 if none took 50. */
export async function longestSince(page: Page): Promise<number> {
	const tasks = await page.evaluate(() => (globalThis as unknown as { long: number[] }).long.splice(0));
	return Math.max(0, ...tasks);
}

/** The longest task while something is done, ms; 0 if none took 50. */
export async function longest(page: Page, work: () => Promise<unknown>): Promise<number> {
	await longestSince(page);
	await work();
	await page.waitForTimeout(150); // the observer is told a moment later
	return longestSince(page);
}

/**
 * The longest task of the best of three turns, of the first one that is within the limit: what
 * the page itself does slowly it does slowly each time, a busy machine does not. Each turn is told its number.
 */
export async function shortest(page: Page, limit: number, work: (turn: number) => Promise<unknown>): Promise<number> {
	let least = Number.POSITIVE_INFINITY;
	for (let turn = 0; turn < 3 && least > limit; turn++) {
		least = Math.min(least, await longest(page, () => work(turn)));
	}
	return least;
}
