// Policies: rules laid over those of many sites for a time. The list, one policy with
// what it changes where, and ending it; a new one is made in policynew.tsx.
import "./places.css";
import { call } from "../../desk/call";
import { href, route } from "../../desk/router";
import { nodeName, siteName, staffName } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field } from "../../desk/ui/form";
import { Card, Chip, Facts, type Tone } from "../../desk/ui/parts";
import { Register, when } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { siteKinds, wordOf } from "../../desk/words";
import { type Text, t } from "../../shared/i18n";
import { nodeTrail, wholeTown } from "./common";
import NewPolicy from "./policynew";
import { lineTitle, type Rules, sayRule, shownRules } from "./rules";

export interface Part {
	kinds: string[];
	rules: Rules;
	note: string;
}

interface Policy {
	code: string;
	name: string;
	ground: string;
	state: "coming" | "in_force" | "ended";
	from: string;
	until: string | null;
	nodes: string[];
	sites: string[];
	parts: Part[];
	scope: string;
	created_by: string;
	created_at: string;
	ended_by: string;
	ended_at: string | null;
}

const states: Record<Policy["state"], Text & { tone: Tone }> = {
	coming: { zh: "待生效", en: "to come", tone: "info" },
	in_force: { zh: "执行中", en: "in force", tone: "ok" },
	ended: { zh: "已结束", en: "ended", tone: "quiet" },
};

function State({ policy }: { policy: Policy }) {
	return <Chip tone={states[policy.state].tone}>{t(states[policy.state])}</Chip>;
}

/** Where a policy holds, in a few words. */
export function placesOf(nodes: readonly string[], sites: readonly string[]): string {
	const names = [...nodes.map(nodeName), ...sites.map(siteName)];
	if (names.length === 0) {
		return wholeTown();
	}
	const more = names.length > 3 ? t({ zh: `等 ${names.length} 处`, en: ` and ${names.length - 3} more` }) : "";
	return names.slice(0, 3).join(t({ zh: "、", en: ", " })) + more;
}

const endOf = (p: Policy): string => when(p.ended_at ?? p.until) || t({ zh: "直到有人结束", en: "until it is ended" });

const filters = (): Field[] => [
	{
		name: "state",
		label: t({ zh: "状态", en: "State" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "全部", en: "All" }) },
			...Object.entries(states).map(([value, text]) => ({ value, label: t(text) })),
		],
	},
];

const columns = (): Column<Policy>[] => [
	{
		key: "name",
		title: t({ zh: "措施", en: "Policy" }),
		width: "1.4fr",
		cell: (p) => p.name,
		sort: (p) => p.name,
	},
	{
		key: "state",
		title: t({ zh: "状态", en: "State" }),
		width: "6rem",
		cell: (p) => <State policy={p} />,
		sort: (p) => p.state,
	},
	{
		key: "places",
		title: t({ zh: "范围", en: "Where" }),
		width: "1.4fr",
		cell: (p) => placesOf(p.nodes, p.sites),
		wide: true,
	},
	{
		key: "from",
		title: t({ zh: "开始", en: "From" }),
		width: "8rem",
		cell: (p) => when(p.from),
		sort: (p) => p.from,
		wide: true,
	},
	{
		key: "until",
		title: t({ zh: "结束", en: "Until" }),
		width: "9rem",
		cell: endOf,
		sort: (p) => p.ended_at ?? p.until ?? "9",
	},
	{ key: "ground", title: t({ zh: "依据", en: "Ground" }), cell: (p) => p.ground, wide: true },
	{ key: "by", title: t({ zh: "下达人", en: "By" }), width: "8rem", cell: (p) => staffName(p.created_by), wide: true },
];

const actions = (): Action<Policy>[] => [
	{
		key: "end",
		title: t({ zh: "现在结束", en: "End it now" }),
		roles: ["leader"],
		danger: true,
		when: (p) => p.state !== "ended",
		about: (p) => (
			<p>
				{t({
					zh: `${p.name}：1 秒内 ${placesOf(p.nodes, p.sites)} 恢复场所自己的规定（别的措施照旧）。此前的扫码仍按当时的规定判断。结束后不能恢复，只能重新下达。`,
					en: `${p.name}: within a second ${placesOf(p.nodes, p.sites)} goes back to the sites' own rules (other policies stay). Scans from before are judged as they were. It cannot be taken up again.`,
				})}
			</p>
		),
		submit: t({ zh: "结束", en: "End it" }),
		run: (p) => call("POST", `/v1/policies/${encodeURIComponent(p.code)}/end`),
		done: t({ zh: "已结束", en: "Ended" }),
	},
];

