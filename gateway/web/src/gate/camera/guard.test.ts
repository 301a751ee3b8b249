import { describe, expect, it } from "vitest";
import { Guard } from "./guard";

describe("the guard against scanning twice", () => {
	it("tells a code once while it stays in view, however long", () => {
		const guard = new Guard();
		expect(guard.fresh(["A"], 0)).toEqual(["A"]);
		for (let at = 100; at < 20_000; at += 100) {
			expect(guard.fresh(["A"], at)).toEqual([]);
		}
	});

	it("tells it again once it was away for more than 3 s, not after a short gap", () => {
		const guard = new Guard();
		guard.fresh(["A"], 0);
		expect(guard.fresh([], 1000)).toEqual([]);
		expect(guard.fresh(["A"], 2900)).toEqual([]);
		expect(guard.fresh(["A"], 5900)).toEqual([]);
		expect(guard.fresh(["A"], 8901)).toEqual(["A"]);
	});

	it("tells the codes of a car as they come into view", () => {
		const guard = new Guard();
		expect(guard.fresh(["A", "B"], 0)).toEqual(["A", "B"]);
		expect(guard.fresh(["B", "C", "A"], 50)).toEqual(["C"]);
	});

	it("does not tell a code again that is still held up when a verdict is put away", () => {
		const guard = new Guard();
		guard.fresh(["A"], 0);
		guard.pause(100);
		guard.resume(8100);
		expect(guard.fresh(["A", "B"], 8200)).toEqual(["B"]);
	});

	it("does tell it after a long pause: that is somebody who came back", () => {
		const guard = new Guard();
		guard.fresh(["A"], 0);
		guard.pause(100);
		guard.resume(60_000);
		expect(guard.fresh(["A"], 60_100)).toEqual(["A"]);
	});

	it("forgets when asked", () => {
		const guard = new Guard();
		guard.fresh(["A"], 0);
		guard.forget();
		expect(guard.fresh(["A"], 10)).toEqual(["A"]);
	});
});
