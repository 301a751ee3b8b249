// Words of the board.
import type { Tone } from "../../desk/ui/parts";
import type { Text } from "../../shared/i18n";
import type { BoardGate, Trouble } from "./types";

export const troubles: Record<Trouble, Text & { tone: Tone }> = {
	silent: { zh: "长时间无人通行", en: "Silent", tone: "stop" },
	unreachable: { zh: "值守手机失联", en: "Phone gone", tone: "stop" },
	denials: { zh: "劝返激增", en: "Many refused", tone: "stop" },
	fever: { zh: "有发热", en: "Fever", tone: "stop" },
	full: { zh: "人数已满", en: "Full", tone: "care" },
	degraded: { zh: "脱机判定", en: "Degraded", tone: "care" },
	closed: { zh: "关闭后仍有人来", en: "Closed, still used", tone: "care" },
};

/** What each trouble means and what to do. */
export const advice: Record<Trouble, Text> = {
	silent: {
		zh: "平时此刻有人通行，现在一直没有登记。给值守打电话：有没有人值守，是不是放行没有扫码。",
		en: "People usually pass at this time, and nothing has come. Phone the guard: is anybody there, and do they scan?",
	},
	unreachable: {
		zh: "有人值守，但手机三分钟没有联系服务器。给值守打电话：手机是否没电、没有网络。登记存在手机里，恢复后自动上传。",
		en: "Somebody is on shift, and their phone has not called for three minutes. Phone them: battery, network? Scans stay on the phone and come later.",
	},
	denials: {
		zh: "近五分钟劝返明显多于前一小时。看下面的原因：是有人冲卡、规则刚改，还是码打不开。",
		en: "Far more refusals in five minutes than in the hour before. Look at their reasons below: a rule that was just changed, or codes that do not open?",
	},
	fever: {
		zh: "近一小时有人因发热留在现场。到“发热病例”看处置到哪一步。",
		en: "Somebody was held with fever in the last hour. See under fever cases how far it is.",
	},
	full: { zh: "场所人数到上限，新来的人在门外等。", en: "The site holds as many as it may; others wait outside." },
	degraded: {
		zh: "近五分钟有登记在数据库没有应答时判定，恢复后自动补记。通知系统管理员。",
		en: "Decided while the database did not answer; it is recorded when it is back. Tell the administrator.",
	},
	closed: {
		zh: "卡口或场所已关闭，近一小时仍有人到这里扫码。派人看守或贴告示，指引到开放的卡口。",
		en: "The gate or its site is closed, and within the hour somebody came all the same: put up a notice that shows the way to an open one.",
	},
};

export const gateStates: Record<BoardGate["state"], Text> = {
	open: { zh: "开放", en: "Open" },
	closed: { zh: "关闭", en: "Closed" },
	off_hours: { zh: "非开放时间", en: "Out of hours" },
};
