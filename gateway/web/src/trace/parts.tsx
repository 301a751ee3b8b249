// Parts that the screens of gates and people share.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { save } from "../desk/call";
import { ground } from "../desk/ground";
import { href } from "../desk/router";
import { may } from "../desk/session";
import { localInput, parseLocal } from "../desk/time";
import { toast } from "../desk/ui/overlay";
import { Empty } from "../desk/ui/parts";
import { problemText } from "../desk/words";
import { t } from "../shared/i18n";
import { wire } from "../shared/time";
import { asked, LONGEST, type Period } from "./period";
import "./parts.css";

/** Nothing is asked of the server before case and reason are known. */
export function NeedGround({ children }: { children: ComponentChildren }) {
	if (ground.value) {
		return children;
	}
	return (
		<Empty>
			{t({
				zh: "请先在上方选择案件并写明查询理由",
				en: "First choose the case and say why, above: then you can search",
			})}
		</Empty>
	);
}

/** Whether who is signed in may ask where a person was. */
export const mayTrace = () => may("tracer", "leader");

/** A masked name that leads to where the person was, for who may know. */
export function PersonLink({ id, name, period }: { id: string; name: string; period?: Period }) {
	const text = name || id;
	return mayTrace() ? <a href={href(["person", id], period ? asked(period) : {})}>{text}</a> : <span>{text}</span>;
}

export interface Preset {
	key: string;
	title: string;
	period: () => Period;
}

interface PickerProps {
	value: Period;
	presets: Preset[];
	onPick: (period: Period) => void;
}

/** Choosing a period: one of the usual ones, or its two ends. */
export function PeriodPicker({ value, presets, onPick }: PickerProps) {
	const [typed, setTyped] = useState(value);
	useEffect(() => setTyped(value), [value.from, value.to]);
	const bad = !(typed.from < typed.to)
		? t({ zh: "结束要晚于开始", en: "The end has to be after the beginning" })
		: typed.to - typed.from > LONGEST
			? t({ zh: "一次最多查询 61 天", en: "At most 61 days at once" })
			: "";
	const commit = () => {
		if (!bad && (typed.from !== value.from || typed.to !== value.to)) {
			onPick(typed);
		}
	};
	const end = (name: "from" | "to", label: string) => (
		<label class="field">
			<span>{label}</span>
			<input
				type="datetime-local"
				required
				value={localInput(wire(typed[name]))}
				onChange={(e) => {
					const at = Date.parse(parseLocal(e.currentTarget.value));
					if (!Number.isNaN(at)) {
						setTyped({ ...typed, [name]: at });
					}
				}}
				onBlur={commit}
				onKeyDown={(e) => {
					if (e.key === "Enter") {
						commit();
					}
				}}
			/>
		</label>
	);
	return (
		<fieldset class="period">
			<legend class="sr">{t({ zh: "时段", en: "Period" })}</legend>
			<div class="presets">
				{presets.map((p) => (
					<button type="button" class="btn" key={p.key} onClick={() => onPick(p.period())}>
						{p.title}
					</button>
				))}
			</div>
			{end("from", t({ zh: "从", en: "From" }))}
			{end("to", t({ zh: "到", en: "To" }))}
			{bad && (
				<em role="alert" class="bad">
					{bad}
				</em>
			)}
		</fieldset>
	);
}

/** Fetches a file to keep, and says so when that fails: nobody looks for what never came. */
export function saveOrSay(...what: Parameters<typeof save>): Promise<void> {
	return save(...what).catch((cause) => toast(problemText(cause), "bad"));
}
