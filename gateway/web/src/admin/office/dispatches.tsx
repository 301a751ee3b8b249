// Dispatch: a problem has an owner and a deadline until somebody else has looked.
import { call } from "../../desk/call";
import { session } from "../../desk/session";
import { nodeName, staffName } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field } from "../../desk/ui/form";
import { all } from "../../desk/ui/pages";
import { Chip, Empty, Facts } from "../../desk/ui/parts";
import { dayFields, daysAsked, left, newID, Register, type Step, Steps, useNow, when } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { dueIn, idField, Lead, noteField, optional, refHref, StateChip, stateOptions, stateWord } from "./words";

export interface Dispatch {
	id: string;
	node: string;
	problem: string;
	/** The record that it comes from: "finding/ID". */
	source: string;
	state: "open" | "taken" | "done" | "verified" | "reopened";
	owner: string;
	opened_at: string;
	due_at: string | null;
	overdue: boolean;
	closed_at: string | null;
	steps: Step[];
}

/** What comes first: what is late, then by deadline; what waits to be looked at after it. */
export function byNeed(a: { due_at: string | null; opened_at: string }, b: typeof a): number {
	return (a.due_at ?? "9").localeCompare(b.due_at ?? "9") || a.opened_at.localeCompare(b.opened_at);
}

const mine = (d: Dispatch) => d.owner === session.value?.login;
const turn = (verb: string) => (d: Dispatch, values: object) =>
	call("POST", `/v1/dispatches/${d.id}/${verb}`, { body: values });

const heads = ["leader", "grid"] as const;

export default function Dispatches() {
	const now = useNow();
	return (
		<Register<Dispatch>
			path="dispatches"
			title={t({ zh: "调度", en: "Dispatch" })}
			hint={t({
				zh: "每个问题有人负责、有期限；办完由别人核验。逾期的排在最前。",
				en: "Each problem has an owner and a deadline; somebody else looks when it is done. What is late comes first.",
			})}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "", label: t({ zh: "全部未核验", en: "All that is not verified" }) },
						...stateOptions("open", "taken", "done", "reopened", "verified"),
					],
				},
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node" },
				{ name: "owner", label: t({ zh: "责任人", en: "Owner" }), kind: "staff" },
				...dayFields("verified"),
			]}
			load={async (f) => {
				const closed = f.state === "verified";
				const query = { state: f.state, node: f.node, owner: f.owner, limit: 1000, ...(closed ? daysAsked(f) : {}) };
				const rows = await all((cursor) =>
					call<{ dispatches: Dispatch[]; next: string }>("GET", "/v1/dispatches", {
						query: { ...query, cursor },
					}).then((a) => ({ rows: a.dispatches, next: a.next })),
				);
				return { rows: closed ? rows : rows.sort(byNeed) };
			}}
			one={(id) => call("GET", `/v1/dispatches/${id}`)}
			rowKey={(d) => d.id}
			name={(d) => d.problem.split("\n", 1)[0] ?? ""}
			text={(d) => `${d.problem} ${staffName(d.owner)} ${nodeName(d.node)}`}
			tone={(d) => (d.overdue ? "late" : "")}
			columns={[
				{
					key: "problem",
					title: t({ zh: "问题", en: "Problem" }),
					cell: (d) => <Lead state={d.state}>{d.problem}</Lead>,
					sort: (d) => d.problem,
				},
				{
					key: "owner",
					title: t({ zh: "责任人", en: "Owner" }),
					width: "7rem",
					wide: true,
					cell: (d) => staffName(d.owner),
					sort: (d) => d.owner,
				},
				{
					key: "due",
					title: t({ zh: "期限", en: "Due" }),
					width: "10.5rem",
					cell: (d) => <Due late={d.overdue}>{left(d.due_at, now)}</Due>,
					sort: (d) => d.due_at ?? "9",
				},
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "7.5rem",
					wide: true,
					cell: (d) => <StateChip state={d.state} />,
					sort: (d) => d.state,
				},
				{
					key: "node",
					title: t({ zh: "网格", en: "Node" }),
					width: "10rem",
					wide: true,
					cell: (d) => nodeName(d.node),
					sort: (d) => nodeName(d.node),
				},
				{
					key: "opened",
					title: t({ zh: "交办", en: "Given out" }),
					width: "7.5rem",
					wide: true,
					cell: (d) => when(d.opened_at),
					sort: (d) => d.opened_at,
				},
			]}
			detail={(d) => <Detail d={d} now={now} />}
			actions={[
				{
					key: "take",
					title: t({ zh: "接办", en: "Take it" }),
					main: true,
					when: (d) => mine(d) && (d.state === "open" || d.state === "reopened"),
					run: (d) => turn("take")(d, { note: "" }),
				},
				{
					key: "done",
					title: t({ zh: "已办结", en: "Done" }),
					main: true,
					when: (d) => mine(d) && ["open", "taken", "reopened"].includes(d.state),
					fields: () => [noteField(t({ zh: "怎么解决的", en: "How it was solved" }), true)],
					run: turn("done"),
				},
				{
					key: "verify",
					title: t({ zh: "核验通过", en: "Verify" }),
					main: true,
					roles: heads,
					when: (d) => d.state === "done",
					not: (d) =>
						mine(d)
							? t({ zh: "责任人不能核验自己的事", en: "Its owner cannot verify it: somebody else has to look" })
							: "",
					fields: () => [noteField(t({ zh: "核验情况", en: "What was seen" }), false)],
					run: turn("verify"),
				},
				{
					key: "reopen",
					title: t({ zh: "退回重办", en: "Not solved" }),
					roles: heads,
					when: (d) => d.state === "done" || d.state === "verified",
					fields: () => [
						noteField(t({ zh: "还差什么", en: "What is still wrong" }), true),
						{ name: "due_at", label: t({ zh: "新期限", en: "New deadline" }), kind: "datetime", required: true },
					],
					initial: () => ({ due_at: dueIn(24) }),
					run: turn("reopen"),
				},
				{
					key: "reassign",
					title: t({ zh: "改派", en: "Reassign" }),
					roles: heads,
					when: (d) => ["open", "taken", "reopened"].includes(d.state),
					fields: () => [
						{ name: "owner", label: t({ zh: "新责任人", en: "New owner" }), kind: "staff", required: true },
						{ name: "due_at", label: t({ zh: "新期限", en: "New deadline" }), kind: "datetime" },
						noteField(t({ zh: "说明", en: "Note" }), false),
					],
					run: (d, values) => turn("reassign")(d, optional(values)),
				},
			]}
			create={[
				{
					key: "new",
					title: t({ zh: "新调度", en: "New dispatch" }),
					roles: heads,
					main: true,
					fields: dispatchFields,
					initial: () => ({ id: newID("dispatch"), node: session.value?.grid ?? "", due_at: dueIn(24) }),
					submit: t({ zh: "交办", en: "Give it out" }),
					run: giveOut,
				},
			]}
			empty={<Empty>{t({ zh: "没有未核验的调度", en: "Nothing is given out that is not verified" })}</Empty>}
		/>
	);
}

