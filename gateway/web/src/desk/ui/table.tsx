// A table of any length: only the rows in sight are in the document, so that 100,000
// rows scroll as ten do. Columns sort by their heads; arrows move, Enter opens.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { Empty } from "./parts";

export interface Column<T> {
	key: string;
	title: ComponentChildren;
	/** CSS width, "8rem" or "1fr"; 1fr if left out. */
	width?: string;
	cell: (row: T, index: number) => ComponentChildren;
	/** What the column sorts by; without it, it does not sort. */
	sort?: (row: T) => string | number;
	/** Numbers stand at the right. */
	right?: boolean;
	/** Left out on narrow screens. */
	wide?: boolean;
}

export interface TableProps<T> {
	label: string;
	columns: Column<T>[];
	rows: readonly T[];
	rowKey: (row: T, index: number) => string | number;
	onOpen?: (row: T, index: number) => void;
	/** Rows marked as chosen, by key; with onSelect they have a box to tick. */
	selected?: ReadonlySet<string | number>;
	onSelect?: (next: Set<string | number>) => void;
	/** A class for a row. */
	tone?: (row: T) => string;
	/** Height of the part that scrolls: CSS; as high as the window allows if left out. */
	height?: string;
	rowHeight?: number;
	empty?: ComponentChildren;
	/** Called when the end comes near: to load more. */
	onEnd?: () => void;
	/** Told which rows are in sight, "to" excluded: rows that are elsewhere are brought then. Holes are left blank. */
	onSight?: (from: number, to: number) => void;
	/** Orders the rows elsewhere by a column, null: as they come. Without it the table orders them itself. */
	onOrder?: (by: { key: string; down: boolean } | null) => void;
	/** Said under the last row. */
	foot?: ComponentChildren;
}

const OVER = 8; // rows beyond what is in sight

/** The rows in the order of a column, and the way of changing it. */
function useSorted<T>(rows: readonly T[], columns: Column<T>[], onOrder: TableProps<T>["onOrder"]) {
	const [by, setBy] = useState<{ key: string; down: boolean } | null>(null);
	const sorted = useMemo(() => {
		const value = columns.find((c) => c.key === by?.key)?.sort;
		if (!by || !value || onOrder) {
			return rows;
		}
		const keyed = rows.map((row) => ({ row, key: value(row) }));
		const sign = by.down ? -1 : 1;
		keyed.sort((a, b) => {
			if (typeof a.key === "number" && typeof b.key === "number") {
				return sign * (a.key - b.key);
			}
			const [x, y] = [String(a.key), String(b.key)];
			return x === y ? 0 : sign * (x < y ? -1 : 1);
		});
		return keyed.map((k) => k.row);
	}, [rows, by, columns]);
	const turn = (key: string) => {
		const next = by?.key !== key ? { key, down: false } : by.down ? null : { key, down: true };
		setBy(next);
		onOrder?.(next);
	};
	return { sorted, by, turn };
}

/** Which rows are in sight. */
function useWindow(count: number, rowHeight: number) {
	const box = useRef<HTMLDivElement>(null);
	const [range, setRange] = useState({ from: 0, to: 40 });
	const look = () => {
		const el = box.current;
		if (el) {
			const from = Math.max(0, Math.floor(el.scrollTop / rowHeight) - OVER);
			const to = Math.ceil((el.scrollTop + el.clientHeight) / rowHeight) + OVER;
			setRange((now) => (now.from === from && now.to === to ? now : { from, to }));
		}
	};
	useEffect(() => {
		look();
		const el = box.current;
		if (!el) {
			return;
		}
		const watch = new ResizeObserver(look);
		watch.observe(el);
		return () => watch.disconnect();
	}, [count, rowHeight]);
	return { box, look, from: Math.min(range.from, Math.max(0, count - 1)), to: Math.min(range.to, count) };
}

