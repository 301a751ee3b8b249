// Two people's times of one meeting on one axis: where the bars and the ticks stand.
import { clockTime, clockTimeSeconds, dayAndTime } from "../../shared/time";
import type { Meeting, Stay } from "./types";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OFFSET = 8 * HOUR; // ticks are whole in the site's zone
const STEPS = [
	10 * SECOND,
	30 * SECOND,
	MINUTE,
	5 * MINUTE,
	15 * MINUTE,
	30 * MINUTE,
	HOUR,
	3 * HOUR,
	6 * HOUR,
	24 * HOUR,
	72 * HOUR,
	168 * HOUR,
];
const TICKS = 6; // at most

/** A part of the axis, in fractions of its length, and the times that it stands for (UTC ms). */
export interface Bar {
	left: number;
	width: number;
	from: number;
	to: number;
	/** The beginning was not seen, the end was concluded, or it had not ended. */
	ragged: "" | "start" | "end" | "open";
}

export interface Axis {
	from: number;
	to: number;
	/** Of the one before in the chain, and of the contact. At a gate they are moments, without width. */
	mine: Bar;
	theirs: Bar;
	/** The time together; of a gate the time between the two. */
	together: Bar;
	ticks: { left: number; text: string }[];
	/** s between the two passages; null where they are not passages. */
	apart: number | null;
}

/** Lays a meeting out on the shortest axis that shows it well. */
export function axisOf(m: Meeting): Axis {
	const at = (wire: string | undefined) => Date.parse(wire ?? m.from);
	const span = { from: at(m.from), to: at(m.to) };
	if (m.mine && m.theirs) {
		const [mine, theirs] = [at(m.mine.at), at(m.theirs.at)];
		const axis = around(span.from, span.to, 30 * SECOND);
		return lay(
			axis,
			{ from: mine, to: mine },
			{ from: theirs, to: theirs },
			span,
			Math.round(Math.abs(mine - theirs) / SECOND),
		);
	}
	const mine = stay(m.my_stay, span);
	const theirs = stay(m.their_stay, span);
	return lay(
		around(Math.min(mine.from, theirs.from), Math.max(mine.to, theirs.to), 10 * MINUTE),
		mine,
		theirs,
		span,
		null,
	);
}

interface Span {
	from: number;
	to: number;
	ragged?: Bar["ragged"];
}

/** A stay; one whose beginning was not seen is drawn from where the time together began. */
function stay(s: Stay | undefined, span: Span): Span {
	if (!s) {
		return span;
	}
	const to = Date.parse(s.to);
	return {
		from: s.unknown_start ? Math.min(span.from, to) : Date.parse(s.from),
		to,
		ragged: s.unknown_start ? "start" : s.open ? "open" : s.inferred ? "end" : "",
	};
}

/** The span with a margin, at least so long. */
function around(from: number, to: number, least: number): Span {
	const pad = Math.max((to - from) * 0.08, least / 2);
	return { from: from - pad, to: to + pad };
}

function lay(axis: Span, mine: Span, theirs: Span, together: Span, apart: number | null): Axis {
	const length = axis.to - axis.from;
	const bar = (s: Span): Bar => ({
		left: (s.from - axis.from) / length,
		width: (s.to - s.from) / length,
		from: s.from,
		to: s.to,
		ragged: s.ragged ?? "",
	});
	return {
		from: axis.from,
		to: axis.to,
		mine: bar(mine),
		theirs: bar(theirs),
		together: bar(together),
		ticks: ticksOf(axis.from, axis.to),
		apart,
	};
}

/** Whole times within a span, at most TICKS of them, and where on it they stand. */
export function ticksOf(from: number, to: number): { left: number; text: string }[] {
	const step = STEPS.find((s) => (to - from) / s <= TICKS) ?? (to - from) / TICKS;
	const text =
		step < MINUTE ? clockTimeSeconds : step < 24 * HOUR ? clockTime : (ms: number) => dayAndTime(ms).slice(0, 5);
	const ticks = [];
	for (let at = Math.ceil((from + OFFSET) / step) * step - OFFSET; at <= to; at += step) {
		ticks.push({ left: (at - from) / (to - from), text: text(at) });
	}
	return ticks;
}
