// The residents' page against the program: from the code on a household's sheet to
// a pass that a gate lets through, without a network, with a wrong clock, and what
// a household is told and can say.
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { call, newDevice, readTown, type Town, type Townsman } from "./town.ts";

let town: Town;
test.beforeAll(() => {
	town = readTown();
	const wasm = new URL(import.meta.resolve("zxing-wasm/reader/zxing_reader.wasm"));
	prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer as ArrayBuffer } });
});

/** Somebody of the town by name. */
function person(name: string): Townsman {
	const found = town.people.find((p) => p.name === name);
	if (!found) {
		throw new Error(`nobody is called ${name}`);
	}
	return found;
}

function session(login: string): string {
	return town.sessions[login] ?? "";
}

/** The activation code of somebody's household, from its printed sheet. */
async function codeOf(of: Townsman): Promise<string> {
	const path = `/v1/sites/${of.site}/sheet?resident=${of.id}`;
	const sheet = await call<string>(town, session("enroller"), "GET", path);
	return sheet.match(/PGH1-\w{4}-\w{4}-\w{4}/)?.[0] ?? "no code on the sheet";
}

/** Activates this phone, by the link of the sheet's picture. */
async function activate(page: Page, of: Townsman): Promise<void> {
	await page.goto(`/pass#a=${await codeOf(of)}`);
	await expect(page.locator("#code")).toHaveValue(/^PGH1-/);
	expect(page.url()).not.toContain("PGH1");
	await page.locator("#tail").fill(of.idNumber.slice(-4).toLowerCase());
	await page.locator("button[type=submit]").click();
	await expect(page.locator(".qr svg")).toBeVisible();
}

/** Reads the code off the screen, as a camera does. */
async function readScreen(page: Page): Promise<string> {
	const picture = await page.screenshot();
	const found = await readBarcodes(new Uint8Array(picture), { formats: ["QRCode"] });
	expect(found.map((f) => f.text)).toEqual([expect.stringMatching(/^PG1:/)]);
	return found[0]?.text ?? "";
}

interface Answer {
	decision: string;
	reason: string;
	person: { id: string } | null;
}

/** Scans a pass at a gate; scans of one test follow each other in time. */
async function scan(gate: string, pass: string, direction: "in" | "out"): Promise<Answer> {
	const { enrolCode } = await newDevice(town, gate);
	const { token } = await call<{ token: string }>(town, "", "POST", "/v1/devices/enrol", { code: enrolCode });
	return call<Answer>(town, token, "POST", "/v1/scans", {
		id: `pass-page-${Math.random().toString(36).slice(2)}`,
		occurred_at: new Date().toISOString(),
		pass,
		direction,
		temperature: 36.4,
		temperature_method: "wrist",
	});
}

/** Puts somebody's pass on the screen. */
async function choose(page: Page, name: string): Promise<void> {
	await page.locator(".people button", { hasText: name }).click();
	await expect(page.locator(".band h1")).toHaveText(name);
}

async function show(page: Page, screen: string): Promise<void> {
	await page.locator(`.tabs a[href="#${screen}"]`).click();
}

test("a household's code opens the page, and a gate lets its pass through", async ({ page }) => {
	await activate(page, person("陈强"));
	await expect(page.locator(".people button")).toHaveCount(2);
	await choose(page, "陈强");
	const first = await scan("V2-g1", await readScreen(page), "out");
	expect(first).toMatchObject({ decision: "pass", reason: "ok", person: { id: person("陈强").id } });
	await choose(page, "杨静");
	expect((await scan("V2-g1", await readScreen(page), "out")).person?.id).toBe(person("杨静").id);

	await show(page, "records");
	await expect(page.locator(".passage")).toHaveText([/出 · 大窦村口 36.4 °C/]);
	await page.getByRole("button", { name: "谁看过" }).click();
	await expect(page.locator(".reads li").first()).toContainText("许商街道办事处");
});

