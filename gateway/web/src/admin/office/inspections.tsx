// Visits of inspectors to sites, and the form for one.
import { call } from "../../desk/call";
import { href, route } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName, staffName } from "../../desk/town";
import { Chip, Empty, Facts } from "../../desk/ui/parts";
import { dayFields, daysAsked, Register, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { NewInspection } from "./inspectionform";
import { checks, results } from "./inspectionwords";

interface Inspection {
	id: string;
	node: string;
	site: string;
	site_name: string;
	at: string;
	by: string;
	checklist: { item: string; result: string; note: string }[];
	note: string;
	/** Their IDs. */
	findings: string[];
}

export default function Inspections() {
	return route.value.path[1] === "new" ? <NewInspection /> : <List />;
}

function List() {
	return (
		<Register<Inspection>
			path="inspections"
			title={t({ zh: "检查记录", en: "Inspections" })}
			links={
				<>
					<a class="btn" href={href("findings")}>
						{t({ zh: "隐患整改", en: "Findings" })}
					</a>
					{may("inspector", "leader") && (
						<a class="btn main" href={href("inspections/new", { site: route.value.query.get("site") ?? "" })}>
							{t({ zh: "登记检查", en: "Write one down" })}
						</a>
					)}
				</>
			}
			filters={[
				{ name: "site", label: t({ zh: "场所", en: "Site" }), kind: "site" },
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node" },
				...dayFields(),
			]}
			load={async (f, cursor) => {
				const a = await call<{ inspections: Inspection[]; next: string }>("GET", "/v1/inspections", {
					query: { site: f.site, node: f.node, cursor, limit: 1000, ...daysAsked(f, 30) },
				});
				return { rows: a.inspections, next: a.next };
			}}
			rowKey={(v) => v.id}
			name={(v) => `${v.site_name} ${when(v.at)}`}
			text={(v) => `${v.site_name} ${v.note} ${staffName(v.by)}`}
			columns={[
				{ key: "site", title: t({ zh: "场所", en: "Site" }), cell: (v) => v.site_name, sort: (v) => v.site_name },
				{
					key: "at",
					title: t({ zh: "时间", en: "When" }),
					width: "7.5rem",
					cell: (v) => when(v.at),
					sort: (v) => v.at,
				},
				{
					key: "lacking",
					title: t({ zh: "不合格", en: "Lacking" }),
					width: "6rem",
					right: true,
					cell: (v) => lacking(v),
					sort: lacking,
				},
				{
					key: "findings",
					title: t({ zh: "隐患", en: "Findings" }),
					width: "5rem",
					right: true,
					cell: (v) => v.findings.length,
					sort: (v) => v.findings.length,
				},
				{
					key: "by",
					title: t({ zh: "检查员", en: "By" }),
					width: "8rem",
					wide: true,
					cell: (v) => staffName(v.by),
					sort: (v) => v.by,
				},
				{
					key: "node",
					title: t({ zh: "网格", en: "Node" }),
					width: "10rem",
					wide: true,
					cell: (v) => nodeName(v.node),
				},
			]}
			detail={(v) => <Detail v={v} />}
			empty={<Empty>{t({ zh: "这段时间没有检查", en: "No inspection in this time" })}</Empty>}
		/>
	);
}

const lacking = (v: Inspection) => v.checklist.filter((c) => c.result === "lacking").length;

function Detail({ v }: { v: Inspection }) {
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "检查员", en: "By" }), staffName(v.by)],
					[t({ zh: "时间", en: "When" }), when(v.at)],
					[t({ zh: "网格", en: "Node" }), nodeName(v.node)],
					[t({ zh: "备注", en: "Note" }), v.note],
					[
						t({ zh: "隐患", en: "Findings" }),
						v.findings.length > 0 &&
							v.findings.map((id, i) => (
								<a key={id} href={href(["findings", id])}>
									{t({ zh: `第 ${i + 1} 项 `, en: `No. ${i + 1} ` })}
								</a>
							)),
					],
				]}
			/>
			<ul class="checks">
				{v.checklist.map((c) => (
					<li key={c.item}>
						<span>{wordOf(checks, c.item)}</span>
						<Chip tone={results[c.result]?.tone}>{wordOf(results, c.result)}</Chip>
						<small>{c.note}</small>
					</li>
				))}
			</ul>
		</>
	);
}
