// The live board against a program of its own: what passes a gate is on the open board
// within two seconds, and after a restart the board goes on by itself.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { idNumber } from "./build.ts";
import { deskScreen } from "./desk.ts";
import { long } from "./long.ts";
import { adminLogin, ended, freePort, program } from "./setup.ts";
import { call, newDevice, type Town } from "./town.ts";

/** A village with a gate, a phone and somebody who lives there. */
async function village(url: string, password: string): Promise<{ phone: string; resident: string }> {
	const at = { url };
	const signedIn = await call<{ token: string }>(at, "", "POST", "/v1/login", { login: "admin", password });
	const admin = signedIn.token;
	await call(at, admin, "POST", "/v1/setup", {
		grid: [
			{ id: "XS", name: "许商街道办事处", level: 1 },
			{ id: "A1", parent: "XS", name: "一管区", level: 2 },
		],
		sites: [{ code: "V1", name: "佟道口村", kind: "village", grid: "A1", temperature_on: "none" }],
		gates: [{ code: "V1-g1", name: "东门", site: "V1", open: true }],
	});
	const csv = `name,id_number,phone,site,door,grid\n王小明,${idNumber(1)},,V1,1-1-101,A1`;
	await call(at, admin, "POST", "/v1/residents/import", csv);
	const list = await call<string>(at, admin, "GET", "/v1/residents?site=V1", undefined, {
		Accept: "application/x-ndjson",
	});
	const town = { url, sessions: { admin } } as unknown as Town;
	const { enrolCode } = await newDevice(town, "V1-g1");
	const { token } = await call<{ token: string }>(at, "", "POST", "/v1/devices/enrol", { code: enrolCode });
	return { phone: token, resident: (JSON.parse(list.trim()) as { id: string }).id };
}

let scans = 0;

function scan(url: string, phone: string, who: Record<string, string>): Promise<unknown> {
	scans++;
	const body = { id: `board-${scans}000`, occurred_at: new Date().toISOString(), direction: "out", ...who };
	return call({ url }, phone, "POST", "/v1/scans", body);
}

/** By when news is on the board, ms. */
const LIMIT = long ? 2_000 : 20_000;

test("a scan is on the open board within 2 s, and a restart of the server heals", async ({ page }) => {
	const data = mkdtempSync(join(tmpdir(), "passgate-board-"));
	const port = await freePort();
	const url = `http://localhost:${port}`;
	const start = () =>
		spawn(program, ["serve", "--addr", `localhost:${port}`, "--metrics-addr", "localhost:0", "--data", data]);
	let server: ChildProcess = start();
	try {
		const { password } = await adminLogin(server);
		const { phone, resident } = await village(url, password);
		await page.setViewportSize(deskScreen);
		await page.goto(`${url}/admin?lang=zh#/board`);
		await page.locator("input[name=login]").fill("admin");
		await page.locator("input[name=password]").fill(password);
		await page.locator("form button[type=submit]").click();
		const row = page.getByRole("row").filter({ hasText: "佟道口村 东门" });
		await expect(row).toContainText("0 / 0");
		await expect(page.locator(".b-fresh")).toContainText("实时");

		const sent = Date.now();
		await scan(url, phone, { resident });
		await expect(row).toContainText("0 / 1", { timeout: LIMIT });
		console.log(`on the board after ${Date.now() - sent} ms`);
		await scan(url, phone, { pass: "PG1:NONSENSE", direction: "in" });
		await expect(page.locator(".b-feed li")).toContainText("码已损坏", { timeout: LIMIT });

		await row.getByRole("link").click(); // from the gate to the rows behind its counts
		await expect(page.getByRole("heading", { level: 1 })).toHaveText("佟道口村 东门");
		await expect(page.locator("#main")).toContainText("出 1 · 劝返 1");
		await expect(page.getByRole("link", { name: "今日通行明细" })).toHaveAttribute(
			"href",
			/^\/trace#\/gates\/V1-g1\?from=/,
		);
		await page.goBack();
		await expect(row).toContainText("0 / 1");

		await ended(server);
		await expect(page.locator(".b-fresh [role=status]")).toBeVisible();
		server = start();
		await expect(page.locator(".b-fresh")).toContainText("实时", { timeout: 20_000 });
		await scan(url, phone, { resident });
		await expect(row).toContainText("0 / 2", { timeout: 3000 });
	} finally {
		await ended(server);
		rmSync(data, { recursive: true, force: true });
	}
});
