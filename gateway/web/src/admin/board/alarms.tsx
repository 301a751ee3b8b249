// What needs somebody now: taken, seen to, closed with what was done. An alarm that
// nobody takes goes to the head above when its time is over.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { session } from "../../desk/session";
import { nodeName, staffName } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field } from "../../desk/ui/form";
import { Chip, Facts, type Tone } from "../../desk/ui/parts";
import { left, Register, type Step, Steps, useNow, when } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { wordOf } from "../../desk/words";
import { type Text, t } from "../../shared/i18n";
import { recordOf } from "./records";

export interface Alarm {
	id: string;
	kind: string;
	level: "urgent" | "today";
	text: Text;
	state: "open" | "acked" | "closed";
	node: string;
	node_name: string;
	person: string | null;
	ref: string;
	since: string;
	opened_at: string;
	generation: number;
	count: number;
	/** Node whose head is told. */
	told: string;
	owner: string;
	due_at: string | null;
	closed_at: string | null;
	steps: Step[];
}

const states: Record<Alarm["state"], Text & { tone: Tone }> = {
	open: { zh: "待接", en: "Nobody yet", tone: "stop" },
	acked: { zh: "处理中", en: "Seen to", tone: "info" },
	closed: { zh: "已关闭", en: "Closed", tone: "ok" },
};

const levels: Record<Alarm["level"], Text> = {
	urgent: { zh: "紧急", en: "Urgent" },
	today: { zh: "今日", en: "Today" },
};

/** Whether it went past the one who was told first: nobody took it in time. */
export const escalated = (a: Pick<Alarm, "steps">): boolean =>
	a.steps.some((s) => s.by === "" && s.note.includes("未按时确认"));

/** Which of the alarms that are not closed a choice shows. */
export function chosen(a: Alarm, which: string): boolean {
	return which === "mine"
		? a.owner === session.value?.login
		: which === "escalated"
			? escalated(a)
			: which === "" || a.state === which;
}

const filters = (): Field[] => [
	{
		name: "which",
		label: t({ zh: "显示", en: "Show" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "未关闭", en: "Not closed" }) },
			{ value: "open", label: t({ zh: "待接", en: "Nobody yet" }) },
			{ value: "mine", label: t({ zh: "由我负责", en: "Mine" }) },
			{ value: "escalated", label: t({ zh: "已上报上级", en: "Went to the head above" }) },
			{ value: "closed", label: t({ zh: "已关闭", en: "Closed" }) },
		],
	},
	{
		name: "level",
		label: t({ zh: "级别", en: "Level" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "全部", en: "All" }) },
			...Object.entries(levels).map(([value, text]) => ({ value, label: t(text) })),
		],
	},
	{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" },
];

const actions = (): Action<Alarm>[] => [
	{
		key: "ack",
		title: t({ zh: "我来处理", en: "I see to it" }),
		main: true,
		when: (a) => a.state === "open",
		fields: () => [
			{
				name: "note",
				label: t({ zh: "说明（可不填）", en: "Note (may be empty)" }),
				hint: t({ zh: "接下后不再逐级上报", en: "Nobody above is told any more" }),
			},
		],
		run: (a, v) => call("POST", `/v1/alarms/${a.id}/ack`, { body: { note: v.note } }),
		done: t({ zh: "已接下", en: "It is yours" }),
	},
	{
		key: "close",
		title: t({ zh: "关闭", en: "Close" }),
		when: (a) => a.state !== "closed",
		fields: () => [
			{
				name: "note",
				label: t({ zh: "处理情况", en: "What was done" }),
				kind: "area",
				required: true,
				hint: t({
					zh: "原因还在的话，一天后会再次告警",
					en: "If its cause goes on it is raised again a day later",
				}),
			},
		],
		run: (a, v) => call("POST", `/v1/alarms/${a.id}/close`, { body: { note: v.note } }),
		done: t({ zh: "已关闭", en: "Closed" }),
	},
];

