// Sites: which there are, by which rules each is entered now and why, and changing them.
import "./places.css";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { type Gate, gates, type Site, siteName, sites } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field, Values } from "../../desk/ui/form";
import { Card, Chip, Empty, Facts, useLoad } from "../../desk/ui/parts";
import { Register } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { codeHint, compareZh, NodeLink, nodeTrail, readGates, readSites, refusal, saying, within } from "./common";
import { lineTitle, type Rules, residential, ruleFields, ruleList, rulesOf, ruleValues, sayRule } from "./rules";

interface PolicyName {
	code: string;
	name: string;
}

const policiesAt = (site: Site): PolicyName[] => (site.in_force.policies as PolicyName[] | undefined) ?? [];
const gatesAt = (code: string): Gate[] => gates.value.filter((g) => g.site === code);

/** What is not as it usually is at a site now, in a few words. */
export function unusual(site: Site): string[] {
	const r = site.in_force as Rules;
	return ["opens_at", "residents_only", "capacity", "outings", "disinfection"]
		.filter((name) => Boolean(r[name]))
		.map((name) => sayRule(name, r[name], r));
}

export function SiteState({ site }: { site: Site }) {
	return site.in_force.closed ? (
		<Chip tone="stop">{t({ zh: "关停", en: "Closed" })}</Chip>
	) : (
		<Chip tone="ok">{t({ zh: "开放", en: "Open" })}</Chip>
	);
}

const filters = (): Field[] => [
	{
		name: "kind",
		label: t({ zh: "类别", en: "Kind" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "全部", en: "All" }) },
			...Object.keys(siteKinds).map((value) => ({ value, label: wordOf(siteKinds, value) })),
		],
	},
	{
		name: "state",
		label: t({ zh: "状态", en: "State" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "全部", en: "All" }) },
			{ value: "closed", label: t({ zh: "关停的", en: "Closed" }) },
			{ value: "policy", label: t({ zh: "有管控措施的", en: "Under a policy" }) },
			{ value: "nogate", label: t({ zh: "没有开着的卡口", en: "Without an open gate" }) },
		],
	},
	{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" },
];

function wanted(site: Site, filter: Record<string, string>): boolean {
	const state = filter.state ?? "";
	return (
		(!filter.kind || site.kind === filter.kind) &&
		within(site.grid, filter.node ?? "") &&
		(state !== "closed" || site.in_force.closed) &&
		(state !== "policy" || policiesAt(site).length > 0) &&
		(state !== "nogate" || !gatesAt(site.code).some((g) => g.open))
	);
}

const columns = (): Column<Site>[] => [
	{
		key: "name",
		title: t({ zh: "场所", en: "Site" }),
		width: "1.2fr",
		cell: (s) => s.name,
		sort: (s) => s.name,
	},
	{
		key: "kind",
		title: t({ zh: "类别", en: "Kind" }),
		width: "5.5rem",
		cell: (s) => wordOf(siteKinds, s.kind),
		sort: (s) => s.kind,
		wide: true,
	},
	{
		key: "grid",
		title: t({ zh: "所属网格", en: "Grid" }),
		width: "1.6fr",
		cell: (s) => nodeTrail(s.grid),
		sort: (s) => nodeTrail(s.grid),
		wide: true,
	},
	{
		key: "state",
		title: t({ zh: "状态", en: "State" }),
		width: "5rem",
		cell: (s) => <SiteState site={s} />,
		sort: (s) => (s.in_force.closed ? 1 : 0),
	},
	{
		key: "rules",
		title: t({ zh: "现行特别规定", en: "In force beside the usual" }),
		width: "2fr",
		cell: (s) => unusual(s).join(";") || <small>{t({ zh: "常规", en: "usual" })}</small>,
		wide: true,
	},
	{
		key: "policies",
		title: t({ zh: "管控措施", en: "Policies" }),
		width: "1fr",
		cell: (s) =>
			policiesAt(s)
				.map((p) => p.name)
				.join(t({ zh: "、", en: ", " })) || "",
		sort: (s) => policiesAt(s).length,
		wide: true,
	},
	{
		key: "gates",
		title: t({ zh: "卡口 开/共", en: "Gates open/all" }),
		width: "6.5rem",
		right: true,
		cell: (s) => {
			const all = gatesAt(s.code);
			return (
				<a href={href("gates", { site: s.code })}>
					{all.filter((g) => g.open).length} / {all.length}
				</a>
			);
		},
		sort: (s) => gatesAt(s.code).length,
	},
];

const ownRules = (site: Site): Rules => Object.fromEntries(ruleList.map((r) => [r.name, site[r.name]]));

