// A household with everything that can be said of one, for looking at the
// residents' page: it answers in the place of the server.
import type { Page, Route } from "@playwright/test";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const STEP = 300_000;
/** The example of codes/doc.go. */
const COMPACT =
	"PG1:36042IGC3%+OHJ51$JV1O+%FUQ3B:4KR0PAGMR0/FR O3U6Q-ULV-E6X6+OB:ACTVN41OUPQ5*1B0FFWOT5SGD587EQUOZZA8Q5WFK4NNEFR+T3M1J8$9 -T3$1%XC3ED34SMFCSAPF25:17C0";

const iso = (ms: number) => new Date(ms).toISOString();
const text = (zh: string, en: string) => ({ zh, en });
const midnight = () => Math.floor((Date.now() + 8 * HOUR) / DAY) * DAY - 8 * HOUR;

function member(n: number, name: string, status: string, word: { zh: string; en: string }, more: object = {}) {
	return {
		id: `040000000000000${n}`,
		name,
		kind: "resident",
		status,
		status_text: word,
		ground: "",
		ground_text: text("", ""),
		since: null,
		until: null,
		by_office: "",
		contest: null,
		observed: null,
		...more,
	};
}

function reading(at: number, slot: "am" | "pm", temperature: number) {
	const fever = temperature >= 37.3;
	const symptoms = fever ? ["cough"] : [];
	return { id: `r${at}`, at: iso(at), slot, temperature, symptoms, note: "", fever, advice: text("", "") };
}

function diary() {
	const list = [];
	for (let day = 5; day >= 1; day--) {
		list.push(reading(midnight() - day * DAY + 8 * HOUR, "am", 36.3 + day / 10));
		if (day !== 4) {
			list.push(reading(midnight() - day * DAY + 18 * HOUR, "pm", day === 3 ? 37.5 : 36.6));
		}
	}
	return list;
}

function household() {
	const now = Date.now();
	return {
		now: iso(now),
		site: { code: "V1", name: "佟道口村" },
		door: "3-1-101",
		office: { name: "许商街道办事处", phone: "0531-84880000" },
		members: [
			member(1, "王小明", "green", text("绿码", "Green")),
			member(2, "李秀英", "yellow", text("黄码", "Yellow"), {
				ground_text: text("密切接触者", "Close contact of a case"),
				since: iso(now - 2 * DAY),
				until: iso(now + 5 * DAY),
				by_office: "许商街道办事处",
				contest: {
					id: "c1",
					state: "open",
					opened_at: iso(now - 20 * HOUR),
					due_at: iso(now + 28 * HOUR),
					text: "我和那个人没有见过面,当天我在家,邻居可以证明。",
				},
			}),
			member(3, "王子涵", "observation", text("医学观察", "Observation"), {
				ground_text: text("从风险地区返回", "Back from an area at risk"),
				since: iso(now - 6 * DAY),
				until: iso(now + 8 * DAY),
				by_office: "佟道口社区",
				contest: {
					id: "c2",
					state: "upheld",
					opened_at: iso(now - 60 * HOUR),
					due_at: iso(now - 12 * HOUR),
					text: "我 1 月 20 日以后没有离开过本县。",
					answer: "核对了铁路购票记录,1 月 23 日有一次往返,维持原状态。",
					answered_at: iso(now - 30 * HOUR),
				},
				observed: {
					from: iso(midnight() - 5 * DAY + 6 * HOUR),
					until: iso(midnight() + 8 * DAY),
					readings_due: ["am"],
					today: [],
				},
			}),
			member(4, "爱新觉罗·𠮷祥阿不都热依木", "red", text("红码", "Red"), {
				ground_text: text("检测阳性", "Positive test"),
				since: iso(now - DAY),
				until: iso(now + 13 * DAY),
				by_office: "许商街道办事处",
			}),
		],
		phones: [
			{ id: "p1", name: "iPhone", activated_at: iso(now - DAY), last_seen: iso(now), this: true },
			{ id: "p2", name: "HUAWEI", activated_at: iso(now - 9 * DAY), last_seen: iso(now - DAY), this: false },
		],
	};
}

