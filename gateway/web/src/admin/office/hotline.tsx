// The hotline: what people report, from the call to the answer that they get.
import { call } from "../../desk/call";
import { href, route } from "../../desk/router";
import { may, session } from "../../desk/session";
import { nodeName, siteName, staffName } from "../../desk/town";
import { all } from "../../desk/ui/pages";
import { Chip, Empty, Facts } from "../../desk/ui/parts";
import { dayFields, daysAsked, left, Register, type Step, Steps, useNow, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { byNeed, Due, dispatchOf } from "./dispatches";
import { NewReport } from "./hotlinenew";
import { channels, kinds, outcomes } from "./hotlinewords";
import { Lead, noteField, optional, optionsOf, StateChip, stateOptions, stateWord } from "./words";

interface Report {
	id: string;
	state: "received" | "assigned" | "closed" | "reopened";
	received_at: string;
	opened_at: string;
	due_at: string | null;
	closed_at: string | null;
	minutes_to_close: number | null;
	outcome: string;
	answer: string;
	node: string;
	channel: string;
	kind: string;
	text: string;
	anonymous: boolean;
	about_site: string;
	about_site_name: string;
	about_staff: string[];
	about_unnamed_staff: boolean;
	owner: string;
	overdue: boolean;
	/** For its owner alone. */
	caller: { name: string; phone: string } | null;
	steps: Step[];
}

/** "2 小时 5 分" of minutes. */
export function span(minutes: number): string {
	const [h, m] = [Math.floor(minutes / 60), minutes % 60];
	return h > 0 ? t({ zh: `${h} 小时 ${m} 分`, en: `${h} h ${m} min` }) : t({ zh: `${m} 分钟`, en: `${m} min` });
}

const turn = (verb: string) => (r: Report, values: object) =>
	call("POST", `/v1/reports/${r.id}/${verb}`, { body: values });

const heads = ["leader", "grid", "auditor"] as const;
const taking = ["leader", "grid", "enroller", "auditor", "inspector", "medic"] as const;

export default function Hotline() {
	return route.value.path[1] === "new" && may(...taking) ? <NewReport /> : <List />;
}

function List() {
	const now = useNow();
	return (
		<Register<Report>
			path="hotline"
			title={t({ zh: "热线", en: "Hotline" })}
			hint={t({
				zh: "接到就登记，分派到人，答复后办结。来电人只有承办人看得到。",
				en: "Taken down, given to somebody, closed with an answer. Who called is shown to its owner alone.",
			})}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "", label: t({ zh: "全部未办结", en: "All that is not closed" }) },
						...stateOptions("received", "assigned", "reopened", "closed"),
					],
				},
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node" },
				{ name: "staff", label: t({ zh: "只看涉及工作人员的", en: "About staff only" }), kind: "check" },
				...dayFields("closed"),
			]}
			load={load}
			one={(id) => call("GET", `/v1/reports/${id}`)}
			rowKey={(r) => r.id}
			name={(r) => `${wordOf(kinds, r.kind)} · ${wordOf(channels, r.channel)}`}
			text={(r) => `${r.text} ${nodeName(r.node)} ${staffName(r.owner)} ${r.about_site_name}`}
			tone={(r) => (r.overdue ? "late" : "")}
			columns={[
				{
					key: "text",
					title: t({ zh: "内容", en: "What was said" }),
					cell: (r) => <Lead state={r.state}>{r.text}</Lead>,
					sort: (r) => r.text,
				},
				{
					key: "kind",
					title: t({ zh: "类别", en: "Kind" }),
					width: "5rem",
					wide: true,
					cell: (r) => wordOf(kinds, r.kind),
					sort: (r) => r.kind,
				},
				{
					key: "due",
					title: t({ zh: "时限", en: "Time" }),
					width: "10.5rem",
					cell: (r) =>
						r.minutes_to_close === null ? (
							<Due late={r.overdue}>{left(r.due_at, now)}</Due>
						) : (
							t({ zh: `用时 ${span(r.minutes_to_close)}`, en: `took ${span(r.minutes_to_close)}` })
						),
					sort: (r) => r.minutes_to_close ?? r.due_at ?? "9",
				},
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "6rem",
					wide: true,
					cell: (r) => <StateChip state={r.state} />,
					sort: (r) => r.state,
				},
				{
					key: "owner",
					title: t({ zh: "承办人", en: "Owner" }),
					width: "7rem",
					wide: true,
					cell: (r) => staffName(r.owner),
					sort: (r) => r.owner,
				},
				{
					key: "node",
					title: t({ zh: "网格", en: "Node" }),
					width: "9rem",
					wide: true,
					cell: (r) => nodeName(r.node),
					sort: (r) => r.node,
				},
				{
					key: "at",
					title: t({ zh: "受理", en: "Received" }),
					width: "7rem",
					wide: true,
					cell: (r) => when(r.received_at),
					sort: (r) => r.received_at,
				},
			]}
			detail={(r) => <Detail r={r} now={now} />}
			actions={[
				{
					key: "assign",
					title: t({ zh: "分派", en: "Assign" }),
					main: true,
					roles: heads,
					when: (r) => r.state !== "closed",
					fields: () => [
						{ name: "owner", label: t({ zh: "承办人", en: "Owner" }), kind: "staff", required: true },
						{
							name: "due_at",
							label: t({ zh: "答复期限", en: "Answer until" }),
							kind: "datetime",
							hint: t({ zh: "不填为 24 小时", en: "24 hours if left empty" }),
						},
						noteField(t({ zh: "说明", en: "Note" }), false),
					],
					run: (r, values) => turn("assign")(r, optional(values)),
				},
				{
					key: "close",
					title: t({ zh: "答复办结", en: "Close with an answer" }),
					main: true,
					when: (r) => r.state === "assigned",
					not: (r) =>
						r.owner === session.value?.login || ["leader", "auditor"].includes(session.value?.role ?? "")
							? ""
							: t({ zh: "由承办人、负责人或审计员办结", en: "Its owner, a leader or an auditor closes it" }),
					fields: () => [
						{
							name: "outcome",
							label: t({ zh: "结果", en: "Outcome" }),
							kind: "select",
							required: true,
							options: optionsOf(outcomes),
						},
						{
							name: "answer",
							label: t({ zh: "给来电人的答复", en: "Answer to the caller" }),
							kind: "area",
							required: true,
						},
					],
					run: turn("close"),
				},
				{
					key: "reopen",
					title: t({ zh: "重新办理", en: "Reopen" }),
					roles: heads,
					when: (r) => r.state === "closed",
					fields: () => [noteField(t({ zh: "为什么没有办完", en: "Why it is not done with" }), true)],
					run: turn("reopen"),
				},
				// One about staff is never dispatched: others would read of it there.
				dispatchOf("report", (r) => r.state !== "closed" && r.about_staff.length === 0 && !r.about_unnamed_staff),
				{
					key: "staff",
					title: t({ zh: "指明涉及的工作人员", en: "Say which staff it is about" }),
					roles: ["auditor"],
					when: (r) => r.about_unnamed_staff || r.about_staff.length > 0,
					fields: () => [
						{ name: "who", label: t({ zh: "工作人员", en: "Staff" }), kind: "staff", required: true },
						noteField(t({ zh: "依据", en: "How it is known" }), true),
					],
					run: (r, v) => turn("staff")(r, { about_staff: [...r.about_staff, v.who], note: v.note }),
				},
			]}
			links={
				may(...taking) && (
					<a class="btn main" href={href("hotline/new")}>
						{t({ zh: "登记来电", en: "Take a call down" })}
					</a>
				)
			}
			empty={<Empty>{t({ zh: "没有未办结的来电", en: "Nothing is open" })}</Empty>}
		/>
	);
}