test("grandparents' household comes onto the same phone", async ({ page }) => {
	await activate(page, person("陈强"));
	await show(page, "more");
	await page.getByRole("link", { name: /添加另一户/ }).click();
	await page.locator("#code").fill((await codeOf(person("赵敏"))).toLowerCase().replace(/-/g, " "));
	await page.locator("#tail").fill(person("赵敏").idNumber.slice(-4));
	await page.getByRole("button", { name: "激活", exact: true }).click();
	await expect(page.locator(".people button")).toHaveCount(4);
	await choose(page, "𠮷田花");
	expect((await scan("V1-g1", await readScreen(page), "out")).person?.id).toBe(person("𠮷田花").id);
});

test("a wrong code is told before it is sent, a wrong document after", async ({ page }) => {
	const code = await codeOf(person("陈强"));
	await page.goto("/pass");
	await page.locator("#code").fill(code.slice(0, -1) + (code.endsWith("7") ? "8" : "7"));
	await page.locator("#tail").fill("0000");
	await page.locator("button[type=submit]").click();
	await expect(page.locator("#code-help")).toContainText("有一位不对");
	await page.locator("#code").fill(code);
	await page.locator("button[type=submit]").click();
	await expect(page.getByRole("alert")).toContainText("后四位不对");
	await expect(page.locator("#code")).toHaveValue(code);
});

test("with the network cut the page opens with a code that is good", async ({ page, context }) => {
	await activate(page, person("陈强"));
	await choose(page, "陈强");
	await page.evaluate(() => navigator.serviceWorker.ready);
	await page.reload();
	await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
	await context.setOffline(true);
	await page.reload();
	await expect(page.locator(".band h1")).toHaveText("陈强");
	await expect(page.locator(".note")).toContainText(/没有网络，通行码照常可用到/);
	const pass = await readScreen(page);
	expect(await scan("V2-g1", pass, "in")).toMatchObject({ decision: "pass", person: { id: person("陈强").id } });
});

test("a phone whose clock is 25 minutes fast shows a code that is good, and says so", async ({ page }) => {
	await page.clock.install({ time: Date.now() + 25 * 60_000 });
	await activate(page, person("杨静"));
	await expect(page.locator(".note")).toContainText("手机时间快了 25 分钟");
	await choose(page, "杨静");
	expect(await scan("V2-g1", await readScreen(page), "in")).toMatchObject({ decision: "pass", reason: "ok" });
});

test("whoever is under observation is told why, contests it, and gets an answer", async ({ page }) => {
	const who = person("杨静");
	await call(town, session("medic"), "PUT", `/v1/residents/${who.id}/status`, {
		status: "observation",
		ground: "returned_from_risk_area",
		until: new Date(Date.now() + 10 * 86_400_000).toISOString(),
		evidence: "车票",
	});
	await activate(page, who);
	await choose(page, "杨静");
	await show(page, "status");
	await expect(page.locator(".status-block")).toHaveText("医学观察");
	await expect(page.locator(".facts")).toContainText("从风险地区返回");
	await expect(page.locator(".facts")).toContainText("许商街道办事处");
	await page.getByRole("button", { name: "我要申诉" }).click();
	await page.locator("#contest").fill("我没有离开过本县。<b>真的</b>");
	await page.getByRole("button", { name: "提交申诉" }).click();
	await expect(page.getByRole("timer")).toContainText(/离答复期限还有 4[78]:/);
	await expect(page.locator("blockquote")).toHaveText("我没有离开过本县。<b>真的</b>");

	const { contests } = await call<{ contests: { id: string; text: string }[] }>(
		town,
		session("medic2"),
		"GET",
		"/v1/contests",
	);
	const mine = contests.find((c) => c.text.includes("真的"));
	const answer = { state: "upheld", answer: "购票记录显示 1 月 23 日往返一次。" };
	await call(town, session("medic2"), "POST", `/v1/contests/${mine?.id}/answer`, answer);
	await page.reload();
	await expect(page.locator(".answer")).toContainText(answer.answer);
	await expect(page.getByRole("timer")).toHaveCount(0);
});

