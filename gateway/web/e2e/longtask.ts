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

/** The longest task while something is done, ms; 0 if none took 50. */
export async function longest(page: Page, work: () => Promise<unknown>): Promise<number> {
	const take = () => page.evaluate(() => (globalThis as unknown as { long: number[] }).long.splice(0));
	await take();
	await work();
	await page.waitForTimeout(150); // the observer is told a moment later
	return Math.max(0, ...(await take()));
}
