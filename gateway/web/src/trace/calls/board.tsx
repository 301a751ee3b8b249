// The tasks of a case: how many are where, who has them, and each with what can be done.
import { useState } from "preact/hooks";
import { href, refine } from "../../desk/router";
import { may, session } from "../../desk/session";
import { nodeName, siteName, staff, staffName } from "../../desk/town";
import { toast } from "../../desk/ui/overlay";
import { Pages, usePages } from "../../desk/ui/pages";
import { Button, Chip, Problem, useAction } from "../../desk/ui/parts";
import type { Column } from "../../desk/ui/table";
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { hopWord } from "../contacts/words";
import { TaskDrawer } from "./taskdrawer";
import { stateWords, whyText } from "./words";
import { type CaseWork, type Counts, type State, saveLineList, states, type Task, tasks } from "./work";

interface Props {
	work: CaseWork;
	state: string;
	owner: string;
	/** Something has changed: the counts are to be read again. */
	onChange: () => void;
}

export function Board({ work, state, owner, onChange }: Props) {
	const list = usePages<Task>(
		async (cursor) => {
			const page = await tasks(work.case, { state, owner, limit: 200, ...(cursor ? { cursor } : {}) });
			return { rows: page.contacts, next: page.next };
		},
		[work.case, state, owner],
	);
	const [open, setOpen] = useState<string | null>(null);
	const changed = () => {
		onChange();
		void list.reload();
	};
	const row = list.rows.find((r) => r.id === open);
	return (
		<>
			<Flow counts={work.counts} total={work.total} state={state} onPick={(next) => refine({ state: next })} />
			<div class="toolbar">
				<label class="field">
					<span>{t({ zh: "谁在办", en: "In whose hands" })}</span>
					<select value={owner} onChange={(e) => refine({ owner: e.currentTarget.value })}>
						<option value="">{t({ zh: "所有人", en: "Everybody" })}</option>
						<option value={session.value?.login ?? ""}>{t({ zh: "我", en: "Me" })}</option>
						{staff.value
							.filter((s) => !s.disabled && s.login !== session.value?.login && ["tracer", "leader"].includes(s.role))
							.map((s) => (
								<option key={s.login} value={s.login}>
									{s.name}
								</option>
							))}
					</select>
				</label>
				<Button onClick={changed}>{t({ zh: "刷新", en: "Refresh" })}</Button>
				{work.own && <LineList kase={work.case} />}
			</div>
			<Pages
				label={t({ zh: "接触者", en: "Contacts" })}
				list={list}
				columns={columns()}
				rowKey={(r) => r.id}
				onOpen={(r) => setOpen(r.id)}
				empty={
					work.total === 0
						? t({
								zh: "还没有接触者：在“接触者排查”里勾选后加入流调名单",
								en: "Nobody yet: choose people under Contacts and add them to the call list",
							})
						: t({ zh: "没有这样的", en: "None of these" })
				}
			/>
			{row && (
				<TaskDrawer
					task={row}
					onClose={() => setOpen(null)}
					onChange={() => {
						setOpen(null);
						changed();
					}}
				/>
			)}
		</>
	);
}

