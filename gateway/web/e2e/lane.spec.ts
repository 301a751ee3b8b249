// How many people a minute one guard lets through: the page's own time, and a
// second for each tap of a human hand.
import { expect, test } from "@playwright/test";
import { begin, scan } from "./guard";
import { judge } from "./long";
import { passOf, readTown } from "./town";

const people = 20;
/** What a tap of a gloved hand takes, ms. */
const HAND = 1000;

test(`a lane lets at least 15 people a minute pass: code, usual temperature, next`, async ({ page }) => {
	const town = readTown();
	await begin(page, town, "V1-g1");
	const codes: string[] = [];
	for (const person of town.people.filter((p) => p.name.startsWith("孙")).slice(-people)) {
		codes.push((await passOf(town, person)).compact);
	}
	let spent = 0;
	let taps = 0;
	for (const code of codes) {
		const from = performance.now();
		await scan(page, code); // typing it takes longer than a camera's look
		await expect(page.locator(".prompt.due")).toBeVisible();
		taps += 1;
		await page.getByRole("button", { name: "36.5 °C" }).click();
		// Yellow lets pass as well: to whoever was here in another test.
		await expect(page.locator("main.verdict.green, main.verdict.yellow")).toBeVisible();
		spent += performance.now() - from; // the next code replaces the verdict: no tap
	}
	const minute = (people * 60_000) / (spent + taps * HAND);
	console.log(
		`lane: ${minute.toFixed(1)} people a minute, ${(taps / people).toFixed(1)} taps each, ${(spent / people).toFixed(0)} ms of the page each`,
	);
	judge("seconds a person", 60 / minute, 60 / 15);
});
