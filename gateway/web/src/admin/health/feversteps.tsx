// The steps of a fever case as actions.

import { call } from "../../desk/call";
import type { Action } from "../../desk/ui/actions";
import { t } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import type { Fever } from "./types";
import { feverOutcomes, handoverWays, optionsOf, screeningResults } from "./words";

/** The hospital that was written down last on this computer: nearly always the same one. */
const HOSPITAL = "passgate.hospital";

function recall(): string {
	try {
		return localStorage.getItem(HOSPITAL) ?? "";
	} catch {
		return ""; // storage is forbidden here
	}
}

function remember(hospital: string): void {
	try {
		localStorage.setItem(HOSPITAL, hospital);
	} catch {
		// it is typed again
	}
}

const note = () => ({ name: "note", label: t({ zh: "备注", en: "Note" }) });

export function reportAction(level: "community" | "subdistrict", to: string): Action<Fever> {
	return {
		key: level,
		title:
			level === "community"
				? t({ zh: "记录一报", en: "Write report 1 down" })
				: t({ zh: "记录二报", en: "Write report 2 down" }),
		roles: level === "community" ? ["medic", "leader", "grid"] : ["medic", "leader"],
		main: true,
		fields: () => [{ name: "to", label: t({ zh: "报给", en: "Told to" }), required: true }, note()],
		initial: () => ({ to }),
		run: (f, values) => call("POST", `/v1/fevers/${f.id}/reports`, { body: { level, ...values } }),
	};
}

export function handoverAction(): Action<Fever> {
	const ambulance = (v: Record<string, unknown>) => v.how === "ambulance";
	return {
		key: "handover",
		title: t({ zh: "记录转运", en: "Write the hand-over down" }),
		roles: ["medic"],
		main: true,
		fields: () => [
			{
				name: "how",
				label: t({ zh: "方式", en: "How" }),
				kind: "select",
				required: true,
				options: optionsOf(handoverWays),
			},
			{ name: "hospital", label: t({ zh: "医院", en: "Hospital" }), required: true },
			{ name: "plate", label: t({ zh: "车牌", en: "Plate" }), required: true, when: ambulance },
			{ name: "crew", label: t({ zh: "接车人员", en: "Who took them over" }), when: ambulance },
			note(),
		],
		initial: () => ({ how: "ambulance", hospital: recall() }),
		run: async (f, values) => {
			const done = await call("POST", `/v1/fevers/${f.id}/handover`, { body: values });
			remember(String(values.hospital));
			return done;
		},
	};
}

export function screeningAction(): Action<Fever> {
	return {
		key: "screening",
		title: t({ zh: "录入结果", en: "Write a result down" }),
		roles: ["medic"],
		main: true,
		fields: () => [
			{
				name: "result",
				label: t({ zh: "结果", en: "Result" }),
				kind: "select",
				required: true,
				options: optionsOf(screeningResults),
			},
			{ name: "sampled_at", label: t({ zh: "采样时间", en: "Sampled" }), kind: "datetime" },
			{ name: "doctor", label: t({ zh: "医生", en: "Doctor" }) },
			note(),
		],
		run: (f, values) =>
			call("POST", `/v1/fevers/${f.id}/screening`, { body: { ...values, sampled_at: values.sampled_at || undefined } }),
	};
}

export function codeAction(): Action<Fever> {
	return {
		key: "code",
		title: t({ zh: "生成医院回报码", en: "Make a code for the hospital" }),
		roles: ["medic"],
		run: (f) => call("POST", `/v1/fevers/${f.id}/hospital-link`, { body: {} }),
		done: t({ zh: "回报码只显示这一次", en: "The code is shown this once" }),
	};
}

/** The outcomes with which a case can be closed as it is, and what the others lack. */
export function closable({ procedure: p }: Fever): { outcomes: string[]; lacks: string } {
	const result = lastOf(p.screenings)?.result;
	const outcomes: string[] = [];
	if (p.community && p.subdistrict) {
		if (result === "negative" || result === "positive") {
			outcomes.push(`screened_${result}`);
		}
		if (p.handover) {
			outcomes.push("handed_over");
		}
		outcomes.push("observation");
	}
	if (!p.handover) {
		outcomes.push("false_reading");
	}
	const lacks = [
		!p.community && t({ zh: "一报", en: "report 1" }),
		!p.subdistrict && t({ zh: "二报", en: "report 2" }),
		!p.handover && t({ zh: "转运记录", en: "the hand-over" }),
		(!result || result === "inconclusive") && t({ zh: "筛查结果", en: "a result" }),
	].filter(Boolean);
	return { outcomes, lacks: lacks.join(t({ zh: "、", en: ", " })) };
}

export function closeAction(): Action<Fever> {
	return {
		key: "close",
		title: t({ zh: "结案", en: "Close the case" }),
		roles: ["medic"],
		not: (f) =>
			closable(f).outcomes.length === 0
				? t({ zh: `还缺：${closable(f).lacks}`, en: `It lacks ${closable(f).lacks}` })
				: "",
		about: (f) =>
			closable(f).lacks && (
				<p class="hint">
					{t({
						zh: `还缺：${closable(f).lacks}。只列出现在可选的结论。`,
						en: `It lacks ${closable(f).lacks}: only the outcomes that are possible now are listed.`,
					})}
				</p>
			),
		fields: (f) => [
			{
				name: "outcome",
				label: t({ zh: "结论", en: "Outcome" }),
				kind: "select",
				required: true,
				options: optionsOf(feverOutcomes, closable(f).outcomes),
				hint: t({
					zh: "结案后此人即按普通人员判定。转医学观察须先建立观察。",
					en: "The person is judged like anybody again. An observation has to be begun first.",
				}),
			},
			note(),
		],
		run: (f, values) => call("POST", `/v1/fevers/${f.id}/close`, { body: values }),
	};
}
