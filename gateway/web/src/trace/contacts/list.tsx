// The contacts as a table: filters that work while they are set, rows that lead on.
import { useMemo } from "preact/hooks";
import { href } from "../../desk/router";
import { nodeName, siteName } from "../../desk/town";
import { Chip, Empty } from "../../desk/ui/parts";
import { type Column, Table } from "../../desk/ui/table";
import { lang, t } from "../../shared/i18n";
import type { Found } from "./answers";
import { barOf, type Counts, type Filter } from "./rows";
import { type Kind, kinds, type Row } from "./types";
import { doubtWords, hopWord, kindWords, spanText } from "./words";

interface FiltersProps {
	filter: Filter;
	counts: Counts;
	/** The call list is known: one can filter by it. */
	calls: boolean;
	onFilter: (f: Filter) => void;
}

const turned = <T,>(list: readonly T[], one: T) =>
	list.includes(one) ? list.filter((x) => x !== one) : [...list, one];

export function Filters({ filter: f, counts, calls, onFilter }: FiltersProps) {
	const set = (part: Partial<Filter>) => onFilter({ ...f, ...part });
	return (
		<search class="toolbar ct-filters" aria-label={t({ zh: "筛选", en: "Filters" })}>
			<label class="field">
				<span>{t({ zh: "姓名、住处、编号", en: "Name, home, ID" })}</span>
				<input type="search" value={f.text} onInput={(e) => set({ text: e.currentTarget.value })} />
			</label>
			<fieldset class="ct-chips">
				<legend>{t({ zh: "接触方式", en: "How they met" })}</legend>
				{kinds
					.filter((k) => (counts.kinds.get(k) ?? 0) > 0)
					.map((k) => (
						<Toggle
							key={k}
							on={f.kinds.includes(k)}
							count={counts.kinds.get(k) ?? 0}
							onTurn={() => set({ kinds: turned<Kind>(f.kinds, k) })}
						>
							{t(kindWords[k])}
						</Toggle>
					))}
				{counts.hops.size > 1 &&
					[...counts.hops.keys()].sort().map((n) => (
						<Toggle
							key={n}
							on={f.hops.includes(n)}
							count={counts.hops.get(n) ?? 0}
							onTurn={() => set({ hops: turned(f.hops, n) })}
						>
							{hopWord(n)}
						</Toggle>
					))}
			</fieldset>
			<label class="field">
				<span>{t({ zh: "场所", en: "Place" })}</span>
				<select value={f.place} onChange={(e) => set({ place: e.currentTarget.value })}>
					<option value="">{t({ zh: "全部", en: "All" })}</option>
					{counts.places.slice(0, 200).map((p) => (
						<option key={p.code} value={p.code}>
							{p.name}({p.count})
						</option>
					))}
				</select>
			</label>
			<label class="field ct-amount">
				<span>{t({ zh: "同场分钟 ≥", en: "Minutes ≥" })}</span>
				<input
					type="number"
					min={0}
					value={f.minutes || ""}
					placeholder="0"
					onInput={(e) => set({ minutes: Math.max(0, e.currentTarget.valueAsNumber || 0) })}
				/>
			</label>
			{counts.outside > 0 && (
				<label class="field ct-amount">
					<span>{t({ zh: "辖区", en: "Scope" })}</span>
					<select value={f.scope} onChange={(e) => set({ scope: e.currentTarget.value as Filter["scope"] })}>
						<option value="">{t({ zh: "全部", en: "All" })}</option>
						<option value="mine">{t({ zh: "本辖区", en: "Mine" })}</option>
						<option value="outside">
							{t({ zh: `辖区外（${counts.outside}）`, en: `Outside (${counts.outside})` })}
						</option>
					</select>
				</label>
			)}
			{calls && (
				<label class="field ct-amount">
					<span>{t({ zh: "流调名单", en: "Call list" })}</span>
					<select value={f.calls} onChange={(e) => set({ calls: e.currentTarget.value as Filter["calls"] })}>
						<option value="">{t({ zh: "全部", en: "All" })}</option>
						<option value="without">{t({ zh: "未加入", en: "Not on it" })}</option>
						<option value="with">{t({ zh: "已加入", en: "On it" })}</option>
					</select>
				</label>
			)}
		</search>
	);
}

interface ToggleProps {
	on: boolean;
	count: number;
	onTurn: () => void;
	children: string;
}

function Toggle({ on, count, onTurn, children }: ToggleProps) {
	return (
		<button type="button" class="ct-toggle" aria-pressed={on} onClick={onTurn}>
			{on ? "✓ " : ""}
			{children} {count}
		</button>
	);
}

interface ListProps {
	found: Found;
	rows: readonly Row[];
	counts: Counts;
	called: ReadonlySet<string>;
	selected: ReadonlySet<string | number>;
	onSelect: (next: Set<string | number>) => void;
	onOpen: (rank: number) => void;
	linkTo: (id: string) => string;
}

