// Registers that list what is open, or what was closed on some days.
import { call } from "../../desk/call";
import type { Page } from "../../desk/ui/pages";
import { dayFields, daysAsked } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { optionsOf } from "./words";

/** Filters by state, all that are open under a name of their own, by place, and by the days for those that are closed. */
export const recordFilters = (states: Parameters<typeof optionsOf>[0], open: string) => [
	{
		name: "state",
		label: t({ zh: "状态", en: "State" }),
		kind: "select" as const,
		options: [{ value: "", label: open }, ...optionsOf(states)],
	},
	{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" as const },
	...dayFields("closed"),
];

/** Reads pages of /v1/list, whose answer names its rows as the path does. */
export const loadRecords =
	<T>(list: string) =>
	async (filter: Record<string, string>, cursor: string | undefined): Promise<Page<T>> => {
		const { state, node } = filter;
		const query = { state, node, limit: 200, cursor, ...(state === "closed" ? daysAsked(filter) : {}) };
		const page = await call<Record<string, T[]> & { next: string }>("GET", `/v1/${list}`, { query });
		return { rows: page[list] ?? [], next: page.next };
	};
