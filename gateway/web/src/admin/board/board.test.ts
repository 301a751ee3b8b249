import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { actionWords } from "./auditwords";
import { eventCutter, type ServerEvent } from "./events";
import { byTrouble, nothing, sum, told } from "./state";
import type { BoardGate } from "./types";

const none = { in: 0, out: 0, denied: 0, fevers: 0 };

function gate(code: string, more: Partial<BoardGate> = {}): BoardGate {
	return {
		gate: code,
		name: code,
		site: `site of ${code}`,
		site_name: "",
		area: "A1",
		state: "open",
		troubles: [],
		today: none,
		hour: none,
		five: none,
		passed: [],
		refused: [],
		last_at: null,
		usual: null,
		inside: 0,
		capacity: 0,
		devices: 1,
		on_shift: 1,
		contact_at: null,
		...more,
	};
}

describe("a stream of events", () => {
	it("is the same in whatever pieces it comes", () => {
		const text = 'event: beat\ndata: {"now":1}\n\nevent: gates\ndata: {"at":"乙"}\n\n';
		for (const size of [1, 2, 7, text.length]) {
			const seen: ServerEvent[] = [];
			const cut = eventCutter((e) => seen.push(e));
			for (let i = 0; i < text.length; i += size) {
				cut(text.slice(i, i + size));
			}
			expect(seen).toEqual([
				{ name: "beat", data: '{"now":1}' },
				{ name: "gates", data: '{"at":"乙"}' },
			]);
		}
	});
});

describe("the board", () => {
	const at = "2026-11-24T00:00:00.000Z";
	const denial = { gate: "G1", at, direction: "in", reason: "revoked" };
	const first = told(nothing, "snapshot", {
		at,
		areas: [{ area: "A1", name: "一管区" }],
		gates: [gate("G1"), gate("G2"), gate("G3", { troubles: ["closed"], state: "closed" })],
		denials: [denial],
	});

	it("changes what a change names, and a new snapshot replaces all but alarms", () => {
		const alarm = { id: "a", kind: "fever", level: "urgent", text: { zh: "", en: "" }, opened_at: at };
		let now = told(first, "gates", { at: "2026-11-24T00:00:01.000Z", gates: [gate("G2", { inside: 7 })] });
		expect([now.at - first.at, now.gates.get("G2")?.inside, now.gates.get("G1")?.inside]).toEqual([1000, 7, 0]);
		now = told(told(now, "alarm", alarm), "denial", { ...denial, at: "2026-11-24T00:00:02.000Z" });
		expect(now.news.length).toBe(3);
		now = told(now, "snapshot", { at, areas: [], gates: [gate("G9")], denials: [] });
		expect([[...now.gates.keys()], now.news.map((n) => "alarm" in n)]).toEqual([["G9"], [true]]);
		expect(told(now, "something new", {})).toBe(now);
	});

	it("puts the gravest first, and the rest in an order that counts do not change", () => {
		const gates = [
			gate("Z"),
			gate("B", { state: "closed" }),
			gate("D", { troubles: ["closed"] }),
			gate("C", { troubles: ["silent"] }),
			gate("A"),
		];
		expect(byTrouble(gates).map((g) => g.gate)).toEqual(["C", "D", "A", "Z", "B"]);
	});

	it("counts who is inside a site with two gates once", () => {
		const two = [
			gate("M1", { site: "ML", inside: 5, today: { ...none, in: 2 } }),
			gate("M2", { site: "ML", inside: 5 }),
		];
		expect(sum(two)).toMatchObject({ gates: 2, open: 2, inside: 5, today: { in: 2 } });
	});
});

// Whoever adds a route that staff call adds its words to auditwords.ts.
describe("actions of the audit", () => {
	it("have words, all that the contract knows", () => {
		const contract = readFileSync(join(import.meta.dirname, "../../../../openapi.yaml"), "utf8");
		const paths = contract.slice(contract.indexOf("\npaths:"), contract.indexOf("\ncomponents:"));
		let path = "";
		const unknown: string[] = [];
		let count = 0;
		for (const line of paths.split("\n")) {
			path = /^ {2}(\/\S*):$/.exec(line)?.[1] ?? path;
			const method = /^ {4}(get|post|put|delete):$/.exec(line)?.[1]?.toUpperCase();
			if (method && path.startsWith("/v1/") && !path.startsWith("/v1/my/")) {
				count++;
				const action = `${method} ${path.replace(/\{(\w+)\}/g, ":$1")}`;
				if (!actionWords(action).known) {
					unknown.push(action);
				}
			}
		}
		expect(unknown).toEqual([]);
		expect(count).toBeGreaterThan(150);
		expect(actionWords("GET /v1/residents/:id/trajectory").zh).toBe("居民：查询活动轨迹");
		expect(actionWords("swept").known).toBe(false);
	});
});
