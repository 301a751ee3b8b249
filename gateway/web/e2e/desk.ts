// What tests of the desk do as a member of the staff does: sign in, go somewhere.
import { expect, type Page } from "@playwright/test";
import { readTown } from "./town";

export type DeskApp = "admin" | "trace" | "grid";

export const deskScreen = { width: 1366, height: 768 };
export const phoneScreen = { width: 390, height: 844 };

/** Signs in through the form and waits for the desk; hash goes to a screen at once. */
export async function openDesk(
	page: Page,
	app: DeskApp,
	login: string,
	{ lang = "zh", hash = "", phone = false }: { lang?: "zh" | "en"; hash?: string; phone?: boolean } = {},
): Promise<void> {
	await page.setViewportSize(phone ? phoneScreen : deskScreen);
	await page.goto(`/${app}?lang=${lang}${hash}`);
	await page.locator("input[name=login]").fill(login);
	await page.locator("input[name=password]").fill(passwordOf(login));
	await page.locator("form button[type=submit]").click();
	await expect(page.locator("#main")).toBeVisible();
}

/** The password of one of the town's accounts. */
export function passwordOf(login: string): string {
	return login === "admin" ? readTown().adminPassword : `secret of the ${login}`;
}

/** Says under which case and why, before the first question. */
export async function giveGround(page: Page, reason = "drill"): Promise<void> {
	const bar = page.locator("form.ground");
	await bar.locator("select").selectOption(readTown().kase);
	await bar.locator("input").fill(reason);
	await bar.locator("button[type=submit]").click();
	await expect(page.locator("div.ground")).toContainText(readTown().kase);
}
