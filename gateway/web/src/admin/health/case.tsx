// One tracing case: its people, how much of its caps is used, what was asked for beyond
// them and who approved it.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may, session } from "../../desk/session";
import { nodeName, staffName } from "../../desk/town";
import { type Action, Actions } from "../../desk/ui/actions";
import { Busy, Card, Chip, Facts, Problem, useLoad } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { caseActions } from "./caseactions";
import type { Approval, Case } from "./types";
import { caseKinds, caseOutcomes, maskedName } from "./words";

/** How many lifts and grants of a case wait for somebody to approve them. */
export function pending(k: Case): number {
	const now = Date.now();
	return [...k.lifts, ...k.grants].filter((a) => a.approved_by === "" && Date.parse(a.until) > now && !k.closed_at)
		.length;
}

export function CaseScreen({ code }: { code: string }) {
	const { data: k, error, reload } = useLoad(() => call<Case>("GET", `/v1/cases/${encodeURIComponent(code)}`), [code]);
	return (
		<>
			<p>
				<a href={href("cases")}>{t({ zh: "← 全部案件", en: "← All cases" })}</a>
			</p>
			<Problem cause={error} retry={() => void reload()} />
			{!k && !error && <Busy />}
			{k && (
				<>
					<header class="screenhead">
						<h1>
							{k.code} {k.title}
						</h1>
						{k.closed_at ? (
							<Chip>{wordOf(caseOutcomes, k.outcome)}</Chip>
						) : (
							<Chip tone="info">{t({ zh: "未结案", en: "Open" })}</Chip>
						)}
					</header>
					<Actions row={k} actions={caseActions()} onDone={reload} />
					<CaseFacts kase={k} />
					<div class="split">
						<Card title={t({ zh: `人员 ${k.people.length}`, en: `People: ${k.people.length}` })}>
							<People kase={k} />
						</Card>
						<Card title={t({ zh: "查询权限", en: "What may be asked" })}>
							<Caps kase={k} />
						</Card>
					</div>
					<Approvals kase={k} onDone={reload} />
				</>
			)}
		</>
	);
}

function CaseFacts({ kase: k }: { kase: Case }) {
	return (
		<Facts
			rows={[
				[t({ zh: "类型", en: "Kind" }), wordOf(caseKinds, k.kind)],
				[t({ zh: "网格", en: "Grid" }), nodeName(k.grid)],
				[t({ zh: "追踪时段", en: "Period that counts" }), `${when(k.period_from)} – ${when(k.period_to)}`],
				[t({ zh: "发病", en: "First symptoms" }), when(k.onset_at)],
				[t({ zh: "阳性采样", en: "First positive sample" }), when(k.sampled_at)],
				[t({ zh: "隔离", en: "Isolated" }), when(k.isolated_at)],
				[t({ zh: "立案", en: "Opened" }), `${when(k.opened_at)} ${staffName(k.opened_by)}`],
				[t({ zh: "结案", en: "Closed" }), k.closed_at && `${when(k.closed_at)} ${staffName(k.closed_by)}`],
			]}
		/>
	);
}

function People({ kase: k }: { kase: Case }) {
	return (
		<ul class="h-plain long">
			{k.people.map((p, i) => (
				<li key={p.id}>
					<b>{maskedName(p)}</b> {i === 0 && <Chip tone="stop">{t({ zh: "首位", en: "first" })}</Chip>}{" "}
					{may("tracer", "leader") && p.name_masked && (
						<a href={`/trace${href(["person", p.id])}`}>{t({ zh: "行踪", en: "Movements" })}</a>
					)}{" "}
					{may("medic") && p.name_masked && <a href={href(["status", p.id])}>{t({ zh: "状态", en: "Status" })}</a>}
				</li>
			))}
			{k.people.length === 0 && <li>{t({ zh: "还没有人", en: "Nobody yet" })}</li>}
		</ul>
	);
}

function Caps({ kase: k }: { kase: Case }) {
	return (
		<>
			<label class="h-caps">
				<span>
					{t({
						zh: `已查 ${k.asked} 人，上限 ${k.caps.people} 人`,
						en: `${k.asked} of ${k.caps.people} people asked about`,
					})}
				</span>
				<meter min={0} max={k.caps.people} high={k.caps.people * 0.8} value={Math.min(k.asked, k.caps.people)} />
			</label>
			<Facts
				rows={[
					[t({ zh: "一次最多天数", en: "Days in one question" }), String(k.caps.days)],
					[t({ zh: "接触层级", en: "Hops" }), String(k.caps.hops)],
				]}
			/>
		</>
	);
}

interface Asked extends Approval {
	kind: "lifts" | "grants";
	what: string;
}

function askedOf(k: Case): Asked[] {
	const lifts = k.lifts.map((a): Asked => ({ ...a, kind: "lifts", what: capsText(a) }));
	const grants = k.grants.map(
		(a): Asked => ({
			...a,
			kind: "grants",
			what: t({ zh: `查询 ${nodeName(a.node)}`, en: `Ask about ${nodeName(a.node)}` }),
		}),
	);
	return [...lifts, ...grants].sort((a, b) => Date.parse(b.asked_at) - Date.parse(a.asked_at));
}

function capsText(a: { people: number; days: number; hops: number }): string {
	const parts = [
		a.people > 0 && t({ zh: `${a.people} 人`, en: `${a.people} people` }),
		a.days > 0 && t({ zh: `${a.days} 天`, en: `${a.days} days` }),
		a.hops > 0 && t({ zh: `${a.hops} 层`, en: `${a.hops} hops` }),
	].filter(Boolean);
	return t({ zh: `放宽到 ${parts.join("、")}`, en: `Up to ${parts.join(", ")}` });
}

function Approvals({ kase: k, onDone }: { kase: Case; onDone: () => Promise<void> }) {
	const asked = askedOf(k);
	const approve: Action<Asked> = {
		key: "approve",
		title: t({ zh: "批准", en: "Approve" }),
		roles: ["leader"],
		main: true,
		when: (a) => a.approved_by === "" && Date.parse(a.until) > Date.now() && !k.closed_at,
		not: (a) =>
			a.asked_by === session.value?.login
				? t({ zh: "是您提出的，须由另一位负责人批准", en: "You asked for it: another leader has to approve" })
				: "",
		run: (a) => call("POST", `/v1/cases/${k.code}/${a.kind}/${a.number}/approve`, { body: {} }),
	};
	return (
		<Card title={t({ zh: "放宽和跨网格申请", en: "What was asked for beyond that" })}>
			{asked.length === 0 && <p class="empty">{t({ zh: "没有申请", en: "Nothing" })}</p>}
			<ul class="h-plain">
				{asked.map((a) => (
					<li key={`${a.kind}${a.number}`}>
						<b>{a.what}</b> {t({ zh: "至", en: "until" })} {when(a.until)} · {a.reason}
						<p>
							<small>
								{staffName(a.asked_by)} {when(a.asked_at)}
							</small>{" "}
							{a.approved_by ? (
								<Chip tone="ok">
									{t({ zh: "已批准", en: "approved by" })} {staffName(a.approved_by)} {when(a.approved_at)}
								</Chip>
							) : Date.parse(a.until) < Date.now() ? (
								<Chip>{t({ zh: "已过期", en: "expired" })}</Chip>
							) : (
								<Chip tone="care">{t({ zh: "待批准", en: "waits" })}</Chip>
							)}
						</p>
						<Actions row={a} actions={[approve]} onDone={onDone} />
					</li>
				))}
			</ul>
		</Card>
	);
}
