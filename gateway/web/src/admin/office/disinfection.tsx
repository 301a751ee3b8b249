// Disinfection: the rounds of a day, site by site; what is missing stands first.
import { call } from "../../desk/call";
import { refine, route } from "../../desk/router";
import { session } from "../../desk/session";
import { nodeName, siteName, sites, staffName } from "../../desk/town";
import { type Action, Actions } from "../../desk/ui/actions";
import type { Values } from "../../desk/ui/form";
import { Busy, Button, Card, Chip, Empty, Problem, Toolbar, useLoad } from "../../desk/ui/parts";
import { nodeOptions, Pick } from "../../desk/ui/pick";
import { newID, when } from "../../desk/ui/register";
import { siteKinds, wordOf } from "../../desk/words";
import { lang, type Text, t } from "../../shared/i18n";
import { clockTime, localDay } from "../../shared/time";
import { idField } from "./words";

interface Counts {
	due: number;
	done: number;
	overdue: number;
	missed: number;
	extra: number;
}

interface SiteRounds extends Counts {
	site: string;
	site_name: string;
	node: string;
	kinds: (Counts & { kind: string; next_due_at: string | null })[];
}

interface Plan {
	site: string;
	site_kind: string;
	rounds: Record<string, number>;
	at: string;
	by: string;
}

interface Plans {
	plans: Plan[];
	kinds: { name: string; text: Text }[];
}

type Word = (kind: string) => string;

export default function Disinfection() {
	const day = route.value.query.get("day") || localDay(Date.now());
	const node = route.value.query.get("node") || session.value?.grid || "";
	const rounds = useLoad(
		() =>
			call<{ total: Counts; sites: SiteRounds[] }>("GET", "/v1/disinfections", {
				query: { node, day },
				timeout: 60_000,
			}),
		[node, day],
	);
	const plans = useLoad(() => call<Plans>("GET", "/v1/disinfections/plans"));
	const word: Word = (kind) => plans.data?.kinds.find((k) => k.name === kind)?.text[lang.value] ?? kind;
	const reload = () => Promise.all([rounds.reload(), plans.reload()]);
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "消毒", en: "Disinfection" })}</h1>
				<Button onClick={() => void reload()}>{t({ zh: "刷新", en: "Refresh" })}</Button>
				{plans.data && <Actions dialog row={plans.data} actions={[...logging(""), ...planning]} onDone={reload} />}
			</header>
			<Toolbar>
				<label class="field">
					<span>{t({ zh: "日期", en: "Day" })}</span>
					<input
						type="date"
						value={day}
						max={localDay(Date.now())}
						onChange={(e) => refine({ day: e.currentTarget.value })}
					/>
				</label>
				<Pick
					label={t({ zh: "网格", en: "Part of the grid" })}
					value={node}
					options={nodeOptions()}
					onPick={(next) => refine({ node: next })}
				/>
				{rounds.data && <Sums of={rounds.data.total} />}
			</Toolbar>
			<Problem cause={rounds.error ?? plans.error} retry={() => void reload()} />
			{rounds.data ? <Rounds sites={rounds.data.sites} plans={plans.data} word={word} reload={reload} /> : <Busy />}
			{plans.data && <PlanList plans={plans.data.plans} word={word} />}
		</>
	);
}

function Sums({ of }: { of: Counts }) {
	return (
		<p class="sums">
			<Chip tone="info">{t({ zh: `应做 ${of.due}`, en: `due ${of.due}` })}</Chip>{" "}
			<Chip tone="ok">{t({ zh: `已做 ${of.done}`, en: `done ${of.done}` })}</Chip>{" "}
			{of.overdue > 0 && <Chip tone="stop">{t({ zh: `逾期 ${of.overdue}`, en: `overdue ${of.overdue}` })}</Chip>}{" "}
			{of.missed > 0 && <Chip tone="stop">{t({ zh: `漏做 ${of.missed}`, en: `missed ${of.missed}` })}</Chip>}{" "}
			{of.extra > 0 && <Chip>{t({ zh: `加做 ${of.extra}`, en: `extra ${of.extra}` })}</Chip>}
		</p>
	);
}

const lacking = (s: Counts) => s.overdue + s.missed;

/** In the order of the places, the same at each site. */
function sortKinds(kinds: SiteRounds["kinds"], plans: Plans | null): SiteRounds["kinds"] {
	const place = (name: string) => plans?.kinds.findIndex((k) => k.name === name) ?? 0;
	return [...kinds].sort((a, b) => place(a.kind) - place(b.kind));
}

