// From an alarm to the record behind it.
import type { Text } from "../../shared/i18n";
import type { Alarm } from "./alarms";

interface Place {
	path: string[];
	title: Text;
}

/** Screens by the kind of record that a reference begins with: "fever/ID". */
const screens: Record<string, [path: string, title: Text]> = {
	fever: ["fevers", { zh: "发热病例", en: "The fever case" }],
	observation: ["observations", { zh: "医学观察记录", en: "The observation" }],
	purchase: ["purchases", { zh: "购药登记", en: "The purchase" }],
	contest: ["contests", { zh: "申诉", en: "The contest" }],
	status_proposal: ["proposals", { zh: "待审批的状态变更", en: "The change that waits" }],
	report: ["reports", { zh: "群众反映", en: "The report" }],
	dispatch: ["dispatches", { zh: "调度事项", en: "The dispatch" }],
	finding: ["findings", { zh: "检查问题", en: "The finding" }],
	bed: ["beds", { zh: "隔离床位", en: "Isolation beds" }],
	bed_stay: ["beds", { zh: "隔离床位", en: "Isolation beds" }],
	stock: ["supplies", { zh: "物资", en: "Supplies" }],
	application: ["enterprises", { zh: "企业", en: "Enterprises" }],
	case: ["cases", { zh: "流调案件", en: "The case" }],
	reading: ["readings", { zh: "日记里的高温", en: "Fever in diaries" }],
	authority_change: ["authority", { zh: "上级决定待落实", en: "Orders that wait" }],
};

/** Screens whose rows are named by what follows the kind. */
const named = new Set([
	"fever",
	"observation",
	"purchase",
	"contest",
	"status_proposal",
	"report",
	"dispatch",
	"finding",
]);

/** Where the record of an alarm is shown; null if no screen shows it. */
export function recordOf(a: Pick<Alarm, "ref">): Place | null {
	const [kind = "", id = ""] = a.ref.split("/", 2);
	const found = screens[kind];
	if (!found) {
		return null;
	}
	return { path: named.has(kind) && id !== "" ? [found[0], id] : [found[0]], title: found[1] };
}
