// The rules of the site that are in force at a time, and its opening hours.
import { clockTime } from "../../shared/time";
import type { WireRules } from "./wire";

/**
 * The rules in force at a time (UTC ms): of those that were synced the one whose span
 * holds it; past the last span the last ones, before the first the first ones. null
 * without any.
 */
export function rulesAt(rules: readonly WireRules[], at: number): WireRules | null {
	let best: WireRules | null = rules[0] ?? null;
	for (const r of rules) {
		if (r.from === null || Date.parse(r.from) <= at) {
			best = r;
		}
	}
	return best;
}

/** Whether a time (UTC ms) lies in the site's hours, which may cross midnight. */
export function openAt(rules: WireRules, at: number): boolean {
	const { opens_at: opens, closes_at: closes } = rules;
	if (opens === "") {
		return true;
	}
	const now = clockTime(at);
	return opens <= closes ? opens <= now && now < closes : now >= opens || now < closes;
}

export function needsTemperature(rules: WireRules, direction: "in" | "out"): boolean {
	return rules.temperature_on === "both" || rules.temperature_on === direction;
}