function passes() {
	const from = Math.floor(Date.now() / STEP) * STEP;
	return {
		now: iso(Date.now()),
		passes: Array.from({ length: 289 }, (_, i) => ({
			compact: COMPACT,
			not_before: iso(from + i * STEP),
			expires_at: iso(from + (i + 2) * STEP),
		})),
	};
}

function history() {
	const at = (hours: number) => iso(Date.now() - hours * HOUR);
	const here = { site: "佟道口村", gate: "佟道口村东门" };
	const ok = { decision: "pass", reason: "ok", text: text("通行", "Go") };
	const outsider = {
		decision: "deny",
		reason: "outsider",
		text: text("外来人员，需登记备案", "Not a resident here, register first"),
	};
	const high = {
		decision: "remeasure",
		reason: "remeasure",
		text: text("体温偏高，请复测", "High reading, measure again"),
	};
	return {
		events: [
			{ id: "e1", occurred_at: at(1), ...here, direction: "in", ...ok, temperature: 36.5 },
			{ id: "e2", occurred_at: at(2), site: "银座商城", gate: "商城南门", direction: "out", ...ok },
			{
				id: "e3",
				occurred_at: at(26),
				site: "大窦村",
				gate: "大窦村口",
				direction: "in",
				...outsider,
				temperature: 36.2,
			},
			{ id: "e4", occurred_at: at(50), ...here, direction: "out", ...ok, temperature: 36.2, annulled: true },
			{ id: "e5", occurred_at: at(51), ...here, direction: "in", ...high, temperature: 37.6 },
		],
	};
}

function readers() {
	const at = (hours: number) => iso(Date.now() - hours * HOUR);
	return {
		reads: [
			{
				at: at(5),
				role: "tracer",
				role_text: text("流调员", "Tracer"),
				office: "许商街道办事处",
				what: text("查看活动轨迹", "Read the trajectory"),
				ground: text("个案 2026-17", "Case 2026-17"),
			},
			{
				at: at(55),
				role: "enroller",
				role_text: text("登记员", "Enroller"),
				office: "佟道口社区",
				what: text("打开登记资料", "Opened the record"),
				ground: text("", ""),
			},
		],
	};
}

function requests() {
	const at = (hours: number) => iso(Date.now() - hours * HOUR);
	const who = { resident: "0400000000000003" };
	return {
		requests: [
			{
				id: "q1",
				...who,
				kind: "shopping",
				text: "大米 5 公斤、鸡蛋一板",
				state: "taken",
				opened_at: at(5),
				taken_at: at(4),
				done_at: null,
				note: "下午四点送到门口",
			},
			{
				id: "q2",
				...who,
				kind: "rubbish",
				text: "",
				state: "done",
				opened_at: at(30),
				taken_at: at(29),
				done_at: at(27),
				note: "",
			},
		],
	};
}

function entered(body: string) {
	const sent = JSON.parse(body) as { temperature: number };
	const fever = sent.temperature >= 37.3;
	const advice = fever
		? text("请待在房间里,戴好口罩,等医务人员上门。", "Stay in your room, wear a mask; a medic will come.")
		: text("正常,请继续每天量两次。", "Normal. Go on measuring twice a day.");
	return { ...sent, slot: "am", fever, advice };
}

/** Answers for the residents' routes. */
export async function fakeServer(page: Page): Promise<void> {
	await page.route(/\/v1\/(activate|my\/)/, (route: Route) => {
		const request = route.request();
		const path = new URL(request.url()).pathname;
		const answers: Record<string, () => unknown> = {
			"/v1/activate": () => ({ token: "pgr_fake", household: household() }),
			"/v1/my/household": household,
			"/v1/my/passes": passes,
			"/v1/my/history": history,
			"/v1/my/readers": readers,
			"/v1/my/requests": requests,
			"/v1/my/readings": () =>
				request.method() === "POST" ? entered(request.postData() ?? "") : { readings: diary() },
		};
		const answer = answers[path];
		return answer
			? route.fulfill({ json: answer() })
			: route.fulfill({ status: 404, contentType: "application/problem+json", json: { code: "not_found" } });
	});
}