/** Replaces a site: its rules as they are, changed by some. */
async function put(site: Site, change: Record<string, unknown>): Promise<void> {
	const { name, kind, grid } = site;
	const body = { name, kind, grid, ...ownRules(site), ...change };
	await saying(call("PUT", `/v1/sites/${encodeURIComponent(site.code)}`, { body }), {
		fever_line: {
			zh: "发热线须高于偏低线，都在 30.0 至 45.0 ℃ 之间",
			en: "the fever line lies above the low line, both 30.0 to 45.0 °C",
		},
		opens_at: { zh: "开门和关门时间要一起填，或都不填", en: "give both hours or none" },
		outing_days: { zh: "须为 1 至 14 天", en: "1 to 14 days" },
	});
}

const names = (kind: string) => ruleFields(kind).map((f) => f.name);

const actions = (): Action<Site>[] => [
	{
		key: "rules",
		title: t({ zh: "修改规定", en: "Change the rules" }),
		roles: [],
		main: true,
		fields: (s) => [
			{ name: "name", label: t({ zh: "名称", en: "Name" }), required: true },
			{ name: "grid", label: t({ zh: "所属网格", en: "Grid" }), kind: "node", required: true },
			...ruleFields(s.kind),
		],
		initial: (s) => ({ name: s.name, grid: s.grid, ...ownRules(s) }) as Values,
		about: (s) =>
			policiesAt(s).length > 0 && (
				<p class="hint">
					{t({
						zh: "本场所正执行管控措施，措施规定的项目在其结束前以措施为准。",
						en: "Policies are in force here: what they rule stands over this until they end.",
					})}
				</p>
			),
		submit: t({ zh: "保存，立即生效", en: "Save, in force at once" }),
		run: (s, v) => put(s, { name: v.name, grid: v.grid, ...ruleValues(v, names(s.kind)) }),
		done: t({ zh: "已在所有卡口生效", en: "In force at every gate" }),
	},
	{
		key: "close",
		title: t({ zh: "关停", en: "Close" }),
		roles: [],
		danger: true,
		when: (s) => !s.closed,
		about: (s) => (
			<p>
				{residential(s.kind)
					? t({
							zh: `关停 ${s.name}：1 秒内所有卡口不再放行来访和外来人员，持许可的也不行；住户回家照常放行并标记，出门不拦。`,
							en: `Close ${s.name}: within a second no gate lets visitors or strangers in, with a permit or not; residents come home, marked, and leaving is never stopped.`,
						})
					: t({
							zh: `关停 ${s.name}：1 秒内所有卡口不再放行进入；已在场内的人出门不拦。`,
							en: `Close ${s.name}: within a second nobody is let in at any gate; who is inside may leave.`,
						})}
			</p>
		),
		submit: t({ zh: "关停", en: "Close it" }),
		run: (s) => put(s, { closed: true }),
		done: t({ zh: "已关停", en: "Closed" }),
	},
	{
		key: "open",
		title: t({ zh: "重新开放", en: "Open again" }),
		roles: [],
		when: (s) => s.closed,
		run: (s) => put(s, { closed: false }),
		done: t({ zh: "已开放", en: "Open again" }),
	},
];

const create = (): Action<null>[] => [
	{
		key: "new",
		title: t({ zh: "新增场所", en: "New site" }),
		roles: [],
		fields: () => [
			{ name: "name", label: t({ zh: "名称", en: "Name" }), required: true },
			{
				name: "code",
				label: t({ zh: "编号", en: "Code" }),
				required: true,
				hint: codeHint(),
			},
			{
				name: "kind",
				label: t({ zh: "类别", en: "Kind" }),
				kind: "select",
				required: true,
				options: Object.keys(siteKinds).map((value) => ({ value, label: wordOf(siteKinds, value) })),
			},
			{ name: "grid", label: t({ zh: "所属网格", en: "Grid" }), kind: "node", required: true },
			{
				name: "gate",
				label: t({ zh: "卡口名称", en: "Name of its gate" }),
				hint: t({ zh: "填了就同时开一个卡口", en: "if given, one gate is opened with it" }),
			},
		],
		run: async (_, v) => {
			const code = String(v.code);
			if (sites.value.some((s) => s.code === code)) {
				throw refusal({ zh: `编号 ${code} 已有场所`, en: `${code} is a site already` }, "code");
			}
			const site = { code, name: v.name, kind: v.kind, grid: v.grid };
			const gate = v.gate ? [{ code: `${code}-g1`, name: v.gate, site: code, open: true }] : [];
			await call("POST", "/v1/setup", { body: { sites: [site], gates: gate } });
			await readGates();
		},
	},
];

export default function Sites() {
	return (
		<Register<Site>
			path="sites"
			title={t({ zh: "场所", en: "Sites" })}
			filters={filters()}
			load={async (filter) => {
				const rows = await readSites();
				return { rows: rows.filter((s) => wanted(s, filter)).sort((a, b) => compareZh.compare(a.name, b.name)) };
			}}
			columns={columns()}
			rowKey={(s) => s.code}
			name={(s) => s.name}
			text={(s) => `${s.name} ${s.code} ${nodeTrail(s.grid)}`}
			tone={(s) => (s.in_force.closed ? "pl-closed" : "")}
			summary={(rows) => <Sums rows={rows} />}
			actions={actions()}
			create={create()}
			detail={(s) => <Detail site={s} />}
		/>
	);
}

