// All passages of a gate in a period: numbers that filter, the flow, the table, the file.
import { useEffect, useMemo, useState } from "preact/hooks";
import { go } from "../../desk/router";
import { reasonWord } from "../../desk/town";
import { Button, Problem, Progress } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { asked, type Period } from "../period";
import type { Filter, Row, SortKey, Summary } from "./columns";
import { Export } from "./export";
import { Feed } from "./feed";
import { Filters } from "./filters";
import { Flow } from "./flow";
import { PassageDrawer } from "./passage";
import { count, PassageTable } from "./passagetable";

export function Passages({ gate, period }: { gate: string; period: Period }) {
	const feed = useMemo(() => new Feed(), []);
	const [filter, setFilter] = useState<Filter>({});
	const [sort, setSort] = useState<{ key: SortKey; down: boolean }>({ key: "at", down: false });
	const [open, setOpen] = useState<Row | null>(null);
	const [exporting, setExporting] = useState(false);
	useEffect(() => () => feed.close(), [feed]);
	useEffect(() => feed.want(filter, sort.key, sort.down), [feed, filter, sort]);
	useEffect(() => {
		void feed.load(gate, period);
	}, [feed, gate, period.from, period.to]);
	const set = (more: Filter) => setFilter((now) => ({ ...now, ...more }));
	const view = feed.view.value;
	return (
		<>
			<Problem cause={feed.error.value} retry={() => void feed.load(gate, period)} />
			{feed.loading.value && (
				<Progress done={view?.loaded ?? 0}>
					{t({
						zh: `读取中，已有 ${count(view?.loaded ?? 0)} 条`,
						en: `Loading: ${count(view?.loaded ?? 0)} rows so far`,
					})}
				</Progress>
			)}
			{view && (
				<div class="overview">
					<div>
						<Numbers sum={view.summary} filter={filter} set={set} />
						<Reasons sum={view.summary} filter={filter} set={set} />
					</div>
					{view.summary.flow.length > 0 && (
						<Flow flow={view.summary.flow} period={period} onPick={(p) => go(["gates", gate], asked(p))} />
					)}
				</div>
			)}
			<Filters filter={filter} choices={view?.choices} set={set} clear={() => setFilter({})}>
				<Button onClick={() => setExporting(true)} disabled={!view?.done || view.loaded === 0}>
					{t({ zh: "导出…", en: "Export…" })}
				</Button>
			</Filters>
			<PassageTable feed={feed} period={period} onOpen={setOpen} onOrder={setSort} />
			{open && <PassageDrawer row={open} gate={gate} onFilter={setFilter} onClose={() => setOpen(null)} />}
			{exporting && (
				<Export feed={feed} gate={gate} period={period} filter={filter} onClose={() => setExporting(false)} />
			)}
		</>
	);
}

/** What the rows come to; each number shows the rows behind it. */
function Numbers({ sum, filter, set }: { sum: Summary; filter: Filter; set: (f: Filter) => void }) {
	const toggle = (key: "direction" | "reason", value: string) => set({ [key]: filter[key] === value ? "" : value });
	const number = (value: number, text: string, pressed: boolean, press: () => void) => (
		<li>
			<button type="button" aria-pressed={pressed} onClick={press}>
				<b>{count(value)}</b> {text}
			</button>
		</li>
	);
	return (
		<ul class="numbers" aria-label={t({ zh: "合计", en: "In all" })}>
			<li>
				<span>
					<b>{count(sum.rows)}</b> {t({ zh: "条", en: "rows" })}
					<small>{t({ zh: `${count(sum.people)} 人`, en: `${count(sum.people)} people` })}</small>
				</span>
			</li>
			{number(sum.in, t({ zh: "进", en: "in" }), filter.direction === "in", () => toggle("direction", "in"))}
			{number(sum.out, t({ zh: "出", en: "out" }), filter.direction === "out", () => toggle("direction", "out"))}
			{number(sum.stopped, t({ zh: "未放行", en: "not let through" }), filter.stopped === true, () =>
				set({ stopped: !filter.stopped }),
			)}
			{number(sum.fevers, t({ zh: "发热", en: "fever" }), filter.reason === "fever", () => toggle("reason", "fever"))}
			{sum.annulled > 0 && (
				<li>
					<span>
						<b>{count(sum.annulled)}</b> {t({ zh: "已撤销（不计入）", en: "taken back (not counted)" })}
					</span>
				</li>
			)}
		</ul>
	);
}

function Reasons({ sum, filter, set }: { sum: Summary; filter: Filter; set: (f: Filter) => void }) {
	if (sum.reasons.length === 0) {
		return null;
	}
	return (
		<ul class="numbers reasons" aria-label={t({ zh: "未放行的原因", en: "Why people were not let through" })}>
			{sum.reasons.map(({ reason, count: n }) => (
				<li key={reason}>
					<button
						type="button"
						aria-pressed={filter.reason === reason}
						onClick={() => set({ reason: filter.reason === reason ? "" : reason })}
					>
						<b>{count(n)}</b> {reasonWord(reason)}
					</button>
				</li>
			))}
		</ul>
	);
}
