import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

export const screens: Screen[] = [
	{
		path: "calls",
		title: { zh: "密接随访", en: "Calls" },
		group: { zh: "流调", en: "Tracing" },
		roles: ["tracer", "leader"],
		view: lazy(() => import("./screen")),
	},
];
