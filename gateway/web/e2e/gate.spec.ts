// The guard's page against the real server: from enrolment to verdicts of every
// colour, without a network, with a wrong clock, for those without a code.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { begin, scan, tapTemperature, typeTemperature } from "./guard";
import { judge, long } from "./long";
import { eventsAt, eventually, newDevice, passOf, readTown, type Town, type Townsman } from "./town";

const town = readTown();

/** Somebody of the crowd of V1; each test has people of its own. */
function villager(n: number): Townsman {
	const person = town.people.filter((p) => p.name.startsWith("孙"))[n];
	if (!person) {
		throw new Error("the town has too few people");
	}
	return person;
}

async function show(page: Page, person: Townsman, at: Town = town): Promise<void> {
	await scan(page, (await passOf(at, person)).compact);
}

test("enrolment, shift, code, temperature: green, on record once, and ready for the next by itself", async ({
	page,
}) => {
	await begin(page, town, "V1-g1", { fades: true });
	await show(page, villager(0));
	await expect(page.locator(".prompt")).toContainText("点体温");
	await tapTemperature(page, "36.5");
	await expect(page.locator(".verdict.green h1")).toHaveText("放行");
	// Marked when it is painted, a frame after it is there.
	await expect
		.poll(() => page.evaluate(() => performance.getEntriesByName("passgate:verdict").length))
		.toBeGreaterThan(0);
	await expect(page.locator(".direction")).toBeVisible();
	const mine = await eventually(
		async () => (await eventsAt(town, "V1-g1")).filter((e) => e.person?.id === villager(0).id),
		(e) => e.length === 1,
	);
	expect(mine).toMatchObject([{ direction: "in", decision: "pass", temperature: 36.5 }]);
});

test("a temperature read first needs no tap after the code", async ({ page }) => {
	await begin(page, town, "V1-g1");
	await tapTemperature(page, "36.4");
	await show(page, villager(1));
	await expect(page.locator(".verdict.green")).toBeVisible();
});

test("a high reading asks for a second, which waits beside the lane; the second high one holds the person and phones", async ({
	page,
}) => {
	await begin(page, town, "V1-g1");
	await show(page, villager(2));
	await typeTemperature(page, "37.8");
	await expect(page.locator(".verdict h1")).toHaveText("复测体温");
	await expect(page.locator(".countdown b")).toHaveText(/^\d+:\d\d$/);
	await page.getByRole("button", { name: "稍后" }).click();
	await show(page, villager(3));
	await tapTemperature(page, "36.6");
	await expect(page.locator(".verdict.green")).toBeVisible();
	await page.getByRole("button", { name: "下一位" }).click();
	await page.locator(".awaited button").click();
	await page.getByRole("button", { name: "腕温" }).click();
	await typeTemperature(page, "37.9");
	await expect(page.locator(".verdict.red h1")).toHaveText("就地等候");
	await expect(page.locator(".call")).toHaveAttribute("href", "tel:053184880000");
	// It stays, whatever is shown to it, until it is acknowledged.
	await show(page, villager(4));
	await expect(page.locator(".verdict.red h1")).toHaveText("就地等候");
	await page.getByRole("button", { name: "知道了" }).click();
	await expect(page.locator(".direction")).toBeVisible();
});

test("an emergency passes in two taps, and a scan is taken back", async ({ page }) => {
	await begin(page, town, "V1-g1");
	await page.getByRole("button", { name: "紧急" }).click();
	await page.getByRole("button", { name: "急救" }).click();
	await expect(page.locator(".verdict h1")).toHaveText("注意放行");
	await page.getByRole("button", { name: "下一位" }).click();
	await show(page, villager(5));
	await tapTemperature(page, "36.5");
	await page.getByRole("button", { name: "撤销" }).click();
	await expect(page.locator(".notice")).toHaveText("已撤销");
	await page.getByRole("button", { name: "菜单" }).click();
	await page.getByRole("button", { name: "最近" }).click();
	await expect(page.locator(".recent li").first()).toContainText("已撤销");
	await page.goBack(); // the phone's own key closes the screen, not the gate
	await expect(page.locator(".direction")).toBeVisible();
});

test("somebody without a code is found by name, or written down, within 20 s", async ({ page }) => {
	await begin(page, town, "V1-g1");
	await page.getByRole("button", { name: "查人" }).click();
	await page.locator("[name=query]").fill("王小明");
	await page.locator(".found button").first().click();
	await tapTemperature(page, "36.5");
	await expect(page.locator(".verdict.green")).toBeVisible();
	await page.getByRole("button", { name: "下一位" }).click();

	const from = Date.now();
	let taps = 0;
	const tap = async (name: string) => {
		taps += 1;
		await page.getByRole("button", { name }).click();
	};
	await tap("手写");
	await page.locator("[name=name]").pressSequentially("周大海");
	await page.locator("[name=tail]").pressSequentially("123x");
	await tap("下一步");
	await tap("36.6 °C");
	await expect(page.locator("main.verdict")).toHaveAttribute("data-reason", "outsider");
	// A second for each tap, and for each of the seven characters.
	judge("written down, ms", Date.now() - from + (taps + 7) * 1000, 20_000);
	// Nobody of this town: the visit is registered with the words that are there already.
	await page.getByRole("button", { name: "登记来访" }).click();
	await expect(page.locator("[name=name]")).toHaveValue("周大海");
});

