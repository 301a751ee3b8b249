// One part of a policy in the making: kinds of sites, and the rules that change there.

import { FieldInput, type Value } from "../../desk/ui/form";
import { Button } from "../../desk/ui/parts";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import type { Part } from "./policies";
import { type Rules, ruleField, ruleList, ruleTitle } from "./rules";

/** Rules that the API takes only together, by the one that is chosen. */
const together: Record<string, string[]> = {
	opens_at: ["opens_at", "closes_at"],
	fever_line: ["fever_line", "low_line"],
	outings: ["outings", "outing_days"],
};

/** What a rule begins with when it is chosen. */
const beginnings: Rules = {
	closed: true,
	residents_only: true,
	opens_at: "06:00",
	closes_at: "22:00",
	capacity: 100,
	temperature_on: "both",
	fever_line: 37.3,
	low_line: 35,
	remeasure_minutes: 10,
	low_again: "warn",
	anti_passback: "warn",
	replayed_pass: "warn",
	outings: 1,
	outing_days: 2,
	disinfection: true,
	max_stay_hours: 24,
	returnee_days: 14,
};

/** The rules that can be chosen: one of each pair. */
const choosable = () => ruleList.filter((r) => !["closes_at", "low_line", "outing_days"].includes(r.name));

/** The rules with one more, or without it. */
export function chosen(rules: Rules, name: string, on: boolean): Rules {
	const next = { ...rules };
	for (const each of together[name] ?? [name]) {
		if (on) {
			next[each] = beginnings[each];
		} else {
			delete next[each];
		}
	}
	return next;
}

interface Props {
	part: Part;
	title: string;
	onPart: (next: Part) => void;
	onRemove?: () => void;
}

export function PartEditor({ part, title, onPart, onRemove }: Props) {
	const turn = (kind: string) =>
		onPart({
			...part,
			kinds: part.kinds.includes(kind) ? part.kinds.filter((k) => k !== kind) : [...part.kinds, kind],
		});
	return (
		<fieldset class="pl-part">
			<legend>{title}</legend>
			<div class="pl-boxes">
				{Object.keys(siteKinds).map((kind) => (
					<label key={kind}>
						<input type="checkbox" checked={part.kinds.includes(kind)} onChange={() => turn(kind)} />
						{wordOf(siteKinds, kind)}
					</label>
				))}
				<small>{t({ zh: "一个不选是所有类别", en: "none ticked: all kinds" })}</small>
			</div>
			<label class="field pl-add">
				<span>{t({ zh: "加一项要改的规定", en: "Add a rule to change" })}</span>
				<select
					value=""
					onChange={(e) => {
						onPart({ ...part, rules: chosen(part.rules, e.currentTarget.value, true) });
						e.currentTarget.value = "";
					}}
				>
					<option value="">—</option>
					{choosable()
						.filter((r) => !(r.name in part.rules))
						.map((r) => (
							<option key={r.name} value={r.name}>
								{ruleTitle(r.name)}
							</option>
						))}
				</select>
			</label>
			{choosable()
				.filter((r) => r.name in part.rules)
				.map((r) => (
					<div key={r.name} class="pl-rule">
						{(together[r.name] ?? [r.name]).map((name) => (
							<RuleInput key={name} name={name} rules={part.rules} onRules={(rules) => onPart({ ...part, rules })} />
						))}
						<Button
							aria-label={t({ zh: `去掉 ${ruleTitle(r.name)}`, en: `Leave ${ruleTitle(r.name)} out` })}
							onClick={() => onPart({ ...part, rules: chosen(part.rules, r.name, false) })}
						>
							✕
						</Button>
					</div>
				))}
			<label class="field">
				<span>{t({ zh: "说明（可不填）", en: "Note (optional)" })}</span>
				<input value={part.note} onInput={(e) => onPart({ ...part, note: e.currentTarget.value })} />
			</label>
			{onRemove && <Button onClick={onRemove}>{t({ zh: "去掉这一组", en: "Remove this part" })}</Button>}
		</fieldset>
	);
}

function RuleInput({ name, rules, onRules }: { name: string; rules: Rules; onRules: (rules: Rules) => void }) {
	const field = ruleField(name);
	if (!field) {
		return null;
	}
	return (
		<FieldInput
			field={{ ...field, required: true }}
			value={rules[name] as Value}
			onValue={(value) => onRules({ ...rules, [name]: value ?? 0 })}
		/>
	);
}
