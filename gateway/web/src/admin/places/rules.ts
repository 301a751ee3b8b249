// The rules of a site in words: what each is called, what its value means at the gate,
// and how it is asked for in a form. Sites, policies and their previews share them.

import type { Field, Value, Values } from "../../desk/ui/form";
import { type Text, t } from "../../shared/i18n";

/** Rules by the names of the API; of a policy only those that it changes. */
export type Rules = Record<string, unknown>;

export const residential = (kind: string): boolean => kind === "village" || kind === "compound";

export const strictness: Record<string, Text> = {
	off: { zh: "不检查", en: "not checked" },
	warn: { zh: "提醒", en: "warn" },
	deny: { zh: "不放行", en: "refuse" },
};

export const temperatureOn: Record<string, Text> = {
	both: { zh: "进出都测", en: "in and out" },
	in: { zh: "进门测", en: "in" },
	out: { zh: "出门测", en: "out" },
	none: { zh: "不测", en: "not taken" },
};

const options = (table: Record<string, Text>) =>
	Object.entries(table).map(([value, text]) => ({ value, label: t(text) }));

const yes = (zhYes: string, enYes: string, zhNo: string, enNo: string) => (v: unknown) =>
	v ? t({ zh: zhYes, en: enYes }) : t({ zh: zhNo, en: enNo });

interface Rule {
	name: string;
	title: Text;
	/** A value in words. */
	say: (value: unknown, rules: Rules) => string;
	/** What follows from the rule for who stands at the gate. */
	effect: Text;
	field: Omit<Field, "name" | "label" | "hint">;
	/** Only where people live. */
	homes?: boolean;
}

const checked = (v: unknown) => t(strictness[String(v)] ?? strictness.off ?? { zh: "", en: "" });

/** In the order in which a gate asks them. */
export const ruleList: readonly Rule[] = [
	{
		name: "closed",
		title: { zh: "是否关停", en: "Closed or open" },
		say: yes("关停，只出不进", "closed: nobody enters", "开放", "open"),
		effect: {
			zh: "关停后除本处住户回家外一律不进，出门不拦",
			en: "When closed nobody enters but who lives there; leaving is never stopped",
		},
		field: { kind: "check" },
	},
	{
		name: "residents_only",
		title: { zh: "仅限本地居民", en: "Residents only" },
		say: yes("仅限本地居民，访客许可无效", "residents only, permits do not help", "不限", "no"),
		effect: {
			zh: "来访和外来人员一律不进，有访客许可也不行",
			en: "Visitors and strangers stay out, with a permit too",
		},
		field: { kind: "check" },
	},
	{
		name: "opens_at",
		title: { zh: "开门时间", en: "Opens at" },
		say: (v, r) => (v ? `${v} – ${r.closes_at ?? ""}` : t({ zh: "全天", en: "all day" })),
		effect: {
			zh: "时间以外不进（回自己家的除外）；两项都空为全天；关门可过午夜",
			en: "Outside these hours nobody enters but who lives there; both empty: all day; may end past midnight",
		},
		field: { kind: "time" },
	},
	{
		name: "closes_at",
		title: { zh: "关门时间", en: "Closes at" },
		say: (v) => String(v || t({ zh: "全天", en: "all day" })),
		effect: { zh: "与开门时间一起填", en: "Together with the opening time" },
		field: { kind: "time" },
	},
	{
		name: "capacity",
		title: { zh: "人数上限", en: "Most people inside" },
		say: (v) => (Number(v) > 0 ? t({ zh: `${v} 人`, en: `${v} people` }) : t({ zh: "不限", en: "no limit" })),
		effect: {
			zh: "场内满员后不再进人（出来一个进一个）；0 为不限",
			en: "When full, one enters as one leaves; 0: no limit",
		},
		field: { kind: "number", min: 0, max: 1_000_000 },
	},
	{
		name: "temperature_on",
		title: { zh: "测体温", en: "Temperature" },
		say: (v) => t(temperatureOn[String(v)] ?? { zh: "", en: "" }),
		effect: {
			zh: "要测的方向没有体温就不放行，先测",
			en: "Where it is taken nobody passes without one",
		},
		field: { kind: "select", options: options(temperatureOn), required: true },
	},
	{
		name: "fever_line",
		title: { zh: "发热线（℃）", en: "Fever line (°C)" },
		say: (v) => `≥ ${Number(v).toFixed(1)} ℃`,
		effect: {
			zh: "达到或超过：先复测，两次都高为发热，就地等候并上报",
			en: "At or above: measured again; twice is a fever, held and reported",
		},
		field: { kind: "number", min: 30, max: 45, step: 0.1, required: true },
	},
	{
		name: "low_line",
		title: { zh: "偏低线（℃）", en: "Low line (°C)" },
		say: (v) => `< ${Number(v).toFixed(1)} ℃`,
		effect: {
			zh: "低于此数多半是受冻的额温，改测手腕；必须低于发热线",
			en: "Below it is mostly a cold forehead: measured at the wrist; lies under the fever line",
		},
		field: { kind: "number", min: 30, max: 45, step: 0.1, required: true },
	},
	{
		name: "remeasure_minutes",
		title: { zh: "复测时限（分钟）", en: "Measured again within (min)" },
		say: (v) => t({ zh: `${v} 分钟内`, en: `within ${v} min` }),
		effect: { zh: "超过时限的复测算作第一次", en: "Later, it counts as a first measurement" },
		field: { kind: "number", min: 1, max: 60, required: true },
	},
	{
		name: "low_again",
		title: { zh: "复测仍偏低", en: "Low a second time" },
		say: checked,
		effect: { zh: "提醒：放行并标记；不放行：换法再测", en: "Warn: passes, marked; refuse: measured in another way" },
		field: { kind: "select", options: options(strictness), required: true },
	},
	{
		name: "anti_passback",
		title: { zh: "已在场内又进", en: "Enters while inside" },
		say: checked,
		effect: {
			zh: "多半是出门忘扫，宜用提醒；不放行会挡住没扫出门的人（回自己家不挡）",
			en: "Mostly a forgotten exit, so warn is best; refuse stops such people, though never from their home",
		},
		field: { kind: "select", options: options(strictness), required: true },
	},
	{
		name: "replayed_pass",
		title: { zh: "同一通行码重复进", en: "The same code twice" },
		say: checked,
		effect: { zh: "一码多人用的迹象；纸质码不查", en: "A sign of a lent code; never for paper" },
		field: { kind: "select", options: options(strictness), required: true },
	},
	{
		name: "outings",
		title: { zh: "每户外出次数", en: "Outings of a household" },
		say: (v, r) =>
			Number(v) > 0
				? t({ zh: `每 ${r.outing_days || 1} 天 ${v} 次`, en: `${v} in ${r.outing_days || 1} days` })
				: t({ zh: "不限", en: "no limit" }),
		effect: {
			zh: "用完后这一户当期不再出门，就医和复工的免计；0 为不限",
			en: "Then the household stays in; medical and work outings do not count; 0: no limit",
		},
		field: { kind: "number", min: 0, max: 100 },
		homes: true,
	},
	{
		name: "outing_days",
		title: { zh: "外出计数天数", en: "Days that outings count in" },
		say: (v) => (Number(v) > 0 ? t({ zh: `${v} 天`, en: `${v} days` }) : ""),
		effect: { zh: "含当天，1 至 14 天", en: "Today included, 1 to 14" },
		field: { kind: "number", min: 0, max: 14 },
		homes: true,
	},
	{
		name: "disinfection",
		title: { zh: "车辆消毒", en: "Vehicles disinfected" },
		say: yes("进门车辆先消毒", "before they enter", "不要求", "not asked for"),
		effect: { zh: "未消毒的车不进，消毒后重扫", en: "A vehicle that is not does not enter: disinfect, scan again" },
		field: { kind: "check" },
	},
	{
		name: "max_stay_hours",
		title: { zh: "最长停留（小时）", en: "Longest stay (h)" },
		say: (v) =>
			Number(v) > 0 ? t({ zh: `${v} 小时`, en: `${v} h` }) : t({ zh: "按类别", en: "as usual for its kind" }),
		effect: {
			zh: "没扫出门的，轨迹按此推定离开；0：公共场所 24 小时，住处不限",
			en: "Ends a stay without an exit in trajectories; 0: 24 h, no end at homes",
		},
		field: { kind: "number", min: 0, max: 672 },
	},
	{
		name: "returnee_days",
		title: { zh: "返乡人员观察（天）", en: "Returnees observed (days)" },
		say: (v) =>
			Number(v) < 0
				? t({ zh: "只登记", en: "registered only" })
				: t({ zh: `${Number(v) || 14} 天`, en: `${Number(v) || 14} days` }),
		effect: {
			zh: "省外返回住在这里的；0 为 14 天，-1 只登记",
			en: "From outside the province; 0: 14, -1: registered only",
		},
		field: { kind: "number", min: -1, max: 60 },
		homes: true,
	},
];

