// From an answer, the server's or this phone's own, to what the screen shows.
import type { Color, Direction, ScanInput, Text, Trouble, Verdict } from "../types";
import type { Ruling } from "./decide";
import type { Known } from "./kept";
import { rulesAt } from "./rules";
import type { Sync, WireResult } from "./wire";

/** What a verdict takes from the synced data. */
export interface Surroundings {
	sync: Sync | null;
	/** The clock was never measured: what looks expired may not be. */
	clockUnknown: boolean;
}

/** Flags that are about the record, not about the person: they turn nothing yellow. */
const ABOUT_THE_RECORD = ["late", "conflict", "degraded"];

/** The colour, as the server derives it; grey where the phone knows too little. */
export function colorOf(r: Pick<Ruling, "decision" | "reason" | "flags" | "unsure">): Color {
	const guess = r.decision === "pass" || ["cut_off", "outsider", "unknown_key", "revoked"].includes(r.reason);
	if (r.unsure && guess && !r.flags.includes("override")) {
		return "grey";
	}
	if (r.decision !== "pass") {
		return "red";
	}
	return r.flags.some((f) => !ABOUT_THE_RECORD.includes(f)) ? "yellow" : "green";
}

/** The words for a reason: the server's as they were synced, else the wire name. */
export function wordsOf(reason: string, sync: Sync | null): Text {
	const row = sync?.reasons.find((r) => r.reason === reason);
	return row ? { zh: row.zh, en: row.en } : (FALLBACK[reason] ?? { zh: reason, en: reason });
}

/** The few reasons that a phone can give without ever having been synced. */
const FALLBACK: Record<string, Text> = {
	device_revoked: { zh: "本设备已停用", en: "This device is revoked" },
	cut_off: { zh: "与中心断联过久，暂停进入，请稍候", en: "Cut off for too long: nobody enters, please wait" },
	unknown_key: { zh: "通行码的密钥未知，请联网更新", en: "Signed by an unknown key, update this device" },
	ok: { zh: "通行", en: "Go" },
};

/** The verdict of a server's answer. */
export function fromServer(r: WireResult, direction: Direction, around: Surroundings): Verdict {
	const { sync } = around;
	const v: Verdict = {
		id: r.id,
		occurredAt: Date.parse(r.occurred_at),
		direction,
		decision: r.decision,
		reason: r.reason,
		color: r.color,
		action: r.action,
		text: r.text,
		flags: r.flags,
		person: r.person && {
			id: r.person.id,
			nameMasked: r.person.name_masked,
			kind: r.person.kind,
			own: sync ? r.person.home === sync.site.code : null,
		},
		by: r.degraded ? "degraded" : "server",
		duplicate: r.duplicate,
	};
	if (r.permit) {
		v.permit = { number: r.permit.number, until: Date.parse(r.permit.until), entriesLeft: r.permit.entries_left };
	}
	return finish(v, around, r.call);
}

/** The verdict of this phone. */
export function fromRuling(
	id: string,
	at: number,
	input: ScanInput,
	r: Ruling,
	known: Known,
	own: boolean | null,
	around: Surroundings,
): Verdict {
	const person = known.key.startsWith("r:") ? { id: known.key.slice(2), nameMasked: known.nameMasked ?? "" } : null;
	const v: Verdict = {
		id,
		occurredAt: at,
		direction: input.direction,
		decision: r.decision,
		reason: r.reason,
		color: colorOf(r),
		action: r.action,
		text: wordsOf(r.reason, around.sync),
		flags: r.flags,
		person: person && { ...person, kind: "", own },
		by: "offline",
		duplicate: false,
	};
	return finish(v, around);
}

function finish(v: Verdict, around: Surroundings, call = around.sync?.call): Verdict {
	if ((v.color === "red" || v.color === "grey" || v.action === "hold_here") && call) {
		v.call = call;
	}
	const rules = around.sync && rulesAt(around.sync.rules, v.occurredAt);
	const again = v.reason === "temperature_low" || v.flags.includes("temperature_high");
	if (rules && v.action === "measure_again" && again) {
		v.remeasureUntil = v.occurredAt + rules.remeasure_minutes * 60_000;
	}
	const trouble = troubleOf(v, around.clockUnknown);
	if (trouble) {
		v.trouble = trouble;
	}
	return v;
}

/**
 * The screen of its own that a refusal of a code gets, unless something more urgent
 * than the code is to be said about the person.
 */
function troubleOf(v: Verdict, clockUnknown: boolean): Trouble | undefined {
	if (v.decision !== "deny" || (v.action !== "register" && v.action !== "send_back")) {
		return undefined;
	}
	const offline = v.by === "offline";
	switch (v.reason) {
		case "expired":
			return offline && clockUnknown ? "clock_wrong" : "expired";
		case "not_yet_valid":
			return offline && clockUnknown ? "clock_wrong" : undefined;
		case "revoked":
			return v.color === "grey" ? undefined : "revoked";
		case "not_our_pass":
			return "not_our_code";
		case "unknown_key": // the server has all keys: then it is nobody's key of ours
			return offline ? "keys_stale" : "not_our_code";
	}
	return undefined;
}
