// Words of the timeline: what its marks mean.
import { flagWord, gateName, reasonWord } from "../../desk/town";
import { decisions, directions, wordOf } from "../../desk/words";
import { type Text, t } from "../../shared/i18n";
import { clockTime, dayAndTime, localDay } from "../../shared/time";
import { span } from "../gates/passage";
import type { Bar, Mark } from "./lanes";
import type { Explanation, Stay, TrailEvent } from "./types";

export const markWords: Record<Mark | "degraded", Text & { letter: Text }> = {
	inferred: { zh: "离开时间为推定", en: "the end is inferred", letter: { zh: "推", en: "I" } },
	unknown_start: { zh: "何时进入不明", en: "since when is not known", letter: { zh: "始", en: "S" } },
	reentry: { zh: "在场内又进入", en: "entered again while inside", letter: { zh: "重", en: "R" } },
	late: { zh: "事后补传", en: "uploaded later", letter: { zh: "迟", en: "L" } },
	conflict: { zh: "记录有矛盾", en: "records contradict", letter: { zh: "矛", en: "C" } },
	degraded: { zh: "断网时由设备自行判定", en: "told by the device without the server", letter: { zh: "断", en: "O" } },
};

export const letters = (marks: readonly (Mark | "degraded")[]) => marks.map((m) => t(markWords[m].letter)).join("");

/** The rules behind a stay's marks, in the server's words. */
export function whyOf(stay: Stay, explained: readonly Explanation[]): string[] {
	const zh = t({ zh: "zh", en: "en" }) as "zh" | "en";
	return explained.filter((x) => stay.why.includes(x.code)).map((x) => x[zh]);
}

/** "02-11 08:10 – 17:32", with what is not known said. */
export function stayTimes(stay: Stay): string {
	const from = Date.parse(stay.from);
	const began = stay.unknown_start ? t({ zh: "？", en: "? " }) : dayAndTime(from);
	if (stay.to === null) {
		return t({ zh: `${began} 起，未离开`, en: `since ${began}, still there` });
	}
	const to = Date.parse(stay.to);
	const ended = localDay(from) === localDay(to) && !stay.unknown_start ? clockTime(to) : dayAndTime(to);
	return `${began} – ${stay.inferred ? t({ zh: "约 ", en: "about " }) : ""}${ended}`;
}

/** A stay in one sentence, for who hears it. */
export function stayText(name: string, stay: Stay, bar: Bar, explained: readonly Explanation[]): string {
	const length = stay.unknown_start ? "" : `, ${span(bar.to - bar.from)}`;
	return [`${name}: ${stayTimes(stay)}${length}`, ...whyOf(stay, explained)].join("\n");
}

/** A passage in one sentence. */
export function eventText(event: TrailEvent): string {
	const refused = event.decision !== "pass";
	const said = `${wordOf(directions, event.direction)} · ${wordOf(decisions, event.decision)}`;
	return [
		`${dayAndTime(Date.parse(event.occurred_at))} ${gateName(event.gate)} ${said}`,
		refused ? reasonWord(event.reason) : "",
		event.temperature === null ? "" : `${event.temperature.toFixed(1)} °C`,
		event.flags.map(flagWord).join(t({ zh: "、", en: ", " })),
		event.person ? t({ zh: `登记为 ${event.person.name_masked}`, en: `recorded as ${event.person.name_masked}` }) : "",
	]
		.filter((line) => line !== "")
		.join("\n");
}