export function List({ found, rows, counts, called, selected, onSelect, onOpen, linkTo }: ListProps) {
	const { from, to } = found.head;
	const columns = useMemo(() => columnsOf(counts, called, from, to, linkTo), [counts, called, from, to, lang.value]);
	return (
		<Table
			label={t({ zh: "接触者", en: "Contacts" })}
			columns={columns}
			rows={rows}
			rowKey={(r) => r.id}
			rowHeight={34}
			height="max(18rem, calc(100vh - 22.5rem))"
			selected={selected}
			onSelect={onSelect}
			onOpen={(r) => onOpen(r.rank)}
			empty={
				<Empty>
					{found.rows.length === 0
						? t({
								zh: "这段时间没有查到接触者：可以放宽过门间隔或期间",
								en: "No contacts in this period: try a wider margin or period",
							})
						: t({ zh: "没有符合筛选的人：去掉一些条件", en: "Nobody passes the filters: take some away" })}
				</Empty>
			}
			foot={t({
				zh: `显示 ${rows.length} 人，共查到 ${found.head.total} 人`,
				en: `${rows.length} shown, ${found.head.total} found`,
			})}
		/>
	);
}

function columnsOf(
	counts: Counts,
	called: ReadonlySet<string>,
	from: string,
	to: string,
	linkTo: (id: string) => string,
): Column<Row>[] {
	const all: Column<Row>[] = [
		{
			key: "rank",
			title: t({ zh: "序", en: "No." }),
			width: "4.2rem",
			right: true,
			sort: (r) => r.rank,
			cell: (r) => r.rank,
		},
		{
			key: "name",
			title: t({ zh: "姓名", en: "Name" }),
			width: "6.5rem",
			sort: (r) => r.name,
			cell: (r) => <Name row={r} called={called.has(r.id)} />,
		},
		{ key: "home", title: t({ zh: "住处", en: "Lives at" }), sort: homeText, cell: homeText, wide: true },
		{
			key: "hop",
			title: t({ zh: "层", en: "Hop" }),
			width: "8.5rem",
			sort: (r) => r.hop,
			cell: (r) => <HopCell row={r} />,
			wide: true,
		},
		{
			key: "minutes",
			title: t({ zh: "同场分", en: "Minutes" }),
			width: "5rem",
			right: true,
			sort: (r) => -r.minutes,
			cell: (r) => r.minutes,
			wide: true,
		},
		{
			key: "place",
			title: t({ zh: "主要场所", en: "Place" }),
			sort: (r) => r.placeName,
			cell: (r) => r.placeName || siteName(r.place),
			wide: true,
		},
		{
			key: "last",
			title: t({ zh: "首次 – 末次接触", en: "First – last met" }),
			width: "15rem",
			sort: (r) => -r.last,
			cell: (r) => spanText(r.first, r.last),
			wide: true,
		},
		{ key: "marks", title: t({ zh: "接触方式", en: "How" }), width: "10.5rem", cell: (r) => <Marks row={r} /> },
		{
			key: "exposure",
			title: t({ zh: "暴露值", en: "Exposure" }),
			width: "6rem",
			sort: (r) => -r.exposure,
			cell: (r) => <ExposureBar row={r} most={counts.most} />,
		},
		{
			key: "next",
			title: t({ zh: "再查", en: "Next" }),
			width: "8rem",
			wide: true,
			cell: (r) => <Next row={r} from={from} to={to} linkTo={linkTo} />,
		},
	];
	return counts.hops.size > 1 ? all : all.filter((c) => c.key !== "hop");
}

const homeText = (r: Row) => (r.outside ? nodeName(r.area) : siteName(r.home));

function Name({ row, called }: { row: Row; called: boolean }) {
	const name = row.outside ? <span class="ct-far">{t({ zh: "辖区外", en: "Outside" })}</span> : row.name;
	return (
		<>
			{name}
			{called && (
				<span class="ct-called" title={t({ zh: "已在流调名单", en: "On the call list" })}>
					{" "}
					☎
				</span>
			)}
		</>
	);
}

/** How far away, and whom they met if it was not the one asked about. */
function HopCell({ row }: { row: Row }) {
	const via = row.hop > 1 && row.viaName;
	return (
		<>
			{hopWord(row.hop)}
			{via && <small> {t({ zh: `经 ${via}`, en: `by ${via}` })}</small>}
		</>
	);
}

function Marks({ row }: { row: Row }) {
	const doubt = row.unknown ? "unknown" : row.inferred ? "inferred" : row.open ? "open" : null;
	return (
		<>
			{row.kinds.map((k) => (
				<span key={k} class={`ct-kind ct-k-${k}`}>
					{t(kindWords[k])}
				</span>
			))}
			{doubt && (
				<Chip tone="care">
					<span title={t(doubtWords[doubt].long)}>{t(doubtWords[doubt])}</span>
				</Chip>
			)}
		</>
	);
}

function ExposureBar({ row, most }: { row: Row; most: number }) {
	return (
		<span class="ct-exposure">
			<i style={{ width: `${(100 * barOf(row.exposure, most)).toFixed(1)}%` }} />
			<b>{row.exposure}</b>
		</span>
	);
}

function Next({ row, from, to, linkTo }: { row: Row; from: string; to: string; linkTo: (id: string) => string }) {
	return row.outside ? null : (
		<span class="ct-links">
			<a href={href(["person", row.id], { from, to })}>{t({ zh: "轨迹", en: "Trail" })}</a>{" "}
			<a href={linkTo(row.id)}>{t({ zh: "接触者", en: "Contacts" })}</a>
		</span>
	);
}
