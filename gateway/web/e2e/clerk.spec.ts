// The clerk's screens: a messy workbook to printed passes, a visitor's permit.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { openDesk } from "./desk";
import { writeMessyBook } from "./messybook";
import { call, eventually, readTown } from "./town";

// The decoder's program comes from the package, from nowhere else.
const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(readFileSync(wasm)).buffer } });

interface Permit {
	state: string;
	person: { name_masked: string };
}

/** What a decoder reads in the picture of something. */
async function decoded(what: Locator): Promise<string> {
	const found = await readBarcodes(await what.screenshot(), { formats: ["QRCode"] });
	return found[0]?.text ?? "";
}

/** window.print() says that it was called, and what is to be printed stays until a print. */
async function watchPrinting(page: Page): Promise<void> {
	await page.addInitScript(() => {
		window.print = () => document.documentElement.setAttribute("data-printed", "");
	});
}

test("a messy workbook becomes people, reasons and passes on paper", async ({ page }) => {
	const file = "test-results/居民.xlsx";
	const book = await writeMessyBook(file, 700);
	await watchPrinting(page);
	await openDesk(page, "admin", "enroller", { hash: "#/import" });
	await page.locator("input[type=file]").setInputFiles(file);

	// What would happen: nothing yet, and each row that cannot go in says why.
	const filter = page.getByRole("group", { name: "按结果筛选" });
	await expect(filter).toContainText(`不能导入 ${book.refused}`);
	await expect(filter).toContainText(`新增 ${book.people}`);
	await expect(filter).toContainText(`重复 ${book.twice}`);
	const rows = page.getByRole("grid", { name: "预览" }).locator(".rows [role=row]");
	await expect(rows).toHaveCount(book.refused);
	for (const why of ["只保留前 15 位", "15 位旧身份证号", "没有这个村居", "校验位不符"]) {
		await expect(rows.filter({ hasText: why })).toHaveCount(1);
	}
	const download = page.waitForEvent("download");
	await page.getByRole("button", { name: `下载不能导入的 ${book.refused} 行` }).click();
	const csv = await readFile(await (await download).path(), "utf8");
	expect(csv.trim().split("\n")).toHaveLength(book.refused + 1);

	await page.getByRole("button", { name: `导入 ${book.people} 行` }).click();
	await expect(page.locator(".people-result")).toContainText(`新增 ${book.people} 人`);
	await page.getByRole("button", { name: "打印新登记家庭的通行证" }).click();
	await page.locator("html[data-printed]").waitFor();

	// On paper: everybody's pass, in the site's own print, and nothing of the desk.
	await page.emulateMedia({ media: "print" });
	const cards = page.locator(".paper-host .card");
	expect(await cards.count()).toBeGreaterThanOrEqual(book.people);
	await expect(page.locator(".desk")).toBeHidden();
	expect(await decoded(cards.filter({ hasText: book.somebody }).first().locator(".qr"))).toMatch(/^PG1:/);
	const pages = await page.locator(".paper-host .page").count();
	const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
	expect(pdf.match(/\/Type\s*\/Page\b(?!s)/g)).toHaveLength(pages);
	expect(pdf).toMatch(/\/MediaBox \[0 0 59[45][\d.]* 84[12][\d.]*\]/);
	await expect(page.locator(".paper-host")).toHaveCount(0); // the desk is back
	await page.emulateMedia({ media: null });

	// Dropped again, the same list changes nothing.
	await page.getByRole("button", { name: "换一个文件" }).click();
	await page.locator("input[type=file]").setInputFiles(file);
	await expect(filter).toContainText(`不变 ${book.people}`);
	await expect(filter).toContainText("新增 0");
});

test("a visitor's permit is issued to a host who is found by name, shown as a code and withdrawn", async ({ page }) => {
	const town = readTown();
	const host = town.people.find((p) => p.name === "王小明");
	await openDesk(page, "admin", "grid", { hash: "#/visitors" });
	await page.getByRole("button", { name: "签发访客证" }).click();
	const form = page.getByRole("dialog");
	await form.getByLabel("访客姓名").fill("来客甲");
	await form.getByLabel("手机号", { exact: false }).first().fill("13800138111");
	await form.getByRole("combobox").first().fill("佟道口");
	await page.keyboard.press("Enter");
	await form.getByRole("searchbox").fill(host?.name ?? "");
	await page.keyboard.press("Enter");
	await form.locator("ul.found button").first().click();
	await form.locator("button[type=submit]").click();
	const drawer = page.locator(".overlay.drawer");
	await expect(drawer).toContainText("来*甲");
	expect(await decoded(drawer.locator(".qrcode"))).toMatch(/^PG1:/);
	await drawer.getByRole("button", { name: "撤销" }).click();
	await page.getByRole("dialog").last().locator("button[type=submit]").click();
	await expect(drawer).toContainText("已结束");
	const left = await eventually(
		() => call<{ permits: Permit[] }>(town, town.sessions.grid ?? "", "GET", `/v1/permits?host=${host?.id}`),
		({ permits }) => permits.some((p) => p.state === "ended"),
	);
	const ours = left.permits.filter((p) => p.person.name_masked === "来*甲");
	expect(ours.map((p) => p.state)).toEqual(["ended"]);
});