function columns(): Column<Task>[] {
	return [
		{
			key: "who",
			title: t({ zh: "姓名", en: "Name" }),
			width: "6rem",
			cell: (r) =>
				r.person.outside ? (
					<span>{t({ zh: "辖区外", en: "Elsewhere" })}</span>
				) : (
					<a href={href(["person", r.person.id])}>{r.person.name_masked}</a>
				),
			sort: (r) => r.person.name_masked,
		},
		{
			key: "home",
			title: t({ zh: "住处", en: "Lives at" }),
			width: "7rem",
			cell: (r) => (r.person.outside ? nodeName(r.person.area) : siteName(r.person.home) || r.node_name),
			sort: (r) => r.person.home || r.person.area,
		},
		{
			key: "state",
			title: t({ zh: "进展", en: "State" }),
			width: "10rem",
			cell: (r) => (
				<>
					<Chip tone={stateWords[r.state].tone}>{t(stateWords[r.state])}</Chip>
					{r.late && <Chip tone="stop">{t({ zh: "久置", en: "Waits" })}</Chip>}
				</>
			),
			sort: (r) => states.indexOf(r.state),
		},
		{
			key: "hop",
			title: t({ zh: "层次", en: "Hop" }),
			width: "5rem",
			wide: true,
			cell: (r) => hopWord(r.hop),
			sort: (r) => r.hop,
		},
		{
			key: "exposure",
			title: t({ zh: "暴露值", en: "Exposure" }),
			width: "7rem",
			right: true,
			wide: true,
			cell: (r) => r.exposure,
			sort: (r) => -r.exposure,
		},
		{
			key: "why",
			title: t({ zh: "最后接触", en: "Last met" }),
			wide: true,
			cell: whyText,
			sort: (r) => r.last_met ?? "",
		},
		{
			key: "owner",
			title: t({ zh: "谁在办", en: "Who" }),
			width: "6rem",
			cell: (r) => (r.owner ? staffName(r.owner) : r.to ? nodeName(r.to) : "—"),
			sort: (r) => r.owner,
		},
		{
			key: "tries",
			title: t({ zh: "未接/看号", en: "Tries/shown" }),
			width: "8.5rem",
			right: true,
			wide: true,
			cell: (r) => `${r.tries} / ${r.shown}`,
			sort: (r) => -r.tries,
		},
		{
			key: "due",
			title: t({ zh: "期限", en: "Due" }),
			width: "8rem",
			wide: true,
			cell: (r) => ((r.again_at ?? r.due_at) ? dayAndTime(Date.parse(r.again_at ?? r.due_at ?? "")) : ""),
			sort: (r) => r.due_at ?? "9",
		},
	];
}

/** The work as a bar: each part as long as it is large, and as a button that filters. */
function Flow({
	counts,
	total,
	state,
	onPick,
}: {
	counts: Counts;
	total: number;
	state: string;
	onPick: (state: string) => void;
}) {
	const some = states.filter((s) => counts[s] > 0);
	const done = counts.called + counts.ordered + counts.transferred + counts.over;
	return (
		<section aria-label={t({ zh: "进展", en: "How far it is" })}>
			<div class="call-bar" aria-hidden="true">
				{some.map((s) => (
					<span key={s} class={`${stateWords[s].tone} ${s}`} style={{ flexGrow: counts[s] }} />
				))}
			</div>
			<div class="numbers">
				<button type="button" aria-pressed={state === ""} onClick={() => onPick("")}>
					{t({ zh: "全部", en: "All" })} <b>{total}</b>
					<small>
						{total > 0 &&
							t({ zh: `办结 ${Math.floor((done * 100) / total)}%`, en: `${Math.floor((done * 100) / total)}% done` })}
					</small>
				</button>
				{some.map((s) => (
					<button type="button" key={s} aria-pressed={state === s} onClick={() => onPick(s as State)}>
						<i class={`call-dot ${stateWords[s].tone} ${s}`} aria-hidden="true" />
						{t(stateWords[s])} <b>{counts[s]}</b>
					</button>
				))}
			</div>
		</section>
	);
}

function LineList({ kase }: { kase: string }) {
	const { busy, error, run } = useAction();
	const get = (form: "xlsx" | "csv") =>
		run(async () => {
			await saveLineList(kase, form);
			toast(t({ zh: "一览表已导出，每个人都记入审计", en: "The list is saved; it is on record for each person" }));
		});
	return (
		<span class="call-lines">
			<span>{t({ zh: "密切接触者一览表", en: "Line list for the county" })}</span>
			<Button busy={busy} onClick={() => void get("xlsx")}>
				Excel
			</Button>
			<Button busy={busy} onClick={() => void get("csv")}>
				CSV
			</Button>
			<Problem cause={error} />
			{may("leader") ? null : <small>{t({ zh: "含证件和电话", en: "with documents and numbers" })}</small>}
		</span>
	);
}