function Rounds({
	sites: all,
	plans,
	word,
	reload,
}: {
	sites: SiteRounds[];
	plans: Plans | null;
	word: Word;
	reload: () => unknown;
}) {
	if (all.length === 0) {
		return (
			<Empty>
				{t({ zh: "这一天没有消毒计划：先定计划", en: "Nothing is planned for this day: make a plan first" })}
			</Empty>
		);
	}
	const sorted = [...all].sort((a, b) => lacking(b) - lacking(a) || b.due - b.done - (a.due - a.done));
	return (
		<Card>
			<ul class="rounds">
				{sorted.map((s) => (
					<li key={s.site} class={lacking(s) > 0 ? "late" : ""}>
						<div>
							<b>{s.site_name}</b> <small>{nodeName(s.node)}</small>
						</div>
						<div class="kinds">
							{sortKinds(s.kinds, plans).map((k) => (
								<span key={k.kind}>
									{word(k.kind)}{" "}
									<Chip tone={lacking(k) > 0 ? "stop" : k.done >= k.due ? "ok" : "quiet"}>
										{k.done}/{k.due}
										{lacking(k) > 0 && t({ zh: ` 缺 ${lacking(k)}`, en: ` ${lacking(k)} lacking` })}
									</Chip>
									{k.next_due_at && (
										<small>
											{" "}
											{t({ zh: "下次", en: "next" })} {clockTime(Date.parse(k.next_due_at))}
										</small>
									)}
								</span>
							))}
						</div>
						{plans && <Actions dialog row={plans} actions={logging(s.site)} onDone={reload} />}
					</li>
				))}
			</ul>
		</Card>
	);
}

function PlanList({ plans, word }: { plans: Plan[]; word: Word }) {
	return (
		<Card title={t({ zh: "消毒计划", en: "Plans" })}>
			{plans.length === 0 ? (
				<Empty />
			) : (
				<ul class="plans">
					{plans.map((p) => (
						<li key={p.site + p.site_kind}>
							<b>
								{p.site
									? siteName(p.site)
									: t({ zh: `全部${wordOf(siteKinds, p.site_kind)}`, en: `all: ${wordOf(siteKinds, p.site_kind)}` })}
							</b>{" "}
							{Object.entries(p.rounds)
								.map(([k, n]) => t({ zh: `${word(k)} ${n} 次/日`, en: `${word(k)} ${n} a day` }))
								.join(" · ")}{" "}
							<small>
								{staffName(p.by)} {when(p.at)}
							</small>
						</li>
					))}
				</ul>
			)}
		</Card>
	);
}

/** Writing down that something was disinfected; at one site, or at any with "". */
const logging = (site: string): Action<Plans>[] => [
	{
		key: "log",
		title: t({ zh: "记一次消毒", en: "Write one down" }),
		roles: ["grid", "leader", "enroller"],
		main: site === "",
		fields: (p) => [
			idField,
			site === ""
				? { name: "site", label: t({ zh: "场所", en: "Site" }), kind: "site", required: true }
				: { name: "site", label: "", kind: "hidden" },
			{
				name: "kind",
				label: t({ zh: "部位", en: "What" }),
				kind: "select",
				required: true,
				options: p.kinds.map((k) => ({ value: k.name, label: k.text[lang.value] })),
			},
			{ name: "at", label: t({ zh: "时间", en: "When" }), kind: "datetime", required: true },
			{ name: "by", label: t({ zh: "谁做的", en: "Who did it" }) },
			{ name: "agent", label: t({ zh: "药剂", en: "With what" }) },
			{ name: "note", label: t({ zh: "备注", en: "Note" }) },
		],
		initial: () => ({
			id: newID("disinfect"),
			site,
			at: new Date().toISOString(),
			by: session.value?.name ?? "",
			agent: t({ zh: "84 消毒液 1:100", en: "chlorine 1:100" }),
		}),
		run: (_, v) => call("POST", "/v1/disinfections", { body: v }),
	},
];

const planning: Action<Plans>[] = [
	{
		key: "plan",
		get title() {
			return t({ zh: "定计划", en: "Make a plan" });
		},
		roles: ["leader"],
		fields: (p) => [
			{
				name: "site_kind",
				label: t({ zh: "全部这类场所", en: "All sites of a kind" }),
				kind: "select",
				options: Object.keys(siteKinds).map((k) => ({ value: k, label: wordOf(siteKinds, k) })),
			},
			{
				name: "site",
				label: t({ zh: "或一个场所", en: "Or one site" }),
				kind: "site",
				when: (v) => !v.site_kind,
				hint: t({ zh: `共 ${sites.value.length} 个场所`, en: `of ${sites.value.length} sites` }),
			},
			...p.kinds.map((k) => ({
				name: `n_${k.name}`,
				label: t({ zh: `${k.text.zh}（次/日）`, en: `${k.text.en} (times a day)` }),
				kind: "number" as const,
				min: 0,
				max: 6,
			})),
		],
		run: (p, v) => call("PUT", "/v1/disinfections/plans", { body: planOf(p, v) }),
	},
];

/** The plan as the API takes it: places that nothing is planned for are left out. */
function planOf(p: Plans, v: Values): object {
	const rounds: Record<string, number> = {};
	for (const { name } of p.kinds) {
		const n = Number(v[`n_${name}`] ?? 0);
		if (n > 0) {
			rounds[name] = n;
		}
	}
	return { ...(v.site_kind ? { site_kind: v.site_kind } : { site: v.site }), rounds };
}