test("a visitor is registered within 20 s, gets a code and is let in by it", async ({ page }) => {
	await begin(page, town, "V1-g1");
	await page.getByRole("button", { name: "手写" }).click();
	await page.getByRole("button", { name: "来访" }).click();
	const from = Date.now();
	await page.locator("[name=name]").fill("孙八");
	await page.locator("[name=contact]").fill("13800138000");
	await page.locator("[name=host]").fill("3-1-101");
	await page.locator(".found button").first().click();
	await page.getByRole("button", { name: "登记", exact: true }).click();
	await expect(page.locator(".qr")).toBeVisible();
	await page.getByRole("button", { name: "现在登记通行" }).click();
	await tapTemperature(page, "36.5");
	await expect(page.locator("main.verdict")).toHaveAttribute("data-reason", "ok");
	// Two seconds for the name, four for the number, two for the door, one for each of four taps.
	judge("a visitor registered, ms", Date.now() - from + 12_000, 20_000);
});

test("a car: several codes, a plate by keys, a reading for each, one answer", async ({ page }) => {
	await begin(page, town, "V1-g1");
	await page.getByRole("button", { name: "车辆" }).click();
	await show(page, villager(6));
	await show(page, villager(7));
	await expect(page.locator(".riders li")).toHaveCount(2);
	await tapTemperature(page, "36.5");
	await tapTemperature(page, "36.7");
	await page.getByRole("button", { name: "输车牌" }).click();
	for (const key of "鲁A12345") {
		await page.locator(".keys").getByRole("button", { name: key, exact: true }).click();
	}
	await page.getByRole("button", { name: "确认" }).click();
	await page.getByRole("button", { name: "登记全车 2 人" }).click();
	await expect(page.locator(".each li")).toHaveCount(2);
	await expect(page.locator(".verdict.green h1")).toHaveText("放行");
});

test("offline: says so, takes 20, survives a reload, and uploads each once when the network is back", async ({
	page,
	context,
}) => {
	test.setTimeout(120_000);
	await begin(page, town, "V1-g1");
	await page.evaluate(() => navigator.serviceWorker.ready);
	// A phone that knows rules and list goes on alone; they come last.
	const listed = page.waitForResponse((r) => r.url().includes("/v1/revocations"), { timeout: 60_000 });
	await page.reload();
	await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
	await expect(page.locator(".direction")).toBeVisible();
	await (await listed).finished();
	const people = Array.from({ length: 20 }, (_, i) => villager(10 + i));
	const codes: string[] = [];
	for (const person of people) {
		codes.push((await passOf(town, person)).compact);
	}
	await context.setOffline(true);
	for (const code of codes) {
		await scan(page, code);
		await tapTemperature(page, "36.5");
		await expect(page.locator(".verdict.green")).toHaveAttribute("data-by", "offline");
		await page.getByRole("button", { name: "下一位" }).click();
	}
	await expect(page.locator(".status")).toContainText("离线");
	await expect(page.locator(".status")).toContainText("待传 20");
	await page.reload();
	await expect(page.locator(".status")).toContainText("待传 20");
	await context.setOffline(false);
	await expect(page.locator(".status")).not.toContainText("待传", { timeout: 60_000 });
	await expect(page.locator(".status")).toContainText("在线");
	const ids = new Set(people.map((p) => p.id));
	const events = await eventually(
		async () => (await eventsAt(town, "V1-g1")).filter((e) => ids.has(e.person?.id ?? "")),
		(e) => e.length >= 20,
	);
	expect(events).toHaveLength(20);
	expect(new Set(events.map((e) => e.person?.id)).size).toBe(20);
	expect(events.every((e) => e.flags.includes("late") && !e.flags.includes("conflict"))).toBe(true);
});

test("a phone whose clock is ten minutes fast says so and still records the right time", async ({ page }) => {
	await page.clock.install({ time: Date.now() + 600_000 });
	await begin(page, town, "V1-g1");
	await expect(page.locator(".page > .note.warn")).toContainText("快了 10 分钟");
	await show(page, villager(31));
	await tapTemperature(page, "36.5");
	await expect(page.locator(".verdict.green")).toBeVisible();
	const mine = await eventually(
		async () => (await eventsAt(town, "V1-g1")).filter((e) => e.person?.id === villager(31).id),
		(e) => e.length === 1,
	);
	expect(Math.abs(Date.parse(mine[0]?.occurred_at ?? "") - Date.now())).toBeLessThan(60_000);
});

