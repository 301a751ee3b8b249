// Tracing cases: the ground on which anybody's movements may be asked about.
import { call } from "../../desk/call";
import { href, route } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName, staffName } from "../../desk/town";
import { Chip } from "../../desk/ui/parts";
import { Register, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { CaseScreen, pending } from "./case";
import { NewCase } from "./casenew";
import type { Case } from "./types";
import { caseKinds, caseOutcomes, maskedName } from "./words";

export default function Cases() {
	const code = route.value.path[1];
	return code === "new" ? <NewCase /> : code ? <CaseScreen code={code} key={code} /> : <List />;
}

function List() {
	return (
		<Register<Case>
			path="cases"
			title={t({ zh: "流调案件", en: "Tracing cases" })}
			hint={t({
				zh: "流调员只能在未结案件下查询行踪；超出人数、天数、层级或网格的，须另一位负责人批准。",
				en: "Tracers ask under an open case only; more people, days, hops or another part of the grid takes a leader's approval.",
			})}
			links={
				may("medic", "leader") && (
					<a class="btn main" href={href(["cases", "new"])}>
						{t({ zh: "立案", en: "Open a case" })}
					</a>
				)
			}
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
			]}
			preset={{ state: "open" }}
			load={async (filter) => {
				const { cases } = await call<{ cases: Case[] }>("GET", "/v1/cases", { query: { state: filter.state } });
				return { rows: cases };
			}}
			rowKey={(k) => k.code}
			name={(k) => `${k.code} ${k.title}`}
			text={(k) => `${k.code} ${k.title}`}
			columns={[
				{
					key: "code",
					title: t({ zh: "编号", en: "Code" }),
					width: "5rem",
					cell: (k) => k.code,
					sort: (k) => Number(k.code.slice(1)),
				},
				{ key: "title", title: t({ zh: "案由", en: "Title" }), cell: (k) => k.title, sort: (k) => k.title },
				{
					key: "kind",
					title: t({ zh: "类型", en: "Kind" }),
					width: "7rem",
					cell: (k) => wordOf(caseKinds, k.kind),
					sort: (k) => k.kind,
				},
				{
					key: "who",
					title: t({ zh: "人员", en: "People" }),
					width: "9rem",
					wide: true,
					cell: (k) =>
						k.people.length === 0
							? "—"
							: `${maskedName(k.people[0] ?? { id: "", name_masked: "" })}${k.people.length > 1 ? t({ zh: ` 等 ${k.people.length} 人`, en: ` +${k.people.length - 1}` }) : ""}`,
					sort: (k) => k.people.length,
				},
				{
					key: "used",
					title: t({ zh: "已查人数", en: "Asked about" }),
					width: "8rem",
					right: true,
					cell: (k) => `${k.asked} / ${k.caps.people}`,
					sort: (k) => k.asked / k.caps.people,
				},
				{
					key: "waits",
					title: t({ zh: "待批", en: "Waits" }),
					width: "5rem",
					cell: (k) => (pending(k) > 0 ? <Chip tone="care">{pending(k)}</Chip> : ""),
					sort: pending,
				},
				{
					key: "node",
					title: t({ zh: "网格", en: "Grid" }),
					width: "9rem",
					wide: true,
					cell: (k) => nodeName(k.grid),
					sort: (k) => nodeName(k.grid),
				},
				{
					key: "by",
					title: t({ zh: "立案", en: "Opened" }),
					width: "11rem",
					wide: true,
					cell: (k) => `${when(k.opened_at)} ${staffName(k.opened_by)}`,
					sort: (k) => Date.parse(k.opened_at),
				},
				{
					key: "end",
					title: t({ zh: "结案", en: "Closed" }),
					width: "9rem",
					wide: true,
					cell: (k) => (k.closed_at ? wordOf(caseOutcomes, k.outcome) : ""),
				},
			]}
		/>
	);
}
