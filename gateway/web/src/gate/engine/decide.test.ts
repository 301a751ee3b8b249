import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decide, type Question, type Who } from "./decide";
import type { Known } from "./kept";
import { remember, waitingOf } from "./people";
import { RULES, syncOf } from "./testgate";
import { colorOf, fromRuling } from "./verdicts";
import type { Cell, Sync, WireRules } from "./wire";

interface Passage {
	at: number;
	direction: "in" | "out";
	void?: "expired" | "not_yet_valid" | "revoked";
	temperature: number | null;
	plate?: boolean;
	disinfected?: boolean;
	override?: boolean;
	want: Cell;
}

interface Site {
	residential: boolean;
	rules: WireRules;
	table: Sync["table"];
}

interface Person {
	site: number; // place among the sites
	own: boolean;
	by: "pass" | "resident" | "walk_in";
	scans: Passage[];
}

const file = new URL("./testdata/passages.jsonl", import.meta.url);

describe("a phone on its own", () => {
	// The file is written by a test of the server's script (checkpoint/passages_test.go).
	const lines = readFileSync(file, "utf8").trim().split("\n");
	const all = lines.map((line) => JSON.parse(line) as Site | Person);
	const sites = all.filter((line): line is Site => "rules" in line);
	const people = all.filter((line): line is Person => "scans" in line);

	it.each(people.map((p, i) => [i, p] as const))("decides as the server does: person %i", (_, person) => {
		const site = sites[person.site] as Site;
		let known: Known = { key: "r:1", at: 0 };
		for (const scan of person.scans) {
			const who: Who =
				person.by === "pass"
					? {
							by: "pass",
							kind: "p",
							time: scan.void === "revoked" ? "" : (scan.void ?? ""),
							revoked: scan.void === "revoked",
						}
					: { by: person.by };
			const { at, direction } = scan;
			const ruling = decide({
				at,
				direction,
				who,
				own: person.own,
				residential: site.residential,
				rules: site.rules,
				table: site.table,
				stale: false,
				pastLimit: "refuse",
				permit: false,
				temperature: scan.temperature ?? undefined,
				waiting: waitingOf(known, at, site.rules.remeasure_minutes * 60_000),
				fever: known.fever ?? false,
				last: known.last ?? null,
				plate: scan.plate ?? false,
				disinfected: scan.disinfected ?? false,
				override: scan.override ?? false,
			});
			const { decision, reason, action, flags } = ruling;
			const want = { ...scan.want, flags: [...scan.want.flags].sort() };
			expect({ decision, reason, action, flags: [...flags].sort() }, JSON.stringify(scan)).toEqual(want);
			const input = { subject: { resident: "1" }, direction };
			const around = { sync: null, clockUnknown: false };
			const verdict = fromRuling("x", at, input, ruling, known, person.own, around);
			known = remember(known, "r:1", verdict, ruling)[0] as Known;
		}
	});
});

/** Numbers that are the same each time. */
function chance(seed: number): <T>(...of: T[]) => T {
	let state = seed;
	return (...of) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return of[Math.floor((state / 2 ** 32) * of.length)] as never;
	};
}

function anyQuestion(pick: ReturnType<typeof chance>): Question {
	const strict = ["off", "warn", "deny"] as const;
	const mall = pick(true, false);
	const table = syncOf().table;
	const who = pick<Who>(
		{ by: "pass", kind: "a", time: "", revoked: false },
		{ by: "pass", kind: "p", time: pick("expired", "not_yet_valid"), revoked: false },
		{ by: "pass", kind: "v", time: "", revoked: pick(true, false) },
		{ by: "refused", reason: pick("malformed", "not_our_pass", "unknown_key", "bad_signature") },
		{ by: "resident" },
		{ by: "id_document" },
		{ by: "walk_in" },
		{ by: "nobody" },
	);
	const stranger = who.by === "walk_in" || (who.by === "pass" && who.kind === "v");
	return {
		at: Date.UTC(2026, 10, 24, pick(0, 6, 12, 18), pick(0, 29, 59)),
		direction: pick("in", "out"),
		who,
		own: stranger ? false : pick(true, false, null),
		residential: !mall,
		rules: pick<WireRules | null>(null, {
			...RULES,
			closed: pick(true, false, false),
			residents_only: pick(true, false),
			opens_at: pick("", "08:00"),
			closes_at: pick("12:00", "02:00"),
			temperature_on: pick("in", "out", "both", "none"),
			low_again: pick(...strict),
			anti_passback: pick(...strict),
			disinfection: pick(true, false),
		}),
		table: pick(null, mall ? { own: table.own, other: table.own } : table, table),
		stale: pick(true, false),
		pastLimit: pick("refuse", "enter"),
		permit: pick(true, false),
		temperature: pick(undefined, 34.9, 35, 36.5, 37.2, 37.3, 39),
		waiting: pick("", "h", "l"),
		fever: pick(false, false, true),
		last: pick(null, { way: pick("in", "out", "left"), at: Date.UTC(2026, 10, 23) }),
		plate: pick(true, false),
		disinfected: pick(true, false),
		override: pick(true, false, false),
	};
}