export default function Policies() {
	if (route.value.path[1] === "new") {
		return <NewPolicy />;
	}
	return (
		<>
			<div class="pl-corner">
				<a class="btn main" href={href(["policies", "new"])}>
					{t({ zh: "下达新措施", en: "New policy" })}
				</a>
			</div>
			<Register<Policy>
				path="policies"
				title={t({ zh: "管控措施", en: "Policies" })}
				hint={t({
					zh: "措施统一改变许多场所的规定，到期自动恢复；先预览影响，再下达。",
					en: "A policy changes the rules of many sites for a time and gives them back at its end; preview first.",
				})}
				filters={filters()}
				load={async ({ state }) => {
					const { policies } = await call<{ policies: Policy[] }>("GET", "/v1/policies", { query: { state } });
					return { rows: policies.reverse() };
				}}
				columns={columns()}
				rowKey={(p) => p.code}
				name={(p) => p.name}
				text={(p) => `${p.name} ${p.code} ${p.ground}`}
				actions={actions()}
				detail={(p) => <Detail policy={p} />}
			/>
		</>
	);
}

function Detail({ policy: p }: { policy: Policy }) {
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "状态", en: "State" }), <State key="s" policy={p} />],
					[t({ zh: "开始", en: "From" }), when(p.from)],
					[t({ zh: "结束", en: "Until" }), endOf(p)],
					[t({ zh: "依据", en: "Ground" }), p.ground],
					[t({ zh: "下达", en: "Ordered" }), `${staffName(p.created_by)} ${when(p.created_at)}`],
					[t({ zh: "结束人", en: "Ended by" }), p.ended_by && staffName(p.ended_by)],
					[t({ zh: "编号", en: "Code" }), p.code],
				]}
			/>
			<Card title={t({ zh: "范围", en: "Where" })}>
				<Places nodes={p.nodes} sites={p.sites} />
			</Card>
			<Card
				title={t({ zh: "改变哪些规定", en: "What it changes" })}
				extra={
					<a href={href("sites", { state: "policy" })}>{t({ zh: "受措施影响的场所", en: "Sites under policies" })}</a>
				}
			>
				<Parts parts={p.parts} />
			</Card>
		</>
	);
}

function Places({ nodes, sites }: { nodes: string[]; sites: string[] }) {
	if (nodes.length + sites.length === 0) {
		return <p>{wholeTown()}</p>;
	}
	return (
		<ul class="pl-list">
			{nodes.map((id) => (
				<li key={id}>
					<a href={href(["grid", id])}>{nodeTrail(id)}</a>
				</li>
			))}
			{sites.map((code) => (
				<li key={code}>
					<a href={href(["sites", code])}>{siteName(code)}</a>
				</li>
			))}
		</ul>
	);
}

/** The parts of a policy: at which kinds of sites which rule becomes what. */
export function Parts({ parts }: { parts: readonly Part[] }) {
	return (
		<table class="pl-plain pl-rules">
			<thead>
				<tr>
					<th scope="col">{t({ zh: "场所类别", en: "Kinds of sites" })}</th>
					<th scope="col">{t({ zh: "规定改为", en: "Rules become" })}</th>
					<th scope="col">{t({ zh: "说明", en: "Note" })}</th>
				</tr>
			</thead>
			<tbody>
				{parts.map((part, i) => (
					<tr key={i}>
						<th scope="row">{kindsWord(part.kinds)}</th>
						<td>
							{shownRules(part.rules).map((name) => (
								<div key={name}>
									{lineTitle(name)}
									{t({ zh: "：", en: ": " })}
									<b>{sayRule(name, part.rules[name], part.rules)}</b>
								</div>
							))}
						</td>
						<td>
							<small>{part.note}</small>
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

export const kindsWord = (kinds: readonly string[]): string =>
	kinds.length === 0
		? t({ zh: "所有场所", en: "all sites" })
		: kinds.map((k) => wordOf(siteKinds, k)).join(t({ zh: "、", en: ", " }));
