// Contacts become calls: one after the other by the keyboard, the number only when it is
// asked for; then the leader sees who refused, and gives them to somebody.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { idNumber } from "./build";
import { giveGround, openDesk } from "./desk";
import { call, readTown, type Town } from "./town";

const names = ["冯甲", "陈乙", "褚丙", "卫丁"];

/** A case of its own with four contacts, who rank in their order. */
async function caseWithContacts(town: Town): Promise<string> {
	const index = town.people[0]?.id ?? "";
	const made = { kind: "confirmed", title: "随访演练", person: index };
	const { code } = await call<{ code: string }>(town, town.sessions.medic ?? "", "POST", "/v1/cases", made);
	const ids: string[] = [];
	for (const [i, name] of names.entries()) {
		const row = { name, id_number: idNumber(960 + i), site: "V2", door: `9-9-96${i}`, phone: `1390000000${i}` };
		ids.push((await call<{ id: string }>(town, town.sessions.enroller ?? "", "POST", "/v1/residents", row)).id);
	}
	const contacts = ids.map((resident, i) => ({
		resident,
		hop: 1,
		exposure: 40 - i,
		kinds: ["venue"],
		last_met: new Date(Date.now() - 86_400_000).toISOString(),
		place: "M1",
	}));
	for (const id of ids) {
		const ground = { "Trace-Case": code, "Trace-Reason": encodeURIComponent("核实行程") }; // on the list is whom the case has to do with
		await call(town, town.sessions.tracer ?? "", "GET", `/v1/residents/${id}/trajectory`, undefined, ground);
	}
	const path = `/v1/cases/${code}/contacts`;
	await call(town, town.sessions.tracer ?? "", "POST", path, { index, contacts });
	return code;
}

async function accessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.filter((v) => v.impact === "serious" || v.impact === "critical")).toEqual([]);
}

test("a caller's round by the keyboard, and what is left for the leader", async ({ page, browser }) => {
	const code = await caseWithContacts(readTown());
	await openDesk(page, "trace", "tracer", { hash: `#/calls/${code}/now` });
	await giveGround(page);
	const who = page.locator(".call-who");
	await page.getByRole("button", { name: "下一个电话" }).press("Enter");
	await expect(who).toContainText("冯*");
	await expect(page.getByText("139 0000 0000")).toHaveCount(0);
	await page.keyboard.press("Enter"); // the button that shows the number has the focus
	await expect(page.locator(".call-number")).toContainText("139 0000 0000 冯甲");
	await accessible(page);
	await page.getByLabel("咳嗽").check();
	await page.keyboard.press("1");

	await expect(who).toContainText("陈*");
	await page.keyboard.press("2");
	await expect(who).toContainText("褚*");
	await page.keyboard.press("3"); // asks why first
	await expect(page.getByLabel("备注")).toBeFocused();
	await page.keyboard.type("不愿多说");
	await expect(page.getByLabel("备注")).toHaveValue("不愿多说");
	await page.keyboard.press("Alt+3");
	await expect(who).toContainText("卫*");
	await page.keyboard.press("4");
	await page.getByRole("button", { name: "提交，待第二人审批" }).press("Enter");
	await expect(page.locator(".call-idle")).toContainText("起有未接通的要再打");

	await page.getByRole("tab", { name: /全部名单/ }).click();
	await expect(page.locator(".numbers")).toContainText("已联系 1");
	const file = page.waitForEvent("download");
	await page.getByRole("button", { name: "CSV" }).click();
	expect((await file).suggestedFilename()).toContain(code);

	const leader = await (await browser.newContext()).newPage();
	await openDesk(leader, "trace", "leader", { hash: `#/calls/${code}?state=refused` });
	await leader.getByRole("row", { name: /褚\*/ }).locator("[role=cell], [role=gridcell], td").nth(2).click();
	const drawer = leader.getByRole("dialog");
	await expect(drawer).toContainText("不愿多说");
	await accessible(leader);
	await drawer.getByRole("button", { name: "指派…" }).click();
	const give = leader.getByRole("dialog", { name: "指派…" });
	await give.getByRole("combobox").fill("tracer2");
	await leader.keyboard.press("Enter");
	await give.getByRole("button", { name: "指派" }).click();
	await expect(leader.getByRole("tab", { name: "拒绝配合", exact: true })).toBeVisible(); // nobody is left there
	await leader.context().close();
});
