// What the guard reads. The reason in words comes with the verdict; here is the big
// word over it, what to do, and the marks of a passage.
import type { Decision, Direction, GateState, Method, Text, Trouble, Verdict } from "../types";

/** The word that fills the screen. */
export function verdictWord(v: Verdict): Text {
	if (v.color === "grey") {
		return { zh: "看人核对", en: "CHECK BY EYE" };
	}
	switch (v.decision) {
		case "pass":
			return v.color === "green" ? { zh: "放行", en: "GO" } : { zh: "注意放行", en: "GO, TAKE CARE" };
		case "remeasure":
			return { zh: "复测体温", en: "MEASURE AGAIN" };
		case "incomplete":
			return v.reason === "temperature_required"
				? { zh: "先测体温", en: "TEMPERATURE" }
				: v.reason === "disinfection_required"
					? { zh: "先消毒", en: "DISINFECT" }
					: { zh: "先登记", en: "REGISTER" };
		case "deny":
			if (v.action === "register") {
				return { zh: "先登记", en: "REGISTER" };
			}
			return v.action === "hold_here"
				? { zh: "就地等候", en: "WAIT HERE" }
				: v.direction === "in"
					? { zh: "不可进入", en: "NO ENTRY" }
					: { zh: "不可外出", en: "DO NOT LEAVE" };
	}
}

const ACTIONS: Record<string, Text> = {
	admit: { zh: "开门放行", en: "Open the gate" },
	measure_again: {
		zh: "换个部位再测一次，以第二次为准",
		en: "Measure again, best at another place: the second one counts",
	},
	register: { zh: "先登记，再放行", en: "Register the person first" },
	hold_here: {
		zh: "请到等候处，不要离开，打电话等人来接",
		en: "Keep the person apart here and phone; wait until somebody comes",
	},
	escort: { zh: "由工作人员陪送回家，不要拒之门外", en: "Have the person brought home; do not lock them out" },
	send_back: { zh: "请劝返", en: "Ask the person to turn back" },
	disinfect: { zh: "车辆先消毒，再登记", en: "Disinfect the vehicle, then scan again" },
};

/** What to do now. */
export function actionText(action: string): Text {
	return ACTIONS[action] ?? { zh: "", en: "" };
}

const FLAGS: Record<string, Text> = {
	late: { zh: "补传", en: "Uploaded later" },
	conflict: { zh: "与中心判定不一致", en: "The server would have decided otherwise" },
	already_inside: {
		zh: "记录显示已在场内（上次可能漏扫出）",
		en: "Already inside by the record (an exit may have been missed)",
	},
	not_inside: {
		zh: "记录显示不在场内（上次可能漏扫进）",
		en: "Not inside by the record (an entry may have been missed)",
	},
	replayed_pass: {
		zh: "同一码重复进入，请核对本人",
		en: "This code has entered before: check that it is the person's own",
	},
	remeasured: { zh: "复测正常", en: "Second reading normal" },
	temperature_low: { zh: "体温偏低", en: "Reading is low" },
	temperature_high: { zh: "体温偏高", en: "Reading is high" },
	breach: { zh: "应居家却外出，请上报", en: "Should be at home: report it" },
	status_yellow: { zh: "黄码人员", en: "Status yellow" },
	outsider: { zh: "外来人员", en: "Not a resident of this town" },
	walk_in: { zh: "手写登记，未核实身份", en: "Written down by hand, not verified" },
	escort: { zh: "需陪送回家", en: "To be brought home" },
	outside_hours: { zh: "时段外回家", en: "Coming home outside the hours" },
	override: { zh: "紧急放行", en: "Emergency" },
	fever_case: { zh: "有未结的发热个案", en: "Has an open fever case" },
	overstayed: { zh: "来访已逾期", en: "The visit is over its time" },
	other_vehicle: { zh: "不是许可上的车辆", en: "Not the vehicle on the permit" },
	degraded: { zh: "中心脱机时判定", en: "Decided while the record was away" },
};

/** A mark of a passage, in words. */
export function flagText(flag: string): Text {
	return FLAGS[flag] ?? { zh: flag, en: flag };
}

export const DIRECTIONS: Record<Direction, Text> = { in: { zh: "进", en: "IN" }, out: { zh: "出", en: "OUT" } };

export const METHODS: Record<Method, Text> = {
	forehead: { zh: "额温", en: "Forehead" },
	wrist: { zh: "腕温", en: "Wrist" },
	ear: { zh: "耳温", en: "Ear" },
	armpit: { zh: "腋温", en: "Armpit" },
};

export const KINDS: Record<string, Text> = {
	resident: { zh: "居民", en: "Resident" },
	visitor: { zh: "来访", en: "Visitor" },
	walk_in: { zh: "手写登记", en: "Walk-in" },
	erased: { zh: "已删除", en: "Erased" },
};

export const DECISIONS: Record<Decision, Text> = {
	pass: { zh: "放行", en: "Let pass" },
	deny: { zh: "不放行", en: "Refused" },
	remeasure: { zh: "复测", en: "Measured again" },
	incomplete: { zh: "待补", en: "Incomplete" },
};

