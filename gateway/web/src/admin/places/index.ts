import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";
import { anyone } from "./common";

const places = { zh: "场所与卡口", en: "Places" };
const staff = { zh: "人员与网格", en: "Staff and grid" };

export const screens: Screen[] = [
	{
		path: "sites",
		title: { zh: "场所", en: "Sites" },
		group: places,
		roles: anyone,
		view: lazy(() => import("./sites")),
	},
	{
		path: "gates",
		title: { zh: "卡口", en: "Gates" },
		group: places,
		roles: anyone,
		view: lazy(() => import("./gates")),
	},
	{
		path: "devices",
		title: { zh: "卡口手机", en: "Phones of gates" },
		group: places,
		roles: ["leader"],
		view: lazy(() => import("./devices")),
	},
	{
		path: "policies",
		title: { zh: "管控措施", en: "Policies" },
		group: places,
		roles: ["leader"],
		view: lazy(() => import("./policies")),
	},
	{
		path: "rules",
		title: { zh: "通行规则表", en: "Decision table" },
		group: places,
		roles: anyone,
		view: lazy(() => import("./table")),
	},
	{
		path: "suspects",
		title: { zh: "可疑测温", en: "Suspect readings" },
		group: places,
		roles: ["leader", "medic", "auditor"],
		view: lazy(() => import("./suspects")),
	},
	{
		path: "staff",
		title: { zh: "工作人员", en: "Staff" },
		group: staff,
		roles: anyone,
		view: lazy(() => import("./staff")),
	},
	{
		path: "grid",
		title: { zh: "四级网格", en: "Grid" },
		group: staff,
		roles: anyone,
		view: lazy(() => import("./grid")),
	},
	{
		path: "account",
		title: { zh: "我的账号", en: "My account" },
		group: staff,
		roles: anyone,
		view: lazy(() => import("./account")),
	},
];
