// A register as a screen: a list with filters, each row in a drawer with all that is
// known of it and what can be done. The row stands in the address: "#/PATH/ID".
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { lang, t } from "../../shared/i18n";
import { dayAndTime, localDay } from "../../shared/time";
import { go, href, refine, route } from "../router";
import { staffName } from "../town";
import { type Action, Actions } from "./actions";
import { type Field, FieldInput, type Values } from "./form";
import { Drawer } from "./overlay";
import { type Page, Pages, usePages } from "./pages";
import { Busy, Button, Empty, Problem, Toolbar, useLoad } from "./parts";
import type { Column } from "./table";

type Filter = Record<string, string>;

interface RegisterProps<T, One extends T = T> {
	/** Path of the screen. */
	path: string;
	title: string;
	/** Said under the title: what stands here, for whom. */
	hint?: ComponentChildren;
	/** What the list can be narrowed by; what is chosen stands in the address, so nothing about people. */
	filters?: readonly Field[];
	/** What the filters begin with. */
	preset?: Filter;
	/** A page of the list, as the filters ask for. */
	load: (filter: Filter, cursor: string | undefined) => Promise<Page<T>>;
	/** The first one leads to the row. */
	columns: Column<T>[];
	rowKey: (row: T) => string;
	/** What a row is called, above its drawer. */
	name: (row: T) => string;
	/** Which of the loaded rows are shown, by what stands in the address: where a sum leads to. */
	narrow?: (row: T, filter: Filter) => boolean;
	/** Text of a row by which what is loaded can be searched. */
	text?: (row: T) => string;
	tone?: (row: T) => string;
	/** Reads one row with all there is of it; without it, the drawer shows what the list has. */
	one?: (id: string) => Promise<One>;
	/** What the drawer holds; left out where each row is a screen of its own at "#/PATH/ID". */
	detail?: (row: One, reload: () => Promise<void>) => ComponentChildren;
	actions?: readonly Action<One>[];
	/** What makes a new row. */
	create?: readonly Action<null>[];
	/** Beside the title: links to what belongs here. */
	links?: ComponentChildren;
	/** Above the list, of what is loaded: sums, say. */
	summary?: (rows: readonly T[]) => ComponentChildren;
	empty?: ComponentChildren;
}

export function Register<T, One extends T = T>(props: RegisterProps<T, One>) {
	const { path, title, filters = [], preset = {}, columns, create } = props;
	const filter: Filter = { ...preset, ...Object.fromEntries(route.value.query) };
	const asked = filters.map((f) => [f.name, filter[f.name] ?? ""]);
	const list = usePages<T>((cursor) => props.load(filter, cursor), asked);
	const [wanted, setWanted] = useState("");
	const id = route.value.path[1];
	const query = Object.fromEntries(route.value.query);
	const linked = columns.map((c, i) =>
		i > 0
			? c
			: { ...c, cell: (row: T, n: number) => <a href={href([path, props.rowKey(row)], query)}>{c.cell(row, n)}</a> },
	);
	const { text, narrow } = props;
	const shown = narrow ? list.rows.filter((row) => narrow(row, filter)) : list.rows;
	const rows = text && wanted ? shown.filter((row) => text(row).toLowerCase().includes(wanted.toLowerCase())) : shown;
	return (
		<>
			<header class="screenhead">
				<h1>{title}</h1>
				<Button busy={list.busy} onClick={() => void list.reload()}>
					{t({ zh: "刷新", en: "Refresh" })}
				</Button>
				{props.links}
				{create && <Actions dialog row={null} actions={create} onDone={() => list.reload()} />}
			</header>
			{props.hint && <p class="hint">{props.hint}</p>}
			{(filters.length > 0 || text) && (
				<Toolbar>
					{filters
						.filter((f) => f.when?.(filter as Values) ?? true)
						.map((f) => (
							<FieldInput
								key={f.name}
								field={{ ...f, required: true }}
								value={f.kind === "check" ? filter[f.name] === "1" : (filter[f.name] ?? "")}
								onValue={(v) => refine({ [f.name]: f.kind === "check" ? (v ? "1" : "") : String(v ?? "") })}
							/>
						))}
					{text && (
						<label class="field">
							<span>{t({ zh: "在列表中找", en: "Find in this list" })}</span>
							<input
								type="search"
								autocomplete="off"
								value={wanted}
								onInput={(e) => setWanted(e.currentTarget.value)}
							/>
						</label>
					)}
				</Toolbar>
			)}
			{props.summary && list.begun && props.summary(list.rows)}
			<Pages
				list={{ ...list, rows }}
				label={title}
				columns={linked}
				rowKey={props.rowKey}
				onOpen={(row) => go([path, props.rowKey(row)], query)}
				{...(props.tone ? { tone: props.tone } : {})}
				{...(props.empty ? { empty: props.empty } : {})}
			/>
			{id !== undefined && props.detail && (
				<Row key={id} id={id} props={props} list={list} onClose={() => go([path], query)} />
			)}
		</>
	);
}