/** How many there are of each kind, and how many of them are closed. */
function Sums({ rows }: { rows: readonly Site[] }) {
	const closed = rows.filter((s) => s.in_force.closed).length;
	return (
		<p class="pl-sums">
			{Object.keys(siteKinds).map((kind) => {
				const n = rows.filter((s) => s.kind === kind).length;
				return n === 0 ? null : (
					<a key={kind} href={href("sites", { kind })}>
						{wordOf(siteKinds, kind)} {n}
					</a>
				);
			})}
			<a href={href("sites", { state: "closed" })}>
				{t({ zh: "关停", en: "closed" })} {closed}
			</a>
		</p>
	);
}

function Detail({ site }: { site: Site }) {
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "类别", en: "Kind" }), wordOf(siteKinds, site.kind)],
					[t({ zh: "所属网格", en: "Grid" }), <NodeLink key="n" id={site.grid} />],
					[t({ zh: "编号", en: "Code" }), site.code],
					[t({ zh: "状态", en: "State" }), <SiteState key="s" site={site} />],
					[t({ zh: "现在场内", en: "Inside now" }), may("leader", "tracer") && <Inside key="i" site={site.code} />],
				]}
			/>
			<Card
				title={t({ zh: "现行规定", en: "Rules in force" })}
				extra={<a href={href("rules", { site: site.code })}>{t({ zh: "谁来会怎样", en: "What happens to whom" })}</a>}
			>
				<RuleTable site={site} />
			</Card>
			<Card
				title={t({ zh: "卡口", en: "Gates" })}
				extra={<a href={href("gates", { site: site.code })}>{t({ zh: "全部", en: "All" })}</a>}
			>
				<GateList site={site.code} />
			</Card>
		</>
	);
}

function Inside({ site }: { site: string }) {
	const { data } = useLoad(
		() => call<{ inside: number }>("GET", `/v1/sites/${encodeURIComponent(site)}/inside`),
		[site],
	);
	return <>{data ? data.inside : "…"}</>;
}

/** Each rule, its value now, whether a policy has changed it, and what it does. */
function RuleTable({ site }: { site: Site }) {
	const now = site.in_force as Rules;
	const own = ownRules(site);
	const pair: Record<string, string> = { opens_at: "closes_at", outings: "outing_days" };
	return (
		<>
			{policiesAt(site).length > 0 && (
				<p>
					{t({ zh: "执行中的措施：", en: "Policies in force: " })}
					{policiesAt(site).map((p) => (
						<a key={p.code} class="pl-link" href={href(["policies", p.code])}>
							{p.name}
						</a>
					))}
				</p>
			)}
			<table class="pl-plain pl-rules">
				<thead>
					<tr>
						<th scope="col">{t({ zh: "项目", en: "Rule" })}</th>
						<th scope="col">{t({ zh: "现行", en: "Now" })}</th>
						<th scope="col">{t({ zh: "作用", en: "What it does" })}</th>
					</tr>
				</thead>
				<tbody>
					{rulesOf(site.kind).map((r) => {
						const other = pair[r.name];
						const changed = now[r.name] !== own[r.name] || (other !== undefined && now[other] !== own[other]);
						return (
							<tr key={r.name}>
								<th scope="row">{lineTitle(r.name)}</th>
								<td>
									{sayRule(r.name, now[r.name], now)}
									{changed && (
										<>
											{" "}
											<Chip tone="care">
												{t({
													zh: `措施改动，原为 ${sayRule(r.name, own[r.name], own)}`,
													en: `by a policy; of its own ${sayRule(r.name, own[r.name], own)}`,
												})}
											</Chip>
										</>
									)}
								</td>
								<td>
									<small>{t(r.effect)}</small>
								</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</>
	);
}

function GateList({ site }: { site: string }) {
	const list = gatesAt(site);
	if (list.length === 0) {
		return (
			<Empty>
				{t({
					zh: `${siteName(site)} 还没有卡口：管理员在“卡口”里新增`,
					en: "No gate yet: an administrator adds one under Gates",
				})}
			</Empty>
		);
	}
	return (
		<ul class="pl-list">
			{list.map((g) => (
				<li key={g.code}>
					<a href={href(["gates", g.code])}>{g.name || g.code}</a> <GateState open={g.open} />
				</li>
			))}
		</ul>
	);
}

export function GateState({ open }: { open: boolean }) {
	return open ? <Chip tone="ok">{t({ zh: "开", en: "Open" })}</Chip> : <Chip>{t({ zh: "封闭", en: "Shut" })}</Chip>;
}
