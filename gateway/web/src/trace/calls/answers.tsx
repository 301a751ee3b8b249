// What somebody says of themselves on the telephone.
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import { symptomWords } from "./words";
import type { Answers } from "./work";

export const noAnswers: Answers = { symptoms: [], onset: "", place_now: "", travels_on: "" };

export function AnswersForm({ value: a, onChange }: { value: Answers; onChange: (next: Answers) => void }) {
	const toggle = (name: string) =>
		onChange({
			...a,
			symptoms: a.symptoms.includes(name) ? a.symptoms.filter((s) => s !== name) : [...a.symptoms, name],
		});
	return (
		<div class="call-answers">
			<fieldset>
				<legend>{t({ zh: "症状（没有就不选）", en: "Symptoms (none: leave empty)" })}</legend>
				{Object.entries(symptomWords).map(([name, word]) => (
					<label key={name}>
						<input type="checkbox" checked={a.symptoms.includes(name)} onChange={() => toggle(name)} />
						{t(word)}
					</label>
				))}
			</fieldset>
			{a.symptoms.length > 0 && (
				<label class="field">
					<span>{t({ zh: "起病日期", en: "First symptoms" })}</span>
					<input
						type="date"
						max={localDay(Date.now())}
						value={a.onset}
						onInput={(e) => onChange({ ...a, onset: e.currentTarget.value })}
					/>
				</label>
			)}
			<label class="field">
				<span>{t({ zh: "现住何处、同住几人", en: "Where they are now, with whom" })}</span>
				<input
					maxLength={100}
					value={a.place_now}
					onInput={(e) => onChange({ ...a, place_now: e.currentTarget.value })}
				/>
			</label>
			<label class="field">
				<span>{t({ zh: "出行安排", en: "Travels planned" })}</span>
				<input
					maxLength={100}
					value={a.travels_on}
					onInput={(e) => onChange({ ...a, travels_on: e.currentTarget.value })}
				/>
			</label>
		</div>
	);
}