async function load(f: Record<string, string>) {
	const closed = f.state === "closed";
	const staff = f.staff === "1" ? "true" : "";
	const query = { state: f.state, node: f.node, staff, limit: 1000, ...(closed ? daysAsked(f) : {}) };
	const rows = await all((cursor) =>
		call<{ reports: Report[]; next: string }>("GET", "/v1/reports", { query: { ...query, cursor } }).then((a) => ({
			rows: a.reports.map((r) => ({ ...r, opened_at: r.received_at })),
			next: a.next,
		})),
	);
	return { rows: closed ? rows : rows.sort(byNeed) };
}

function Detail({ r, now }: { r: Report; now: number }) {
	return (
		<>
			<p class="said">{r.text}</p>
			<Facts
				rows={[
					[t({ zh: "状态", en: "State" }), <StateChip key="s" state={r.state} />],
					[t({ zh: "承办人", en: "Owner" }), staffName(r.owner)],
					[t({ zh: "网格", en: "Node" }), nodeName(r.node)],
					[t({ zh: "涉及场所", en: "About" }), r.about_site && (r.about_site_name || siteName(r.about_site))],
					[t({ zh: "受理", en: "Received" }), when(r.received_at)],
					[
						t({ zh: "答复期限", en: "Answer until" }),
						r.due_at && (
							<>
								{when(r.due_at)} <Due late={r.overdue}>{left(r.due_at, now)}</Due>
							</>
						),
					],
					[t({ zh: "用时", en: "Took" }), r.minutes_to_close !== null && span(r.minutes_to_close)],
					[
						t({ zh: "来电人", en: "Caller" }),
						r.anonymous
							? t({ zh: "不愿留名", en: "wants to stay unknown" })
							: r.caller && `${r.caller.name} ${r.caller.phone}`,
					],
					[
						t({ zh: "涉及工作人员", en: "About staff" }),
						r.about_unnamed_staff ? (
							<Chip tone="care">{t({ zh: "未指明", en: "not said who" })}</Chip>
						) : (
							r.about_staff.map(staffName).join("、")
						),
					],
				]}
			/>
			{r.answer && (
				<p class="said">
					<Chip tone="ok">{wordOf(outcomes, r.outcome)}</Chip> {r.answer}
				</p>
			)}
			<Steps steps={r.steps} word={stateWord} />
		</>
	);
}
