// What holds for every page of the desk: the login, who may open what.
import { expect, test } from "@playwright/test";
import { openDesk } from "./desk";

test("a wrong password says so and keeps what was typed", async ({ page }) => {
	await page.goto("/admin");
	await page.locator("input[name=login]").fill("leader");
	await page.locator("input[name=password]").fill("not the password");
	await page.locator("form button[type=submit]").click();
	await expect(page.getByRole("alert")).toContainText("不对");
	await expect(page.locator("input[name=login]")).toHaveValue("leader");
});

test("a tab that is closed is signed out, one that is loaded again is not", async ({ page, context }) => {
	await openDesk(page, "admin", "leader");
	await page.reload();
	await expect(page.locator("#main")).toBeVisible();
	const other = await context.newPage();
	await other.goto("/admin");
	await expect(other.locator("input[name=login]")).toBeVisible();
});
