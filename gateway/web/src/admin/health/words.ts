// Words of the health screens, and small things that several of them show.
import { nodePath, siteName, staff, statusWord } from "../../desk/town";
import type { Tone } from "../../desk/ui/parts";
import type { Option } from "../../desk/ui/pick";
import { wordOf } from "../../desk/words";
import { lang, type Text } from "../../shared/i18n";
import type { Client, Masked } from "./types";

type Words = Record<string, Text>;
type Toned = Record<string, Text & { tone: Tone }>;

/** Options of a select, in the order of the table. */
export function optionsOf(table: Words, only?: readonly string[]): Option[] {
	return (only ?? Object.keys(table)).map((value) => ({ value, label: wordOf(table, value) }));
}

/** Statuses that somebody can be given, as options. */
export function statusOptions(...names: string[]): Option[] {
	return names.map((value) => ({ value, label: statusWord(value) }));
}

export const grounds: Words = {
	positive_test: { zh: "检测阳性", en: "Positive test" },
	close_contact: { zh: "密切接触者", en: "Close contact of a case" },
	fever: { zh: "发热", en: "Fever" },
	returned_from_risk_area: { zh: "从风险地区返回", en: "Back from an area at risk" },
	observation_started: { zh: "开始医学观察", en: "Medical observation has begun" },
	observation_ended: { zh: "医学观察期满", en: "Medical observation is over" },
	recovered: { zh: "已康复", en: "Recovered" },
	moved_away: { zh: "已迁出", en: "Moved away" },
	deceased: { zh: "已故", en: "Deceased" },
	authority: { zh: "上级通知", en: "Order of the authority" },
	correction: { zh: "更正", en: "Correction of a mistake" },
	lapsed: { zh: "到期自动解除", en: "Its time was over" },
};

export const symptoms: Words = {
	cough: { zh: "咳嗽", en: "Cough" },
	fatigue: { zh: "乏力", en: "Tired" },
	sore_throat: { zh: "咽痛", en: "Sore throat" },
	breathless: { zh: "气短", en: "Short of breath" },
	diarrhoea: { zh: "腹泻", en: "Diarrhoea" },
	headache: { zh: "头痛", en: "Headache" },
	muscle_pain: { zh: "肌肉酸痛", en: "Muscle pain" },
	chills: { zh: "发冷", en: "Chills" },
};

export const slots: Words = {
	am: { zh: "上午", en: "Morning" },
	pm: { zh: "下午", en: "Afternoon" },
};

export const methods: Words = {
	forehead: { zh: "额温", en: "Forehead" },
	wrist: { zh: "腕温", en: "Wrist" },
	ear: { zh: "耳温", en: "Ear" },
	armpit: { zh: "腋温", en: "Armpit" },
};

export const feverSteps: Words = {
	report_community: { zh: "一报：社区", en: "Report 1: community" },
	report_subdistrict: { zh: "二报：街道", en: "Report 2: subdistrict" },
	handover: { zh: "转运交接", en: "Hand-over" },
	screening: { zh: "医院筛查", en: "Screening" },
	closing: { zh: "结案", en: "Closing" },
};

export const feverOutcomes: Words = {
	screened_negative: { zh: "筛查排除", en: "Screened, negative" },
	screened_positive: { zh: "筛查阳性", en: "Screened, positive" },
	handed_over: { zh: "已移交医院", en: "Handed over" },
	observation: { zh: "转医学观察", en: "Goes on as an observation" },
	false_reading: { zh: "误测（日晒、运动、测温枪）", en: "No fever: sun, exertion, thermometer" },
};

export const handoverWays: Words = {
	ambulance: { zh: "120 救护车", en: "Ambulance (120)" },
	own_vehicle: { zh: "自驾", en: "Own vehicle" },
	on_foot: { zh: "步行", en: "On foot" },
};

export const screeningResults: Toned = {
	negative: { zh: "阴性", en: "Negative", tone: "ok" },
	positive: { zh: "阳性", en: "Positive", tone: "stop" },
	inconclusive: { zh: "待复检", en: "To be done again", tone: "care" },
};

export const observationStates: Toned = {
	starting: { zh: "建立中", en: "Starting", tone: "quiet" },
	running: { zh: "观察中", en: "Running", tone: "info" },
	held: { zh: "到期待决定", en: "Over: to be decided", tone: "care" },
	ending: { zh: "解除中", en: "Ending", tone: "quiet" },
	ended: { zh: "已结束", en: "Ended", tone: "quiet" },
};

export const observationEnds: Words = {
	rule: { zh: "期满自动解除", en: "Released when its time was over" },
	order: { zh: "经决定解除", en: "Released by a decision" },
	superseded: { zh: "被另一项状态决定取代", en: "Another decision took its place" },
	lapsed: { zh: "逾期无人决定，自动解除", en: "Nobody decided in time" },
};

