// Fever cases: what is due next comes first.

import { call } from "../../desk/call";
import { route } from "../../desk/router";
import { nodeName, siteName, siteOf } from "../../desk/town";
import { all } from "../../desk/ui/pages";
import { Chip } from "../../desk/ui/parts";
import { dayFields, daysAsked, left, Register, useNow, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import { FeverScreen } from "./fever";
import { type Sum, Sums } from "./sums";
import type { Fever } from "./types";
import { feverOutcomes, feverSteps, maskedName, screeningResults } from "./words";

export default function Fevers() {
	const id = route.value.path[1];
	return id ? <FeverScreen id={id} key={id} /> : <List />;
}

const due = (f: Fever) => (f.procedure.due_at ? Date.parse(f.procedure.due_at) : Number.POSITIVE_INFINITY);

function List() {
	const now = useNow();
	return (
		<Register<Fever>
			path="fevers"
			title={t({ zh: "发热病例", en: "Fever cases" })}
			hint={t({
				zh: "第二次高温即立案。10 分钟内报社区，30 分钟内报街道，2 小时内转运。最急的在前。",
				en: "The second high reading opens a case: told to the community within 10 minutes, to the subdistrict within 30, on the way within 2 hours. The most urgent first.",
			})}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "open", label: t({ zh: "未结案", en: "Open" }) },
						{ value: "closed", label: t({ zh: "已结案", en: "Closed" }) },
					],
				},
				...dayFields("closed"),
			]}
			preset={{ state: "open" }}
			load={async (filter) => {
				const closed = filter.state === "closed";
				const query = { state: filter.state, ...(closed ? daysAsked(filter) : {}) };
				const rows = await all((cursor) =>
					call<{ fevers: Fever[]; next: string }>("GET", "/v1/fevers", { query: { ...query, cursor } }).then((a) => ({
						rows: a.fevers,
						next: a.next,
					})),
				);
				return { rows: closed ? rows : rows.sort((a, b) => due(a) - due(b)) };
			}}
			summary={(rows) => (rows.some((f) => f.state === "open") ? <Sums sums={sumsOf(rows, now)} /> : null)}
			narrow={(f, filter) => f.state === "closed" || fits(f, filter.only ?? "", now)}
			rowKey={(f) => f.id}
			name={(f) => maskedName(f.person)}
			text={(f) => `${maskedName(f.person)} ${f.site_name} ${siteName(f.home)}`}
			tone={(f) => (f.procedure.due_at && Date.parse(f.procedure.due_at) < now ? "h-late" : "")}
			empty={<p class="empty">{t({ zh: "没有这样的发热病例", en: "No fever case like this" })}</p>}
			columns={[
				{ key: "who", title: t({ zh: "人员", en: "Person" }), width: "5.5rem", cell: (f) => maskedName(f.person) },
				{
					key: "next",
					title: t({ zh: "下一步", en: "Next step" }),
					width: "12rem",
					cell: (f) =>
						f.state === "closed" ? (
							<Chip>{wordOf(feverOutcomes, f.outcome)}</Chip>
						) : (
							<Chip tone="info">{wordOf(feverSteps, f.procedure.next_step)}</Chip>
						),
					sort: (f) => f.procedure.next_step,
				},
				{
					key: "due",
					title: t({ zh: "时限", en: "Due" }),
					width: "11rem",
					cell: (f) =>
						f.state === "closed" ? (
							when(f.closed_at)
						) : (
							<Chip tone={due(f) < now ? "stop" : "care"}>{left(f.procedure.due_at, now)}</Chip>
						),
					sort: (f) => (f.state === "closed" ? Date.parse(f.closed_at ?? "") : due(f)),
				},
				{
					key: "temp",
					title: t({ zh: "两次体温", en: "Readings" }),
					width: "7rem",
					right: true,
					wide: true,
					cell: (f) => `${f.first.temperature.toFixed(1)} / ${f.second.temperature.toFixed(1)}`,
					sort: (f) => f.second.temperature,
				},
				{
					key: "where",
					title: t({ zh: "测温地点", en: "Measured at" }),
					cell: (f) => f.site_name || siteName(f.site),
					sort: (f) => f.site_name,
					wide: true,
				},
				{
					key: "home",
					title: t({ zh: "住处", en: "Home" }),
					cell: (f) => siteName(f.home),
					sort: (f) => f.home,
					wide: true,
				},
				{
					key: "node",
					title: t({ zh: "网格", en: "Grid" }),
					cell: (f) => nodeName(siteOf(f.site)?.grid ?? ""),
					wide: true,
				},
				{
					key: "result",
					title: t({ zh: "筛查", en: "Screening" }),
					width: "7rem",
					wide: true,
					cell: (f) => {
						const last = lastOf(f.procedure.screenings)?.result;
						return last ? <Chip tone={screeningResults[last]?.tone}>{wordOf(screeningResults, last)}</Chip> : "";
					},
				},
				{
					key: "opened",
					title: t({ zh: "立案", en: "Opened" }),
					width: "7.5rem",
					wide: true,
					cell: (f) => when(f.opened_at),
					sort: (f) => Date.parse(f.opened_at),
				},
			]}
		/>
	);
}

/** Whether a case is one of those that a sum counts. */
function fits(f: Fever, only: string, now: number): boolean {
	return only === "" || (only === "late" ? due(f) < now : f.procedure.next_step === only);
}

function sumsOf(rows: readonly Fever[], now: number): Sum[] {
	const count = (only: string) => rows.filter((f) => fits(f, only, now)).length;
	return [
		{ only: "", name: t({ zh: "未结", en: "Open" }), count: rows.length },
		{ only: "late", name: t({ zh: "超时", en: "Late" }), count: count("late"), bad: true },
		...Object.keys(feverSteps).map((step) => ({ only: step, name: wordOf(feverSteps, step), count: count(step) })),
	];
}