test("the diary takes two readings a day, and a fever is answered with what to do", async ({ page }) => {
	await activate(page, person("杨静"));
	await choose(page, "杨静");
	await page.locator(".notes a").click(); // what is due is said on the pass
	await page.locator("#temperature").fill("36.45");
	await page.getByRole("button", { name: "记下来" }).click();
	await expect(page.locator("#temperature")).toHaveAttribute("aria-invalid", "true");
	await page.locator("#temperature").fill("366");
	await page.getByRole("button", { name: "咳嗽" }).click();
	await page.getByRole("button", { name: "记下来" }).click();
	await expect(page.locator(".diary .note")).toContainText("36.6 °C · 已记下");
	await expect(page.locator(".slots .done")).toContainText("36.6 °C");
	await page.getByRole("button", { name: "再记一次" }).click();
	await page.locator("#temperature").fill("37.8");
	await page.getByRole("button", { name: "记下来" }).click();
	await expect(page.locator(".diary .note.stop")).toContainText("37.8 °C · 发热");
	await expect(page.locator(".diary a.call")).toHaveAttribute("href", "tel:0531-84880000");
	await expect(page.locator(".days tbody tr").first()).toContainText("37.8");
});

test("a request goes to the grid member, and what became of it comes back", async ({ page }) => {
	await activate(page, person("杨静"));
	await show(page, "care");
	await page.getByRole("button", { name: "代买东西" }).click();
	await page.locator("#request").fill("大米 5 公斤");
	await page.getByRole("button", { name: "提交给网格员" }).click();
	await expect(page.locator(".requests > li")).toContainText("大米 5 公斤");
	const { requests } = await call<{ requests: { id: string; text: string }[] }>(
		town,
		session("grid"),
		"GET",
		"/v1/requests",
	);
	const mine = requests.find((r) => r.text === "大米 5 公斤");
	await call(town, session("grid"), "POST", `/v1/requests/${mine?.id}/take`, {});
	await page.reload();
	await expect(page.locator(".requests [aria-current=step]")).toContainText("已接单");
});

test("signing out wipes the phone, and the server forgets it", async ({ page }) => {
	const tokens: string[] = [];
	page.on("request", (r) => tokens.push(r.headers().authorization?.replace("Bearer ", "") ?? ""));
	await activate(page, person("陈强"));
	await show(page, "more");
	await page.getByRole("button", { name: "本手机退出这一户" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "退出", exact: true }).click();
	await expect(page.locator("#code")).toBeVisible();
	const kept = await page.evaluate(keptHere);
	expect(kept).not.toContain("pgr_");
	expect(kept).not.toContain("陈强");
	expect(kept).not.toContain("PG1:");
	const token = tokens.find((t) => t.startsWith("pgr_")) ?? "";
	await expect(call(town, token, "GET", "/v1/my/household")).rejects.toThrow("401");
});

test("a code that was renewed signs every phone out, and each says so", async ({ page }) => {
	await activate(page, person("赵敏"));
	await call(town, session("enroller"), "POST", `/v1/residents/${person("赵敏").id}/activation/renew`, {});
	await page.reload();
	await expect(page.locator(".note")).toContainText("10-2-301");
	expect(await page.evaluate(keptHere)).not.toContain("赵敏");
});

/** Everything that the page keeps, as text; runs in the page. */
async function keptHere(): Promise<string> {
	const kept: unknown[] = [{ ...localStorage }, { ...sessionStorage }];
	for (const { name } of await indexedDB.databases()) {
		const db = await new Promise<IDBDatabase>((opened, failed) => {
			const asked = indexedDB.open(name ?? "");
			asked.onsuccess = () => opened(asked.result);
			asked.onerror = () => failed(asked.error);
		});
		for (const store of db.objectStoreNames) {
			const rows = db.transaction(store).objectStore(store).getAll();
			await new Promise((read) => {
				rows.onsuccess = read;
			});
			kept.push(rows.result);
		}
		db.close();
	}
	return JSON.stringify(kept);
}