describe("whatever is asked", () => {
	const pick = chance(20261124);
	const asked = Array.from({ length: 20_000 }, () => anyQuestion(pick));
	const good = (w: Who) => w.by === "resident" || (w.by === "pass" && w.kind !== "v" && w.time === "" && !w.revoked);
	/** The first question for which a rule does not hold. */
	const broken = (holds: (q: Question) => boolean, of = asked) => {
		expect(of.length).toBeGreaterThan(100);
		return of.find((q) => !holds(q));
	};

	it("an emergency passes, and the reason tells what was passed over", () => {
		const holds = (q: Question) => {
			const [emergency, plain] = [decide({ ...q, override: true }), decide({ ...q, override: false })];
			return emergency.decision === "pass" && emergency.reason === plain.reason && colorOf(emergency) === "yellow";
		};
		expect(broken(holds)).toBeUndefined();
	});

	it("nobody is locked out of their home but for a reading or the car's disinfection", () => {
		const may = ["fever", "remeasure", "temperature_low", "temperature_required", "disinfection_required"];
		const home = asked.filter((q) => q.own === true && q.direction === "in" && good(q.who));
		const holds = (q: Question) => {
			const r = decide(q);
			return (
				r.decision === "pass" || (may.includes(r.reason) && !(r.decision === "deny" && r.reason === "temperature_low"))
			);
		};
		expect(broken(holds, home)).toBeUndefined();
	});

	it("past the limit only the entry of others is refused, and every pass is grey", () => {
		const holds = (q: Question) => {
			const r = decide(q);
			const refused = r.reason !== "cut_off" || (q.direction === "in" && q.own !== true);
			return refused && (!q.stale || r.decision !== "pass" || q.override || colorOf(r) === "grey");
		};
		expect(broken(holds)).toBeUndefined();
	});

	it("green and yellow are passes of which the phone is sure, or emergencies", () => {
		const holds = (q: Question) => {
			const r = decide(q);
			return !["green", "yellow"].includes(colorOf(r)) || (r.decision === "pass" && (!r.unsure || q.override));
		};
		expect(broken(holds)).toBeUndefined();
	});

	it("a second high reading holds, whoever it is", () => {
		const people = asked.filter((q) => q.rules !== null && q.who.by !== "refused" && q.who.by !== "nobody");
		const holds = (q: Question) => {
			const r = decide({ ...q, temperature: 38, waiting: "h", override: false });
			return r.action === "hold_here" && r.flags.includes("temperature_high") && r.fever && colorOf(r) !== "green";
		};
		expect(broken(holds, people)).toBeUndefined();
	});

	it("the same question has the same answer, and is not changed", () => {
		for (const q of asked.slice(0, 500)) {
			const before = structuredClone(q);
			expect(decide(q)).toEqual(decide(before));
			expect(q).toEqual(before);
		}
	});
});

describe("a visitor's permit that this phone has seen", () => {
	const q: Question = {
		...anyQuestion(chance(1)),
		direction: "in",
		who: { by: "pass", kind: "v", time: "", revoked: false },
		own: false,
		residential: true,
		rules: RULES,
		table: syncOf().table,
		stale: false,
		temperature: 36.5,
		waiting: "",
		fever: false,
		last: null,
		plate: false,
		override: false,
	};

	it("lets the visitor in; without it the guard checks by eye", () => {
		expect(colorOf(decide({ ...q, permit: true }))).toBe("green");
		const unknown = decide({ ...q, permit: false });
		expect([unknown.decision, unknown.reason, colorOf(unknown)]).toEqual(["deny", "outsider", "grey"]);
	});

	it("does not help while the site is for residents only", () => {
		const r = decide({ ...q, permit: true, rules: { ...RULES, residents_only: true } });
		expect([r.decision, r.reason]).toEqual(["deny", "outsider"]);
	});
});
