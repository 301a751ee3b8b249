// Choosing one of many by typing: sites, gates, nodes of the grid, staff.
import { useId, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { gates, nodeName, nodes, siteName, sites, staff } from "../town";
import { roles, siteKinds, wordOf } from "../words";
import { faultOf } from "./parts";

export interface Option {
	value: string;
	label: string;
	/** Said smaller beside it, and found by it as well. */
	hint?: string;
}

interface PickProps {
	label: string;
	value: string;
	options: readonly Option[];
	onPick: (value: string) => void;
	required?: boolean | undefined;
	placeholder?: string;
	error?: string | undefined;
	autofocus?: boolean;
}

const SHOWN = 40;

/** The options that hold what was typed: names that begin with it first, then those that hold it, then the rest. */
export function fitting(options: readonly Option[], wanted: string): Option[] {
	const rank = (o: Option): number => {
		const label = o.label.toLowerCase();
		if (label.startsWith(wanted)) {
			return 0;
		}
		return label.includes(wanted) ? 1 : `${o.value} ${o.hint ?? ""}`.toLowerCase().includes(wanted) ? 2 : 3;
	};
	return [0, 1, 2].flatMap((r) => options.filter((o) => rank(o) === r)).slice(0, SHOWN);
}

/** A combobox: typing narrows, arrows move, Enter takes, Escape leaves it as it was. */
export function Pick({ label, value, options, onPick, required, placeholder, error }: PickProps) {
	const id = useId();
	const [typed, setTyped] = useState<string | null>(null); // null: closed
	const [at, setAt] = useState(0);
	const chosen = options.find((o) => o.value === value);
	const wanted = (typed ?? "").trim().toLowerCase();
	const found = typed === null ? [] : fitting(options, wanted);
	const take = (o: Option | undefined) => {
		if (o) {
			onPick(o.value);
		}
		setTyped(null);
	};
	const onKey = (e: KeyboardEvent) => {
		if (e.key === "ArrowDown" || e.key === "ArrowUp") {
			e.preventDefault();
			setTyped((now) => now ?? "");
			setAt((now) => Math.max(0, Math.min(found.length - 1, now + (e.key === "ArrowDown" ? 1 : -1))));
		} else if (e.key === "Enter" && typed !== null) {
			e.preventDefault();
			take(found[at]);
		} else if (e.key === "Escape" && typed !== null) {
			e.preventDefault();
			e.stopPropagation();
			setTyped(null);
		}
	};
	return (
		<div class={`field pick ${error ? "wrong" : ""}`}>
			<label for={id}>{label}</label>
			<input
				id={id}
				role="combobox"
				autocomplete="off"
				aria-expanded={typed !== null}
				aria-controls={`${id}-list`}
				aria-autocomplete="list"
				aria-activedescendant={typed !== null && found[at] ? `${id}-${at}` : undefined}
				required={required ?? false}
				{...faultOf(id, error)}
				placeholder={placeholder ?? t({ zh: "输入名称或编号", en: "Type a name or code" })}
				value={typed ?? chosen?.label ?? value}
				onFocus={(e) => e.currentTarget.select()}
				onInput={(e) => {
					setTyped(e.currentTarget.value);
					setAt(0);
					if (e.currentTarget.value === "") {
						onPick("");
					}
				}}
				onClick={() => setTyped((now) => now ?? "")}
				onKeyDown={onKey}
				onBlur={() => setTyped(null)}
			/>
			<ul id={`${id}-list`} role="listbox" aria-label={label} hidden={typed === null}>
				{found.map((o, i) => (
					<li
						key={o.value}
						id={`${id}-${i}`}
						role="option"
						aria-selected={i === at}
						onMouseDown={(e) => e.preventDefault()}
						onClick={() => take(o)}
					>
						{o.label}
						{o.hint && <small>{o.hint}</small>}
					</li>
				))}
				{typed !== null && found.length === 0 && (
					<li role="option" aria-selected={false} aria-disabled="true">
						{t({ zh: "没有匹配的", en: "Nothing fits" })}
					</li>
				)}
			</ul>
			{error && <em id={`${id}-error`}>{error}</em>}
		</div>
	);
}

export const siteOptions = (): Option[] =>
	sites.value.map((s) => ({
		value: s.code,
		label: s.name || s.code,
		hint: `${wordOf(siteKinds, s.kind)} · ${nodeName(s.grid)}`,
	}));

export const gateOptions = (): Option[] =>
	gates.value.map((g) => ({ value: g.code, label: g.name || g.code, hint: siteName(g.site) }));

export const nodeOptions = (): Option[] =>
	nodes.value.map((n) => ({ value: n.id, label: n.name, hint: n.parent ? nodeName(n.parent) : "" }));

export const staffOptions = (...only: string[]): Option[] =>
	staff.value
		.filter((s) => !s.disabled && (only.length === 0 || only.includes(s.role)))
		.map((s) => ({ value: s.login, label: s.name, hint: `${wordOf(roles, s.role)} · ${nodeName(s.grid)}` }));
