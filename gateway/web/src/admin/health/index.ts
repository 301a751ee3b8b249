// The health part of the street office: fevers, observations, statuses, beds, cases.
import "./health.css";
import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

const group = { zh: "健康", en: "Health" };

export const screens: Screen[] = [
	{
		path: "fevers",
		title: { zh: "发热病例", en: "Fever cases" },
		group,
		roles: ["medic", "leader", "grid"],
		view: lazy(() => import("./fevers")),
	},
	{
		path: "observations",
		title: { zh: "医学观察", en: "Observations" },
		group,
		roles: ["medic", "leader", "grid"],
		view: lazy(() => import("./observations")),
	},
	{
		path: "readings",
		title: { zh: "日记里的高温", en: "Fever in diaries" },
		group,
		roles: ["medic", "leader", "grid"],
		view: lazy(() => import("./readings")),
	},
	{
		path: "returnees",
		title: { zh: "返乡登记", en: "People who come back" },
		group,
		roles: ["enroller", "grid", "medic", "leader"],
		view: lazy(() => import("./returnees")),
	},
	{
		path: "beds",
		title: { zh: "隔离床位", en: "Isolation beds" },
		group,
		roles: ["medic", "leader", "grid"],
		view: lazy(() => import("./beds")),
	},
	{
		path: "purchases",
		title: { zh: "退热药购买", en: "Fever medicine" },
		group,
		roles: ["grid", "medic", "leader"],
		view: lazy(() => import("./purchases")),
	},
	{
		path: "buyer",
		title: { zh: "登记退热药购买", en: "A purchase of medicine" },
		group,
		roles: ["pharmacist"],
		view: lazy(() => import("./buyer")),
	},
	{
		path: "status",
		title: { zh: "健康状态", en: "Status of residents" },
		group,
		roles: ["medic"],
		view: lazy(() => import("./status")),
	},
	{
		path: "proposals",
		title: { zh: "状态审批", en: "Changes that wait" },
		group,
		roles: ["medic", "leader"],
		view: lazy(() => import("./proposals")),
	},
	{
		path: "contests",
		title: { zh: "申诉", en: "Contests" },
		group,
		roles: ["medic", "leader"],
		view: lazy(() => import("./contests")),
	},
	{
		path: "authority",
		title: { zh: "上级决定待落实", en: "Orders that wait" },
		group,
		roles: ["enroller", "leader", "medic"],
		view: lazy(() => import("./authority")),
	},
	{
		path: "cases",
		title: { zh: "流调案件", en: "Tracing cases" },
		group,
		roles: ["medic", "leader", "tracer", "auditor"],
		view: lazy(() => import("./cases")),
	},
];
