// The days of an observation, drawn: two readings and one report each, with what was
// missed standing out by sign and colour.

import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { localDay, startOfDay } from "../../shared/time";
import type { DayOfDiary, DayReport, DiaryReading, Observation, ObservationDetail, Today } from "./types";
import { slots } from "./words";

export type MarkKind = "missed" | "due" | "taken" | "something" | "none";

const marks: Record<MarkKind, { sign: string; word: { zh: string; en: string } }> = {
	missed: { sign: "✗", word: { zh: "漏", en: "missed" } },
	due: { sign: "○", word: { zh: "待", en: "due" } },
	taken: { sign: "✓", word: { zh: "已", en: "done" } },
	something: { sign: "!", word: { zh: "有情况", en: "issue" } },
	none: { sign: "·", word: { zh: "不需要", en: "not due" } },
};

/** One sign with its word. */
export function Mark({ of }: { of: MarkKind }) {
	return (
		<span class={`h-mark ${of}`}>
			<b aria-hidden="true">{marks[of].sign}</b>{" "}
			<span class={of === "none" ? "h-aloud" : "h-word"}>{t(marks[of].word)}</span>
		</span>
	);
}

/** How a reading of a day stands. */
export function markOf(day: DayOfDiary | undefined, slot: string): MarkKind {
	return day?.taken.includes(slot)
		? "taken"
		: day?.missed.includes(slot)
			? "missed"
			: day?.due.includes(slot)
				? "due"
				: "none";
}

/** How today's report stands. */
export function reportMark(today: Today): MarkKind {
	return today.report
		? today.report.all_well
			? "taken"
			: "something"
		: today.report_missed
			? "missed"
			: today.report_due
				? "due"
				: "none";
}

const DAY = 86_400_000;

/** "第 5/14 天" of an observation at a moment. */
export function dayOf(o: Observation, now: number): { day: number; of: number } {
	const [from, until] = [Date.parse(o.from), Date.parse(o.until)];
	const of = Math.max(1, Math.round((until - from) / DAY));
	return { day: Math.min(of, Math.max(1, Math.round((startOfDay(now) - startOfDay(from)) / DAY) + 1)), of };
}

interface DayCell {
	day: string;
	today: boolean;
	diary: DayOfDiary | undefined;
	report: DayReport | undefined;
	/** Not begun yet. */
	ahead: boolean;
}

/** Every day from the first to the last. */
export function daysOf(o: ObservationDetail, now: number): DayCell[] {
	const end = Date.parse(o.end?.at ?? o.until);
	const today = localDay(now);
	const cells: DayCell[] = [];
	for (let at = startOfDay(Date.parse(o.from)); at < end && cells.length < 62; at += DAY) {
		const day = localDay(at);
		cells.push({
			day,
			today: day === today,
			diary: o.days.find((d) => d.day === day) ?? (day === today ? o.today : undefined),
			report: o.reports.find((r) => r.day === day),
			ahead: day > today,
		});
	}
	return cells;
}

/** readings are those with temperatures, for who may see them; the days tell the rest. */
export function Strip({
	observation: o,
	readings,
	now,
}: {
	observation: ObservationDetail;
	readings: readonly DiaryReading[];
	now: number;
}) {
	const days = daysOf(o, now);
	return (
		<section
			class="h-strip"
			aria-label={t({ zh: "逐日测温和日报", en: "Readings and reports by day" })}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by key
			tabIndex={0}
		>
			<table>
				<thead>
					<tr>
						<th scope="col">{t({ zh: "日期", en: "Day" })}</th>
						{days.map((d, i) => (
							<th key={d.day} scope="col" class={d.today ? "today" : ""} aria-current={d.today ? "date" : undefined}>
								<small>{i + 1}</small>
								{d.day.slice(8)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{Object.keys(slots).map((slot) => (
						<tr key={slot}>
							<th scope="row">{wordOf(slots, slot)}</th>
							{days.map((d) => (
								<ReadingCell key={d.day} day={d} slot={slot} readings={readings} />
							))}
						</tr>
					))}
					<tr>
						<th scope="row">{t({ zh: "日报", en: "Report" })}</th>
						{days.map((d) => (
							<ReportCell key={d.day} day={d} ended={o.end !== null} />
						))}
					</tr>
				</tbody>
			</table>
		</section>
	);
}

function ReadingCell({ day, slot, readings }: { day: DayCell; slot: string; readings: readonly DiaryReading[] }) {
	const taken = readings.filter((r) => r.slot === slot && localDay(Date.parse(r.at)) === day.day);
	const hottest = taken.reduce<DiaryReading | undefined>(
		(a, r) => (a && a.temperature >= r.temperature ? a : r),
		undefined,
	);
	const kind = hottest?.fever ? "missed" : hottest ? "taken" : day.ahead ? "none" : markOf(day.diary, slot);
	return (
		<td class={`${kind} ${day.today ? "today" : ""}`}>
			{hottest ? (
				<>
					{hottest.temperature.toFixed(1)}
					{hottest.fever && <b>{t({ zh: "热", en: "!" })}</b>}
				</>
			) : (
				<Sign kind={kind} />
			)}
		</td>
	);
}

function ReportCell({ day, ended }: { day: DayCell; ended: boolean }) {
	const kind: MarkKind = day.report
		? day.report.all_well
			? "taken"
			: "something"
		: day.ahead
			? "none"
			: day.today && !ended
				? "due"
				: "missed";
	return (
		<td class={`${kind} ${day.today ? "today" : ""}`}>
			<Sign kind={kind} />
		</td>
	);
}

/** The sign for the eye, the word for who listens. */
function Sign({ kind }: { kind: MarkKind }) {
	return (
		<>
			<span aria-hidden="true">{marks[kind].sign}</span>
			<span class="h-aloud">{t(marks[kind].word)}</span>
		</>
	);
}