const columns = (now: number): Column<Alarm>[] => [
	{
		key: "text",
		title: t({ zh: "告警", en: "Alarm" }),
		width: "2fr",
		sort: (a) => a.kind,
		cell: (a) => t(a.text),
	},
	{
		key: "level",
		title: t({ zh: "级别", en: "Level" }),
		width: "5rem",
		sort: (a) => (a.level === "urgent" ? 0 : 1),
		cell: (a) => <Chip tone={a.level === "urgent" ? "stop" : "care"}>{t(levels[a.level])}</Chip>,
	},
	{
		key: "state",
		title: t({ zh: "状态", en: "State" }),
		width: "8.5rem",
		sort: (a) => a.state,
		cell: (a) => (
			<>
				<Chip tone={states[a.state].tone}>{t(states[a.state])}</Chip>
				{a.state === "acked" && ` ${staffName(a.owner)}`}
			</>
		),
	},
	{ key: "node", title: t({ zh: "地点", en: "Where" }), wide: true, sort: (a) => a.node, cell: (a) => a.node_name },
	{
		key: "told",
		title: t({ zh: "已通知", en: "Told" }),
		wide: true,
		cell: (a) => (
			<>
				{nodeName(a.told)} {escalated(a) && <Chip tone="care">{t({ zh: "已上报", en: "went up" })}</Chip>}
			</>
		),
	},
	{
		key: "due",
		title: t({ zh: "再上报", en: "Next above" }),
		width: "8.5rem",
		wide: true,
		sort: (a) => (a.due_at ? Date.parse(a.due_at) : Number.POSITIVE_INFINITY),
		cell: (a) => left(a.due_at, now),
	},
	{
		key: "since",
		title: t({ zh: "开始", en: "Since" }),
		width: "7rem",
		wide: true,
		sort: (a) => Date.parse(a.since),
		cell: (a) => when(a.since),
	},
];

export default function Alarms() {
	const now = useNow();
	return (
		<Register<Alarm>
			path="alarms"
			title={t({ zh: "告警", en: "Alarms" })}
			hint={t({
				zh: "接下后由您负责，处理完写明情况再关闭；没人接的到时自动报给上一级负责人。",
				en: "Take it, see to it, close it with what was done. What nobody takes goes to the head above in time.",
			})}
			links={<a href="#/board">{t({ zh: "卡口态势", en: "Live board" })}</a>}
			filters={filters()}
			load={async ({ which = "", level, node }, cursor) => {
				const state = which === "closed" || which === "open" ? which : "";
				const query = { state, level, node, cursor, limit: 500 };
				const page = await call<{ alarms: Alarm[]; next: string }>("GET", "/v1/alarms", { query });
				return { rows: page.alarms.filter((a) => chosen(a, which)), next: page.next };
			}}
			one={(id) => call("GET", `/v1/alarms/${id}`)}
			rowKey={(a) => a.id}
			name={(a) => t(a.text)}
			text={(a) => `${t(a.text)} ${a.node_name} ${staffName(a.owner)}`}
			tone={(a) => (a.state === "open" && a.level === "urgent" ? "late" : "")}
			columns={columns(now)}
			actions={actions()}
			detail={(a) => <Detail a={a} />}
		/>
	);
}

function Detail({ a }: { a: Alarm }) {
	const record = recordOf(a);
	return (
		<>
			<Facts
				rows={[
					[
						t({ zh: "状态", en: "State" }),
						<>
							<Chip tone={states[a.state].tone}>{t(states[a.state])}</Chip> {t(levels[a.level])}
						</>,
					],
					[t({ zh: "地点", en: "Where" }), a.node_name],
					[t({ zh: "负责人", en: "Whose it is" }), a.owner && staffName(a.owner)],
					[t({ zh: "开始", en: "Since" }), when(a.since)],
					[t({ zh: "告警时间", en: "Raised" }), when(a.opened_at)],
					[t({ zh: "未接则上报", en: "Goes up" }), when(a.due_at)],
					[t({ zh: "关闭时间", en: "Closed" }), when(a.closed_at)],
					[
						t({ zh: "次数", en: "How often" }),
						a.count > 1 || a.generation > 0
							? t({ zh: `第 ${a.generation + 1} 轮，${a.count} 次`, en: `round ${a.generation + 1}, ${a.count} times` })
							: "",
					],
				]}
			/>
			{record && (
				<p>
					<a href={href(record.path)}>{t(record.title)} →</a>
				</p>
			)}
			<Steps steps={a.steps} word={(s) => wordOf(states, s)} />
		</>
	);
}
