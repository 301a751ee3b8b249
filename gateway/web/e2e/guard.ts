// What a guard does with the page, for the tests of the gate.
import { expect, type Page } from "@playwright/test";
import { GREEN_FOR } from "../src/gate/ui/lane";
import { newDevice, type Town } from "./town";

/**
 * Scans as a hand scanner types: 2 ms a key, and Enter at the end. The keys are
 * pressed inside the page and carry their time, as on a busy machine those of the
 * test come no faster than a person's.
 */
export async function scan(page: Page, code: string): Promise<void> {
	await page.evaluate((text) => {
		const target = document.activeElement ?? document.body;
		const from = performance.now();
		[...text, "Enter"].forEach((key, i) => {
			for (const type of ["keydown", "keyup"]) {
				const event = new KeyboardEvent(type, { key, bubbles: true, cancelable: true });
				Object.defineProperty(event, "timeStamp", { value: from + 2 * i });
				target.dispatchEvent(event);
			}
		});
	}, code);
}

/** Green stays until it is tapped away or the next code comes: a busy machine looks later than a guard. */
async function holdGreen(page: Page): Promise<void> {
	await page.addInitScript((fades) => {
		const set = window.setTimeout.bind(window);
		const held = (run: TimerHandler, after?: number, ...rest: unknown[]) =>
			set(run, after === fades ? 120_000 : after, ...rest);
		window.setTimeout = held as typeof window.setTimeout;
	}, GREEN_FOR);
}

interface Start {
	query?: string;
	/** Green goes by itself, as it does for guards. */
	fades?: boolean;
}

/** Enrols the page's phone at a gate and opens a shift, both by hand scanner; gives the device's code. */
export async function begin(page: Page, town: Town, gate: string, at: Start = {}): Promise<string> {
	const { code, enrolCode } = await newDevice(town, gate);
	if (!at.fades) {
		await holdGreen(page);
	}
	await page.goto(`/gate${at.query ?? ""}`);
	await expect(page.locator("main.start")).toBeVisible();
	await scan(page, enrolCode);
	await expect(page.locator(".page.no_shift")).toBeVisible();
	await scan(page, town.badge);
	await expect(page.locator(".direction")).toBeVisible();
	return code;
}

/** Taps a usual reading, "36.5". */
export async function tapTemperature(page: Page, celsius: string): Promise<void> {
	await page.getByRole("button", { name: `${celsius} °C` }).click();
}

/** Types a reading on the big keypad, digit by digit. */
export async function typeTemperature(page: Page, celsius: string): Promise<void> {
	await page.getByRole("button", { name: /其他体温|Keypad/ }).click();
	for (const digit of celsius.replace(".", "")) {
		await page.locator(".digits").getByRole("button", { name: digit, exact: true }).click();
	}
	await page.locator(".confirm").click();
}
