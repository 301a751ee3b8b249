import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

const group = { zh: "卡口与场所", en: "Gates and sites" };

export const screens: Screen[] = [
	{
		path: "gates",
		title: { zh: "卡口通行", en: "Who passed a gate" },
		group,
		roles: ["tracer", "leader", "auditor"],
		view: lazy(() => import("./screen")),
	},
	{
		path: "inside",
		title: { zh: "在场人员", en: "Who was inside" },
		group,
		roles: ["tracer", "leader"],
		view: lazy(() => import("./inside")),
	},
	{
		path: "vehicles",
		title: { zh: "车辆", en: "Vehicles" },
		group,
		roles: ["tracer", "leader", "auditor"],
		view: lazy(() => import("./vehicles")),
	},
];
