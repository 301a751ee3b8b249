// The operator's page: right figures, live, readable by everybody, from here alone.
import AxeBuilder from "@axe-core/playwright";
import { type APIRequestContext, expect, test } from "@playwright/test";
import { call, eventually, newDevice, readTown } from "./town";

test.describe.configure({ mode: "parallel" });

interface Status {
	state: string;
	since: string;
	times: number[];
	tiles: { id: string; lines: { key: string; points?: (number | null)[] }[] }[];
}

/** How many passes were too damaged to read, as the metrics count them. */
async function damaged(request: APIRequestContext, base: string): Promise<number> {
	const text = await (await request.get(`${base}/metrics`)).text();
	const series = text.matchAll(/^passgate_scans_total\{.*reason="malformed".*\} (\d+)$/gm);
	return [...series].reduce((sum, m) => sum + Number(m[1]), 0);
}

/** The same out of the page's denials a minute. */
function drawn(status: Status): number {
	const line = status.tiles.find((t) => t.id === "denials")?.lines.find((l) => l.key === "malformed");
	let [sum, before] = [0, Date.parse(status.since) / 1000];
	for (const [i, at] of status.times.entries()) {
		sum += ((line?.points?.[i] ?? 0) * (at - before)) / 60;
		before = at;
	}
	return sum;
}

test("the status page counts what gates do, without being loaded again", async ({ page, request, context }) => {
	const town = readTown();
	const complaints: string[] = [];
	const hosts = new Set<string>();
	page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
	page.on("pageerror", (e) => complaints.push(String(e)));
	page.on("request", (r) => hosts.add(new URL(r.url()).origin));
	await page.goto(town.status);
	await expect(page.locator("#verdict")).toContainText(/一切正常|件事/);
	await page.evaluate(() => Object.assign(window, { notLoadedAgain: true }));

	const { enrolCode } = await newDevice(town, "V1-g1", "状态道");
	const { token } = await call<{ token: string }>(town, "", "POST", "/v1/devices/enrol", { code: enrolCode });
	const before = await damaged(request, town.status);
	for (let i = 0; i < 7; i++) {
		const scan = { id: `status-${i}`, occurred_at: new Date().toISOString(), pass: "PG1:JUNK", direction: "in" };
		await call(town, token, "POST", "/v1/scans", scan);
	}
	const read = async () => (await (await request.get(`${town.status}/status.json`)).json()) as Status;
	const sum = await eventually(
		async () => drawn(await read()),
		(n) => n > before + 6.5,
	);
	expect(sum).toBeGreaterThan(before + 6.5);
	expect(sum).toBeLessThan((await damaged(request, town.status)) + 0.5);
	await expect(page.locator("#denials")).toContainText("码已损坏", { timeout: 8_000 });
	expect(await page.evaluate(() => "notLoadedAgain" in window)).toBe(true);
	expect(await page.locator("body").textContent()).not.toContain("佟道口");

	expect(complaints).toEqual([]);
	expect([...hosts]).toEqual([town.status]);
	await context.setOffline(true);
	await expect(page.locator("#stale")).toBeVisible();
});

for (const [lang, colorScheme, rules] of [
	["zh", "light", []],
	["en", "dark", ["color-contrast"]], // the rest is the same
] as const) {
	test(`the status page in ${lang} keeps nobody out, on a phone, ${colorScheme}`, async ({ page }) => {
		const town = readTown();
		await page.emulateMedia({ colorScheme });
		const answer = await page.goto(`${town.status}/?lang=${lang}`);
		expect(answer?.headers()["content-security-policy"]).toContain("default-src 'none'");
		const axe = new AxeBuilder({ page }).exclude("svg[role=img]");
		const { violations } = await (rules.length ? axe.withRules([...rules]) : axe).analyze();
		expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`)).toEqual([]);
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
		await page.locator("#latency + details summary").click();
		await page.getByRole("link", { name: "PassgateScansSlow" }).first().click();
		await expect(page.locator("pre")).toContainText("At the gates");
	});
}

test("the status page is of use without scripts", async ({ browser }) => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(readTown().status);
	await expect(page.locator("#gates")).toContainText("在用");
	await expect(page.locator("noscript meta[http-equiv=refresh]")).toHaveCount(1);
	await context.close();
});
