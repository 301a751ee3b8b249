// What may wait for somebody, by their role: each is counted from a list that the role
// may read, and leads to the screen where it is seen to.
import { call, type Options } from "../../desk/call";
import { href } from "../../desk/router";
import { type Role, session } from "../../desk/session";
import { t } from "../../shared/i18n";
import { type Bulletin, urgent, yesterday } from "./bulletindata";

/** How many wait, and how many of them are late. */
export interface Waiting {
	n: number;
	late: number;
	/** There are more than were counted. */
	more: boolean;
}

export interface Tile {
	key: string;
	title: string;
	/** What is done about it. */
	verb: string;
	roles: readonly Role[];
	href: string;
	count: () => Promise<Waiting>;
}

type Row = Record<string, unknown>;
type Query = NonNullable<Options["query"]>;

const LIMIT = 1000;

/** Counts the rows of a list: those that fit, and those of them that are late. */
async function rowsOf(
	path: string,
	list: string,
	query: Query,
	fits = (_: Row) => true,
	late = isLate,
): Promise<Waiting> {
	const answer = await call<Record<string, unknown> & { next?: string }>("GET", path, { query, timeout: 30_000 });
	const rows = ((answer[list] ?? []) as Row[]).filter(fits);
	return { n: rows.length, late: rows.filter(late).length, more: Boolean(answer.next) };
}

/** Said so by the record, or its deadline is over. */
export function isLate(row: Row): boolean {
	return row.overdue === true || (typeof row.due_at === "string" && Date.parse(row.due_at) < Date.now());
}

const page = { limit: LIMIT };
const everybody: readonly Role[] = [
	"leader",
	"enroller",
	"grid",
	"medic",
	"inspector",
	"tracer",
	"auditor",
	"pharmacist",
];

export function tiles(): Tile[] {
	const me = session.value?.login ?? "";
	return [
		{
			key: "alarms",
			title: t({ zh: "告警", en: "Alarms" }),
			verb: t({ zh: "待确认", en: "to be acknowledged" }),
			roles: ["leader", "grid", "medic", "inspector"],
			href: href("alarms"),
			count: () => rowsOf("/v1/alarms", "alarms", { ...page, state: "open" }, undefined, (a) => a.level === "urgent"),
		},
		{
			key: "mine",
			title: t({ zh: "我的调度", en: "Dispatches of mine" }),
			verb: t({ zh: "待办结", en: "to be done" }),
			roles: everybody,
			href: href("dispatches", { owner: me }),
			count: () => rowsOf("/v1/dispatches", "dispatches", { ...page, owner: me }, (d) => d.state !== "done"),
		},
		{
			key: "verify",
			title: t({ zh: "调度核验", en: "Dispatches done" }),
			verb: t({ zh: "待核验", en: "to be verified" }),
			roles: ["leader", "grid"],
			href: href("dispatches", { state: "done" }),
			count: () => rowsOf("/v1/dispatches", "dispatches", { ...page, state: "done" }, (d) => d.owner !== me),
		},
		{
			key: "received",
			title: t({ zh: "热线", en: "Hotline" }),
			verb: t({ zh: "待分派", en: "to be assigned" }),
			roles: ["leader", "grid", "auditor"],
			href: href("hotline", { state: "received" }),
			count: () => rowsOf("/v1/reports", "reports", page, (r) => r.state === "received" || r.state === "reopened"),
		},
		{
			key: "reports",
			title: t({ zh: "我的热线", en: "Reports of mine" }),
			verb: t({ zh: "待答复", en: "to be answered" }),
			roles: everybody,
			href: href("hotline", { state: "assigned" }),
			count: () => rowsOf("/v1/reports", "reports", { ...page, state: "assigned" }, (r) => r.owner === me),
		},
		{
			key: "staff",
			title: t({ zh: "涉及工作人员的举报", en: "Reports about staff" }),
			verb: t({ zh: "待处理", en: "open" }),
			roles: ["auditor"],
			href: href("hotline", { staff: "1" }),
			count: () => rowsOf("/v1/reports", "reports", { ...page, staff: "true" }),
		},
		...healthTiles(),
		...placeTiles(),
	];
}

