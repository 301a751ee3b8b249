// Observations (四个一): who is at home or in an isolation bed, and what today lacks.
import { call } from "../../desk/call";
import { href, route } from "../../desk/router";
import { may } from "../../desk/session";
import { staffName } from "../../desk/town";
import { all } from "../../desk/ui/pages";
import { Chip } from "../../desk/ui/parts";
import { dayFields, daysAsked, Register, useNow, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { ObservationDetailView } from "./observation";
import { observationActions } from "./observationactions";
import { StartObservation } from "./observationstart";
import { dayOf, Mark, markOf, reportMark } from "./strip";
import { type Sum, Sums } from "./sums";
import type { Observation, ObservationDetail } from "./types";
import { homeOf, observationEnds, observationPlaces, observationStates, optionsOf } from "./words";

export default function Observations() {
	return route.value.path[1] === "new" ? <StartObservation /> : <List />;
}

/** How much an observation needs somebody now: what stands higher comes first. */
export function urgency(o: Observation): number {
	const missed = o.today.missed.length + (o.today.report_missed ? 1 : 0);
	return (o.state === "held" ? 100 : 0) + 10 * missed + (o.breaches > 0 ? 5 : 0) + (o.today.due.length > 0 ? 1 : 0);
}

function List() {
	const now = useNow(60_000);
	return (
		<Register<Observation, ObservationDetail>
			path="observations"
			title={t({ zh: "医学观察（四个一）", en: "Observations" })}
			hint={t({
				zh: "每人一名领导、一名干部、一名医务人员、一日一报；早晚各测温一次。到期待决定和漏测的在前。",
				en: "For each a leader, a cadre, a medic and one report a day; a reading in the morning and one in the afternoon. What is to be decided and what was missed come first.",
			})}
			links={
				may("medic", "leader") && (
					<a class="btn main" href={href(["observations", "new"])}>
						{t({ zh: "开始观察", en: "Begin one" })}
					</a>
				)
			}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "", label: t({ zh: "全部未结束", en: "All that are not over" }) },
						...optionsOf(observationStates, ["running", "held", "ended"]),
					],
				},
				{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" },
				...dayFields("ended"),
			]}
			load={async (filter) => {
				const ended = filter.state === "ended";
				const query = { state: filter.state, node: filter.node, limit: 200, ...(ended ? daysAsked(filter) : {}) };
				const rows = await all((cursor) =>
					call<{ observations: Observation[]; next: string }>("GET", "/v1/observations", {
						query: { ...query, cursor },
					}).then((a) => ({ rows: a.observations, next: a.next })),
				);
				return { rows: ended ? rows : rows.sort((a, b) => urgency(b) - urgency(a)) };
			}}
			one={(id) => call("GET", `/v1/observations/${id}`)}
			summary={(rows) => (rows.some((o) => !o.end) ? <Sums sums={sumsOf(rows)} /> : null)}
			narrow={(o, filter) => o.end !== null || (counted[filter.only ?? ""]?.(o) ?? true)}
			rowKey={(o) => o.id}
			name={(o) => o.person?.name ?? t({ zh: "（已迁出或注销）", en: "(moved away or erased)" })}
			text={(o) => `${o.person?.name ?? ""} ${homeOf(o.person)} ${staffName(o.cadre)} ${staffName(o.medic)}`}
			tone={(o) => (o.state === "held" || o.today.missed.length > 0 || o.today.report_missed ? "h-late" : "")}
			columns={[
				{ key: "who", title: t({ zh: "姓名", en: "Name" }), width: "6rem", cell: (o) => o.person?.name ?? "—" },
				{
					key: "day",
					title: t({ zh: "天数", en: "Day" }),
					width: "5rem",
					right: true,
					cell: (o) => (o.end ? "—" : `${dayOf(o, now).day} / ${dayOf(o, now).of}`),
					sort: (o) => dayOf(o, now).day,
				},
				...(["am", "pm"] as const).map((slot) => ({
					key: slot,
					title: slot === "am" ? t({ zh: "上午", en: "a.m." }) : t({ zh: "下午", en: "p.m." }),
					width: "5rem",
					cell: (o: Observation) => (o.end ? "" : <Mark of={markOf(o.today, slot)} />),
					sort: (o: Observation) => markOf(o.today, slot),
				})),
				{
					key: "report",
					title: t({ zh: "日报", en: "Report" }),
					width: "6.2rem",
					cell: (o) => (o.end ? "" : <Mark of={reportMark(o.today)} />),
					sort: (o) => reportMark(o.today),
				},
				{
					key: "breaches",
					title: t({ zh: "外出", en: "Breaches" }),
					width: "6rem",
					right: true,
					wide: true,
					cell: (o) => (o.breaches > 0 ? <Chip tone="stop">{o.breaches}</Chip> : "0"),
					sort: (o) => o.breaches,
				},
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "8rem",
					wide: true,
					cell: (o) =>
						o.end ? (
							<Chip>{wordOf(observationEnds, o.end.how)}</Chip>
						) : (
							<Chip tone={observationStates[o.state]?.tone}>{wordOf(observationStates, o.state)}</Chip>
						),
					sort: (o) => o.state,
				},
				{
					key: "until",
					title: t({ zh: "到期", en: "Until" }),
					width: "7.5rem",
					wide: true,
					cell: (o) => when(o.until),
					sort: (o) => Date.parse(o.until),
				},
				{
					key: "home",
					title: t({ zh: "住处", en: "Home" }),
					wide: true,
					cell: (o) => homeOf(o.person),
					sort: (o) => homeOf(o.person),
				},
				{
					key: "place",
					title: t({ zh: "地点", en: "Place" }),
					width: "6rem",
					wide: true,
					cell: (o) => wordOf(observationPlaces, o.place),
					sort: (o) => o.place,
				},
				{
					key: "cadre",
					title: t({ zh: "包保干部", en: "Cadre" }),
					width: "6rem",
					wide: true,
					cell: (o) => staffName(o.cadre),
					sort: (o) => staffName(o.cadre),
				},
			]}
			actions={observationActions()}
			detail={(o) => <ObservationDetailView observation={o} />}
		/>
	);
}

/** What the sums count. */
const counted: Record<string, (o: Observation) => boolean> = {
	"": () => true,
	missed: (o) => o.today.missed.length > 0,
	report: (o) => o.today.report === null,
	breaches: (o) => o.breaches > 0,
	held: (o) => o.state === "held",
};

function sumsOf(rows: readonly Observation[]): Sum[] {
	const words: Record<string, string> = {
		"": t({ zh: "在观察", en: "Under observation" }),
		missed: t({ zh: "今日漏测", en: "Missed a reading today" }),
		report: t({ zh: "还没日报", en: "No report yet" }),
		breaches: t({ zh: "有外出", en: "With breaches" }),
		held: t({ zh: "到期待决定", en: "To be decided" }),
	};
	return Object.entries(counted).map(([only, fits]) => ({
		only,
		name: words[only] ?? only,
		count: rows.filter(fits).length,
		bad: only === "missed" || only === "breaches" || only === "held",
	}));
}
