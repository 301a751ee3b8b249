// The office's part of the desk: what waits, the bulletin, the registers.
import type { Role } from "../../desk/session";
import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

const daily = { zh: "每日", en: "Every day" };
const work = { zh: "办公", en: "The office" };
const firms = { zh: "企业检查", en: "Enterprises" };
const whole = { zh: "全局", en: "The whole" };

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
const inspecting: readonly Role[] = ["inspector", "leader", "enroller", "grid"];
const storing: readonly Role[] = ["leader", "grid", "enroller"];

export const screens: Screen[] = [
	{
		path: "today",
		title: { zh: "今日待办", en: "Today" },
		group: daily,
		roles: everybody,
		view: lazy(() => import("./today")),
	},
	{
		path: "bulletin",
		title: { zh: "每日通报", en: "Daily bulletin" },
		group: daily,
		roles: ["leader", "grid", "medic"],
		view: lazy(() => import("./bulletin")),
	},
	{
		path: "dispatches",
		title: { zh: "调度", en: "Dispatch" },
		group: work,
		roles: everybody,
		view: lazy(() => import("./dispatches")),
	},
	{
		path: "hotline",
		title: { zh: "热线", en: "Hotline" },
		group: work,
		roles: everybody,
		view: lazy(() => import("./hotline")),
	},
	{
		path: "notices",
		title: { zh: "通知公告", en: "Notices" },
		group: work,
		roles: everybody,
		view: lazy(() => import("./notices")),
	},
	{
		path: "supplies",
		title: { zh: "物资", en: "Supplies" },
		group: work,
		roles: storing,
		view: lazy(() => import("./supplies")),
	},
	{
		path: "movements",
		title: { zh: "出入库流水", en: "Movements" },
		group: work,
		roles: storing,
		view: lazy(() => import("./movements")),
		hidden: true,
	},
	{
		path: "disinfection",
		title: { zh: "消毒", en: "Disinfection" },
		group: work,
		roles: inspecting,
		view: lazy(() => import("./disinfection")),
	},
	{
		path: "enterprises",
		title: { zh: "企业复工", en: "Enterprises" },
		group: firms,
		roles: ["inspector", "leader", "enroller"],
		view: lazy(() => import("./enterprises")),
	},
	{
		path: "findings",
		title: { zh: "隐患整改", en: "Findings" },
		group: firms,
		roles: inspecting,
		view: lazy(() => import("./findings")),
	},
	{
		path: "inspections",
		title: { zh: "检查记录", en: "Inspections" },
		group: firms,
		roles: inspecting,
		view: lazy(() => import("./inspections")),
	},
	{
		path: "campaign",
		title: { zh: "防控行动", en: "The campaign" },
		group: whole,
		roles: everybody,
		view: lazy(() => import("./campaign")),
	},
	{
		path: "subscribers",
		title: { zh: "数据交换", en: "Exchange" },
		group: whole,
		roles: ["auditor"],
		view: lazy(() => import("./subscribers")),
	},
];
