// What rows are wanted, by each column; it holds while one types.
import type { ComponentChildren } from "preact";
import { flagWord, reasonWord, staffName } from "../../desk/town";
import { Button } from "../../desk/ui/parts";
import { decisions, directions, wordOf } from "../../desk/words";
import { type Text, t } from "../../shared/i18n";
import type { Choices, Filter } from "./columns";

interface Props {
	filter: Filter;
	choices: Choices | undefined;
	set: (more: Filter) => void;
	clear: () => void;
	children?: ComponentChildren;
}

export function Filters({ filter, choices, set, clear, children }: Props) {
	const select = (
		key: "direction" | "decision" | "reason" | "flag" | "lane" | "staff",
		label: string,
		options: [string, string][],
	) => (
		<label class="field">
			<span>{label}</span>
			<select value={filter[key] ?? ""} onChange={(e) => set({ [key]: e.currentTarget.value })}>
				<option value="">{t({ zh: "全部", en: "All" })}</option>
				{options.map(([value, text]) => (
					<option key={value} value={value}>
						{text}
					</option>
				))}
			</select>
		</label>
	);
	const words = (table: Record<string, Text>) =>
		Object.keys(table).map((key): [string, string] => [key, wordOf(table, key)]);
	const text = (key: "name" | "plate", label: string, placeholder: string) => (
		<label class="field">
			<span>{label}</span>
			<input
				type="search"
				autocomplete="off"
				placeholder={placeholder}
				value={filter[key] ?? ""}
				onInput={(e) => set({ [key]: e.currentTarget.value })}
			/>
		</label>
	);
	const degrees = (key: "min" | "max", label: string) => (
		<label class="field degrees">
			<span>{label}</span>
			<input
				type="number"
				min={30}
				max={45}
				step={0.1}
				disabled={filter.unmeasured}
				value={filter[key] ?? ""}
				onInput={(e) => {
					const { [key]: _, ...rest } = { min: filter.min, max: filter.max };
					const value = e.currentTarget.valueAsNumber;
					set({ ...rest, [key]: Number.isNaN(value) ? undefined : value } as Filter);
				}}
			/>
		</label>
	);
	const some = Object.values(filter).some((v) => v !== "" && v !== undefined && v !== false);
	return (
		<search class="toolbar filters">
			{select("direction", t({ zh: "方向", en: "Way" }), words(directions))}
			{select("decision", t({ zh: "判定", en: "Decision" }), words(decisions))}
			{select(
				"reason",
				t({ zh: "原因", en: "Reason" }),
				(choices?.reasons ?? []).map((r) => [r, reasonWord(r)]),
			)}
			{select(
				"flag",
				t({ zh: "标记", en: "Flag" }),
				(choices?.flags ?? []).map((f) => [f, flagWord(f)]),
			)}
			{text(
				"name",
				t({ zh: "姓名（掩码）或编号", en: "Masked name or ID" }),
				t({ zh: "如 王、王*明", en: "as 王, 王*明" }),
			)}
			{text("plate", t({ zh: "车牌", en: "Plate" }), t({ zh: "车牌的一部分", en: "part of it" }))}
			{select(
				"lane",
				t({ zh: "道口", en: "Lane" }),
				(choices?.lanes ?? []).map((l) => [l, l]),
			)}
			{select(
				"staff",
				t({ zh: "值守", en: "On shift" }),
				(choices?.staff ?? []).map((s) => [s, staffName(s)]),
			)}
			{degrees("min", t({ zh: "体温从", en: "°C from" }))}
			{degrees("max", t({ zh: "到", en: "to" }))}
			<label class="tick">
				<input
					type="checkbox"
					checked={filter.unmeasured ?? false}
					onChange={(e) => set({ unmeasured: e.currentTarget.checked })}
				/>
				{t({ zh: "未测温", en: "not measured" })}
			</label>
			<Button onClick={clear} disabled={!some}>
				{t({ zh: "清除筛选", en: "Clear" })}
			</Button>
			{children}
		</search>
	);
}
