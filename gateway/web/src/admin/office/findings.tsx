// Findings of inspections: to be put right by a deadline, then looked at by somebody.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName, staffName } from "../../desk/town";
import { all } from "../../desk/ui/pages";
import { Chip, Empty, Facts } from "../../desk/ui/parts";
import { dayFields, daysAsked, left, Register, type Step, Steps, useNow, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { byNeed, Due, dispatchOf } from "./dispatches";
import { checks, severities, severityTones } from "./inspectionwords";
import { dueIn, Lead, noteField, StateChip, stateOptions, stateWord } from "./words";

interface Finding {
	id: string;
	node: string;
	site: string;
	site_name: string;
	inspection: string;
	item: string;
	severity: string;
	text: string;
	state: "open" | "corrected" | "verified" | "reopened";
	owner: string;
	/** Who sees to it at the site. */
	at_site: string;
	opened_at: string;
	due_at: string | null;
	overdue: boolean;
	evidence: string;
	closed_at: string | null;
	steps: Step[];
}

const turn = (verb: string) => (f: Finding, values: object) =>
	call("POST", `/v1/findings/${f.id}/${verb}`, { body: values });

const inspecting = ["inspector", "leader"] as const;

export default function Findings() {
	const now = useNow();
	return (
		<Register<Finding>
			path="findings"
			title={t({ zh: "隐患整改", en: "Findings" })}
			hint={t({
				zh: "检查发现的问题限期整改，整改后复查销号。逾期的排在最前。",
				en: "What inspections found: put right by a deadline, then looked at. What is late comes first.",
			})}
			links={
				<>
					<a class="btn" href={href("inspections")}>
						{t({ zh: "检查记录", en: "Inspections" })}
					</a>
					{may(...inspecting) && (
						<a class="btn main" href={href("inspections/new")}>
							{t({ zh: "登记检查", en: "Write an inspection down" })}
						</a>
					)}
				</>
			}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "", label: t({ zh: "全部未销号", en: "All that is not verified" }) },
						...stateOptions("open", "corrected", "reopened", "verified"),
					],
				},
				{ name: "site", label: t({ zh: "场所", en: "Site" }), kind: "site" },
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node" },
				...dayFields("verified"),
			]}
			load={async (f) => {
				const closed = f.state === "verified";
				const query = { state: f.state, node: f.node, site: f.site, limit: 1000, ...(closed ? daysAsked(f, 30) : {}) };
				const rows = await all((cursor) =>
					call<{ findings: Finding[]; next: string }>("GET", "/v1/findings", { query: { ...query, cursor } }).then(
						(a) => ({ rows: a.findings, next: a.next }),
					),
				);
				return { rows: closed ? rows : rows.sort(byNeed) };
			}}
			one={(id) => call("GET", `/v1/findings/${id}`)}
			rowKey={(f) => f.id}
			name={(f) => `${f.site_name} · ${wordOf(checks, f.item)}`}
			text={(f) => `${f.site_name} ${f.text} ${f.at_site}`}
			tone={(f) => (f.overdue ? "late" : "")}
			columns={[
				{
					key: "text",
					title: t({ zh: "问题", en: "Finding" }),
					cell: (f) => <Lead state={f.state}>{f.text}</Lead>,
					sort: (f) => f.text,
				},
				{
					key: "site",
					title: t({ zh: "场所", en: "Site" }),
					width: "11rem",
					wide: true,
					cell: (f) => f.site_name,
					sort: (f) => f.site_name,
				},
				{
					key: "due",
					title: t({ zh: "期限", en: "Due" }),
					width: "10.5rem",
					cell: (f) => <Due late={f.overdue}>{left(f.due_at, now)}</Due>,
					sort: (f) => f.due_at ?? "9",
				},
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "9rem",
					wide: true,
					cell: (f) => <StateChip state={f.state} />,
					sort: (f) => f.state,
				},
				{
					key: "severity",
					title: t({ zh: "程度", en: "Severity" }),
					width: "6rem",
					wide: true,
					cell: (f) => <Chip tone={severityTones[f.severity]}>{wordOf(severities, f.severity)}</Chip>,
					sort: (f) => f.severity,
				},
				{
					key: "owner",
					title: t({ zh: "负责复查", en: "Owner" }),
					width: "7rem",
					wide: true,
					cell: (f) => staffName(f.owner),
					sort: (f) => f.owner,
				},
			]}
			detail={(f) => <Detail f={f} now={now} />}
			actions={[
				{
					key: "corrected",
					title: t({ zh: "已整改", en: "Put right" }),
					main: true,
					when: (f) => f.state === "open" || f.state === "reopened",
					fields: () => [
						{ name: "evidence", label: t({ zh: "整改情况", en: "What was done" }), kind: "area", required: true },
					],
					run: turn("corrected"),
				},
				{
					key: "verify",
					title: t({ zh: "复查销号", en: "Verify" }),
					main: true,
					roles: inspecting,
					when: (f) => f.state === "corrected",
					fields: () => [noteField(t({ zh: "复查情况", en: "What was seen" }), false)],
					run: turn("verify"),
				},
				{
					key: "reopen",
					title: t({ zh: "退回整改", en: "Not put right" }),
					roles: inspecting,
					when: (f) => f.state === "corrected" || f.state === "verified",
					fields: () => [
						noteField(t({ zh: "还差什么", en: "What is still wrong" }), true),
						{ name: "due_at", label: t({ zh: "新期限", en: "New deadline" }), kind: "datetime", required: true },
					],
					initial: () => ({ due_at: dueIn(24) }),
					run: turn("reopen"),
				},
				dispatchOf("finding", (f) => f.state !== "verified"),
			]}
			empty={<Empty>{t({ zh: "没有待整改的隐患", en: "Nothing has to be put right" })}</Empty>}
		/>
	);
}

function Detail({ f, now }: { f: Finding; now: number }) {
	return (
		<>
			<p class="said">{f.text}</p>
			<Facts
				rows={[
					[
						t({ zh: "程度", en: "Severity" }),
						<Chip key="s" tone={severityTones[f.severity]}>
							{wordOf(severities, f.severity)}
						</Chip>,
					],
					[t({ zh: "状态", en: "State" }), <StateChip key="t" state={f.state} />],
					[
						t({ zh: "期限", en: "Deadline" }),
						f.due_at && (
							<>
								{when(f.due_at)} <Due late={f.overdue}>{left(f.due_at, now)}</Due>
							</>
						),
					],
					[t({ zh: "场所负责人", en: "At the site" }), f.at_site],
					[t({ zh: "负责复查", en: "Owner" }), staffName(f.owner)],
					[t({ zh: "网格", en: "Node" }), nodeName(f.node)],
					[t({ zh: "发现", en: "Found" }), when(f.opened_at)],
					[t({ zh: "整改情况", en: "What was done" }), f.evidence],
					[
						t({ zh: "这个场所", en: "This site" }),
						<span key="l" class="links">
							<a href={href("inspections", { site: f.site })}>{t({ zh: "全部检查", en: "All inspections" })}</a>{" "}
							<a href={href("findings", { site: f.site })}>{t({ zh: "全部隐患", en: "All findings" })}</a>
						</span>,
					],
				]}
			/>
			<Steps steps={f.steps} word={stateWord} />
		</>
	);
}
