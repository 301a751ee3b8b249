// Words of calls: states, what is asked, what is said on the telephone.
import type { Tone } from "../../desk/ui/parts";
import { type Text, t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { kindWords } from "../contacts/words";
import type { Outcome, State, Task } from "./work";

export const stateWords: Record<State, Text & { tone: Tone }> = {
	open: { zh: "待联系", en: "To call", tone: "info" },
	calling: { zh: "联系中", en: "In hand", tone: "info" },
	again: { zh: "未接通", en: "No answer", tone: "care" },
	visit: { zh: "待上门", en: "To visit", tone: "care" },
	refused: { zh: "拒绝配合", en: "Refused", tone: "stop" },
	elsewhere: { zh: "待移交", en: "Elsewhere", tone: "care" },
	called: { zh: "已联系", en: "Called", tone: "ok" },
	ordered: { zh: "已告知居家", en: "Stays at home", tone: "ok" },
	transferred: { zh: "已移交", en: "Transferred", tone: "quiet" },
	over: { zh: "案件已结", en: "Case closed", tone: "quiet" },
};

/** The outcomes, by the keys 1 to 4. */
export const outcomes: readonly (Text & { key: Outcome; hint: Text })[] = [
	{
		key: "called",
		zh: "已联系",
		en: "Called",
		hint: { zh: "说清楚了，不需居家", en: "spoken to, need not stay at home" },
	},
	{ key: "unreachable", zh: "未接通", en: "No answer", hint: { zh: "稍后再打", en: "called again later" } },
	{
		key: "refused",
		zh: "拒绝配合",
		en: "Refused",
		hint: { zh: "交负责人，请写明情况", en: "goes to the leader; write why" },
	},
	{ key: "ordered", zh: "告知居家", en: "Stay at home", hint: { zh: "提出状态变更", en: "proposes a status" } },
];

export const symptomWords: Record<string, Text> = {
	fever: { zh: "发热", en: "Fever" },
	cough: { zh: "咳嗽", en: "Cough" },
	fatigue: { zh: "乏力", en: "Fatigue" },
	sore_throat: { zh: "咽痛", en: "Sore throat" },
	breathless: { zh: "气促", en: "Breathless" },
	diarrhoea: { zh: "腹泻", en: "Diarrhoea" },
	other: { zh: "其他", en: "Other" },
};

/** Why somebody is called, in one line; nothing of whom they met. */
export function whyText(c: Task): string {
	const kinds = c.kinds.map((k) => t(kindWords[k])).join(t({ zh: "、", en: ", " }));
	const when = c.last_met ? dayAndTime(Date.parse(c.last_met)) : t({ zh: "时间不明", en: "at an unknown time" });
	return [when, c.place_name, kinds].filter((part) => part !== "").join(" · ");
}

/** "138 0013 8000", as it is dialled and read out. */
export const spoken = (phone: string): string =>
	phone.length === 11 ? `${phone.slice(0, 3)} ${phone.slice(3, 7)} ${phone.slice(7)}` : phone;

/** What the caller says, step by step. Whom they met is never said. */
export function script(c: Task, office: string): Text[] {
	const at = c.last_met ? dayAndTime(Date.parse(c.last_met)) : "";
	const near = c.hop === 1;
	return [
		{
			zh: `您好，这里是${office}流调组，请问是${c.person.name_masked.slice(0, 1)}女士/先生本人吗？`,
			en: `Hello, this is the tracing team of ${office}. Am I speaking to the person of this number?`,
		},
		{
			zh: near
				? `${at ? `${at} 前后` : "近期"}您可能与一名病例有过接触。是谁按规定不能告诉您。`
				: "您可能与一名病例的密切接触者有过接触。是谁按规定不能告诉您。",
			en: near
				? `${at ? `Around ${at}` : "Lately"} you may have met somebody who is infected. Who it is may not be told.`
				: "You may have met somebody who was close to a case. Who it is may not be told.",
		},
		{
			zh: "这几天有没有发热、咳嗽、乏力、咽痛、气促、腹泻？从哪天开始？",
			en: "Have you had fever, cough, fatigue, a sore throat, short breath or diarrhoea? Since when?",
		},
		{
			zh: "您现在住在哪里？同住几人？近两天有没有出行安排？",
			en: "Where are you staying now, with how many others? Do you plan to travel?",
		},
		{
			zh: "请先不要外出，戴好口罩，每天测两次体温；不舒服马上打给网格员或拨 120，不要自行乘车就医。",
			en: "Please stay in, wear a mask, take your temperature twice a day; if you feel ill call your grid member or 120, and do not travel by yourself.",
		},
	];
}
