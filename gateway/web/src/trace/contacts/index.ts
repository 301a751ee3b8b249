import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

const group = { zh: "流调", en: "Tracing" };

export const screens: Screen[] = [
	{
		path: "contacts",
		title: { zh: "接触者排查", en: "Contacts" },
		group,
		roles: ["tracer", "leader"],
		view: lazy(() => import("./screen")),
	},
	{
		path: "crowd",
		title: { zh: "共同场所", en: "Common places" },
		group,
		roles: ["tracer", "leader"],
		view: lazy(() => import("./crowdscreen")),
	},
];