export const observationPlaces: Words = {
	home: { zh: "居家", en: "At home" },
	central: { zh: "集中隔离", en: "Isolation bed" },
};

export const threeParts: Words = {
	leader: { zh: "包保领导", en: "Leader" },
	cadre: { zh: "包保干部", en: "Cadre" },
	medic: { zh: "医务人员", en: "Medic" },
};

export const returneeStates: Toned = {
	expected: { zh: "途中", en: "On the way", tone: "care" },
	registered: { zh: "已返回", en: "Arrived", tone: "info" },
	observed: { zh: "观察中", en: "Under observation", tone: "info" },
	closed: { zh: "已结束", en: "Closed", tone: "quiet" },
};

export const returneeOutcomes: Words = {
	settled: { zh: "已安顿", en: "Settled" },
	left: { zh: "又离开", en: "Left again" },
	never_came: { zh: "未到", en: "Never came" },
};

export const bedStates: Toned = {
	free: { zh: "空闲", en: "Free", tone: "ok" },
	occupied: { zh: "在用", en: "Taken", tone: "stop" },
	to_clean: { zh: "待消毒", en: "To clean", tone: "care" },
	out_of_use: { zh: "停用", en: "Out of use", tone: "quiet" },
};

export const bedLeaves: Words = {
	home: { zh: "回家", en: "Home" },
	hospital: { zh: "转医院", en: "Hospital" },
	hotel: { zh: "转宾馆", en: "Hotel" },
	other: { zh: "其他", en: "Elsewhere" },
};

export const purchaseStates: Toned = {
	reported: { zh: "待上门", en: "To be visited", tone: "care" },
	visited: { zh: "已上门", en: "Visited", tone: "info" },
	closed: { zh: "已办结", en: "Closed", tone: "quiet" },
};

export const purchaseOutcomes: Words = {
	well: { zh: "体温正常", en: "Well" },
	fever_case: { zh: "转发热病例", en: "Fever case" },
	observation: { zh: "转医学观察", en: "Observation" },
	unreachable: { zh: "联系不上", en: "Cannot be reached" },
};

export const proposalStates: Toned = {
	pending: { zh: "待审批", en: "Waits", tone: "care" },
	approved: { zh: "执行中", en: "Being applied", tone: "info" },
	applied: { zh: "已执行", en: "Applied", tone: "ok" },
	refused: { zh: "已退回", en: "Refused", tone: "quiet" },
	expired: { zh: "过期失效", en: "Expired", tone: "quiet" },
};

export const contestStates: Toned = {
	open: { zh: "待答复", en: "Open", tone: "care" },
	upheld: { zh: "维持原状态", en: "Upheld", tone: "quiet" },
	changed: { zh: "已更改状态", en: "Changed", tone: "ok" },
};

export const caseKinds: Words = {
	confirmed: { zh: "确诊", en: "Confirmed" },
	suspected: { zh: "疑似", en: "Suspected" },
	asymptomatic: { zh: "无症状感染", en: "Asymptomatic" },
	cluster: { zh: "聚集性", en: "Cluster" },
	other: { zh: "其他", en: "Other" },
};

export const caseOutcomes: Words = {
	resolved: { zh: "密接已查清并落实", en: "Contacts found and followed" },
	excluded: { zh: "已排除", en: "Not infected" },
	transferred: { zh: "移交外地", en: "Another place goes on" },
	mistaken: { zh: "误开", en: "Opened by mistake" },
};

/** Where somebody lives, on one line. */
export const homeOf = (p: Client | null): string => (p ? `${siteName(p.site)} ${p.door}`.trim() : "");

/** The masked name of somebody; the one as whom they are known by now, if they came as a walk-in. */
export function maskedName(p: Masked): string {
	const known = p.known_as ?? p;
	return known.name_masked || (lang.value === "zh" ? "（不在您的网格）" : "(not in your grid)");
}

/** Text in the language on the screen of a pair that the server gives. */
export const say = (text: Text): string => text[lang.value];

/** The login of the account of such roles that answers for the smallest part of the grid around a node; "" if there is none. */
export function nearest(node: string, roles: readonly string[], but = ""): string {
	for (const n of nodePath(node)) {
		const found = staff.value.find((s) => s.grid === n.id && !s.disabled && roles.includes(s.role) && s.login !== but);
		if (found) {
			return found.login;
		}
	}
	return (
		staff.value.find((s) => s.grid === "" && !s.disabled && roles.includes(s.role) && s.login !== but)?.login ?? ""
	);
}
