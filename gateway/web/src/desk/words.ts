// Words that several screens of the desk share, and what an error means.
import { ApiError } from "../shared/api";
import { lang, type Text, t } from "../shared/i18n";
import type { Tone } from "./ui/parts";

export const roles: Record<string, Text> = {
	admin: { zh: "系统管理员", en: "Administrator" },
	leader: { zh: "负责人", en: "Leader" },
	enroller: { zh: "登记员", en: "Enroller" },
	grid: { zh: "网格员", en: "Grid member" },
	medic: { zh: "医务人员", en: "Medical worker" },
	pharmacist: { zh: "药店人员", en: "Pharmacist" },
	inspector: { zh: "检查员", en: "Inspector" },
	tracer: { zh: "流调员", en: "Tracer" },
	auditor: { zh: "审计员", en: "Auditor" },
	guard: { zh: "值守人员", en: "Guard" },
};

export const siteKinds: Record<string, Text> = {
	village: { zh: "村", en: "Village" },
	compound: { zh: "小区", en: "Compound" },
	mall: { zh: "商场", en: "Mall" },
	market: { zh: "市场", en: "Market" },
	shop: { zh: "商铺", en: "Shop" },
	enterprise: { zh: "企业", en: "Enterprise" },
	pharmacy: { zh: "药店", en: "Pharmacy" },
};

export const decisions: Record<string, Text & { tone: Tone }> = {
	pass: { zh: "放行", en: "Pass", tone: "ok" },
	deny: { zh: "不放行", en: "Denied", tone: "stop" },
	remeasure: { zh: "复测", en: "Measure again", tone: "care" },
	incomplete: { zh: "待补", en: "Incomplete", tone: "care" },
};

export const directions: Record<string, Text> = { in: { zh: "进", en: "in" }, out: { zh: "出", en: "out" } };

/** The tone in which a status is shown, beside its word. */
export const statusTones: Record<string, Tone> = {
	green: "ok",
	recovered: "ok",
	yellow: "care",
	observed: "care",
	observation: "care",
	quarantine: "stop",
	red: "stop",
};

/** The word of a table; what is not in it is shown as it is. */
export function wordOf(table: Record<string, Text>, name: string): string {
	return table[name]?.[lang.value] ?? name;
}

const problems: Record<string, Text> = {
	timeout: { zh: "服务器没有及时答复，请稍后再试", en: "The server gave no answer in time: try again" },
	network: {
		zh: "连不上服务器，请检查网络后再试",
		en: "The server cannot be reached: look at the network and try again",
	},
	unauthorized: { zh: "登录已失效，请重新登录", en: "The session has ended: sign in again" },
	wrong_login: { zh: "账号、密码或验证码不对", en: "Wrong login, password or code" },
	forbidden: { zh: "您的岗位不能做这件事", en: "Your role may not do this" },
	out_of_scope: { zh: "不存在，或不在您负责的网格内", en: "Not there, or outside your part of the grid" },
	case_closed: { zh: "案件已结，不能再据此查询", en: "The case is closed" },
	over_cap: {
		zh: "超出案件的查询上限，扩大须另一人批准",
		en: "Larger than the case allows: more takes a second person",
	},
	same_person: { zh: "须由另一人办理，不能自己办自己的", en: "It takes a second person" },
	not_found: { zh: "没有找到", en: "Not found" },
	too_many: { zh: "操作太频繁，请稍等再试", en: "Too many in a short time: wait a little" },
	overloaded: { zh: "系统繁忙，请稍后再试", en: "The server has too much to do: try again later" },
	unavailable: { zh: "服务暂时不可用，请稍后再试", en: "Not available for the moment: try again shortly" },
};

/** What went wrong, in words, and what the server said of it. */
export function problemText(cause: unknown): string {
	if (!(cause instanceof ApiError)) {
		return t({ zh: `出错了：${String(cause)}`, en: `Something failed: ${String(cause)}` });
	}
	const known = problems[cause.code];
	const wait = cause.retryAfter
		? t({ zh: `（${cause.retryAfter} 秒后再试）`, en: ` (again in ${cause.retryAfter} s)` })
		: "";
	const own = (lang.value === "zh" && cause.detailZh) || cause.detail;
	if (known && (cause.status === 0 || own === "")) {
		const front = cause.front
			? t({
					zh: `（中间的代理或网关答复 ${cause.front}）`,
					en: ` (a proxy or gateway in between answered ${cause.front})`,
				})
			: "";
		return t(known) + front + wait;
	}
	const said = own === "" ? cause.code : own;
	return (known ? `${t(known)}${t({ zh: "：", en: ": " })}${said}` : said) + wait;
}
