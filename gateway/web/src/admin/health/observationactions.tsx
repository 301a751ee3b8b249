// What can be done about an observation.
import { call } from "../../desk/call";
import type { Action } from "../../desk/ui/actions";
import type { Field, Values } from "../../desk/ui/form";
import { t } from "../../shared/i18n";
import { naming } from "../../shared/id";
import { localDay, wire } from "../../shared/time";
import type { ObservationDetail } from "./types";
import { grounds, methods, optionsOf, symptoms } from "./words";

type Doing = Action<ObservationDetail>;

const open = (o: ObservationDetail) => o.end === null && o.state !== "ending" && o.state !== "ended";

export function observationActions(): Doing[] {
	return [report(), reading(), extend(), people(), release()];
}

function report(): Doing {
	return {
		key: "report",
		title: t({ zh: "代报今日情况", en: "Write today's report" }),
		when: (o) => o.state === "running" || o.state === "held",
		main: true,
		fields: () => [
			{
				name: "day",
				label: t({ zh: "日期", en: "Day" }),
				kind: "select",
				required: true,
				options: [0, 1].map((back) => {
					const day = localDay(Date.now() - back * 86_400_000);
					return {
						value: day,
						label:
							back === 0
								? t({ zh: `今天 ${day}`, en: `Today, ${day}` })
								: t({ zh: `昨天 ${day}`, en: `Yesterday, ${day}` }),
					};
				}),
			},
			{ name: "all_well", label: t({ zh: "无事报平安", en: "All is well" }), kind: "check" },
			{
				name: "text",
				label: t({ zh: "有什么情况", en: "What there is" }),
				kind: "area",
				required: true,
				when: (v) => v.all_well !== true,
			},
		],
		initial: () => ({ all_well: true }),
		run: (o, values) => call("POST", `/v1/observations/${o.id}/reports`, { body: values }),
	};
}

/** The fields of a reading that a member of staff takes. */
export function readingFields(): Field[] {
	return [
		{
			name: "temperature",
			label: t({ zh: "体温（℃）", en: "Temperature, °C" }),
			kind: "number",
			min: 34,
			max: 43,
			step: 0.1,
			required: true,
		},
		{
			name: "method",
			label: t({ zh: "部位", en: "Method" }),
			kind: "select",
			required: true,
			options: optionsOf(methods),
		},
		{ name: "at", label: t({ zh: "测温时间", en: "Taken at" }), kind: "datetime", required: true },
		{ name: "ill", label: t({ zh: "有症状", en: "There are symptoms" }), kind: "check" },
		...Object.keys(symptoms).map(
			(name): Field => ({
				name,
				label: t(symptoms[name] ?? { zh: name, en: name }),
				kind: "check",
				when: (v) => v.ill === true,
			}),
		),
		{ name: "note", label: t({ zh: "备注", en: "Note" }) },
	];
}

const nameReading = naming("r-");

/** The body of a reading as it is sent. */
export function readingBody(v: Values): Record<string, unknown> {
	return {
		id: nameReading(v).id,
		at: v.at,
		temperature: v.temperature,
		method: v.method,
		symptoms: Object.keys(symptoms).filter((name) => v[name] === true),
		note: v.note,
	};
}

function reading(): Doing {
	return {
		key: "reading",
		title: t({ zh: "代记体温", en: "Write a reading down" }),
		roles: ["grid"],
		when: (o) => open(o) && o.person !== null,
		fields: readingFields,
		initial: () => ({ method: "armpit", at: wire(Date.now()) }),
		run: (o, values) => call("POST", `/v1/residents/${o.person?.id}/readings`, { body: readingBody(values) }),
	};
}

function extend(): Doing {
	return {
		key: "extend",
		title: t({ zh: "延长", en: "Extend" }),
		roles: ["medic", "leader"],
		when: open,
		fields: () => [
			{
				name: "until",
				label: t({ zh: "新的到期时间", en: "Until" }),
				kind: "datetime",
				required: true,
				hint: t({ zh: "开始后最多 60 天", en: "At most 60 days after it began" }),
			},
			{ name: "reason", label: t({ zh: "理由", en: "Reason" }), required: true },
		],
		initial: (o) => ({ until: wire(Date.parse(o.until) + 7 * 86_400_000) }),
		run: (o, values) => call("POST", `/v1/observations/${o.id}/extend`, { body: values }),
	};
}

function people(): Doing {
	return {
		key: "people",
		title: t({ zh: "换包保人员", en: "Change the three" }),
		roles: ["medic", "leader"],
		when: open,
		fields: () => [...threeFields(), { name: "note", label: t({ zh: "备注", en: "Note" }) }],
		initial: (o) => ({ leader: o.leader, cadre: o.cadre, medic: o.medic }),
		run: (o, values) => call("POST", `/v1/observations/${o.id}/people`, { body: values }),
	};
}

/** Pickers of the three. */
export function threeFields(): Field[] {
	return [
		{ name: "leader", label: t({ zh: "包保领导", en: "Leader" }), kind: "staff", roles: ["leader"], required: true },
		{
			name: "cadre",
			label: t({ zh: "包保干部", en: "Cadre" }),
			kind: "staff",
			roles: ["grid", "leader"],
			required: true,
		},
		{ name: "medic", label: t({ zh: "医务人员", en: "Medic" }), kind: "staff", roles: ["medic"], required: true },
	];
}

function release(): Doing {
	return {
		key: "release",
		title: t({ zh: "解除观察", en: "Release" }),
		roles: ["medic", "leader"],
		when: open,
		danger: true,
		about: () => (
			<p class="hint">
				{t({
					zh: "解除后即转绿码（已康复的转康复），卡口立即放行。",
					en: "The person is green at once (recovered, if that is why), and gates let them pass.",
				})}
			</p>
		),
		fields: () => [
			{
				name: "ground",
				label: t({ zh: "依据", en: "Ground" }),
				kind: "select",
				required: true,
				options: optionsOf(grounds, ["observation_ended", "recovered", "authority", "correction"]),
			},
			{
				name: "reason",
				label: t({ zh: "理由", en: "Reason" }),
				required: true,
				placeholder: t({ zh: "如：两次核酸阴性", en: "two negative tests, say" }),
			},
		],
		run: (o, values) => call("POST", `/v1/observations/${o.id}/release`, { body: values }),
	};
}