test("what is no code of ours has a screen of its own, and a good code replaces it", async ({ page }) => {
	await begin(page, town, "V1-g1");
	await scan(page, "https://pay.example/x");
	await expect(page.locator(".trouble")).toHaveAttribute("data-trouble", "not_our_code");
	await show(page, villager(32));
	await expect(page.locator(".prompt")).toContainText("点体温");
});

test("hand-over: what was noted is what the next guard reads", async ({ page }) => {
	await begin(page, town, "V1-g1");
	await page.getByRole("button", { name: "菜单" }).click();
	await page.getByRole("button", { name: "交班" }).click();
	await page.locator("[name=note]").fill("额温枪快没电");
	await page.getByRole("button", { name: "交班下岗" }).click();
	await expect(page.locator("blockquote")).toContainText("额温枪快没电");
});

test("a page of the paper log is typed back", async ({ page, request }) => {
	await begin(page, town, "V1-g1");
	const headers = { Authorization: `Bearer ${town.sessions.enroller}` };
	const html = await (await request.get("/v1/gates/V1-g1/paper?pages=1", { headers })).text();
	const code = /PGL1-[\w-]+/.exec(html)?.[0] ?? "";
	await scan(page, code);
	await page.locator("[name=time]").fill("0001");
	await page.locator("[name=who]").fill("赵六");
	await page.locator("[name=temperature]").fill("365");
	await page.getByRole("button", { name: "记下这一行" }).click();
	await page.getByRole("button", { name: "提交 1 行" }).click();
	await expect(page.locator(".note")).toContainText("已入库 1 行");
});

test("over plain HTTP the page takes photos, and says what is missing and where to get it", async ({
	page,
	baseURL,
}) => {
	const { hostname, port } = new URL(baseURL ?? "");
	await page.addInitScript(() => Object.defineProperty(window, "isSecureContext", { value: false }));
	await page.goto(`http://${hostname}:${port}/gate`);
	await expect(page.locator(".nocamera")).toContainText("离线");
	await expect(page.locator(".nocamera a")).toHaveAttribute("href", "/ca");
	await expect(page.locator(".photo input")).toHaveAttribute("capture", "environment");
});

test("no screen keeps anybody out who cannot see well", async ({ page }) => {
	await begin(page, town, "V1-g1", { query: "?lang=zh" });
	const clean = async (what: string) => {
		const { violations } = await new AxeBuilder({ page }).analyze();
		const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
		const told = serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`);
		expect(told, what).toEqual([]);
	};
	await clean("lane");
	for (const key of [1, 2, 3].slice(0, long ? 3 : 1).map((n) => `.tools button:nth-child(${n})`)) {
		await page.locator(key).click();
		await clean(key);
		await page
			.locator(key === ".tools button:nth-child(1)" ? ".prompt + .keypad .pair button" : ".sheet header button")
			.first()
			.click();
	}
	await page.locator(".status button").first().click();
	await clean("menu");
	await page.goBack();
	await show(page, villager(40));
	await tapTemperature(page, "36.5");
	await expect(page.locator(".verdict.green")).toBeVisible();
	await clean("green");
	await page
		.locator(".follow .main")
		.click({ timeout: 1000 })
		.catch(() => undefined);
	await scan(page, "https://pay.example/x");
	await expect(page.locator(".trouble")).toBeVisible();
	await clean("trouble");
});

test("a device that was switched off lets nobody pass and says whom to ask", async ({ page }) => {
	const code = await begin(page, town, "V1-g1");
	const gone = await fetch(`${town.url}/v1/devices/${code}`, {
		method: "DELETE",
		headers: { Authorization: `Bearer ${town.sessions.leader}` },
	});
	expect(gone.ok).toBe(true);
	await show(page, villager(42));
	// The phone hears of it by the answer to this scan or by itself, whichever is first.
	await expect(async () => {
		await page
			.getByRole("button", { name: "36.5 °C" })
			.click({ timeout: 500 })
			.catch(() => undefined);
		await expect(page.locator(".verdict.device h1")).toHaveText("本机已停用", { timeout: 500 });
	}).toPass();
});

test("an enrolment code works once and says so the second time", async ({ page, browser }) => {
	const { enrolCode } = await newDevice(town, "V1-g1");
	await page.goto("/gate");
	await page.locator("[name=code]").fill(enrolCode);
	await page.getByRole("button", { name: "登记本机" }).click();
	await expect(page.locator(".page.no_shift")).toBeVisible();
	const other = await (await browser.newContext()).newPage();
	await other.goto(`${town.url}/gate`);
	await other.locator("[name=code]").fill(enrolCode);
	await other.getByRole("button", { name: "登记本机" }).click();
	await expect(other.locator(".problem")).toContainText("已用过或已过期");
	await other.context().close();
});
