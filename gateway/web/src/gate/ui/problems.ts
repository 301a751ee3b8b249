// What went wrong, in words for the guard: what, and what to do.
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import type { Text } from "../types";

const WORDS: Record<string, Text> = {
	network: { zh: "没有网络，请稍后再试", en: "No network: try again later" },
	timeout: { zh: "网络太慢，没有答复，请再试一次", en: "No answer in time: try again" },
	unauthorized: { zh: "本机的登记已失效，请重新登记", en: "This device is not enrolled any more: enrol it again" },
	code_used: {
		zh: "登记码已用过或已过期，请到后台重新生成一张",
		en: "The enrolment code was used or has expired: have a new one made",
	},
	wrong_badge: { zh: "工牌无效或已停用，请联系街道", en: "The badge is not known or was switched off: ask the office" },
	out_of_scope: { zh: "不在您负责的网格内", en: "Outside your part of the grid" },
	too_many: { zh: "操作太频繁，请等一分钟", en: "Too many tries: wait a minute" },
	too_late: { zh: "超过 15 分钟，不能撤销了", en: "More than 15 minutes ago: it cannot be taken back" },
	annulled: { zh: "这一条已经撤销过了", en: "It was taken back before" },
	row_taken: { zh: "这一行已录入过不同的内容", en: "This row was typed before with other content" },
	overloaded: { zh: "系统繁忙，请稍后再试", en: "The server has too much to do: try again later" },
	unavailable: { zh: "中心暂时无法答复，请再试一次", en: "The server cannot answer at the moment: try again" },
};

const FIELDS: Record<string, Text> = {
	id_number: { zh: "证件号", en: "Document number" },
	"visitor.id_number": { zh: "证件号", en: "Document number" },
	phone: { zh: "手机号", en: "Phone" },
	"visitor.phone": { zh: "手机号", en: "Phone" },
	"walk_in.phone": { zh: "手机号", en: "Phone" },
	"walk_in.name": { zh: "姓名", en: "Name" },
	"walk_in.id_tail": { zh: "证件后四位", en: "Last four of the document" },
	plate: { zh: "车牌", en: "Plate" },
	temperature: { zh: "体温", en: "Temperature" },
	until: { zh: "截止时间", en: "Until" },
	host: { zh: "被访人", en: "Host" },
	occurred_at: { zh: "时间", en: "Time" },
};

/** The words for whatever was thrown, in the language on the screen. */
export function problemText(cause: unknown): string {
	if (cause instanceof ApiError) {
		const known = WORDS[codeOf(cause)];
		if (known) {
			return t(known);
		}
		const field = cause.field ? FIELDS[cause.field] : undefined;
		if (field) {
			return t({ zh: `${field.zh}不正确，请检查（${cause.detail}）`, en: `${field.en}: ${cause.detail}` });
		}
		return cause.detail || t({ zh: `服务器答复 ${cause.status}`, en: `The server answered ${cause.status}` });
	}
	if (hasText(cause)) {
		return t(cause.text);
	}
	return cause instanceof Error ? cause.message : String(cause);
}

/** What answers in the server's place has no code: its status tells as much. */
function codeOf({ code, front = 0 }: ApiError): string {
	return front === 429 ? "too_many" : front >= 500 ? "unavailable" : code;
}

function hasText(cause: unknown): cause is { text: Text } {
	return typeof cause === "object" && cause !== null && "text" in cause && typeof cause.text === "object";
}
