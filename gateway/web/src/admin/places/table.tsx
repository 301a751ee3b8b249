// The decision table as a matrix that can be read: for each kind of site, who may come
// in and go out; and what would happen to somebody at a gate, in the order of the rules.
import "./places.css";
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href, refine, route } from "../../desk/router";
import { actionWord, flagWord, reasonWord, type Site, siteOf, statusWord } from "../../desk/town";
import { Card, Chip, Problem, type Tone, Toolbar, useLoad } from "../../desk/ui/parts";
import { Pick, siteOptions } from "../../desk/ui/pick";
import { decisions, directions, siteKinds, statusTones, wordOf } from "../../desk/words";
import { lang, t } from "../../shared/i18n";
import { type Rules, residential, rulesOf, sayRule } from "./rules";

export interface Cell {
	status: string;
	site_kind: string;
	direction: "in" | "out";
	own_home: boolean;
	decision: string;
	reason: string;
	color: "green" | "yellow" | "red";
	action: string;
	flags: string[];
}

interface Step {
	step: string;
	directions: string[];
	where: "anywhere" | "own_home" | "not_own_home" | "other_homes";
	replaces: string;
	zh: string;
	en: string;
}

export interface RulesTable {
	rules: Cell[];
	/** Rows that are others where a site is for residents only. */
	residents_only: Cell[];
	precedence: Step[];
}

const tones: Record<Cell["color"], Tone> = { green: "ok", yellow: "care", red: "stop" };

/** Words of a decision with the care that it takes. */
export const verdictWord = (c: Cell): string =>
	c.color === "yellow" ? t({ zh: "放行，留意", en: "Pass, with care" }) : wordOf(decisions, c.decision);

/** Kinds of sites whose rows are all the same, together: the table has a part for each. */
export function alike(cells: readonly Cell[]): string[][] {
	const groups = new Map<string, string[]>();
	for (const kind of new Set(cells.map((c) => c.site_kind))) {
		const rows = cells.filter((c) => c.site_kind === kind);
		const key = JSON.stringify(rows.map(({ site_kind, ...rest }) => rest));
		groups.set(key, [...(groups.get(key) ?? []), kind]);
	}
	return [...groups.values()];
}

/** The cells as they are where a site is for residents only, or not. */
export function cellsOf(table: RulesTable, residentsOnly: boolean): Map<string, Cell> {
	const all = new Map(table.rules.map((c) => [keyOf(c), c]));
	if (residentsOnly) {
		for (const c of table.residents_only) {
			all.set(keyOf(c), c);
		}
	}
	return all;
}

type Key = { status: string; site_kind: string; direction: string; own_home: boolean };
const keyOf = (c: Key): string => `${c.status} ${c.site_kind} ${c.direction} ${c.own_home}`;

const ways = [
	["in", true],
	["in", false],
	["out", true],
	["out", false],
] as const;

const wayTitle = (direction: string, own: boolean): string =>
	lang.value === "zh"
		? `${direction === "in" ? "进" : "出"} · ${own ? "住在这里" : "不住这里"}`
		: `${direction === "in" ? "In" : "Out"} · ${own ? "lives here" : "does not"}`;

export default function DecisionTable() {
	const { data, error, reload } = useLoad(() => call<RulesTable>("GET", "/v1/rules/table"));
	const query = route.value.query;
	const only = query.get("only") ?? "";
	const strict = query.get("strict") === "1";
	if (!data) {
		return <Problem cause={error} retry={() => void reload()} />;
	}
	const cells = cellsOf(data, strict);
	const statuses = [...new Set(data.rules.map((c) => c.status))];
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "通行规则表", en: "Decision table" })}</h1>
			</header>
			<p class="hint">
				{t({
					zh: "本表是所有卡口共同的规则：状态 × 场所 × 方向 × 是否住在这里。场所自己的规定（时间、人数、测温等）在此之后再查。",
					en: "What all gates share: status × site × direction × whether it is one's home. A site's own rules (hours, capacity, temperature) come after it.",
				})}
			</p>
			<WhatIf table={data} statuses={statuses} />
			<Toolbar>
				<label class="field">
					<span>{t({ zh: "突出", en: "Point out" })}</span>
					<select value={only} onChange={(e) => refine({ only: e.currentTarget.value })}>
						<option value="">{t({ zh: "全部", en: "All" })}</option>
						{Object.entries(tones).map(([color]) => (
							<option key={color} value={color}>
								{t(colorWords[color as Cell["color"]])}
							</option>
						))}
					</select>
				</label>
				<div class="field check">
					<label>
						<input
							type="checkbox"
							checked={strict}
							onChange={(e) => refine({ strict: e.currentTarget.checked ? "1" : "" })}
						/>
						{t({ zh: "按“仅限本地居民”的场所显示", en: "As at sites for residents only" })}
					</label>
				</div>
			</Toolbar>
			{alike([...cells.values()]).map((kinds) => (
				<Matrix key={kinds.join()} kinds={kinds} statuses={statuses} cells={cells} only={only} />
			))}
			<Order steps={data.precedence} />
		</>
	);
}

