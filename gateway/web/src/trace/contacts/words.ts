// Words of contacts: kinds, hops, what an answer leaves out and what to do about it.

import { siteName } from "../../desk/town";
import { type Text, t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import type { Cut, Kind } from "./types";

/** How two people met, in a word and in a sentence. */
export const kindWords: Record<Kind, Text & { long: Text }> = {
	household: { zh: "同户", en: "Home", long: { zh: "同住一户", en: "live in one household" } },
	vehicle: { zh: "同车", en: "Car", long: { zh: "乘同一辆车过门", en: "came in one vehicle" } },
	venue: {
		zh: "同场所",
		en: "Place",
		long: { zh: "同一场所内停留时间重叠", en: "were at one place at the same time" },
	},
	gate: {
		zh: "同门",
		en: "Gate",
		long: { zh: "前后脚经过同一卡口", en: "passed one gate shortly after each other" },
	},
};

/** "1 层" of a hop: how many meetings away. */
export function hopWord(hop: number): string {
	return hop === 1
		? t({ zh: "密接", en: "Contact" })
		: hop === 2
			? t({ zh: "次密接", en: "2nd hop" })
			: t({ zh: `第 ${hop} 层`, en: `Hop ${hop}` });
}

/** What was left out, and the way to have it. */
export function cutWord(cut: Cut): { what: string; todo: string } {
	const of = cut.of > 0 ? t({ zh: `，共 ${cut.of}`, en: ` of ${cut.of}` }) : "";
	switch (cut.kind) {
		case "days":
			return {
				what: t({
					zh: `病例期间共 ${cut.of} 天，本案件一次只能查 ${cut.at} 天，只查了最近的`,
					en: `The case's period has ${cut.of} days; only the latest ${cut.at} that the case allows were looked at`,
				}),
				todo: t({ zh: "分段查询，或申请放宽天数", en: "Ask in parts, or ask for more days" }),
			};
		case "people":
			return {
				what: t({
					zh: `第 ${cut.hop} 层只从前 ${cut.at} 人往外查${of} 人`,
					en: `Hop ${cut.hop} was followed from the first ${cut.at}${of} people only`,
				}),
				todo: t({
					zh: "多展开一些人，或提高同场最少分钟数、缩短期间",
					en: "Follow more people, ask for a longer time together, or a shorter period",
				}),
			};
		case "time":
			return {
				what: t({
					zh: `时间到了，第 ${cut.hop} 层只查了前 ${cut.at} 人${of} 人`,
					en: `Time was up: hop ${cut.hop} was followed from ${cut.at}${of} people`,
				}),
				todo: t({
					zh: "缩短期间或提高同场最少分钟数后再查",
					en: "Ask about a shorter period, or a longer time together",
				}),
			};
		case "crowd":
			return {
				what: t({
					zh: `第 ${cut.hop} 层同时在场的人太多，只看了同场可能最久的 ${cut.at} 人${of} 人`,
					en: `At hop ${cut.hop} too many people were there at once: the ${cut.at}${of} who can have been there longest were looked at`,
				}),
				todo: t({ zh: "把期间分成几段分别查询", en: "Ask about the period in parts" }),
			};
		case "venue":
			return {
				what: t({
					zh: `${siteName(cut.site)} 的通行记录超过 ${cut.at} 条，没有查这个场所`,
					en: `${siteName(cut.site)} has more than ${cut.at} passages and was left out`,
				}),
				todo: t({ zh: "缩短期间，或到卡口时段里查这个场所", en: "Ask about a shorter period, or look at its gates" }),
			};
		case "listing":
			return {
				what: t({
					zh: `只列出排在前面的 ${cut.at} 人${of} 人`,
					en: `Only the first ${cut.at}${of} contacts are listed`,
				}),
				todo: t({ zh: "列出更多，或提高同场最少分钟数", en: "List more, or ask for a longer time together" }),
			};
	}
}

/** What doubts a meeting, if anything does. */
export const doubtWords = {
	inferred: {
		zh: "推定",
		en: "Inferred",
		long: {
			zh: "有一方没有出门记录，结束时间按规则推定，实际可能更短",
			en: "one exit was not recorded but concluded: the time can be shorter",
		},
	},
	open: {
		zh: "仍在场",
		en: "Still there",
		long: { zh: "期间结束时有一方还没有离开", en: "one of the two had not left at the end of the period" },
	},
	unknown: {
		zh: "未见进门",
		en: "Entry unseen",
		long: { zh: "有一方只有出门记录，实际可能更长", en: "of one only the exit was recorded: the time can be longer" },
	},
} satisfies Record<string, Text & { long: Text }>;

/** "11-25 11:35 – 12:23", with the day of the end if it is another. Times are UTC ms. */
export function spanText(from: number, to: number): string {
	const [first, last] = [dayAndTime(from), dayAndTime(to)];
	return `${first} – ${last.startsWith(first.slice(0, 5)) ? last.slice(6) : last}`;
}
