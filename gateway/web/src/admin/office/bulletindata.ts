// The daily bulletin as the API tells it, and what the page makes of its numbers.

import type { Text } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import { localDay } from "../../shared/time";

/** One number of a node and day. */
export interface Line {
	key: string;
	group: string;
	group_text: Text;
	text: Text;
	/** In Chinese, follows the number. */
	unit: string;
	/** Key of the line that it is a part of, "" if it stands by itself. */
	of: string;
	/** Above 0 somebody has to see to something. */
	urgent: boolean;
	number: number;
	/** null: there is no bulletin of the day before. */
	yesterday: number | null;
	change: number | null;
	change_text: string;
	/** What came in after the numbers were published. */
	correction: number;
	/** Who is signed in may open what it counted. */
	opens: boolean;
}

export interface Below {
	node: string;
	node_name: string;
	/** By the keys of the lines; what is 0 is left out. */
	numbers: Record<string, number>;
}

export interface Bulletin {
	node: string;
	node_name: string;
	day: string;
	counted_at: string;
	/** Nothing more occurs on the day. */
	over: boolean;
	published_at: string | null;
	published_by: string;
	lines: Line[];
	below: Below[];
}

/** One of what a number counted. */
export interface BulletinRow {
	at: string;
	closed_at: string | null;
	due_at: string | null;
	node: string;
	node_name: string;
	person: { id: string; name_masked: string } | null;
	gate: string;
	site_name: string;
	state: string;
	/** Kind and ID of the record. */
	ref: string;
	/** What the record is about, "" if the rest says it. */
	text: string;
}

/** "2026-11-24" moved by some days. */
export function dayBy(day: string, by: number): string {
	return new Date(Date.parse(`${day}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
}

/** The day before today, in the site's zone: the one that leaders read in the morning. */
export const yesterday = (): string => dayBy(localDay(Date.now()), -1);

/** "2026年11月24日（星期二）" or "Tue 24 Nov 2026". */
export function dayWords(day: string, lang: "zh" | "en"): string {
	const at = new Date(`${day}T00:00:00Z`);
	if (lang === "en") {
		return at.toLocaleDateString("en-GB", {
			weekday: "short",
			day: "numeric",
			month: "short",
			year: "numeric",
			timeZone: "UTC",
		});
	}
	const [y, m, d] = day.split("-").map(Number);
	return `${y}年${m}月${d}日（星期${"日一二三四五六"[at.getUTCDay()]}）`;
}

/** What somebody has to see to, as the table has it: parts of a number that is there, too, are left to it. */
export function urgent(lines: readonly Line[]): Line[] {
	return lines.filter((l) => l.urgent && l.number > 0);
}

export interface Group {
	key: string;
	text: Text;
	/** Lines that stand by themselves, each with its parts. */
	lines: { line: Line; parts: Line[] }[];
}

/** The lines in their groups; parts that are 0, today and the day before, are left out unless they warn. */
export function groups(lines: readonly Line[]): Group[] {
	const all: Group[] = [];
	for (const line of lines) {
		let group = lastOf(all);
		if (group?.key !== line.group) {
			group = { key: line.group, text: line.group_text, lines: [] };
			all.push(group);
		}
		const whole = lastOf(group.lines);
		if (line.of === "") {
			group.lines.push({ line, parts: [] });
		} else if (whole?.line.key === line.of && (line.number !== 0 || line.yesterday || line.correction !== 0)) {
			whole.parts.push(line);
		}
	}
	return all;
}

/** How long the bars of a number and of the one of the day before are, 0 to 1, on a scale of their own. */
export function bars(line: Line): { now: number; before: number } {
	const most = Math.max(line.number, line.yesterday ?? 0, 1);
	return { now: line.number / most, before: (line.yesterday ?? 0) / most };
}
