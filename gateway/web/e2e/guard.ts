// What a guard does with the page, for the tests of the gate.
import { expect, type Page } from "@playwright/test";
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

/** Enrols the page's phone at a gate and opens a shift, both by hand scanner; gives the device's code. */
export async function begin(page: Page, town: Town, gate: string, query = ""): Promise<string> {
	const { code, enrolCode } = await newDevice(town, gate);
	await page.goto(`/gate${query}`);
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
