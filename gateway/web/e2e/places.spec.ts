// Places, accounts and the second factor, as an administrator and a leader do them.
import { createHmac } from "node:crypto";
import { expect, type Page, test } from "@playwright/test";
import { deskScreen, openDesk } from "./desk";
import { call, readTown } from "./town";

/** What an authenticator with this secret shows now, or some steps of 30 s later. */
function codeOf(secret: string, ahead = 0): string {
	const bits = [...secret]
		.map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"))
		.join("");
	const key = Buffer.from(bits.match(/.{8}/g)?.map((b) => Number.parseInt(b, 2)) ?? []);
	const step = Buffer.alloc(8);
	step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
	const hash = createHmac("sha1", key).update(step).digest();
	const at = (hash.at(-1) ?? 0) & 15;
	return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function signIn(page: Page, login: string, password: string): Promise<void> {
	await page.locator("input[name=login]").fill(login);
	await page.locator("input[name=password]").fill(password);
	await page.locator("form button[type=submit]").click();
}

test("a second factor is turned on, asked for at sign-in, and a recovery code helps once", async ({ page }) => {
	const town = readTown();
	const account = { name: "两步", role: "inspector", grid: "XS", password: "secret of the twosteps" };
	await call(town, town.sessions.admin ?? "", "PUT", "/v1/staff/twosteps", account);
	await page.setViewportSize(deskScreen);
	await page.goto("/admin?lang=zh#/account");
	await signIn(page, "twosteps", account.password);
	await page.getByRole("button", { name: "开启两步验证" }).click();
	const dialog = page.getByRole("dialog");
	await expect(dialog.getByRole("img", { name: "两步验证密钥" })).toBeVisible();
	const secret = ((await dialog.locator("code").textContent()) ?? "").replaceAll(" ", "");
	await dialog.getByLabel("登录密码").fill(account.password);
	await dialog.getByLabel("6 位数字").fill("000000");
	await dialog.getByRole("button", { name: "开启" }).click();
	await expect(dialog.getByText("验证码不对或已用过")).toBeVisible();
	await dialog.getByLabel("6 位数字").fill(codeOf(secret));
	await dialog.getByRole("button", { name: "开启" }).click();
	const codes = dialog.locator(".pl-codes code");
	await expect(codes).toHaveCount(10);
	const spare = (await codes.first().textContent()) ?? "";
	await dialog.getByRole("button", { name: "我已收好" }).click();
	await expect(page.getByText("已开启", { exact: true })).toBeVisible();

	await page.getByRole("button", { name: "退出", exact: true }).click();
	await signIn(page, "twosteps", account.password);
	await page.locator("input[name=code]").fill(spare);
	await page.locator("form button[type=submit]").click();
	await expect(page.getByText("恢复码剩余")).toBeVisible();
	await expect(page.locator("dd", { hasText: /^9$/ })).toBeVisible();

	await page.getByLabel("现在的密码").fill(account.password);
	await page.getByLabel("新密码", { exact: true }).fill("a sentence to remember");
	await page.getByLabel("新密码再输一遍").fill("a sentence to remember");
	await page.getByLabel(/手机验证器上的/).fill(codeOf(secret, 1)); // the one before is used up
	await page.getByRole("button", { name: "修改密码" }).click();
	await expect(page.getByText("密码已改")).toBeVisible();
	await page.getByRole("button", { name: "在所有设备上退出" }).click();
	await page.getByRole("button", { name: "全部退出" }).click();
	await expect(page.locator("input[name=login]")).toBeVisible();
});

test("a phone is added by a code that the desk sees taken, and revoked", async ({ page }) => {
	const town = readTown();
	await openDesk(page, "admin", "leader", { hash: "#/gates/M1-g1" });
	const drawer = page.getByRole("dialog", { name: "商城南门" });
	await drawer.getByRole("button", { name: "配一部手机" }).click();
	const dialog = page.getByRole("dialog", { name: "配一部手机" });
	await dialog.getByLabel("通道名称").fill("南门三道");
	await dialog.getByRole("button", { name: "生成登记码" }).click();
	await expect(dialog.getByRole("img", { name: "登记码" })).toBeVisible();
	const code = await dialog.locator(".pl-code").textContent();
	await call(town, "", "POST", "/v1/devices/enrol", { code });
	await expect(dialog.getByText("已绑定：商城南门 · 南门三道")).toBeVisible();
	await dialog.getByRole("button", { name: "完成" }).click();
	await expect(drawer.locator("li", { hasText: "南门三道" })).toContainText("使用中");
	await drawer.getByRole("button", { name: "停用 南门三道" }).click();
	await page.getByRole("dialog", { name: "停用这部手机" }).getByRole("button", { name: "停用" }).click();
	await expect(drawer.locator("li", { hasText: "南门三道" })).toContainText("已停用");
});

test("a policy is previewed, put in force and ended; a site says why it is shut", async ({ page }) => {
	const town = readTown();
	const site = { code: "PL1", name: "测试集市", kind: "market", grid: "A1" };
	await call(town, town.sessions.admin ?? "", "POST", "/v1/setup", { sites: [site] });
	await openDesk(page, "admin", "admin", { hash: "#/policies/new" });
	await page.getByRole("button", { name: "关闭集市" }).click();
	await page.getByLabel(/^依据/).fill("指挥部会议");
	await page.getByRole("combobox", { name: "加一个场所" }).fill("测试集市");
	await page.keyboard.press("Enter");
	await page.getByRole("button", { name: "预览影响" }).click();
	await expect(page.getByText("1 个场所")).toBeVisible();
	await expect(page.getByRole("row", { name: /测试集市/ })).toContainText("关停");
	await page.getByRole("button", { name: "下达，立即生效" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "下达" }).click();
	const policy = page.getByRole("dialog", { name: "关闭集市" });
	await expect(policy).toContainText("执行中");

	await page.goto("/admin?lang=zh#/sites/PL1");
	const drawer = page.getByRole("dialog", { name: "测试集市" });
	await expect(drawer).toContainText("措施改动，原为 开放");
	await drawer.getByRole("link", { name: "谁来会怎样" }).click();
	await expect(page.locator(".pl-verdict")).toContainText("不放行");

	await page.goto("/admin?lang=zh#/policies");
	await page
		.getByRole("row", { name: /关闭集市/ })
		.getByRole("link")
		.click();
	await policy.getByRole("button", { name: "现在结束" }).click();
	await page.getByRole("dialog", { name: "现在结束" }).getByRole("button", { name: "结束" }).click();
	await expect(policy).toContainText("已结束");
});

test("who may not change places and accounts is offered no change", async ({ page }) => {
	await openDesk(page, "admin", "inspector", { hash: "#/sites/V1" });
	const drawer = page.getByRole("dialog", { name: "佟道口村" });
	await expect(drawer).toContainText("现行规定");
	await expect(drawer.getByRole("button")).toHaveCount(1); // to close it
	await page.goto("/admin?lang=zh#/staff/leader");
	const person = page.getByRole("dialog", { name: "leader" });
	await expect(person).toContainText("这个岗位能做什么");
	await expect(person.getByRole("button")).toHaveCount(1);
});
