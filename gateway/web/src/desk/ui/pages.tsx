// A table over a list that the server gives a page at a time.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { Busy, Problem } from "./parts";
import { Table, type TableProps } from "./table";

export interface Page<T> {
	rows: T[];
	/** Cursor of the next page; "" or null at the end. */
	next?: string | null | undefined;
}

type Load<T> = (cursor: string | undefined) => Promise<Page<T>>;

/** The list as far as it is loaded; loads again from the beginning when a dep changes. */
export function usePages<T>(load: Load<T>, deps: readonly unknown[] = []) {
	const key = JSON.stringify(deps);
	const [state, setState] = useState<{ rows: T[]; next: string; busy: boolean; error: unknown; begun: boolean }>({
		rows: [],
		next: "",
		busy: true,
		error: null,
		begun: false,
	});
	const turn = useRef(0);
	const busy = useRef(false);
	const latest = useRef(load);
	latest.current = load;
	const fetchPage = useCallback(async (cursor: string | undefined) => {
		const mine = turn.current;
		busy.current = true;
		setState((s) => ({ ...s, busy: true, error: null }));
		try {
			const page = await latest.current(cursor);
			if (mine === turn.current) {
				busy.current = false;
				setState((s) => ({
					rows: cursor === undefined ? page.rows : [...s.rows, ...page.rows],
					next: page.next ?? "",
					busy: false,
					error: null,
					begun: true,
				}));
			}
		} catch (error) {
			if (mine === turn.current) {
				busy.current = false;
				setState((s) => ({ ...s, busy: false, error, begun: true }));
			}
		}
	}, []);
	const reload = useCallback(() => {
		turn.current++;
		return fetchPage(undefined);
	}, [fetchPage, key]);
	useEffect(() => {
		setState((s) => ({ ...s, rows: [], next: "" }));
		void reload();
		return () => {
			turn.current++;
		};
	}, [reload]);
	const more = useCallback(() => {
		if (state.next !== "" && !busy.current) {
			void fetchPage(state.next);
		}
	}, [state.next, fetchPage]);
	return { ...state, more, reload };
}

type Props<T> = Omit<TableProps<T>, "rows" | "onEnd" | "foot"> & { list: ReturnType<typeof usePages<T>> };

/** The table of usePages: more is loaded when its end comes near. */
export function Pages<T>({ list, ...table }: Props<T>) {
	if (!list.begun && list.busy) {
		return <Busy />;
	}
	return (
		<>
			<Problem cause={list.error} retry={() => void list.reload()} />
			<Table
				{...table}
				rows={list.rows}
				onEnd={list.more}
				foot={
					list.busy ? (
						<Busy />
					) : list.next !== "" ? (
						t({ zh: `已读取 ${list.rows.length} 条，向下滚动继续`, en: `${list.rows.length} so far; scroll for more` })
					) : (
						t({ zh: `共 ${list.rows.length} 条`, en: `${list.rows.length} in all` })
					)
				}
			/>
		</>
	);
}

/** More rows than a subdistrict has of anything that is still to be done. */
const MOST = 5000;

/** All rows of a list with cursors, at most MOST. */
export async function all<T>(load: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
	const rows: T[] = [];
	let next: string | undefined;
	do {
		const page = await load(next);
		rows.push(...page.rows);
		next = page.next || undefined;
	} while (next && rows.length < MOST);
	return rows;
}