function healthTiles(): Tile[] {
	return [
		{
			key: "fevers",
			title: t({ zh: "发热个案", en: "Fever cases" }),
			verb: t({ zh: "在办", en: "open" }),
			roles: ["medic", "leader", "grid"],
			href: href("fevers"),
			count: () => rowsOf("/v1/fevers", "fevers", { limit: 200 }, undefined, (f) => isLate((f.procedure ?? f) as Row)),
		},
		{
			key: "proposals",
			title: t({ zh: "状态变更", en: "Status changes" }),
			verb: t({ zh: "待复核", en: "wait for a second person" }),
			roles: ["medic", "leader"],
			href: href("proposals"),
			count: () => rowsOf("/v1/status-proposals", "proposals", page),
		},
		{
			key: "contests",
			title: t({ zh: "居民申诉", en: "Contests" }),
			verb: t({ zh: "待答复", en: "to be answered" }),
			roles: ["medic", "leader"],
			href: href("contests"),
			count: () => rowsOf("/v1/contests", "contests", {}),
		},
		{
			key: "observations",
			title: t({ zh: "医学观察", en: "Observations" }),
			verb: t({ zh: "到期待决定", en: "to be decided" }),
			roles: ["medic", "leader", "grid"],
			href: href("observations", { state: "held" }),
			count: () => rowsOf("/v1/observations", "observations", { limit: 200, state: "held" }),
		},
		{
			key: "authority",
			title: t({ zh: "上级下发变更", en: "Changes from the authority" }),
			verb: t({ zh: "待核对", en: "to be looked at" }),
			roles: ["enroller", "leader", "medic"],
			href: href("authority"),
			count: () => rowsOf("/v1/authority/changes", "changes", {}),
		},
		{
			key: "purchases",
			title: t({ zh: "退热药购药", en: "Fever medicine" }),
			verb: t({ zh: "待核实", en: "to be visited" }),
			roles: ["grid", "medic", "leader"],
			href: href("purchases"),
			count: () => rowsOf("/v1/purchases", "purchases", { limit: 200 }),
		},
	];
}

function placeTiles(): Tile[] {
	return [
		{
			key: "findings",
			title: t({ zh: "隐患整改", en: "Findings" }),
			verb: t({ zh: "待整改复查", en: "not verified" }),
			roles: ["inspector", "leader", "enroller", "grid"],
			href: href("findings"),
			count: () => rowsOf("/v1/findings", "findings", page),
		},
		{
			key: "enterprises",
			title: t({ zh: "复工申请", en: "Applications to work" }),
			verb: t({ zh: "申请中", en: "waiting" }),
			roles: ["inspector", "leader", "enroller"],
			href: href("enterprises", { state: "applying" }),
			count: () => rowsOf("/v1/enterprises", "enterprises", { ...page, state: "applying" }),
		},
		{
			key: "supplies",
			title: t({ zh: "物资", en: "Supplies" }),
			verb: t({ zh: "低于警戒线", en: "below their line" }),
			roles: ["leader", "grid", "enroller"],
			href: href("supplies"),
			count: () => rowsOf("/v1/supplies", "low", {}, undefined, (l) => l.amount === 0),
		},
		{
			key: "disinfection",
			title: t({ zh: "今日消毒", en: "Disinfection today" }),
			verb: t({ zh: "次未做", en: "rounds to go" }),
			roles: ["grid", "leader", "enroller", "inspector"],
			href: href("disinfection"),
			count: async () => {
				const { total } = await call<{ total: { due: number; done: number; overdue: number; missed: number } }>(
					"GET",
					"/v1/disinfections",
					{ timeout: 60_000 },
				);
				return { n: total.due - total.done, late: total.overdue + total.missed, more: false };
			},
		},
		{
			key: "overstayed",
			title: t({ zh: "访客逾期未离", en: "Visitors who should have left" }),
			verb: t({ zh: "待核实", en: "to be looked at" }),
			roles: ["enroller", "grid", "leader"],
			href: href("visitors", { state: "overstayed" }),
			count: () => rowsOf("/v1/permits/overstayed", "permits", {}),
		},
		{
			key: "suspects",
			title: t({ zh: "可疑体温计", en: "Suspect thermometers" }),
			verb: t({ zh: "待更换", en: "to be looked at" }),
			roles: ["leader", "medic", "auditor"],
			href: href("suspects"),
			count: () => rowsOf("/v1/gates/suspect", "suspects", {}),
		},
		{
			key: "bulletin",
			title: t({ zh: "昨日通报", en: "Yesterday's bulletin" }),
			verb: t({ zh: "项需处理", en: "to be seen to" }),
			roles: ["leader", "grid", "medic"],
			href: href("bulletin"),
			count: async () => {
				const b = await call<Bulletin>("GET", "/v1/bulletin", { query: { day: yesterday() }, timeout: 60_000 });
				return { n: urgent(b.lines).length, late: 0, more: false };
			},
		},
	];
}
