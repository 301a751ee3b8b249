// Words and looks that the server leaves to the page.
import { ApiError } from "../shared/api";
import type { Text } from "../shared/i18n";
import type { HistoryEvent, RequestKind, Slot, Status } from "./types";

/** How a status looks; never told by colour alone. */
export type Tone = "go" | "care" | "stop" | "eye";

export const toneOf: Record<Status, Tone> = {
	green: "go",
	recovered: "go",
	yellow: "care",
	visitor: "care",
	outsider: "care",
	observation: "stop",
	quarantine: "stop",
	red: "stop",
	gone: "eye",
};

const atHome: Text = {
	zh: "请留在家中。回家时值守人员会陪您到家门口，不会把您拦在外面；出门会被劝回。就医等急事请先打社区电话。",
	en: "Please stay at home. Coming home you are always let in, with company; going out you are asked to turn back. For a doctor or an emergency phone your community first.",
};

/** What a status means at a gate, as the decision table has it. */
export const meaningOf: Record<Status, Text> = {
	green: { zh: "出示通行码、测体温后即可出入。", en: "Show the code, have your temperature taken, and go." },
	recovered: { zh: "出示通行码、测体温后即可出入。", en: "Show the code, have your temperature taken, and go." },
	yellow: {
		zh: "可以出入。值守人员的屏幕会显示黄色，可能多问几句。",
		en: "You can come and go. The guard's screen turns yellow and they may ask a question more.",
	},
	visitor: { zh: "进入小区、村庄须有来访登记。", en: "To enter a compound or village you need a visitor permit." },
	outsider: { zh: "进入小区、村庄须有来访登记。", en: "To enter a compound or village you need a visitor permit." },
	observation: atHome,
	quarantine: atHome,
	red: atHome,
	gone: {
		zh: "这里不再登记此人。如有误，请打社区电话。",
		en: "This person is no longer registered here. If that is wrong, phone your community.",
	},
};

export const slotWord: Record<Slot, Text> = { am: { zh: "上午", en: "Morning" }, pm: { zh: "下午", en: "Afternoon" } };

export const decisionWord: Record<HistoryEvent["decision"], Text> = {
	pass: { zh: "放行", en: "Let through" },
	deny: { zh: "未放行", en: "Not let through" },
	remeasure: { zh: "复测体温", en: "Measured again" },
	incomplete: { zh: "待补登记", en: "Not complete" },
};

export const requestWord: Record<RequestKind, Text> = {
	shopping: { zh: "代买东西", en: "Shopping" },
	rubbish: { zh: "收垃圾", en: "Rubbish" },
	disinfection: { zh: "消毒", en: "Disinfection" },
	medicine: { zh: "买药送药", en: "Medicine" },
	counsel: { zh: "心里难受", en: "Someone to talk to" },
	other: { zh: "其他事情", en: "Something else" },
};

const byCode: Record<string, Text> = {
	wrong_code: {
		zh: "激活码或证件后四位不对。请对照社区发的那张纸再输一遍；后四位是本户任何一人证件的最后四位（末位可能是 X）。",
		en: "The code or the last four do not fit. Compare with the sheet from your community; the last four are those of the ID document of anybody in the household (the last may be an X).",
	},
	code_used: {
		zh: "这个激活码不能再用了：已更换，或本户已有 12 部手机。请向社区要新的激活码，或先在别的手机上退出。",
		en: "This code cannot be used any more: it was replaced, or the household has 12 phones already. Ask your community for a new one, or sign another phone out.",
	},
	too_many: { zh: "试得太多了。请过几分钟再试。", en: "Too many tries. Wait a few minutes and try again." },
	timeout: { zh: "服务器没有及时回答。请再试一次。", en: "The server did not answer in time. Try again." },
	network: {
		zh: "现在没有网络，没有发出去。联网后再点一次。",
		en: "There is no network now; nothing was sent. Tap again when there is.",
	},
	unauthorized: {
		zh: "这部手机已被退出。请用社区发的激活码重新激活。",
		en: "This phone was signed out. Activate it again with the code from your community.",
	},
};

/** What to tell somebody of a call that failed, and what they can do. */
export function problemText(cause: unknown): Text {
	if (!(cause instanceof ApiError)) {
		return { zh: "页面出错了，请重新打开。", en: "Something in this page failed. Open it again." };
	}
	const status = cause.front ?? cause.status;
	if (status >= 500) {
		return {
			zh: "服务器暂时不可用，可能没有存下来。请稍后再点一次。",
			en: "The server is not available at the moment; it may not have been stored. Tap again in a while.",
		};
	}
	const known = byCode[status === 429 ? "too_many" : cause.code];
	return known ?? { zh: `没有被接受：${cause.detail}`, en: `Not accepted: ${cause.detail}` };
}
