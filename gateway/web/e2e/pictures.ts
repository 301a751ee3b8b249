// Takes the README's pictures from the real pages, the real program and a camera that
// sees a code: npm run pictures. That of the status page is of a service under load, which
// has to run already: PASSGATE_STATUS=http://127.0.0.1:9464 npm run pictures -- -g status
import { mkdirSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { liveADay } from "./day";
import { film, RATE, withCamera } from "./fakecamera";
import { begin, tapTemperature } from "./guard";
import { call, passOf, readTown } from "./town";

const folder = "../../deploy/pictures";

test("pictures", async ({ browserName: _ }, info) => {
	test.setTimeout(120_000);
	mkdirSync(folder, { recursive: true });
	const town = readTown();
	const [first] = town.people;
	if (!first) {
		throw new Error("the town has no people");
	}
	const { context, page, file } = await withCamera(info);
	const studio = await context.newPage();
	const { compact } = await passOf(town, first);
	await film(studio, file, [
		{ texts: [], frames: 8 * RATE },
		{ texts: [compact], frames: 8 * RATE },
	]);
	await studio.close();
	const take = (name: string, of: Page = page) => of.screenshot({ path: `${folder}/${name}.png` });

	await begin(page, town, "V1-g1");
	await expect(page.locator(".prompt")).toContainText("已扫码", { timeout: 30_000 });
	await take("lane");
	await tapTemperature(page, "36.5");
	await expect(page.locator(".verdict.green h1")).toBeVisible();
	await page.waitForTimeout(300);
	await take("go");
	await context.setOffline(true);
	await expect(page.locator(".prompt")).toContainText("已扫码", { timeout: 30_000 });
	await tapTemperature(page, "36.6");
	await expect(page.locator(".verdict")).toBeVisible();
	await page.getByRole("button", { name: "下一位" }).click();
	await expect(page.locator("header.status")).toContainText("离线");
	await take("offline");
	await context.setOffline(false);

	const sheet = await call<string>(
		town,
		town.sessions.enroller ?? "",
		"GET",
		`/v1/sites/V1/sheet?resident=${first.id}`,
	);
	const code = sheet.match(/PGH1(-[0-9A-Z]{4}){3}/)?.[0] ?? "";
	const resident = await context.newPage();
	await resident.goto(`/pass#a=${code}`);
	await resident.getByRole("textbox").last().fill(first.idNumber.slice(-4));
	await resident.getByRole("button", { name: /激活|开通|下一步|确定/ }).click();
	await expect(resident.locator("svg, canvas").first()).toBeVisible();
	await resident.waitForTimeout(1_500);
	await take("pass", resident);
	await context.close();
});

test("pictures of the desk", async ({ browser }) => {
	test.setTimeout(180_000);
	const town = await liveADay(3_000);
	try {
		const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale: "zh-CN" });
		const open = async (app: string, login: string, hash: string) => {
			const page = await context.newPage();
			await page.goto(`${town.url}/${app}${hash}`);
			await page.locator("input[name=login]").fill(login);
			await page.locator("input[name=password]").fill(`secret of the ${login}`);
			await page.locator("form button[type=submit]").click();
			await expect(page.locator("#main")).toBeVisible();
			return page;
		};
		const tracer = await open("trace", "tracer", `#/person/${town.people[0]?.id}`);
		await tracer.locator("form.ground input").fill("排查密接");
		await tracer.locator("form.ground button[type=submit]").click();
		await expect(tracer.locator("#main table").first()).toBeVisible();
		await tracer.screenshot({ path: `${folder}/timeline.png` });
		const leader = await open("admin", "leader", "#/bulletin");
		await expect(leader.locator(".bnumbers a").first()).toBeVisible();
		await leader.waitForTimeout(500);
		await leader.screenshot({ path: `${folder}/bulletin.png` });
		await context.close();
	} finally {
		await town.stop();
	}
});

test("picture of the status page", async ({ browser }) => {
	const url = process.env.PASSGATE_STATUS;
	test.skip(!url, "PASSGATE_STATUS names no running service");
	for (const [name, lang, width, height, colorScheme] of [
		["status", "zh", 1280, 1150, "light"],
		["status-en", "en", 1280, 1232, "dark"],
		["status-phone", "zh", 390, 844, "light"],
		["status-phone-en", "en", 390, 844, "dark"],
	] as const) {
		const page = await browser.newPage({ viewport: { width, height }, colorScheme });
		await page.goto(`${url}/?lang=${lang}`);
		await page.screenshot({ path: `${folder}/${name}.png` });
		await page.close();
	}
});