/** What a new dispatch asks for. */
const dispatchFields = (): Field[] => [
	idField,
	{
		name: "problem",
		label: t({ zh: "问题", en: "Problem" }),
		kind: "area",
		required: true,
		placeholder: t({ zh: "在哪里、缺什么、要办成什么样", en: "Where, what is missing, what it has to be like" }),
	},
	{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node", required: true },
	{ name: "owner", label: t({ zh: "责任人", en: "Owner" }), kind: "staff", required: true },
	{ name: "due_at", label: t({ zh: "期限", en: "Deadline" }), kind: "datetime", required: true },
];

const giveOut = (_: unknown, values: object) => call("POST", "/v1/dispatches", { body: { source: "", ...values } });

/** Gives the problem of another record to somebody; the dispatch leads back to it. */
export const dispatchOf = <T extends { id: string; node: string; text: string }>(
	kind: string,
	when: (row: T) => boolean,
): Action<T> => ({
	key: "dispatch",
	title: t({ zh: "转调度", en: "Make it a dispatch" }),
	roles: heads,
	when,
	fields: dispatchFields,
	initial: (row) => ({ id: newID("dispatch"), node: row.node, problem: row.text, due_at: dueIn(24) }),
	submit: t({ zh: "交办", en: "Give it out" }),
	run: (row, values) => giveOut(row, { ...values, source: `${kind}/${row.id}` }),
});

/** A deadline in words; one that is over says so in colour, too. */
export function Due({ late, children }: { late: boolean; children: string }) {
	return late ? <Chip tone="stop">{children}</Chip> : <span>{children || "—"}</span>;
}

function Detail({ d, now }: { d: Dispatch; now: number }) {
	const source = refHref(d.source);
	return (
		<>
			<p class="said">{d.problem}</p>
			<Facts
				rows={[
					[t({ zh: "状态", en: "State" }), <StateChip key="s" state={d.state} />],
					[t({ zh: "责任人", en: "Owner" }), staffName(d.owner)],
					[t({ zh: "网格", en: "Node" }), nodeName(d.node)],
					[t({ zh: "交办", en: "Given out" }), when(d.opened_at)],
					[
						t({ zh: "期限", en: "Deadline" }),
						d.due_at && (
							<>
								{when(d.due_at)} <Due late={d.overdue}>{left(d.due_at, now)}</Due>
							</>
						),
					],
					[t({ zh: "核验", en: "Verified" }), when(d.closed_at)],
					[
						t({ zh: "来源", en: "Comes from" }),
						d.source && (source ? <a href={source}>{t({ zh: "查看来源", en: "Look at it" })}</a> : d.source),
					],
				]}
			/>
			<Steps steps={d.steps} word={stateWord} />
		</>
	);
}
