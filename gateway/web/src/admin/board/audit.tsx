// Who asked what, of whom, on what ground. Reading it is on record as well.
import "./board.css";
import { useState } from "preact/hooks";
import { call, save } from "../../desk/call";
import { href, refine, route } from "../../desk/router";
import { staffName } from "../../desk/town";
import { type Field, FieldInput } from "../../desk/ui/form";
import { Drawer, toast } from "../../desk/ui/overlay";
import { Pages, usePages } from "../../desk/ui/pages";
import { Button, Chip, Empty, Facts, Problem, Toolbar, useAction } from "../../desk/ui/parts";
import type { Column } from "../../desk/ui/table";
import { roles, wordOf } from "../../desk/words";
import { type Text, t } from "../../shared/i18n";
import { clockTimeSeconds, dayAndTime, localDay, startOfDay, wire } from "../../shared/time";
import { actionWords, subjectChoices } from "./auditwords";
import { type Entry, firstBroken } from "./chain";
import { ChainHead } from "./head";

const outcomes: Record<string, Text> = {
	answered: { zh: "已答复", en: "answered" },
	streaming: { zh: "开始导出", en: "export begun" },
	streamed: { zh: "导出完成", en: "export ended" },
	cut: { zh: "导出中断", en: "export broke off" },
	forbidden: { zh: "岗位无权", en: "role may not" },
	out_of_scope: { zh: "不在其网格", en: "outside their grid" },
	case_needed: { zh: "没有案件", en: "no case" },
	case_closed: { zh: "案件已结", en: "case closed" },
	over_cap: { zh: "超出上限", en: "over the cap" },
	invalid: { zh: "填写有误", en: "not acceptable" },
	not_found: { zh: "未找到", en: "not found" },
};

const done = new Set(["answered", "streaming", "streamed"]);

/** The window that is asked for: today, if the address names none. */
function windowOf(query: URLSearchParams): { from: string; to: string } {
	const today = startOfDay(Date.now());
	return { from: query.get("from") ?? wire(today), to: query.get("to") ?? wire(today + 86_400_000) };
}

const fields = (): Field[] => [
	{ name: "from", label: t({ zh: "从", en: "From" }), kind: "datetime" },
	{ name: "to", label: t({ zh: "到", en: "Until" }), kind: "datetime" },
	{ name: "actor", label: t({ zh: "谁", en: "Who" }), kind: "staff" },
	{
		name: "action",
		label: t({ zh: "做了什么", en: "What" }),
		kind: "pick",
		options: subjectChoices.map((c) => ({ value: c.value, label: t(c.label), hint: c.value })),
	},
	{ name: "case", label: t({ zh: "案件", en: "Case" }), placeholder: "C17" },
];

export default function Audit() {
	const query = route.value.query;
	const window = windowOf(query);
	// Whom it is about stands in no address: it can be somebody's ID.
	const [subject, setSubject] = useState("");
	const [open, setOpen] = useState<Entry | null>(null);
	const asked = {
		...window,
		actor: query.get("actor"),
		action: query.get("action"),
		case: query.get("case"),
		subject: subject.trim(),
	};
	const list = usePages<Entry>(
		async (cursor) => {
			const page = await call<{ entries: Entry[]; next: string }>("GET", "/v1/audit", {
				query: { ...asked, cursor, limit: 500 },
			});
			return { rows: page.entries, next: page.next };
		},
		[asked],
	);
	const broken = firstBroken(list.rows);
	return (
		<div class="b-board b-audit">
			<header class="screenhead">
				<h1>{t({ zh: "审计", en: "Audit" })}</h1>
				<Button busy={list.busy} onClick={() => void list.reload()}>
					{t({ zh: "刷新", en: "Refresh" })}
				</Button>
				<Export query={asked} />
			</header>
			<ChainHead />
			<Toolbar>
				{fields().map((f) => (
					<FieldInput
						key={f.name}
						field={{ ...f, required: true }}
						value={f.name === "from" || f.name === "to" ? window[f.name] : (query.get(f.name) ?? "")}
						onValue={(v) => refine({ [f.name]: String(v ?? "") })}
					/>
				))}
				<label class="field">
					<span>{t({ zh: "关于谁（编号）", en: "About whom (ID or code)" })}</span>
					<input type="search" autocomplete="off" value={subject} onChange={(e) => setSubject(e.currentTarget.value)} />
				</label>
			</Toolbar>
			{broken !== null && (
				<Problem
					cause={
						new Error(
							t({
								zh: `第 ${broken} 条的哈希与内容不符：记录被改动，保存证据并联系系统管理员`,
								en: `entry ${broken} does not have the hash that it claims: it was changed; keep the evidence and call the administrator`,
							}),
						)
					}
				/>
			)}
			<Pages
				list={list}
				label={t({ zh: "审计记录", en: "Entries" })}
				columns={columns()}
				rowKey={(e) => e.seq}
				rowHeight={36}
				onOpen={setOpen}
				height="calc(100vh - 24rem)"
				tone={(e) => (done.has(e.outcome) ? "" : "b-care")}
				empty={<Empty>{t({ zh: "这段时间没有符合条件的记录", en: "Nothing like that in this time" })}</Empty>}
			/>
			{open && <OneEntry e={open} onClose={() => setOpen(null)} onSubject={setSubject} />}
		</div>
	);
}

