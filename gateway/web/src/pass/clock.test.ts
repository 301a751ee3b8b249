import { expect, test } from "vitest";
import { jump } from "../shared/clock";
import { type Clock, clockTrouble, serverTime } from "./clock";

const NOW = Date.parse("2026-11-24T08:00:00Z");
const MINUTE = 60_000;

test("a phone that is eight minutes fast shows the pass of the server's time, and says so", () => {
	const clock: Clock = { offset: 8 * MINUTE, known: "right", heardAt: NOW };
	expect(serverTime(clock, NOW + 8 * MINUTE)).toBe(NOW);
	expect(clockTrouble(clock, NOW + 8 * MINUTE)).toBe("off");
});

test("a minute is nothing to speak of", () => {
	expect(clockTrouble({ offset: -MINUTE, known: "right", heardAt: NOW }, NOW - MINUTE)).toBe("");
});

test("without a network a clock that was set back since is found out", () => {
	const kept: Clock = { offset: 0, known: "kept", heardAt: NOW };
	expect(clockTrouble(kept, NOW - 30 * MINUTE)).toBe("moved");
	expect(clockTrouble(kept, NOW + 30 * MINUTE)).toBe("");
});

test("a clock that is set while the page is open is found out", () => {
	expect(jump({ wall: NOW, run: 1_000 }, { wall: NOW + 1_000, run: 2_000 })).toBe(0);
	expect(jump({ wall: NOW, run: 1_000 }, { wall: NOW + 60 * MINUTE, run: 1_000 })).toBe(60 * MINUTE);
	expect(jump({ wall: NOW, run: 1_000 }, { wall: NOW - 60 * MINUTE, run: 1_000 })).toBe(-60 * MINUTE);
});