export function Table<T>(props: TableProps<T>) {
	const { columns, rowKey, rowHeight = 40, onEnd, onSight } = props;
	const { sorted, by, turn } = useSorted(props.rows, columns, props.onOrder);
	const { box, look, from, to } = useWindow(sorted.length, rowHeight);
	const [at, setAt] = useState(0);
	const picks = props.onSelect !== undefined;
	const grid = `${picks ? "2.5rem " : ""}${columns.map((c) => (c.width && c.width !== "1fr" ? c.width : "minmax(5rem, 1fr)")).join(" ")}`;
	const narrow = `${picks ? "2.5rem " : ""}${columns
		.filter((c) => !c.wide)
		.map((c) => (c.width && c.width !== "1fr" ? `minmax(0, ${c.width})` : "minmax(0, 1fr)"))
		.join(" ")}`;

	useEffect(() => {
		if (to >= sorted.length - OVER && sorted.length > 0) {
			onEnd?.();
		}
	}, [to, sorted.length, onEnd]);

	useEffect(() => onSight?.(from, to), [from, to, sorted, onSight]);

	const move = (next: number) => {
		const row = Math.max(0, Math.min(sorted.length - 1, next));
		setAt(row);
		const el = box.current;
		if (!el) {
			return;
		}
		const head = rowHeight;
		if (row * rowHeight < el.scrollTop) {
			el.scrollTop = row * rowHeight;
		} else if ((row + 1) * rowHeight + head > el.scrollTop + el.clientHeight) {
			el.scrollTop = (row + 1) * rowHeight + head - el.clientHeight;
		}
		look();
	};
	const onKey = (e: KeyboardEvent) => {
		const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 400) / rowHeight) - 2);
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 }[e.key];
		const row = sorted[at];
		if (step) {
			e.preventDefault();
			move(at + step);
		} else if (e.key === "Enter" && row !== undefined && e.target === e.currentTarget) {
			props.onOpen?.(row, at);
		}
	};
	const tick = (key: string | number) => {
		const next = new Set(props.selected ?? []);
		if (!next.delete(key)) {
			next.add(key);
		}
		props.onSelect?.(next);
	};
	const all = picks && sorted.length > 0 && sorted.every((row, i) => props.selected?.has(rowKey(row, i)));

	return (
		<div
			class="table"
			role="grid"
			aria-label={props.label}
			aria-rowcount={sorted.length + 1}
			tabIndex={0}
			ref={box}
			onScroll={look}
			onKeyDown={onKey}
			style={{ maxHeight: props.height ?? "calc(100vh - 15rem)", "--cols": grid, "--narrow": narrow }}
		>
			<div class="tr head" role="row">
				{picks && (
					<div role="columnheader">
						<input
							type="checkbox"
							aria-label={t({ zh: "全选", en: "Choose all" })}
							checked={all}
							onChange={() => props.onSelect?.(all ? new Set() : new Set(sorted.map(rowKey)))}
						/>
					</div>
				)}
				{columns.map((c) => (
					<div
						key={c.key}
						role="columnheader"
						class={`${c.right ? "right" : ""} ${c.wide ? "wide" : ""}`}
						aria-sort={by?.key === c.key ? (by.down ? "descending" : "ascending") : undefined}
					>
						{c.sort ? (
							<button type="button" onClick={() => turn(c.key)}>
								{c.title}
								<span aria-hidden="true">{by?.key === c.key ? (by.down ? " ▼" : " ▲") : ""}</span>
							</button>
						) : (
							c.title
						)}
					</div>
				))}
			</div>
			{sorted.length === 0 && (
				<div role="row">
					<div role="gridcell">{props.empty ?? <Empty />}</div>
				</div>
			)}
			<div class="rows" role="presentation" style={{ height: `${sorted.length * rowHeight}px` }}>
				{sorted.slice(from, to).map((row, i) => {
					const index = from + i;
					const key = rowKey(row, index);
					return (
						<div
							key={key}
							class={`tr ${props.tone?.(row) ?? ""} ${index === at ? "at" : ""} ${props.onOpen ? "opens" : ""}`}
							role="row"
							aria-rowindex={index + 2}
							aria-selected={picks ? Boolean(props.selected?.has(key)) : undefined}
							style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
							onClick={(e) => {
								setAt(index);
								if (!(e.target as Element).closest("a, button, input, select")) {
									props.onOpen?.(row, index);
								}
							}}
						>
							{picks && (
								<div role="gridcell">
									<input
										type="checkbox"
										aria-label={t({ zh: "选择此行", en: "Choose this row" })}
										checked={Boolean(props.selected?.has(key))}
										onChange={() => tick(key)}
									/>
								</div>
							)}
							{columns.map((c) => (
								<div key={c.key} role="gridcell" class={`${c.right ? "right" : ""} ${c.wide ? "wide" : ""}`}>
									{c.cell(row, index)}
								</div>
							))}
						</div>
					);
				})}
			</div>
			{props.foot && <div class="foot">{props.foot}</div>}
		</div>
	);
}
