// Words of the office's registers, and where a record of which kind is looked at.

import { href } from "../../desk/router";
import { reasonWord } from "../../desk/town";
import type { Field, Values } from "../../desk/ui/form";
import { Chip, type Tone } from "../../desk/ui/parts";
import type { Option } from "../../desk/ui/pick";
import { lang, type Text } from "../../shared/i18n";
import "./office.css";

/** States of records of every register, as lists and bulletins tell them. */
export const states: Record<string, Text & { tone?: Tone }> = {
	open: { zh: "未办", en: "open", tone: "care" },
	taken: { zh: "办理中", en: "taken", tone: "info" },
	done: { zh: "待核验", en: "done, to be verified", tone: "info" },
	verified: { zh: "已核验", en: "verified", tone: "ok" },
	reopened: { zh: "退回重办", en: "reopened", tone: "stop" },
	received: { zh: "待分派", en: "received", tone: "care" },
	assigned: { zh: "办理中", en: "assigned", tone: "info" },
	closed: { zh: "已办结", en: "closed", tone: "ok" },
	published: { zh: "发布中", en: "published", tone: "ok" },
	withdrawn: { zh: "已撤回", en: "withdrawn", tone: "quiet" },
	over: { zh: "已到期", en: "over", tone: "quiet" },
	corrected: { zh: "已整改待复查", en: "corrected, to be checked", tone: "info" },
	draft: { zh: "草稿", en: "draft", tone: "quiet" },
	submitted: { zh: "待审批", en: "submitted", tone: "care" },
	returned: { zh: "退回补正", en: "returned", tone: "care" },
	approved: { zh: "已批准", en: "approved", tone: "ok" },
	refused: { zh: "未批准", en: "refused", tone: "stop" },
	suspended: { zh: "已暂停", en: "suspended", tone: "stop" },
	replaced: { zh: "已被替代", en: "replaced", tone: "quiet" },
	none: { zh: "未申请", en: "nothing asked for", tone: "quiet" },
	applying: { zh: "申请中", en: "applying", tone: "care" },
	lapsed: { zh: "批准已到期", en: "lapsed", tone: "stop" },
	booked: { zh: "已入账", en: "booked", tone: "ok" },
	taken_back: { zh: "已冲销", en: "taken back", tone: "quiet" },
	kept: { zh: "在库", en: "in store", tone: "quiet" },
	due: { zh: "应做", en: "due", tone: "care" },
	missed: { zh: "漏做", en: "missed", tone: "stop" },
	dropped: { zh: "计划已改", en: "dropped", tone: "quiet" },
	extra: { zh: "加做", en: "extra", tone: "quiet" },
	visited: { zh: "已检查", en: "visited", tone: "ok" },
	silent: { zh: "无登记", en: "no scan", tone: "stop" },
	missing: { zh: "未走访", en: "not reached", tone: "care" },
	in_force: { zh: "有效", en: "in force", tone: "ok" },
	waiting: { zh: "等候中", en: "waiting", tone: "care" },
	occupied: { zh: "使用中", en: "occupied", tone: "info" },
	free: { zh: "空闲", en: "free", tone: "ok" },
	reading: { zh: "漏测", en: "reading missed", tone: "care" },
	report: { zh: "漏报", en: "report missed", tone: "care" },
};

/** The word of a state; a state of a scan is its reason. */
export function stateWord(state: string): string {
	return states[state]?.[lang.value] ?? reasonWord(state);
}

export const stateTone = (state: string): Tone => states[state]?.tone ?? "quiet";

/** Screens where records of a kind are looked at: "#/PATH/ID". */
const screenOf: Record<string, string> = {
	dispatch: "dispatches",
	finding: "findings",
	inspection: "inspections",
	report: "hotline",
	staff_report: "hotline",
	notice: "notices",
	fever: "fevers",
	observation: "observations",
	returnee: "returnees",
	status_proposal: "proposals",
	purchase: "purchases",
	permit: "visitors",
	gate: "gates",
};

/** Where a record is, by its kind and ID; "" if no screen shows one alone. */
export function refHref(ref: string): string {
	const at = ref.indexOf("/");
	const screen = screenOf[ref.slice(0, at)];
	return screen ? href([screen, ref.slice(at + 1)]) : "";
}

/** The state of a record as a coloured word. */
export function StateChip({ state }: { state: string }) {
	return <Chip tone={stateTone(state)}>{stateWord(state)}</Chip>;
}

/** What a row is called; on a narrow screen, which has no column for it, after its state. */
export function Lead({ state, children }: { state: string; children: string }) {
	return (
		<>
			<span class="onphone">
				<StateChip state={state} />{" "}
			</span>
			{children}
		</>
	);
}

/** States as what a filter offers. */
export const stateOptions = (...names: string[]): Option[] =>
	names.map((name) => ({ value: name, label: stateWord(name) }));

/** The words of a table as what a field offers. */
export const optionsOf = (table: Record<string, Text>): Option[] =>
	Object.entries(table).map(([value, text]) => ({ value, label: text[lang.value] }));

/** The name of what is sent, made once with its form: sent again after a failure it is the same record. */
export const idField: Field = { name: "id", label: "", kind: "hidden" };

/** A field for what somebody has to say about what they do. */
export const noteField = (label: string, required: boolean): Field => ({ name: "note", label, kind: "area", required });

/** RFC 3339 of the full hour so many hours from now: what deadlines begin with. */
export function dueIn(hours: number): string {
	return new Date(Math.ceil((Date.now() + hours * 3600_000) / 3600_000) * 3600_000).toISOString();
}

/** Without what was left empty. */
export function optional(values: Values): Values {
	return Object.fromEntries(Object.entries(values).filter(([, v]) => v !== "" && v !== null));
}
