import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

const people = { zh: "人口", en: "People" };

export const screens: Screen[] = [
	{
		path: "residents",
		title: { zh: "居民", en: "Residents" },
		group: people,
		roles: ["enroller", "grid", "medic", "leader"],
		view: lazy(() => import("./residents")),
	},
	{
		path: "import",
		title: { zh: "导入名册", en: "Import a list" },
		group: people,
		roles: ["enroller"],
		view: lazy(() => import("./import/screen")),
	},
	{
		path: "sheets",
		title: { zh: "打印通行证", en: "Print passes" },
		group: people,
		roles: ["enroller"],
		view: lazy(() => import("./sheets")),
	},
	{
		path: "visitors",
		title: { zh: "访客", en: "Visitors" },
		group: people,
		roles: ["enroller", "grid", "leader"],
		view: lazy(() => import("./visitors")),
	},
	{
		path: "walk-ins",
		title: { zh: "手写登记人员", en: "Walk-ins" },
		group: people,
		roles: ["enroller", "tracer", "grid"],
		view: lazy(() => import("./walkins")),
	},
];
