// A grid member's day on a phone without a network: two taps a task, all of it with the
// server once there is one, each exactly once.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { phoneScreen } from "./desk";
import { call, readTown, type Town, type Townsman } from "./town";

const as = (town: Town, who: string) => town.sessions[who] ?? "";

/** Somebody of the crowd under observation who asks for something, and a plan of disinfection. */
async function giveWork(town: Town): Promise<Townsman> {
	const who = town.people.at(-1);
	if (!who) {
		throw new Error("the town has no people");
	}
	await call(town, as(town, "medic"), "POST", "/v1/observations", {
		id: "grid-page-1",
		resident: who.id,
		leader: "leader",
		cadre: "grid",
		medic: "medic",
		ground: "close_contact",
		until: new Date(Date.now() + 5 * 86_400_000).toISOString(),
	});
	await call(town, as(town, "leader"), "PUT", "/v1/disinfections/plans", { site: "V2", rounds: { corridor: 1 } });
	const sheet = await call<string>(town, as(town, "enroller"), "GET", `/v1/sites/V1/sheet?resident=${who.id}`);
	const code = sheet.match(/PGH1(-[0-9A-Z]{4}){3}/)?.[0] ?? "";
	const { token } = await call<{ token: string }>(town, "", "POST", "/v1/activate", {
		code,
		tail: who.idNumber.slice(-4),
	});
	await call(town, token, "POST", "/v1/my/requests", {
		id: "grid-req-1",
		resident: who.id,
		kind: "medicine",
		text: "降压药",
	});
	return who;
}

async function openGrid(page: Page, lang = "zh"): Promise<void> {
	await page.setViewportSize(phoneScreen);
	await page.goto(`/grid?lang=${lang}`);
	await page.locator("input[name=login]").fill("grid-c1");
	await page.locator("input[name=password]").fill("secret of the grid-c1");
	await page.locator("form button[type=submit]").click();
	await expect(page.locator(".parts")).toBeVisible();
}

interface Today {
	readings: { resident: string }[];
	reports: { person: { id: string } }[];
	requests: { id: string; state: string; person: { id: string } }[];
	rounds: { site: string }[];
	homes: { missing: { door: string }[] };
}

test("a day without a network: two taps a task, then everything once", async ({ page, context }) => {
	const town = readTown();
	const who = await giveWork(town);
	// What is asked of somebody whose observation begins now follows from the hour: between noon
	// and two no reading, after ten in the evening nothing, nor a round of a plan that begins.
	const before = await call<Today>(town, as(town, "grid-c1"), "GET", "/v1/grid/C1/today");
	const reading = before.readings.some((r) => r.resident === who.id);
	const report = before.reports.some((r) => r.person.id === who.id);
	const round = before.rounds.some((r) => r.site === "V2");
	await openGrid(page);
	await page.evaluate(() => navigator.serviceWorker.ready);
	await page.reload();
	await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
	await expect(page.locator(".parts")).toBeVisible();
	await context.setOffline(true);
	// The session ends meanwhile: without a network that stops nobody's work.
	await page.evaluate((key) => {
		const session = JSON.parse(localStorage.getItem(key) ?? "");
		localStorage.setItem(key, JSON.stringify({ ...session, expires: Date.now() - 1_000 }));
	}, "passgate.grid.session");
	await page.reload();
	await expect(page.getByText("登录已过期")).toBeVisible();
	await expect(page.locator(".rows .row").filter({ hasText: who.name })).toHaveCount(Number(reading) + Number(report));

	const tap = async (name: string | RegExp, within = page.locator("body")) => {
		await within.getByRole("button", { name }).first().click();
	};
	if (reading) {
		await tap(new RegExp(`${who.name}.*(待测|漏测)`));
		await tap("36.5");
	}
	if (report) {
		await tap("报平安", page.locator(".row", { hasText: who.name }));
	}
	await tap(/需求/);
	await tap("办结", page.locator(".row", { hasText: who.name }));
	if (round) {
		await tap(/消毒/, page.locator(".parts"));
		await tap("已消毒");
	}
	await tap(/入户/);
	await tap(/^7-1-100/);
	await tap("已见到");
	await tap(/^7-1-101/);
	await tap("没人在家");
	await tap(/待上传/);
	await expect(page.locator(".rows .row")).toHaveCount(3 + Number(round) + Number(reading) + Number(report));
	await expect(page.locator(".top")).toContainText("离线");

	await context.setOffline(false);
	await page.clock.install();
	await page.clock.fastForward(12_000);
	await tap("刷新");
	await expect(page.locator(".none")).toContainText("都已上传", { timeout: 20_000 });
	const after = await call<Today>(town, as(town, "grid-c1"), "GET", "/v1/grid/C1/today");
	expect(after.requests.filter((r) => r.person.id === who.id)).toEqual([]);
	expect(after.rounds.filter((r) => r.site === "V2")).toEqual([]);
	const doors = after.homes.missing.map((h) => h.door);
	expect([doors.includes("7-1-100"), doors.includes("7-1-101")]).toEqual([false, true]);
	const diary = await call<{ readings: { temperature: number }[] }>(
		town,
		as(town, "grid"),
		"GET",
		`/v1/residents/${who.id}/readings`,
	);
	expect(diary.readings.map((r) => r.temperature)).toEqual(reading ? [36.5] : []);

	await tap("退出");
	await expect(page.locator("input[name=login]")).toBeVisible();
	const kept = await page.evaluate(
		() =>
			new Promise((found) => {
				const ask = indexedDB.open("passgate-grid");
				ask.onsuccess = () => {
					const all = ask.result.transaction("list").objectStore("list").getAll();
					all.onsuccess = () => found(all.result.length);
				};
			}),
	);
	expect(kept).toBe(0); // nobody's particulars stay on the phone
});

test("/grid keeps nobody out who cannot see well", async ({ page }) => {
	await openGrid(page, "en");
	for (const part of ["readings", "homes"]) {
		await page.locator(`.parts .${part}`).click();
		const { violations } = await new AxeBuilder({ page }).analyze();
		const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
		expect(serious.map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([]);
	}
});
