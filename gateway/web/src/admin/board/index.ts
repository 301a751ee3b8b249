// The gates while people pass, what needs somebody now, and who asked what.
import { lazy } from "../../desk/ui/lazy";
import type { Screen } from "../../desk/ui/shell";

const now = { zh: "值守与告警", en: "Now" };

export const screens: Screen[] = [
	{
		path: "board",
		title: { zh: "卡口态势", en: "Live board" },
		group: now,
		roles: ["leader", "grid", "medic", "inspector"],
		view: lazy(() => import("./board")),
	},
	{
		path: "alarms",
		title: { zh: "告警", en: "Alarms" },
		group: now,
		roles: ["leader", "grid", "medic", "inspector"],
		view: lazy(() => import("./alarms")),
	},
	{
		path: "channels",
		title: { zh: "告警推送", en: "Ways of telling" },
		group: now,
		roles: [],
		view: lazy(() => import("./channels")),
	},
	{
		path: "audit",
		title: { zh: "审计", en: "Audit" },
		group: { zh: "监督", en: "Oversight" },
		roles: ["auditor"],
		view: lazy(() => import("./audit")),
	},
];
