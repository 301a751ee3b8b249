// Gathers what this phone knows of a passage and has it decided.
import type { Subject } from "../types";
import type { Core } from "./core";
import { decide, type Ruling, type Who } from "./decide";
import { type Frozen, PASS_CHARS } from "./frozen";
import type { Known } from "./kept";
import { ofSite, type Pass, type PassCheck, validAt, verifyPass } from "./pass";
import { keyOf, permitOf, recall, waitingOf } from "./people";
import { isRevoked } from "./revocations";
import { rulesAt } from "./rules";

/** A ruling and whom it is about, as far as the phone can tell. */
export interface Ruled {
	ruling: Ruling;
	key: string;
	known: Known;
	own: boolean | null;
}

/** Checks a code by the synced keys; anything else has none. */
export async function passOf(core: Core, subject: Subject): Promise<PassCheck> {
	return "pass" in subject ? verifyPass(subject.pass.slice(0, PASS_CHARS), core.keys) : { refusal: "malformed" };
}

/** Decides a passage by what is on this phone. */
export async function rule(core: Core, frozen: Frozen): Promise<Ruled> {
	const { input, at } = frozen;
	const { sync } = core;
	const code = await passOf(core, input.subject);
	if (code.pass?.kind === "a" && validAt(code.pass, at) === "") {
		core.clock.shown(code.pass.notBefore * 1000);
	}
	const key = keyOf(input.subject, code.pass ?? null, core.siteKey);
	const known = await recall(core.store, key);
	const own = ownOf(core, input.subject, code.pass, known);
	const rules = sync && rulesAt(sync.rules, at);
	const before = input.remeasureOf ? await core.store.scan(input.remeasureOf).catch(() => undefined) : undefined;
	const first = before?.keys[0] ? await recall(core.store, before.keys[0]) : known;
	const ruling = decide({
		at,
		direction: input.direction,
		who: whoOf(core, input.subject, code, at),
		own,
		residential: sync?.site.residential ?? true,
		rules,
		table: sync?.table ?? null,
		stale: core.stale,
		pastLimit: sync?.past_limit ?? "refuse",
		permit: permitOf(known, at),
		temperature: input.temperature,
		waiting: waitingOf(first, at, (rules?.remeasure_minutes ?? 0) * 60_000, input.remeasureOf),
		fever: known.fever ?? false,
		last: known.last ?? null,
		plate: (input.plate ?? "") !== "",
		disinfected: input.vehicleDisinfected ?? false,
		override: input.override !== undefined,
	});
	return { ruling, key, known, own };
}

function whoOf(core: Core, subject: Subject, { pass, refusal }: PassCheck, at: number): Who {
	if (pass) {
		return { by: "pass", kind: pass.kind, time: validAt(pass, at), revoked: isRevoked(core.list, pass.jti) };
	}
	if ("pass" in subject) {
		return { by: "refused", reason: refusal ?? "malformed" };
	}
	if ("resident" in subject) {
		return { by: "resident" };
	}
	return { by: "id_document" in subject ? "id_document" : "walk_in" in subject ? "walk_in" : "nobody" };
}

/** Whether somebody lives here: by the code's z, or as the server said before. */
function ownOf(core: Core, subject: Subject, pass: Pass | undefined, known: Known): boolean | null {
	if (pass && core.siteKey.length > 0) {
		return pass.kind !== "v" && ofSite(pass, core.siteKey);
	}
	return "walk_in" in subject ? false : (known.own ?? null);
}