/** Said aloud: what to do, never why. Those behind need not hear what is wrong with somebody. */
export function spoken(v: Verdict): Text {
	if (v.trouble) {
		return { zh: "请看屏幕", en: "Please look at the screen" };
	}
	if (v.color === "grey") {
		return { zh: "请人工核对", en: "Check by eye" };
	}
	switch (v.decision) {
		case "pass":
			return v.color === "green" ? { zh: "放行", en: "Go" } : { zh: "放行，请看屏幕", en: "Go, look at the screen" };
		case "remeasure":
			return { zh: "请再测一次", en: "Measure again" };
		default:
			return { zh: "请等一下", en: "One moment, please" };
	}
}

export interface TroubleWords {
	title: Text;
	why: Text;
	steps: Text[];
}

/** The five problems that are no refusal of a person, with what to do. */
export const TROUBLES: Record<Trouble, TroubleWords> = {
	clock_wrong: {
		title: { zh: "手机时间不对", en: "This phone's clock is wrong" },
		why: {
			zh: "本机时钟与服务器相差太多，好码也会显示过期。",
			en: "It is too far from the server's, so good codes look out of date.",
		},
		steps: [
			{ zh: "设置 → 日期与时间 → 打开「自动设置」", en: "Settings → Date & time → automatic" },
			{ zh: "连上网，点「重新校时」", en: "Get online and tap “Measure again”" },
			{ zh: "没有网：看人核对，手工登记", en: "No network: check by eye" },
		],
	},
	keys_stale: {
		title: { zh: "密钥过旧", en: "Keys are out of date" },
		why: {
			zh: "这个码用的是新密钥，本机还没有。码可能是好的。",
			en: "The code is signed with a key that this phone does not have yet. It may well be good.",
		},
		steps: [
			{ zh: "连上网，点「立即更新」，再扫一次", en: "Get online, tap “Update now”, scan again" },
			{ zh: "没有网：按姓名或证件查人登记", en: "No network: find the person by name or document" },
		],
	},
	not_our_code: {
		title: { zh: "不是通行码", en: "Not one of our codes" },
		why: {
			zh: "扫到的是别的二维码（付款码、外地健康码、网址等）。",
			en: "That is some other QR: a payment code, another place's health code, a link.",
		},
		steps: [
			{ zh: "请对方打开「健康易通行」出示通行码", en: "Ask for the pass of this town's page" },
			{ zh: "没有通行码：查人，或手写登记", en: "No pass: find the person, or write them down" },
		],
	},
	expired: {
		title: { zh: "码已过期", en: "Code out of date" },
		why: {
			zh: "手机码 10 分钟一换，可能是截图；纸质码到期要换新的。",
			en: "Codes on phones change every 10 minutes, so it may be a screenshot. A paper pass has an end.",
		},
		steps: [
			{ zh: "请对方刷新页面，再出示（截图无效）", en: "Ask to refresh the page and show it again, no screenshot" },
			{
				zh: "纸质码：查人登记，并提醒到社区换新码",
				en: "Paper: find the person by name; a new one is at the community office",
			},
		],
	},
	revoked: {
		title: { zh: "码已作废", en: "Code was withdrawn" },
		why: {
			zh: "这个码已挂失、换新，或暂时不能通行。持码的不一定是本人。",
			en: "This pass was reported lost, replaced, or lets nobody pass for now. Whoever shows it need not be its owner.",
		},
		steps: [
			{
				zh: "请出示最新的码；在线时核对证件后查人登记",
				en: "Ask for the newest one; online, see the document and find the person",
			},
			{
				zh: "离线时先打电话给社区，不要凭证件放行",
				en: "Offline, phone the community office first: do not let pass by the document alone",
			},
		],
	},
};

/** Why the device is in no state to work, for the first screens. */
export const PHASES: Record<Exclude<GateState["phase"], "ready">, Text> = {
	loading: { zh: "正在打开…", en: "Opening…" },
	not_enrolled: { zh: "登记本机", en: "Enrol this phone" },
	no_shift: { zh: "上岗", en: "Begin a shift" },
	revoked: { zh: "本机已停用", en: "This device was switched off" },
};

/** The clock went otherwise than time: it was set, or the phone slept. */
export const CLOCK_DOUBTFUL: Text = {
	zh: "手机时间可能被改过，请对照别的钟表；没错就在「网络与时钟」里点一下，联网后自动校正。",
	en: "The phone's clock may have been set: compare it with another. Right? Say so under “Network and clock”. It is corrected once online.",
};

/** What to do about a code that looks expired by a clock that is in doubt. */
export const DOUBTFUL_STEPS: Text[] = [
	{ zh: "先请对方刷新页面，再出示一次（截图无效）", en: "Ask to refresh the page and show it again, no screenshot" },
	{
		zh: "对照别的钟表：时间没错，点「手机时间没错」再扫",
		en: "Compare with another clock: if the time is right, tap “The time is right” and scan again",
	},
	{
		zh: "时间错了：设置 → 日期与时间 → 打开「自动设置」；连上网点「重新校时」",
		en: "If it is wrong: Settings → Date & time → automatic; online, tap “Measure again”",
	},
	{ zh: "拿不准：看人核对，手工登记", en: "In doubt: check by eye" },
];
