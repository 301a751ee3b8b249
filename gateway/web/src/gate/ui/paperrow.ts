// A row of a paper log page as it is typed, and what becomes of it. Pure.
import { startOfDay } from "../../shared/time";
import type { Direction, PaperRow, Text } from "../types";
import { wholeDocument } from "./search";

/** Rows of one printed page. */
export const ROWS = 25;

export interface Draft {
	row: number;
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

export type Told = "pass" | "fever" | "outsider" | "other";

export const TOLD: [Told, Text][] = [
	["pass", { zh: "放行", en: "Let pass" }],
	["fever", { zh: "发热拦下", en: "Fever" }],
	["outsider", { zh: "外来劝返", en: "Outsider" }],
	["other", { zh: "其他拒绝", en: "Other" }],
];

export function emptyDraft(row: number, before?: Draft): Draft {
	const { time = "", direction = "in" } = before ?? {};
	return { row, time, direction, who: "", tail: "", phone: "", temperature: "", plate: "", told: "pass" };
}

/** The day that a page was printed for, "2026-11-24"; "" if the code is not a page's. */
export function dayOfPage(page: string): string {
	const day = /^PGL1-.+-(\d{4})(\d{2})(\d{2})-\d+-[^-]+$/.exec(page);
	return day ? `${day[1]}-${day[2]}-${day[3]}` : "";
}

/** What is wrong with a row, null if nothing. */
export function wrong(d: Draft): Text | null {
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

/** The row for the server. day: the local day of the page. */
export function paperRow(d: Draft, day: string): PaperRow {
	const [hours = 0, minutes = 0] = d.time.split(":").map(Number);
	const midnight = startOfDay(Date.parse(`${day}T12:00:00Z`));
	const who = d.who.trim();
	const row: PaperRow = {
		row: d.row,
		occurredAt: midnight + (hours * 60 + minutes) * 60_000,
		direction: d.direction,
		subject: wholeDocument(who)
			? { id_document: who.toUpperCase() }
			: { walk_in: { name: who, id_tail: d.tail, phone: d.phone } },
		decision: d.told === "pass" ? "pass" : "deny",
		reason: { pass: "ok", fever: "fever", outsider: "outsider", other: "outside_hours" }[d.told],
	};
	if (d.temperature !== "") {
		row.temperature = Number(d.temperature);
	}
	if (d.plate.trim() !== "") {
		row.plate = d.plate.trim();
	}
	return row;
}
