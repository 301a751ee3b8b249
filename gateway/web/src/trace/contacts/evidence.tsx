// One meeting as a picture: the two people's times on one axis, and what is to be known
// about them.

import { href } from "../../desk/router";
import { gateName, gates, siteName } from "../../desk/town";
import { Chip } from "../../desk/ui/parts";
import { decisions, directions, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { clockTime, clockTimeSeconds, dayAndTime, wire } from "../../shared/time";
import { type Axis, axisOf, type Bar } from "./axis";
import type { Meeting } from "./types";
import { doubtWords, kindWords, spanText } from "./words";

const AROUND = 15 * 60_000; // ms of a gate's window beside a meeting

interface Props {
	meeting: Meeting;
	/** What it adds to the exposure. */
	adds: number;
	/** Names of the one before in the chain and of the contact. */
	mine: string;
	theirs: string;
}

export function Evidence({ meeting: m, adds, mine, theirs }: Props) {
	const axis = axisOf(m);
	const from = Date.parse(m.from);
	return (
		<li class={`ct-meeting ct-k-${m.kind}`}>
			<header>
				<b>{dayAndTime(from)}</b>
				<Chip tone="info">{t(kindWords[m.kind])}</Chip>
				<span>{m.site_name || siteName(m.site)}</span>
				<Doubts meeting={m} />
				<span class="ct-adds">+{Math.floor(adds)}</span>
			</header>
			<p>{sentence(m, axis)}</p>
			{m.kind !== "household" && (
				<div class="ct-axis" role="img" aria-label={spoken(axis, mine, theirs)}>
					<Track name={mine} bar={axis.mine} together={axis.together} apart={axis.apart !== null} />
					<Track name={theirs} bar={axis.theirs} together={axis.together} apart={axis.apart !== null} />
					<div class="ct-ticks">
						{axis.ticks.filter(inside).map((tick) => (
							<span key={tick.text} style={{ left: `${100 * tick.left}%` }}>
								{tick.text}
							</span>
						))}
					</div>
				</div>
			)}
			<Gates meeting={m} />
		</li>
	);
}

function Doubts({ meeting: m }: { meeting: Meeting }) {
	const list = (["inferred", "open", "unknown"] as const).filter((d) => (d === "unknown" ? m.unknown_start : m[d]));
	return (
		<>
			{list.map((d) => (
				<Chip key={d} tone="care">
					{t(doubtWords[d])}
				</Chip>
			))}
		</>
	);
}

/** The meeting in one sentence, with what is doubtful about it. */
function sentence(m: Meeting, axis: Axis): string {
	const doubts = (["inferred", "open", "unknown"] as const).filter((d) => (d === "unknown" ? m.unknown_start : m[d]));
	const doubt = doubts.map((d) => t({ zh: `。${doubtWords[d].long.zh}`, en: `; ${doubtWords[d].long.en}` })).join("");
	switch (m.kind) {
		case "household":
			return t({ zh: `同住一户，${span(axis)}`, en: `They live in one household, ${span(axis)}` });
		case "venue":
			return (
				t({
					zh: `同时在场 ${m.minutes} 分钟（${clockTime(axis.together.from)} – ${clockTime(axis.together.to)}）`,
					en: `${m.minutes} minutes there together (${clockTime(axis.together.from)} – ${clockTime(axis.together.to)})`,
				}) + doubt
			);
		default: {
			const how = t(kindWords[m.kind].long);
			return t({ zh: `${how}，相隔 ${axis.apart} 秒`, en: `They ${how}, ${axis.apart} s apart` });
		}
	}
}

const span = (axis: Axis) => spanText(axis.together.from, axis.together.to);

/** The picture in words. */
function spoken(axis: Axis, mine: string, theirs: string): string {
	const bar = (b: Bar) => (b.from === b.to ? clockTimeSeconds(b.from) : `${clockTime(b.from)} – ${clockTime(b.to)}`);
	return `${mine} ${bar(axis.mine)}; ${theirs} ${bar(axis.theirs)}`;
}

/** Its label has room. */
const inside = (tick: { left: number }) => tick.left > 0.03 && tick.left < 0.97;

const percent = (n: number) => `${(100 * n).toFixed(2)}%`;

function Track({ name, bar, together, apart }: { name: string; bar: Bar; together: Bar; apart: boolean }) {
	return (
		<div class="ct-track">
			<span class="ct-name">{name}</span>
			<div>
				{!apart && <i class="ct-together" style={{ left: percent(together.left), width: percent(together.width) }} />}
				<i class={`ct-bar ct-r-${bar.ragged}`} style={{ left: percent(bar.left), width: percent(bar.width) }} />
			</div>
		</div>
	);
}

/** The gates of the meeting, each with the way to what passed it around that time. */
function Gates({ meeting: m }: { meeting: Meeting }) {
	if (m.kind === "household") {
		return null;
	}
	const passages = [m.mine, m.theirs].filter((p) => p !== undefined);
	const codes = passages.length
		? [...new Set(passages.map((p) => p.gate))]
		: gates.value.filter((g) => g.site === m.site).map((g) => g.code);
	const query = { from: wire(Date.parse(m.from) - AROUND), to: wire(Date.parse(m.to) + AROUND) };
	return (
		<p class="ct-gates">
			{passages.map((p, i) => (
				<span key={i === 0 ? "mine" : "theirs"}>
					{clockTimeSeconds(Date.parse(p.at))} {wordOf(directions, p.direction)} {wordOf(decisions, p.decision)}
				</span>
			))}
			{codes.map((code) => (
				<a key={code} href={href(["gates", code], query)}>
					{t({ zh: `${gateName(code)} 前后记录`, en: `${gateName(code)} around then` })}
				</a>
			))}
		</p>
	);
}