const colorWords: Record<Cell["color"], { zh: string; en: string }> = {
	green: { zh: "绿：放行", en: "Green: pass" },
	yellow: { zh: "黄：放行，留意", en: "Yellow: pass, with care" },
	red: { zh: "红：不放行", en: "Red: not now" },
};

interface MatrixProps {
	kinds: string[];
	statuses: string[];
	cells: ReadonlyMap<string, Cell>;
	only: string;
}

function Matrix({ kinds, statuses, cells, only }: MatrixProps) {
	const kind = kinds[0] ?? "";
	const at = (status: string, direction: string, own: boolean) =>
		cells.get(keyOf({ status, site_kind: kind, direction, own_home: own }));
	// Where nobody lives, one column says it.
	const homes = statuses.some((s) => ["in", "out"].some((d) => at(s, d, true)?.reason !== at(s, d, false)?.reason));
	const columns = homes ? ways : ways.filter(([, own]) => !own);
	const name = kinds.map((k) => wordOf(siteKinds, k)).join(t({ zh: "、", en: ", " }));
	return (
		<Card title={name}>
			<div class="pl-scroll">
				<table class="pl-matrix" aria-label={name}>
					<thead>
						<tr>
							<th scope="col">{t({ zh: "状态", en: "Status" })}</th>
							{columns.map(([d, own]) => (
								<th key={`${d}${own}`} scope="col">
									{homes ? wayTitle(d, own) : wordOf(directions, d)}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{statuses.map((status) => (
							<tr key={status}>
								<th scope="row">
									<Chip tone={statusTones[status]}>{statusWord(status)}</Chip>
								</th>
								{columns.map(([d, own]) => {
									const c = at(status, d, own);
									return (
										<td key={`${d}${own}`} class={`${c?.color ?? ""} ${only !== "" && c?.color !== only ? "dim" : ""}`}>
											{c && <Verdict cell={c} />}
										</td>
									);
								})}
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</Card>
	);
}

function Verdict({ cell: c }: { cell: Cell }) {
	return (
		<>
			<b>{verdictWord(c)}</b>
			<small>
				{[c.reason === "ok" ? "" : reasonWord(c.reason), c.action === "admit" ? "" : actionWord(c.action)]
					.concat(c.flags.map(flagWord))
					.filter((w, i, all) => w !== "" && all.indexOf(w) === i)
					.join(" · ")}
			</small>
		</>
	);
}

/** What would happen to somebody of a status at a site now. */
function WhatIf({ table, statuses }: { table: RulesTable; statuses: string[] }) {
	const [status, setStatus] = useState("green");
	const [direction, setDirection] = useState<"in" | "out">("in");
	const [own, setOwn] = useState(false);
	const code = route.value.query.get("site") ?? "";
	const site = siteOf(code);
	const found = site && whatIf(table, site, status, direction, own);
	return (
		<Card title={t({ zh: "如果来的是……", en: "What would happen to…" })}>
			<Toolbar>
				<label class="field">
					<span>{t({ zh: "状态", en: "Status" })}</span>
					<select value={status} onChange={(e) => setStatus(e.currentTarget.value)}>
						{statuses.map((s) => (
							<option key={s} value={s}>
								{statusWord(s)}
							</option>
						))}
					</select>
				</label>
				<Pick
					label={t({ zh: "到哪个场所", en: "At which site" })}
					value={code}
					options={siteOptions()}
					onPick={(next) => refine({ site: next })}
				/>
				<label class="field">
					<span>{t({ zh: "方向", en: "Direction" })}</span>
					<select value={direction} onChange={(e) => setDirection(e.currentTarget.value as "in" | "out")}>
						<option value="in">{wordOf(directions, "in")}</option>
						<option value="out">{wordOf(directions, "out")}</option>
					</select>
				</label>
				<div class="field check">
					<label>
						<input type="checkbox" checked={own} onChange={(e) => setOwn(e.currentTarget.checked)} />
						{t({ zh: "住在这里", en: "lives there" })}
					</label>
				</div>
			</Toolbar>
			{site && found ? (
				<div class={`pl-verdict ${found.color}`} role="status">
					<strong>{found.word}</strong>
					<p>{found.why}</p>
					{found.checks.length > 0 && (
						<p>
							{found.color === "red"
								? t({ zh: "例外：", en: "Except: " })
								: t({ zh: "此外卡口还要看：", en: "The gate then looks at: " })}
							{found.checks.join(t({ zh: "；", en: "; " }))}
						</p>
					)}
					<a href={href(["sites", site.code])}>{t({ zh: "看这个场所的规定", en: "Rules of this site" })}</a>
				</div>
			) : (
				<p class="hint">{t({ zh: "先选一个场所", en: "Choose a site first" })}</p>
			)}
		</Card>
	);
}

export interface Outcome {
	color: Cell["color"];
	word: string;
	why: string;
	/** What else the gate looks at, in words. */
	checks: string[];
}

/** The answer of the table at a site, and what its own rules add; null where there is no such row. */
export function whatIf(
	table: RulesTable,
	site: Site,
	status: string,
	direction: "in" | "out",
	own: boolean,
): Outcome | null {
	const now = site.in_force as Rules;
	const cell = cellsOf(table, Boolean(now.residents_only)).get(
		keyOf({ status, site_kind: site.kind, direction, own_home: own }),
	);
	if (!cell) {
		return null;
	}
	if (cell.decision === "pass" && now.closed && direction === "in" && !own) {
		return {
			color: "red",
			word: wordOf(decisions, "deny"),
			why: reasonWord("site_closed"),
			checks: [],
		};
	}
	const why = [reasonWord(cell.reason), actionWord(cell.action), ...cell.flags.map(flagWord)];
	return {
		color: cell.color,
		word: verdictWord(cell),
		why: [...new Set(why)].join(" · "),
		checks: cell.decision === "pass" ? checksAt(site, direction, own) : helpAt(cell, now),
	};
}

/** What lets somebody in all the same. */
function helpAt(cell: Cell, now: Rules): string[] {
	const permit = cell.reason === "outsider" && residential(cell.site_kind) && !now.residents_only;
	return permit
		? [t({ zh: "持本场所有效来访许可的，登记后可进", en: "who has a permit of this site that is valid comes in" })]
		: [];
}

/** Which of a site's rules can still stop somebody whom the table lets pass. */
function checksAt(site: Site, direction: "in" | "out", own: boolean): string[] {
	const now = site.in_force as Rules;
	const taken = now.temperature_on === "both" || now.temperature_on === direction;
	const looks: Record<string, boolean> = {
		opens_at: Boolean(now.opens_at) && direction === "in" && !own,
		capacity: Number(now.capacity) > 0 && direction === "in" && !own,
		temperature_on: taken,
		fever_line: taken,
		outings: Number(now.outings) > 0 && direction === "out" && own,
		disinfection: Boolean(now.disinfection) && direction === "in",
		anti_passback: now.anti_passback === "deny" && !own,
	};
	return rulesOf(site.kind)
		.filter((r) => looks[r.name])
		.map((r) => `${t(r.title)} ${sayRule(r.name, now[r.name], now)}`);
}

const whereWords: Record<Step["where"], { zh: string; en: string }> = {
	anywhere: { zh: "各处", en: "everywhere" },
	own_home: { zh: "自己家", en: "at one's home" },
	not_own_home: { zh: "自己家以外", en: "everywhere but home" },
	other_homes: { zh: "别的村居", en: "at others' homes" },
};

function Order({ steps }: { steps: readonly Step[] }) {
	return (
		<Card title={t({ zh: "判断的先后", en: "In which order a scan is judged" })}>
			<ol class="pl-steps">
				{steps.map((s) => (
					<li key={s.step}>
						{s[lang.value]}{" "}
						<small>
							{s.directions.map((d) => wordOf(directions, d)).join("/")} · {t(whereWords[s.where])}
						</small>
					</li>
				))}
			</ol>
		</Card>
	);
}