const byName = new Map(ruleList.map((r) => [r.name, r]));

export const ruleTitle = (name: string): string => {
	const rule = byName.get(name);
	return rule ? t(rule.title) : name;
};

/** Rules that are said together with the one beside them. */
const partners: Record<string, string> = { closes_at: "opens_at", outing_days: "outings" };

/** The names of rules that have a line of their own where these are shown. */
export const shownRules = (rules: Rules): string[] =>
	Object.keys(rules).filter((name) => !((partners[name] ?? "") in rules));

/** What such a line is called: that of opening and closing is the hours. */
export const lineTitle = (name: string): string =>
	name === "opens_at" ? t({ zh: "开放时间", en: "Hours" }) : ruleTitle(name);

/** A rule's value in words; rules are those beside it. */
export const sayRule = (name: string, value: unknown, rules: Rules = {}): string =>
	value === null || value === undefined ? "—" : (byName.get(name)?.say(value, rules) ?? String(value));

/** The rules of a kind of site that are worth a line: hours and outings as one. */
export function rulesOf(kind: string): readonly Rule[] {
	return ruleList.filter((r) => (!r.homes || residential(kind)) && r.name !== "closes_at" && r.name !== "outing_days");
}

/** Fields of a form for all rules of a kind of site but "closed", which is a step of its own. */
export function ruleFields(kind: string): Field[] {
	return ruleList
		.filter((r) => r.name !== "closed" && (!r.homes || residential(kind)))
		.map((r) => ruleField(r.name))
		.filter((f) => f !== null);
}

export function ruleField(name: string): Field | null {
	const rule = byName.get(name);
	return rule ? { name, label: t(rule.title), hint: t(rule.effect), ...localOptions(rule) } : null;
}

/** Options are said in the language of now. */
function localOptions(rule: Rule): Omit<Field, "name" | "label" | "hint"> {
	if (rule.field.kind !== "select") {
		return rule.field;
	}
	return { ...rule.field, options: options(rule.name === "temperature_on" ? temperatureOn : strictness) };
}

/** What a form gave, as the API takes it: an empty number is 0. */
export function ruleValues(values: Values, names: readonly string[]): Rules {
	const rules: Rules = {};
	for (const name of names) {
		const value: Value = values[name] ?? null;
		rules[name] = value === null ? (byName.get(name)?.field.kind === "number" ? 0 : "") : value;
	}
	return rules;
}