/** The drawer of one row: read by itself, or found in the list. */
function Row<T, One extends T>({
	id,
	props,
	list,
	onClose,
}: {
	id: string;
	props: RegisterProps<T, One>;
	list: ReturnType<typeof usePages<T>>;
	onClose: () => void;
}) {
	const read = useLoad<One | null>(async () => (props.one ? props.one(id) : null), [id]);
	const listed = list.rows.find((row) => props.rowKey(row) === id);
	const found = props.one ? read.data : ((listed ?? null) as One | null);
	useEffect(() => {
		if (!props.one && !listed) {
			list.more(); // it may stand further down
		}
	}, [listed, list.rows.length, list.next]);
	const reload = async () => {
		await Promise.all([read.reload(), list.reload()]);
	};
	const busy = props.one ? read.busy : list.busy || (list.next !== "" && !list.error);
	return (
		<Drawer title={found ? props.name(found) : props.title} onClose={onClose}>
			{found ? (
				<>
					{props.actions && <Actions row={found} actions={props.actions} onDone={reload} />}
					{props.detail?.(found, reload)}
				</>
			) : busy ? (
				<Busy />
			) : (
				!read.error && (
					<Empty>
						{t({ zh: "这一条不在当前列表中：更换筛选条件再找", en: "Not in this list: change what it is narrowed by" })}
					</Empty>
				)
			)}
			<Problem cause={read.error} retry={() => void read.reload()} />
		</Drawer>
	);
}

/** What somebody did about a record, as the server tells it. */
export interface Step {
	at: string;
	/** Login, "" for the program. */
	by: string;
	state: string;
	note: string;
}

/** The steps of a record, the last first. */
export function Steps({ steps, word }: { steps: readonly Step[]; word: (state: string) => string }) {
	return steps.length === 0 ? null : (
		<ol class="steps" aria-label={t({ zh: "经过", en: "What was done" })}>
			{[...steps].reverse().map((s, i) => (
				<li key={i}>
					<time>{when(s.at)}</time> <b>{word(s.state)}</b>{" "}
					{s.by ? staffName(s.by) : t({ zh: "系统", en: "the system" })}
					{s.note && <p>{s.note}</p>}
				</li>
			))}
		</ol>
	);
}

/** "11-24 08:05" of a time of the wire; "" of none. */
export function when(at: string | null | undefined): string {
	return at ? dayAndTime(Date.parse(at)) : "";
}

/** "还剩 2 小时 5 分" or "超时 1 天 3 小时", as a deadline is told at a moment (UTC ms). */
export function left(due: string | null | undefined, now: number): string {
	if (!due) {
		return "";
	}
	const minutes = Math.floor(Math.abs(Date.parse(due) - now) / 60_000);
	const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60)];
	const zh =
		days > 1 ? `${days} 天 ${hours % 24} 小时` : hours > 0 ? `${hours} 小时 ${minutes % 60} 分` : `${minutes} 分钟`;
	const en = days > 1 ? `${days} d ${hours % 24} h` : hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
	const late = Date.parse(due) < now;
	return lang.value === "zh" ? `${late ? "超时" : "还剩"} ${zh}` : late ? `${en} late` : `${en} left`;
}

/** The time now, looked at again every so many ms, for what counts down. */
export function useNow(every = 15_000): number {
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), every);
		return () => clearInterval(timer);
	}, [every]);
	return now;
}

/** Fields of a filter for the days of what is over, shown with one of these states. */
export function dayFields(...states: string[]): Field[] {
	const shown = (v: Values) => states.length === 0 || states.includes(String(v.state ?? ""));
	return [
		{ name: "from", label: t({ zh: "从", en: "From" }), kind: "day", when: shown },
		{ name: "to", label: t({ zh: "到（含）", en: "Until, with it" }), kind: "day", when: shown },
	];
}

/** The window of such fields as the API asks for it: the last days where nothing is chosen. */
export function daysAsked(filter: Filter, days = 7): { from: string; to: string } {
	const day = (text: string, by: number) =>
		new Date(Date.parse(`${text}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
	const last = filter.to || localDay(Date.now());
	return { from: filter.from || day(last, 1 - days), to: day(last, 1) };
}

/** A name for what is sent, by which the server knows it when it is sent again. */
export function newID(kind: string): string {
	const bytes = crypto.getRandomValues(new Uint8Array(8));
	return `${kind}-${[...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
}
