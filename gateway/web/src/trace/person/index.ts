import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

export const screens: Screen[] = [
	{
		path: "person",
		title: { zh: "找人与轨迹", en: "Find a person" },
		group: { zh: "人员", en: "People" },
		roles: ["tracer", "leader"],
		view: lazy(() => import("./screen")),
	},
];
