// A tracer finds somebody by name and reads where they were: the picture, its words, and
// where each thing leads.
import { expect, test } from "@playwright/test";
import { idNumber } from "./build";
import { giveGround, openDesk } from "./desk";
import { call, readTown } from "./town";
import { typeBack } from "./tracedata";

const HOUR = 3600_000;

test("from a name to where somebody was", async ({ page }) => {
	const town = readTown();
	const { id } = await call<{ id: string }>(town, town.sessions.enroller ?? "", "POST", "/v1/residents", {
		name: "周行止",
		id_number: idNumber(901),
		site: "V2",
		door: "9-9-901",
	});
	const today = Math.floor((Date.now() + 8 * HOUR) / (24 * HOUR)) * 24 * HOUR - 8 * HOUR;
	const at = (day: number, hour: number) => today + day * 24 * HOUR + hour * HOUR;
	const passed = (day: number, hour: number, direction: "in" | "out", temperature?: number) => ({
		at: at(day, hour),
		resident: id,
		direction,
		...(temperature === undefined ? {} : { temperature }),
	});
	await typeBack(
		town,
		"V2-g1",
		[passed(-2, 8, "out", 36.4), passed(-2, 12, "in", 36.5), passed(-1, 9, "out", 36.4)],
		9001,
	);
	const refused = { ...passed(-1, 18, "in", 37.9), decision: "remeasure" as const, reason: "remeasure" };
	await typeBack(town, "V2-g1", [refused], 9002);
	await typeBack(town, "M1-g1", [passed(-2, 9, "in", 36.2), passed(-1, 10, "in", 36.3)], 9003);

	await openDesk(page, "trace", "tracer", { hash: "#/person" });
	await expect(page.getByRole("searchbox")).toHaveCount(0); // nothing is asked without a ground
	await giveGround(page);
	await page.getByRole("searchbox").fill(" 周 行止");
	await page.keyboard.press("Enter");
	const found = page.locator(".found button");
	await expect(found).toContainText("周*止 1980 · 大窦村 9-9-901");
	await found.press("Enter");
	await expect(page).toHaveURL(new RegExp(`#/person/${id}`));
	await page.getByRole("button", { name: "近 3 天" }).click();

	const picture = page.locator(".timeline");
	await expect(picture.locator(".lane")).toHaveCount(2);
	await expect(picture.locator(".lane").first()).toHaveClass(/home/);
	await expect(picture.locator(".stay")).toHaveCount(4); // two at home, two in the mall
	await expect(picture.locator(".cross")).toHaveCount(1);
	await expect(picture.locator(".hot")).toHaveCount(1);
	const whole = (await picture.locator("b").first().textContent()) ?? "";
	await picture.locator(".thing").last().focus();
	await expect(picture.locator(".told")).toContainText("37.9 °C");
	await page.keyboard.press("+");
	await expect(picture.locator("b").first()).not.toHaveText(whole);
	await page.keyboard.press("0");
	await expect(picture.locator("b").first()).toHaveText(whole);
	await picture.locator("svg").hover();
	await page.mouse.wheel(0, -300);
	await expect(picture.locator("b").first()).not.toHaveText(whole);
	await page.getByRole("button", { name: "全部", exact: true }).click();

	// The first stay in the mall has no end that anybody saw.
	const open = picture.getByRole("button", { name: /^银座商城/ }).first();
	await expect(open.locator(".vague")).toHaveCount(1);
	await open.click();
	const drawer = page.getByRole("dialog");
	await expect(drawer).toContainText("推定");
	await expect(drawer.getByRole("link", { name: /这段时间接触了谁/ })).toHaveAttribute(
		"href",
		new RegExp(`^#/contacts/${id}\\?from=`),
	);
	await expect(drawer.getByRole("link", { name: /当时谁也在/ })).toHaveAttribute("href", /^#\/inside\/M1\?at=/);
	await drawer.getByRole("link", { name: /商城南门: 进入前后/ }).click();
	await expect(page.locator("h1")).toHaveText("银座商城 · 商城南门");
	await expect(page.locator(".table .rows")).toContainText("周*止");
	await page.goBack();
	await expect(picture.locator(".stay")).toHaveCount(4);

	const [file] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("button", { name: "停留 CSV" }).click(),
	]);
	expect(file.suggestedFilename()).toMatch(new RegExp(`^${id}_.*\\.csv$`));
});