const columns = (): Column<Entry>[] => [
	{
		key: "at",
		title: t({ zh: "时间", en: "Time" }),
		width: "9.5rem",
		sort: (e) => -e.seq,
		cell: (e) => `${localDay(Date.parse(e.at)).slice(5)} ${clockTimeSeconds(Date.parse(e.at))}`,
	},
	{
		key: "who",
		title: t({ zh: "谁", en: "Who" }),
		width: "1.2fr",
		sort: (e) => e.actor,
		cell: (e) => (
			<>
				{whoWord(e)} <small>{wordOf(roles, e.role)}</small>
			</>
		),
	},
	{
		key: "what",
		title: t({ zh: "做了什么", en: "What" }),
		width: "1.8fr",
		sort: (e) => e.action,
		cell: (e) => t(actionWords(e.action)),
	},
	{
		key: "subject",
		title: t({ zh: "关于", en: "About" }),
		width: "1.2fr",
		wide: true,
		sort: (e) => e.subject,
		cell: (e) => e.subject,
	},
	{
		key: "ground",
		title: t({ zh: "案件与理由", en: "Case and reason" }),
		width: "1.2fr",
		wide: true,
		sort: (e) => e.case,
		cell: (e) => (
			<>
				{e.case && <b>{e.case}</b>} {e.reason}
			</>
		),
	},
	{
		key: "outcome",
		title: t({ zh: "结果", en: "Outcome" }),
		width: "7.5rem",
		wide: true,
		sort: (e) => e.outcome,
		cell: (e) => <Chip tone={done.has(e.outcome) ? "quiet" : "care"}>{wordOf(outcomes, e.outcome)}</Chip>,
	},
	{
		key: "rows",
		title: t({ zh: "行数", en: "Rows" }),
		width: "4.5rem",
		right: true,
		wide: true,
		sort: (e) => -e.rows,
		cell: (e) => (e.rows < 0 ? "…" : e.rows),
	},
];

const whoWord = (e: Entry) => (e.actor === "passgate" ? t({ zh: "系统", en: "the system" }) : staffName(e.actor));

function Export({ query }: { query: Record<string, string | null> }) {
	const { busy, error, run } = useAction();
	const name = `audit_${localDay(Date.parse(query.from ?? ""))}_${localDay(Date.parse(query.to ?? "") - 1)}.ndjson`;
	return (
		<>
			<Button
				busy={busy}
				onClick={() =>
					void run(async () => {
						await save("/v1/audit", name, { accept: "application/x-ndjson", query });
						toast(t({ zh: "已导出，导出本身也已记入审计", en: "Exported, which is on record as well" }));
					})
				}
			>
				{t({ zh: "导出（NDJSON）", en: "Export (NDJSON)" })}
			</Button>
			<Problem cause={error} />
		</>
	);
}

function OneEntry({ e, onClose, onSubject }: { e: Entry; onClose: () => void; onSubject: (id: string) => void }) {
	const parts = e.subject.split(/\s+/).filter((s) => s !== "");
	return (
		<Drawer title={t({ zh: `第 ${e.seq} 条`, en: `Entry ${e.seq}` })} onClose={onClose}>
			<Facts
				rows={[
					[
						t({ zh: "时间", en: "Time" }),
						`${dayAndTime(Date.parse(e.at))}:${clockTimeSeconds(Date.parse(e.at)).slice(6)}`,
					],
					[
						t({ zh: "谁", en: "Who" }),
						<>
							<a href={href("audit", { ...Object.fromEntries(route.value.query), actor: e.actor })} onClick={onClose}>
								{whoWord(e)}
							</a>{" "}
							({e.actor},{wordOf(roles, e.role)})
						</>,
					],
					[t({ zh: "做了什么", en: "What" }), t(actionWords(e.action))],
					[t({ zh: "接口", en: "Call" }), <code key="a">{e.action}</code>],
					[
						t({ zh: "案件", en: "Case" }),
						e.case && (
							<>
								<a href={href(["cases", e.case])}>{e.case}</a> ·{" "}
								<a href={href("audit", { ...Object.fromEntries(route.value.query), case: e.case })} onClick={onClose}>
									{t({ zh: "此案的全部记录", en: "all under it" })}
								</a>
							</>
						),
					],
					[t({ zh: "理由", en: "Reason" }), e.reason],
					[t({ zh: "条件", en: "Query" }), e.detail],
					[t({ zh: "结果", en: "Outcome" }), wordOf(outcomes, e.outcome)],
					[t({ zh: "行数", en: "Rows" }), e.rows < 0 ? "" : e.rows],
					[t({ zh: "请求编号", en: "Request" }), <code key="r">{e.request}</code>],
					[t({ zh: "哈希", en: "Hash" }), <code key="h">{e.hash}</code>],
					[t({ zh: "前一条", en: "The one before" }), <code key="p">{e.prev}</code>],
				]}
			/>
			{parts.length > 0 && (
				<p>
					{t({ zh: "关于：", en: "About: " })}
					{parts.map((id) => (
						<Button
							key={id}
							onClick={() => {
								onSubject(id);
								onClose();
							}}
						>
							{t({ zh: `${id}：谁查过`, en: `${id}: who asked` })}
						</Button>
					))}
				</p>
			)}
		</Drawer>
	);
}
