// One journey per role: what somebody of that role sits down for, with real clicks, in
// the time that a person takes (human.ts). Steps and times are printed.
import { expect, type Page, test } from "@playwright/test";
import { type DayTown, liveADay } from "./day";
import { deskScreen, phoneScreen } from "./desk";
import { Human } from "./human";
import { judge } from "./long";
import { writeMessyBook } from "./messybook";
import { call, readTown } from "./town";

let town: DayTown;

test.describe.configure({ mode: "serial" });

test.beforeAll(async () => {
	test.setTimeout(180_000);
	town = await liveADay(3_000);
});

test.afterAll(() => town?.stop());

/** Somebody of a role with the page before them; signing in is part of what they do. */
async function sitDown(page: Page, app: string, login: string, phone = false, url = town.url): Promise<Human> {
	const who = new Human(phone);
	await page.setViewportSize(phone ? phoneScreen : deskScreen);
	await page.goto(`${url}/${app}`);
	await who.type("账号", page.locator("input[name=login]"), login);
	await who.type("密码", page.locator("input[name=password]"), `secret of the ${login}`);
	await who.press("登录", page.locator("form button[type=submit]"), page.locator("#main"));
	return who;
}

function finish(name: string, who: Human, limit: number): void {
	console.log(who.table(`${name} (at most ${limit} s)`));
	judge(name, who.seconds, limit);
}

test("clerk: from the workbook to the printed sheets within 10 minutes", async ({ page }) => {
	const file = "test-results/名册.xlsx";
	const book = await writeMessyBook(file);
	await page.addInitScript(() => {
		window.print = () => document.documentElement.setAttribute("data-printed", "");
	});
	const who = await sitDown(page, "admin", "enroller", false, readTown().url); // whose villages the workbook is about
	await who.press(
		"打开导入",
		page.locator("#nav").getByRole("link", { name: "导入名册" }),
		page.locator(".people-drop"),
	);
	const filter = page.getByRole("group", { name: "按结果筛选" });
	await who.file("选文件", page.locator("input[type=file]"), file);
	await who.wait("预览", filter);
	await who.read("看结果", filter);
	await who.read("看不能导入的行", page.getByRole("grid", { name: "预览" }).locator(".rows [role=row]"), 10);
	await who.press("下载不能导入的", page.getByRole("button", { name: /下载不能导入的/ }));
	await who.press("导入", page.getByRole("button", { name: /^导入 \d+ 行/ }));
	await who.wait("导入完成", page.locator(".people-result"));
	await who.read("看结果", page.locator(".people-result"));
	await who.press("打印", page.getByRole("button", { name: "打印新登记家庭的通行证" }));
	await who.wait("打印对话框", page.locator("html[data-printed]"));
	await page.emulateMedia({ media: "print" });
	expect(await page.locator(".paper-host .card").count()).toBeGreaterThanOrEqual(book.people);
	await page.emulateMedia({ media: null });
	finish("clerk", who, 600);
});

test("tracer: from a name to the first call within 90 s", async ({ page }) => {
	const ill = town.people[0];
	const who = await sitDown(page, "trace", "tracer");
	const bar = page.locator("form.ground");
	await who.choose("案件", bar.locator("select"), town.kase);
	await who.type("理由", bar.locator("input"), "排查密接");
	await who.press("开始", bar.locator("button[type=submit]"), page.locator("div.ground"));
	const clock = new Human(); // from the name on
	await clock.type("姓名", page.getByRole("searchbox"), ill?.name ?? "");
	await clock.press("查找", page.getByRole("button", { name: "查找" }), page.locator("ul.found button"));
	await clock.read("查到的人", page.locator("ul.found button"));
	const same = page.locator("ul.found button").filter({ hasText: ill?.door ?? "" });
	await clock.press("选定", same.first(), page.getByRole("link", { name: "接触者" }).last());
	await clock.read("看轨迹", page.locator("#main table tbody tr"));
	const list = page.getByRole("grid", { name: "接触者" });
	await clock.press("接触者", page.locator("#main").getByRole("link", { name: "接触者", exact: true }).first(), list);
	await clock.read("看名单", list.locator(".rows [role=row]"));
	await clock.press("加入流调名单", page.getByRole("button", { name: /加入流调名单/ }));
	await clock.press("确定", page.getByRole("dialog").getByRole("button", { name: "加入名单" }));
	await clock.press(
		"去打电话",
		page.getByRole("link", { name: /去打电话/ }),
		page.getByRole("button", { name: /下一个电话/ }),
	);
	await clock.press("下一个电话", page.getByRole("button", { name: /下一个电话/ }), page.locator(".call-now"));
	await expect(page.locator(".call-who")).not.toBeEmpty();
	const mine = await call<{ call: { owner: string } | null }>(
		town,
		town.sessions.tracer ?? "",
		"GET",
		"/v1/calls/mine",
	);
	expect(mine.call).not.toBeNull();
	console.log(who.table("tracer, before: signing in and the ground"));
	finish("tracer", clock, 90);
});

