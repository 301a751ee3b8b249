// The health screens as a medic, the second person and a leader use them.
import { expect, type Page, test } from "@playwright/test";
import { idNumber } from "./build";
import { openDesk } from "./desk";
import { call, newDevice, readTown, type Town } from "./town";

/** Enrols somebody of 大窦村 for one test alone. */
async function somebody(town: Town, serial: number, name: string): Promise<string> {
	const body = { name, id_number: idNumber(serial), site: "V2", door: `9-1-${serial}`, grid: "C1" };
	return (await call<{ id: string }>(town, town.sessions.enroller ?? "", "POST", "/v1/residents", body)).id;
}

/** Two high readings at the mall, as its gate sends them. */
async function feverAtTheMall(town: Town, resident: string): Promise<void> {
	const { enrolCode } = await newDevice(town, "M1-g1", "测温道");
	const { token } = await call<{ token: string }>(town, "", "POST", "/v1/devices/enrol", { code: enrolCode });
	const first = `fever-${resident}`;
	for (const more of [{ id: first }, { id: `${first}-2`, remeasure_of: first }]) {
		await call(town, token, "POST", "/v1/scans", {
			...more,
			resident,
			occurred_at: new Date().toISOString(),
			direction: "in",
			temperature: 38.4,
			temperature_method: "wrist",
		});
	}
}

/** Presses a button and fills in the form that it opens, by labels. */
async function act(page: Page, button: string, fields: Record<string, string>): Promise<void> {
	await page.getByRole("button", { name: button, exact: true }).click();
	const form = page.locator("form").last();
	for (const [label, value] of Object.entries(fields)) {
		const field = form.getByLabel(label);
		if ((await field.evaluate((e) => e.tagName)) === "SELECT") {
			await field.selectOption(value);
		} else {
			await field.fill(value);
		}
	}
	await form.locator("button[type=submit]").click();
	await expect(page.locator("main form")).toHaveCount(0);
}

test("a fever case goes from the second reading to its end, each step in its place", async ({ page }) => {
	const town = readTown();
	await feverAtTheMall(town, await somebody(town, 931, "何发热"));
	await openDesk(page, "admin", "medic", { hash: "#/fevers" });
	await page.getByRole("link", { name: "何*热" }).click();
	await expect(page.getByRole("heading", { name: "发热病例：何发热" })).toBeVisible();
	await expect(page.locator("[aria-current=step]")).toContainText(/一报.*还剩 \d+ 分钟/);
	await expect(page.getByText("还缺：")).toHaveCount(0); // a false reading can be closed at once

	await act(page, "记录一报", {});
	await act(page, "记录二报", { 备注: "县卫健局已知悉" });
	await act(page, "记录转运", { 医院: "商河县人民医院", 车牌: "鲁A12345" });
	await expect(page.locator("[aria-current=step]")).toContainText("医院筛查");
	await page.getByRole("button", { name: "生成医院回报码" }).click();
	await expect(page.locator(".h-spelled span")).toHaveText([
		/^PGF1$/,
		...Array(9).fill(/^[A-Z2-7]{4}$/),
		/^[A-Z2-7]{3}$/,
	]);
	await expect(page.getByRole("img", { name: "医院回报页二维码" })).toBeVisible();
	await act(page, "录入结果", { 结果: "negative" });
	await act(page, "结案", { 结论: "screened_negative" });
	await expect(page.locator(".h-procedure > li.done")).toHaveCount(7);
});

test("red waits for a second person, who sees whom it is about; its author is told why they cannot", async ({
	page,
}) => {
	const town = readTown();
	const who = await somebody(town, 932, "何红码");
	await openDesk(page, "admin", "medic", { hash: "#/status" });
	await page.getByLabel("查找居民").fill("何红码");
	await page.keyboard.press("Enter");
	await page.getByRole("button", { name: /何\*码/ }).press("Enter");
	const form = page.locator("main form");
	await form.getByLabel("变更为").selectOption("red");
	await form.getByLabel("证据").fill("县医院核酸检测报告");
	const cases = form.getByRole("combobox", { name: "案件" });
	await cases.fill(`${town.kase} drill`);
	await cases.press("Enter");
	await form.getByRole("button", { name: "提交决定" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "确定" }).click();
	await page.getByRole("link", { name: "查看这项变更" }).click();
	const drawer = page.getByRole("dialog", { name: "何红码 → 红码" });
	await expect(drawer.getByRole("button", { name: "批准" })).toBeDisabled();
	await expect(drawer).toContainText("须由另一人审批");

	const address = new URL(page.url()).hash;
	await drawer.getByRole("button", { name: "关闭" }).click();
	await page.getByRole("button", { name: "退出" }).click();
	await openDesk(page, "admin", "medic2", { hash: address });
	await expect(drawer).toContainText("大窦村 9-1-932");
	await drawer.getByRole("button", { name: "批准" }).click();
	await page.getByRole("dialog", { name: "批准" }).getByRole("button", { name: "批准" }).click();
	await expect(page.locator(".toasts")).toContainText("批准");
	const now = await call<{ status: string }>(town, town.sessions.medic ?? "", "GET", `/v1/residents/${who}`);
	expect(now.status).toBe("red");
});

test("a leader gives a bed with two clicks, and an observation begins with the nearest three", async ({ page }) => {
	const town = readTown();
	const resident = await somebody(town, 933, "何观察");
	const leader = town.sessions.leader ?? "";
	await call(town, leader, "POST", "/v1/beds", { node: "XS", room: "901", bed: "甲" });
	await call(town, leader, "POST", "/v1/beds/waiting", { node: "XS", resident });
	await openDesk(page, "admin", "leader", { hash: "#/beds" });
	await page.getByRole("button", { name: "何*察" }).click();
	await page.getByRole("button", { name: /甲.*安排 何\*察/ }).click();
	await expect(page.locator(".h-bed.occupied")).toContainText("何*察");
	await expect(page.locator(".h-waiting li")).toHaveCount(0);

	await page.goto("/admin?lang=zh#/observations/new");
	await page.getByLabel("查找居民").fill("何观察");
	await page.keyboard.press("Enter");
	await page.getByRole("button", { name: /何\*察/ }).click();
	await page.getByRole("button", { name: "开始观察", exact: true }).click();
	const drawer = page.getByRole("dialog", { name: "何观察" });
	await expect(drawer).toContainText("第 1 天，共 14 天");
	await expect(drawer.locator(".h-strip th.today")).toHaveCount(1);
	await drawer.getByRole("button", { name: "代报今日情况" }).click();
	await drawer.locator("form button[type=submit]").click(); // all is well
	await expect(drawer.locator(".h-strip tr").last().locator("td.today")).toHaveClass(/taken/);
});
