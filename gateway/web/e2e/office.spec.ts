// The office's registers as its people use them: a number of the bulletin down to its
// rows, a problem from one person to the next, a call while somebody is on the phone.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { openDesk } from "./desk";
import { call, readTown } from "./town";

async function noViolations(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	const grave = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
	expect(grave.map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([]);
}

test("a leader's phone opens with yesterday's bulletin; a number opens its rows", async ({ page }) => {
	await openDesk(page, "admin", "leader", { phone: true });
	await expect(page.getByRole("heading", { name: "每日通报" })).toBeVisible();
	const day = new Date(Date.now() + 8 * 3600_000 - 86_400_000).toISOString().slice(0, 10);
	await expect(page.locator(".bulletin input[type=date]")).toHaveValue(day);
	await page.locator(".btile", { hasText: "无登记卡口" }).click();
	const drawer = page.getByRole("dialog", { name: "无登记卡口" });
	await expect(drawer.locator(".rows .tr").first()).toBeVisible();
	await expect(drawer.locator(".bdays li")).toHaveCount(7);
	await noViolations(page);
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("a problem goes from who gives it out to who looks", async ({ page, context }) => {
	await openDesk(page, "admin", "leader", { hash: "#/dispatches" });
	await page.getByRole("button", { name: "新调度" }).click();
	const form = page.getByRole("dialog", { name: "新调度" });
	await form.getByLabel("问题").fill("村口缺一顶帐篷");
	await form.getByRole("combobox", { name: "责任人" }).fill("grid");
	await form.getByRole("option", { name: /^grid/ }).first().click();
	await form.getByRole("button", { name: "交办" }).click();
	await expect(page.getByRole("link", { name: "村口缺一顶帐篷" })).toBeVisible();

	const other = await context.newPage();
	await openDesk(other, "admin", "grid", { hash: "#/today" });
	await other.locator(".ttile", { hasText: "我的调度" }).click();
	await other.getByRole("link", { name: "村口缺一顶帐篷" }).click();
	const drawer = other.getByRole("dialog", { name: "村口缺一顶帐篷" });
	await drawer.getByRole("button", { name: "已办结" }).click();
	await drawer.getByLabel("怎么解决的").fill("已搭好");
	await drawer.locator("form").getByRole("button", { name: "已办结" }).click();
	await expect(drawer.getByText("待核验").first()).toBeVisible();
	await other.close();

	await page.getByRole("link", { name: "村口缺一顶帐篷" }).click();
	await page.getByRole("button", { name: "核验通过" }).click();
	await page.locator(".doing form").getByRole("button", { name: "核验通过" }).click();
	const seen = page.getByRole("dialog", { name: "村口缺一顶帐篷" });
	await expect(seen.getByText("已核验").first()).toBeVisible();
});

test("a call is taken down by keyboard and found by whoever assigns it", async ({ page }) => {
	await openDesk(page, "admin", "grid", { hash: "#/hotline/new" });
	await expect(page.getByLabel("说了什么")).toBeFocused();
	await page.keyboard.type("独居老人缺降压药");
	await page.getByLabel(/^来电人/).fill("李大爷");
	await page.keyboard.press("Enter");
	await page.getByRole("link", { name: "独居老人缺降压药" }).first().click();
	await page.getByRole("button", { name: "分派" }).click();
	await page.locator(".doing form").getByRole("combobox", { name: "承办人" }).fill("medic");
	await page
		.getByRole("option", { name: /^medic/ })
		.first()
		.click();
	await page.locator(".doing form").getByRole("button", { name: "分派" }).click();
	await expect(page.getByRole("dialog").getByText("办理中").first()).toBeVisible();
	// Who called is for its owner alone.
	await expect(page.getByRole("dialog").getByText("李大爷")).toHaveCount(0);
});

test("an inspection's lack becomes a finding with a deadline", async ({ page }) => {
	const town = readTown();
	await openDesk(page, "admin", "inspector", { hash: "#/inspections/new?site=M1" });
	await page.getByRole("group", { name: "食堂分餐" }).getByLabel("不合格", { exact: true }).check();
	await page.getByLabel("问题").fill("食堂仍围桌就餐");
	await page.getByRole("button", { name: "其余全部合格" }).click();
	await noViolations(page);
	await page.getByRole("button", { name: "登记", exact: true }).click();
	await expect(page.getByRole("link", { name: "食堂仍围桌就餐" })).toBeVisible();
	const { findings } = await call<{ findings: { item: string; overdue: boolean }[] }>(
		town,
		town.sessions.inspector ?? "",
		"GET",
		"/v1/findings?site=M1",
	);
	expect(findings).toMatchObject([{ item: "canteen", overdue: false }]);
});