test("leader: on the phone, from yesterday's bulletin to the rows behind a number within 30 s", async ({ page }) => {
	const who = await sitDown(page, "admin", "leader", true);
	const clock = new Human(true);
	await clock.wait("昨日通报", page.locator(".bulletin .btitle"));
	const number = page.locator(".bulletin a", { hasText: "劝返" }).first();
	await clock.wait("数字", number);
	await clock.read("看数字", page.locator(".bnumbers a"), 6);
	await clock.press("劝返", number, page.locator(".overlay.drawer .rows [role=row]"));
	await clock.read("看明细", page.locator(".overlay.drawer .rows [role=row]"));
	expect(await page.locator(".overlay.drawer .rows [role=row]").count()).toBe(7);
	console.log(who.table("leader, before: signing in"));
	finish("leader", clock, 30);
});

test("medic: from signing in to the first report of a fever within 60 s", async ({ page }) => {
	const ill = town.people.at(-1);
	for (const more of [{ id: "fever-one" }, { id: "fever-two", remeasure_of: "fever-one" }]) {
		await call(town, town.phone, "POST", "/v1/scans", {
			...more,
			resident: ill?.id,
			occurred_at: new Date().toISOString(),
			direction: "in",
			temperature: 38.4,
			temperature_method: "wrist",
		});
	}
	const who = await sitDown(page, "admin", "medic");
	await who.press(
		"发热病例",
		page.locator("#nav").getByRole("link", { name: "发热病例" }),
		page.locator("#main .tr.opens"),
	);
	await who.read("看名单", page.locator("#main .rows [role=row]"), 1);
	await who.press("打开", page.locator("#main .rows a").first(), page.locator("[aria-current=step]"));
	await who.read("看步骤", page.locator("[aria-current=step]"));
	await who.press(
		"记录一报",
		page.getByRole("button", { name: "记录一报" }),
		page.locator("main form button[type=submit]"),
	);
	await who.press("提交", page.locator("main form button[type=submit]"));
	await who.wait("二报", page.locator("[aria-current=step]", { hasText: "二报" }));
	finish("medic", who, 60);
});

test("inspector: an inspection with a finding within 90 s", async ({ page }) => {
	const who = await sitDown(page, "admin", "inspector");
	await who.press("检查记录", page.locator("#nav").getByRole("link", { name: "检查记录" }), page.locator("#main"));
	const site = page.getByRole("combobox", { name: "场所" });
	await who.press("登记检查", page.getByRole("link", { name: "登记检查" }), site);
	await who.type("场所", site, "许商购物中心");
	await page.keyboard.press("Enter");
	await who.press("不合格", page.getByRole("group", { name: "食堂分餐" }).getByLabel("不合格", { exact: true }));
	await who.type("问题", page.getByLabel("问题"), "仍围桌就餐");
	await who.press("其余全部合格", page.getByRole("button", { name: "其余全部合格" }));
	await who.press("登记", page.getByRole("button", { name: "登记", exact: true }));
	await who.wait("隐患", page.getByRole("link", { name: "仍围桌就餐" }));
	finish("inspector", who, 90);
});

test("pharmacist: a purchase of fever medicine within 90 s", async ({ page }) => {
	const who = await sitDown(page, "admin", "pharmacist");
	const medicines = page.getByLabel("药名");
	await who.press("登记购药", page.locator("#nav").getByRole("link", { name: "登记退热药购买" }), medicines);
	await who.type("身份证号", page.getByLabel(/购买人身份证号/), town.people[1]?.idNumber ?? "");
	await who.type("药名", medicines, "布洛芬");
	await who.press("登记", page.getByRole("button", { name: "登记并上报" }), page.locator(".toasts p"));
	await expect(page.locator(".toasts")).toContainText("已登记");
	finish("pharmacist", who, 90);
});

test("auditor: who asked where somebody was, within 60 s", async ({ page }) => {
	const who = await sitDown(page, "admin", "auditor");
	const actor = page.getByRole("combobox", { name: "谁" });
	await who.press("审计", page.locator("#nav").getByRole("link", { name: "审计" }), actor);
	await who.type("谁", actor, "陈流调");
	await page.keyboard.press("Enter");
	const rows = page.locator("#main .rows [role=row]", { hasText: "陈流调" });
	await who.wait("记录", rows);
	await who.read("看记录", rows, 2);
	finish("auditor", who, 60);
});

test("grid member: a home on the phone, from opening the page within 45 s", async ({ page }) => {
	const who = await sitDown(page, "grid", "grid", true);
	await who.press("入户", page.locator(".parts .homes"), page.locator(".doors button"));
	await who.press("门牌", page.locator(".doors button").first(), page.locator(".sheet"));
	await who.press("已见到", page.getByRole("button", { name: "已见到" }), page.locator(".undo"));
	finish("grid member", who, 45);
});
