// Changes of status that take a second person: whom, why, by whom, and the decision.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may, session } from "../../desk/session";
import { nodeName, staffName, statusWord } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import { Card, Chip, Facts } from "../../desk/ui/parts";
import { left, Register, useNow, when } from "../../desk/ui/register";
import { statusTones, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import type { Proposal } from "./types";
import { grounds, homeOf, proposalStates } from "./words";

const whom = (p: Proposal) =>
	p.count <= 3 && p.people.length > 0
		? p.people.map((q) => q.name).join(t({ zh: "、", en: ", " }))
		: t({
				zh: `${p.people[0]?.name ?? ""}等 ${p.count} 人`,
				en: `${p.people[0]?.name ?? ""} and others, ${p.count} people`,
			});

export default function Proposals() {
	const now = useNow(60_000);
	return (
		<Register<Proposal>
			path="proposals"
			title={t({ zh: "状态审批", en: "Changes that wait" })}
			hint={t({
				zh: "转红码，或一次变更 20 人以上，须另一人审批；24 小时内无人审批即失效。",
				en: "Red, and a change for more than 20 people, takes a second person; without one within 24 hours it expires.",
			})}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "open", label: t({ zh: "待审批", en: "Waits" }) },
						{ value: "closed", label: t({ zh: "已处理", en: "Decided" }) },
					],
				},
				{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" },
			]}
			preset={{ state: "open" }}
			load={async (filter, cursor) => {
				const query = { state: filter.state, node: filter.node, limit: 100, cursor };
				const page = await call<{ proposals: Proposal[]; next: string }>("GET", "/v1/status-proposals", { query });
				return { rows: page.proposals, next: page.next };
			}}
			one={(id) => call("GET", `/v1/status-proposals/${id}`)}
			rowKey={(p) => p.id}
			name={(p) => `${whom(p)} → ${statusWord(p.status)}`}
			columns={[
				{ key: "whom", title: t({ zh: "对谁", en: "Whom" }), cell: whom },
				{
					key: "status",
					title: t({ zh: "变更为", en: "Becomes" }),
					width: "7rem",
					cell: (p) => <Chip tone={statusTones[p.status]}>{statusWord(p.status)}</Chip>,
					sort: (p) => p.status,
				},
				{
					key: "ground",
					title: t({ zh: "依据", en: "Ground" }),
					width: "11rem",
					cell: (p) => wordOf(grounds, p.ground),
					sort: (p) => p.ground,
				},
				{
					key: "by",
					title: t({ zh: "提出人", en: "By" }),
					width: "7rem",
					wide: true,
					cell: (p) => staffName(p.proposed_by),
					sort: (p) => p.proposed_by,
				},
				{
					key: "at",
					title: t({ zh: "提出时间", en: "Proposed" }),
					width: "7.5rem",
					wide: true,
					cell: (p) => when(p.proposed_at),
					sort: (p) => Date.parse(p.proposed_at),
				},
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "11rem",
					cell: (p) =>
						p.state === "pending" ? (
							<Chip tone={Date.parse(p.expires_at) - now < 4 * 3600_000 ? "stop" : "care"}>
								{left(p.expires_at, now)}
							</Chip>
						) : (
							<Chip tone={proposalStates[p.state]?.tone}>{wordOf(proposalStates, p.state)}</Chip>
						),
					sort: (p) => Date.parse(p.expires_at),
				},
			]}
			actions={[approve, refuse]}
			detail={(p) => <Detail proposal={p} />}
		/>
	);
}

function Detail({ proposal: p }: { proposal: Proposal }) {
	const failed = new Map(p.failed.map((f) => [f.resident, f.detail]));
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "变更为", en: "Becomes" }), <Chip tone={statusTones[p.status]}>{statusWord(p.status)}</Chip>],
					[t({ zh: "依据", en: "Ground" }), wordOf(grounds, p.ground)],
					[t({ zh: "证据", en: "Evidence" }), p.evidence],
					[t({ zh: "到期", en: "Until" }), when(p.until)],
					[t({ zh: "案件", en: "Case" }), p.case && <a href={href(["cases", p.case])}>{p.case}</a>],
					[t({ zh: "网格", en: "Grid" }), nodeName(p.node)],
					[t({ zh: "提出", en: "Proposed" }), `${staffName(p.proposed_by)} ${when(p.proposed_at)}`],
					[
						t({ zh: "处理", en: "Decided" }),
						p.decided_by && `${wordOf(proposalStates, p.state)} · ${staffName(p.decided_by)} ${when(p.closed_at)}`,
					],
					[t({ zh: "退回理由", en: "Why it was refused" }), p.reason],
				]}
			/>
			<Card title={t({ zh: `涉及 ${p.count} 人`, en: `People: ${p.count}` })}>
				<ul class="h-plain long">
					{p.people.map((q) => (
						<li key={q.id}>
							{may("medic") ? <a href={href(["status", q.id])}>{q.name}</a> : <b>{q.name}</b>} {homeOf(q)}
							{failed.has(q.id) && <Chip tone="stop">{failed.get(q.id)}</Chip>}
						</li>
					))}
				</ul>
			</Card>
		</>
	);
}

/** Why who is signed in cannot decide this; "" if they can. */
export function own(p: Pick<Proposal, "proposed_by">): string {
	return p.proposed_by === session.value?.login
		? t({ zh: "这是您提出的，须由另一人审批", en: "You proposed it: somebody else has to decide" })
		: "";
}

const approve: Action<Proposal> = {
	key: "approve",
	get title() {
		return t({ zh: "批准", en: "Approve" });
	},
	main: true,
	when: (p) => p.state === "pending" || p.state === "approved",
	not: own,
	ask: true,
	about: (p) => (
		<p>
			{t({
				zh: `${whom(p)}将变更为“${statusWord(p.status)}”，所有卡口立即生效。`,
				en: `${whom(p)}: ${statusWord(p.status)}, in force at every gate at once.`,
			})}
		</p>
	),
	run: (p) => call("POST", `/v1/status-proposals/${p.id}/approve`, { body: {}, timeout: 120_000 }),
};

const refuse: Action<Proposal> = {
	key: "refuse",
	get title() {
		return t({ zh: "退回", en: "Refuse" });
	},
	when: (p) => p.state === "pending" && own(p) === "",
	fields: () => [{ name: "reason", label: t({ zh: "理由", en: "Reason" }), kind: "area", required: true }],
	run: (p, values) => call("POST", `/v1/status-proposals/${p.id}/refuse`, { body: values }),
};
