// Words of inspections: what is looked at, how it is, how grave a finding is.
import type { Tone } from "../../desk/ui/parts";
import type { Text } from "../../shared/i18n";

/** The checklist, in the order in which an inspector walks through a site. */
export const checks: Record<string, Text> = {
	registration: { zh: "扫码登记测温", en: "Registration" },
	thermometers: { zh: "体温枪", en: "Thermometers" },
	masks: { zh: "口罩储备与佩戴", en: "Masks" },
	distance: { zh: "保持距离", en: "Distance" },
	canteen: { zh: "食堂分餐", en: "Canteen" },
	disinfection: { zh: "消毒记录", en: "Disinfection" },
	isolation_room: { zh: "临时隔离室", en: "Isolation room" },
	plan: { zh: "防控方案", en: "Plan" },
};

export const results: Record<string, Text & { tone: Tone }> = {
	ok: { zh: "合格", en: "in order", tone: "ok" },
	lacking: { zh: "不合格", en: "lacking", tone: "stop" },
	not_applicable: { zh: "不适用", en: "does not apply", tone: "quiet" },
};

export const severities: Record<string, Text> = {
	minor: { zh: "一般", en: "minor" },
	serious: { zh: "较重", en: "serious" },
	grave: { zh: "严重", en: "grave" },
};

export const severityTones: Record<string, Tone> = { minor: "quiet", serious: "care", grave: "stop" };
