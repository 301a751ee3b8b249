// A row of a paper log page as it is typed, and what becomes of it. Pure.
import { startOfDay } from "../../shared/time";
import type { Direction, PaperRow, Text } from "../types";
import { wholeDocument } from "./search";

/** Rows of one printed page. */
export const ROWS = 25;

export interface Draft {
	row: number;
	/** Local day, "2026-11-24": a page may go on past midnight. */
	day: string;
	time: string; // "08:05", by the site's clock
	direction: Direction;
	/** Name, or a whole document number. */
	who: string;
	tail: string;
	phone: string;
	temperature: string; // "36.5"
	plate: string;
	/** What the guard did: let pass, or refused for a reason. */
	told: Told;
}

/** As the printed page numbers them: 1 fever, 2 outsider, 3 red, 4 hours or closed, 5 other. */
export type Told = "pass" | "fever" | "outsider" | "red" | "hours" | "other";

export const TOLD: [Told, Text][] = [
	["pass", { zh: "放行", en: "Let pass" }],
	["fever", { zh: "1 发热", en: "1 Fever" }],
	["outsider", { zh: "2 外来", en: "2 Outsider" }],
	["red", { zh: "3 红码隔离", en: "3 Red" }],
	["hours", { zh: "4 时间关闭", en: "4 Closed" }],
	["other", { zh: "5 其他", en: "5 Other" }],
];

const REASONS: Record<Told, string> = {
	pass: "ok",
	fever: "fever",
	outsider: "outsider",
	red: "status_red",
	hours: "outside_hours",
	other: "guard",
};

export function emptyDraft(row: number, day: string, before?: Draft): Draft {
	const { time = "", direction = "in" } = before ?? {};
	return { row, day, time, direction, who: "", tail: "", phone: "", temperature: "", plate: "", told: "pass" };
}

/** The day that a page was printed for, "2026-11-24"; "" if the code is not a page's. */
export function dayOfPage(page: string): string {
	const day = /^PGL1-.+-(\d{4})(\d{2})(\d{2})-\d+-[^-]+$/.exec(page);
	return day ? `${day[1]}-${day[2]}-${day[3]}` : "";
}

/** What is wrong with a row, null if nothing. */
export function wrong(d: Draft): Text | null {
	if (!/^\d{4}-\d\d-\d\d$/.test(d.day)) {
		return { zh: "请填日期", en: "Give the day" };
	}
	if (!/^([01]?\d|2[0-3]):[0-5]\d$/.test(d.time)) {
		return { zh: "时间应像 08:05", en: "The time has to be like 08:05" };
	}
	if (d.who.trim() === "") {
		return { zh: "请填姓名或证件号", en: "Give a name or a document number" };
	}
	if (d.tail !== "" && !/^[\dA-Z]{4}$/.test(d.tail)) {
		return { zh: "证件后四位应为四个字符", en: "The last four of the document are four characters" };
	}
	if (d.temperature !== "" && !/^(3\d|4[0-4])(\.\d)?$|^45(\.0)?$/.test(d.temperature)) {
		return { zh: "体温应在 30.0 到 45.0 之间", en: "The temperature lies between 30.0 and 45.0" };
	}
	return null;
}

/** The row for the server. */
export function paperRow(d: Draft): PaperRow {
	const [hours = 0, minutes = 0] = d.time.split(":").map(Number);
	const midnight = startOfDay(Date.parse(`${d.day}T12:00:00Z`));
	const who = d.who.trim();
	const row: PaperRow = {
		row: d.row,
		occurredAt: midnight + (hours * 60 + minutes) * 60_000,
		direction: d.direction,
		subject: wholeDocument(who)
			? { id_document: who.toUpperCase() }
			: { walk_in: { name: who, id_tail: d.tail, phone: d.phone } },
		decision: d.told === "pass" ? "pass" : "deny",
		reason: REASONS[d.told],
	};
	if (d.temperature !== "") {
		row.temperature = Number(d.temperature);
	}
	if (d.plate.trim() !== "") {
		row.plate = d.plate.trim();
	}
	return row;
}
