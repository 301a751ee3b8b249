// What holds for every page: its policy, its size, no other host, no server needed
// once it was there, no barrier for whoever cannot see well.
import AxeBuilder from "@axe-core/playwright";
import { type APIRequestContext, expect, type Page, test } from "@playwright/test";
import { long } from "./long";

const pages = ["/gate", "/pass"];

/** Counts what a page loads over the wire, and from where. */
async function load(page: Page, path: string): Promise<{ bytes: number; hosts: Set<string> }> {
	const seen = { bytes: 0, hosts: new Set<string>() };
	const cdp = await page.context().newCDPSession(page);
	await cdp.send("Network.enable");
	cdp.on("Network.loadingFinished", (e) => {
		seen.bytes += e.encodedDataLength;
	});
	cdp.on("Network.requestWillBeSent", (e) => {
		if (!/^(data|blob):/.test(e.request.url)) {
			seen.hosts.add(new URL(e.request.url).host);
		}
	});
	await page.goto(path);
	await page.waitForLoadState("networkidle");
	return seen;
}

/** Bytes over the wire of all that the page's worker fetches to work without the server. */
async function kept(request: APIRequestContext, path: string): Promise<number> {
	const worker = await request.get(`${path}-sw.js`);
	const list = [...(await worker.text()).matchAll(/url:\s*[`"'](\/[^`"']*)[`"']/g)].map((m) => m[1] ?? "");
	expect(list).toContain(path);
	let bytes = 0;
	for (const url of new Set([`${path}-sw.js`, ...list])) {
		const file = await request.fetch(url, { method: "HEAD", headers: { "Accept-Encoding": "br" } });
		bytes += Number(file.headers()["content-length"]);
	}
	return bytes;
}

for (const path of pages) {
	test(`${path} loads at most 1.5 MB the first time, from here alone`, async ({ page, baseURL, request }) => {
		const complaints: string[] = [];
		page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
		page.on("pageerror", (e) => complaints.push(String(e)));
		const { bytes, hosts } = await load(page, path);
		await page.evaluate(() => navigator.serviceWorker.ready);
		const all = await kept(request, path);
		const kib = (n: number) => `${(n / 1024).toFixed(0)} KiB`;
		console.log(
			`${path}: ${kib(bytes)} over the wire to be shown, ${kib(all)} with all that is kept for when the server is gone`,
		);
		expect(Math.max(bytes, all)).toBeLessThan(1_500_000);
		expect([...hosts]).toEqual([new URL(baseURL ?? "").host]);
		expect(complaints).toEqual([]);
	});

	test(`${path} works with the server gone, out of its cache`, async ({ page, context }) => {
		await page.goto(path);
		await page.evaluate(() => navigator.serviceWorker.ready);
		await page.reload();
		await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
		await context.setOffline(true);
		await page.reload();
		await expect(page.locator("#app")).not.toBeEmpty();
	});

	test(`${path} can be installed`, async ({ page }) => {
		await page.goto(path);
		const cdp = await page.context().newCDPSession(page);
		const { errors } = await cdp.send("Page.getAppManifest");
		expect(errors).toEqual([]);
		const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
		expect(installabilityErrors.filter((e) => e.errorId !== "in-incognito")).toEqual([]);
	});

	for (const lang of long ? ["zh", "en"] : ["zh"]) {
		test(`${path} in ${lang} keeps nobody out who cannot see well`, async ({ page }) => {
			await page.goto(`${path}?lang=${lang}`);
			await expect(page.locator("#app")).not.toBeEmpty();
			const { violations } = await new AxeBuilder({ page }).analyze();
			const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
			expect(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`)).toEqual([]);
		});
	}

	test(`${path} has no script in its HTML and a policy against any`, async ({ request }) => {
		const response = await request.get(path);
		const policy = response.headers()["content-security-policy"] ?? "";
		expect(policy).toContain("default-src 'none'");
		expect(policy).not.toContain("unsafe-inline");
		expect(await response.text()).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|style="/);
	});
}
