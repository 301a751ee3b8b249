// The residents' page as it looks: every screen, both languages, normal and large
// type, phone and monitor; without a service worker as in WeChat, and over plain
// HTTP from a host that the browser does not trust. Nothing runs off the screen, the
// code is in view as a whole, nobody is kept out. The pictures lie in
// test-results/pass.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { chromiumArgs } from "../playwright.config.ts";
import { long } from "./long.ts";
import { fakeServer } from "./passfake.ts";

const host = "pass.test";

test.use({
	serviceWorkers: "block",
	launchOptions: {
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: [...chromiumArgs, `--host-resolver-rules=MAP ${host} localhost`],
	},
});

const sizes = {
	phone: { width: 360, height: 740 },
	monitor: { width: 1440, height: 900 },
	side: { width: 740, height: 360 },
};

/** Those of the plain run: the two that are searched for barriers, and a low screen. */
const usual = ["phone zh normal", "phone en large", "side zh normal"];

for (const [size, viewport] of Object.entries(sizes)) {
	for (const lang of ["zh", "en"]) {
		for (const type of size === "side" ? ["normal"] : ["normal", "large"]) {
			if (!long && !usual.includes(`${size} ${lang} ${type}`)) {
				continue;
			}
			test(`/pass on a ${size} in ${lang}, ${type} type`, async ({ page }) => {
				test.slow();
				await page.setViewportSize(viewport);
				await fakeServer(page);
				await walk(page, lang, type, `test-results/pass/${size}-${lang}-${type}`);
			});
		}
	}
}

/** Goes through all screens and looks at each. */
async function walk(page: Page, lang: string, type: string, pictures: string): Promise<void> {
	// Each screen is searched for barriers once: that takes seconds.
	const searched: Record<string, string> = {
		"phone-zh-normal": "activate pass status care more leave",
		"phone-en-large": "full pass-red contest history readers fever request",
	};
	const axe = (name: string) => (searched[pictures.split("/").pop() ?? ""] ?? "").split(" ").includes(name);
	const look = (name: string) => check(page, `${pictures}-${name}.png`, axe(name));
	const go = async (screen: string) => {
		await page.evaluate((hash) => {
			location.hash = hash;
		}, `#${screen}`);
		await expect(page.locator(`.tabs a[href="#${screen}"]`)).toHaveAttribute("aria-current", "page");
	};
	const server = new URL(process.env.PASSGATE_URL ?? "");
	await page.goto(`http://${host}:${server.port}/pass?lang=${lang}#a=PGH1-7K3M-Q9TD-W2X1`);
	expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
	if (type === "large") {
		await page.locator(".top button").first().click();
	}
	await look("activate");
	await page.locator("#tail").fill("123x");
	await page.locator("button[type=submit]").click();
	await expect(page.locator(".qr svg")).toBeInViewport({ ratio: 1 });
	await look("pass");
	await page.locator(".enlarge").click();
	await expect(page.locator(".qr svg")).toBeInViewport({ ratio: 1 });
	await look("full");
	await page.keyboard.press("Escape");
	await page.locator(".people button").nth(3).click();
	await look("pass-red");
	await page.locator(".people button").nth(1).click();
	await go("status");
	await look("contest");
	await page.locator(".people button").nth(2).click();
	await look("status");
	await go("records");
	await expect(page.locator(".passage")).toHaveCount(5);
	await look("history");
	await page.locator(".switch button").nth(1).click();
	await expect(page.locator(".reads li")).toHaveCount(2);
	await look("readers");
	await go("care");
	await expect(page.locator(".days tbody tr").first()).toBeVisible();
	await look("care");
	await page.locator("#temperature").fill("37.6");
	await page.locator(".diary button[type=submit]").click();
	await expect(page.locator(".diary .note.stop")).toBeVisible();
	await look("fever");
	await page.locator(".kinds button").first().click();
	await look("request");
	await page.keyboard.press("Escape");
	await go("more");
	await look("more");
	await page.locator(".family .danger").click();
	await look("leave");
}

async function check(page: Page, picture: string, axe: boolean): Promise<void> {
	await page.screenshot({ path: picture, animations: "disabled" });
	const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
	expect(over, `${picture} runs off the screen by (px)`).toBeLessThanOrEqual(0);
	if (!axe) {
		return;
	}
	const { violations } = await new AxeBuilder({ page }).analyze();
	const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
	expect(serious.map((v) => `${picture} ${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`)).toEqual([]);
}
