// The office's part of the desk: what waits, the bulletin, the registers.
import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

const daily = { zh: "每日", en: "Every day" };

export const screens: Screen[] = [
	{
		path: "bulletin",
		title: { zh: "每日通报", en: "Daily bulletin" },
		group: daily,
		roles: ["leader", "grid", "medic"],
		view: lazy(() => import("./bulletin")),
	},
];
