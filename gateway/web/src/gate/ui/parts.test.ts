import { describe, expect, it } from "vitest";
import { ApiError } from "../../shared/api";
import type { Verdict } from "../types";
import { car, missing, newCar, riderInputs } from "./car";
import { sortCodes } from "./codes";
import { nextKeys, provinceOf, whole } from "./plate";
import { problemText } from "./problems";
import { level, mayType, strip, typedReading } from "./temperature";

describe("codes", () => {
	it("are told apart by their form", () => {
		const c = sortCodes(["PG1:AB C", "PG1:AB C", "eyJh.eyJz.c2ln", "https://pay.example/x"]);
		expect(c.passes).toEqual(["PG1:AB C", "eyJh.eyJz.c2ln"]);
		expect(c.foreign).toBe("https://pay.example/x");
		expect(sortCodes(["PGE1-ABC"]).enrol).toBe("PGE1-ABC");
		expect(sortCodes(["PGB1-ABC"]).badge).toBe("PGB1-ABC");
		expect(sortCodes(["PGL1-g1-20200205-3-x"]).page).toBe("PGL1-g1-20200205-3-x");
		expect(sortCodes(["https://h.example/pass#a=PGH1-AAAA-BBBB-CCCC"])).toMatchObject({ household: true, foreign: "" });
	});
});

describe("a temperature", () => {
	it("keeps its keys in place unless the usual readings have moved", () => {
		expect(strip([], 373)[0]).toBe(360);
		expect(strip([362, 365, 363, 366, 364], 373)[0]).toBe(360);
		expect(strip([352, 355, 353, 356, 354], 373)[0]).toBe(350);
	});

	it("never offers a fever in the strip", () => {
		expect(Math.max(...strip([380, 380, 380, 380, 380], 373))).toBeLessThan(373);
	});

	it("refuses at the key whatever leaves 30.0 to 45.0", () => {
		const first = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((d) => mayType("", d));
		expect(first).toEqual([3, 4]);
		expect(mayType("4", 6)).toBe(false);
		expect(mayType("45", 0)).toBe(true);
		expect(mayType("45", 1)).toBe(false);
		expect(mayType("374", 0)).toBe(false);
		expect(typedReading("374")).toBe(374);
		expect(typedReading("37")).toBeNull();
	});

	it("is marked from the fever line on, and below the low line", () => {
		expect(level(373, 37.3, 35)).toBe("fever");
		expect(level(372, 37.3, 35)).toBe("normal");
		expect(level(349, 37.3, 35)).toBe("low");
	});
});

describe("a plate", () => {
	it("offers what can come next", () => {
		expect(nextKeys("")).toContain("鲁");
		expect(nextKeys("鲁")).not.toContain("1");
		expect(nextKeys("鲁A")).toContain("1");
		expect(nextKeys("鲁A")).not.toContain("I");
		expect(nextKeys("鲁A1234")).toContain("警");
		expect(nextKeys("鲁AD12345")).toEqual([]);
	});

	it("is whole with seven or eight characters", () => {
		expect([whole("鲁A1234"), whole("鲁A12345"), whole("鲁AD12345"), whole("无牌")]).toEqual([false, true, true, true]);
	});

	it("begins with the province of the site", () => {
		expect(provinceOf("370126001201")).toBe("鲁");
		expect(provinceOf("v-01")).toBe("");
	});
});

describe("a car", () => {
	const pass = (text: string) => ({ subject: { pass: text }, word: "" });
	const two = car(newCar(), { type: "add", people: [pass("PG1:A"), pass("PG1:B"), pass("PG1:A")] });

	it("takes each code once and gives readings in turn", () => {
		expect(two.riders).toHaveLength(2);
		const read = [365, 368].reduce((c, tenths) => car(c, { type: "temperature", tenths }), two);
		expect(read.riders.map((r) => r.tenths)).toEqual([365, 368]);
		expect(read.turn).toBe(0);
		expect(riderInputs(read, "in", "wrist")[1]).toEqual({
			subject: { pass: "PG1:B" },
			direction: "in",
			temperature: 36.8,
			method: "wrist",
		});
	});

	it("says what is missing", () => {
		expect(missing(newCar(), true)).toBe("riders");
		expect(missing(two, true)).toBe("temperature");
		expect(missing(two, false)).toBe("plate");
		expect(missing(car(two, { type: "plate", plate: "鲁A12345", unchecked: false }), false)).toBe("");
	});

	it("measures a rider anew who is tapped, and forgets one who got out", () => {
		let c = car(two, { type: "temperature", tenths: 365 });
		c = car(c, { type: "turn", key: 1 });
		c = car(c, { type: "temperature", tenths: 371 });
		expect(c.riders[0]?.tenths).toBe(371);
		expect(c.turn).toBe(2);
		expect(car(c, { type: "remove", key: 2 })).toMatchObject({ turn: 0, riders: [{ key: 1 }] });
	});

	it("asks again once it is disinfected, but sends no reading twice that was high", () => {
		const read = [365, 376].reduce((c, tenths) => car(c, { type: "temperature", tenths }), two);
		const asking = car(car(read, { type: "plate", plate: "鲁A12345", unchecked: false }), { type: "ask" });
		const verdict = (more: object) => ({ action: "disinfect", flags: [], ...more }) as unknown as Verdict;
		const high = verdict({ action: "measure_again", flags: ["temperature_high"] });
		const again = (...verdicts: Verdict[]) =>
			car(car(asking, { type: "answered", verdicts }), { type: "disinfected_now" });
		expect(again(verdict({}), verdict({}))).toMatchObject({ step: "asking", disinfected: true });
		const waits = again(verdict({}), high);
		expect(waits).toMatchObject({ step: "fill", turn: 2, riders: [{ tenths: 365 }, { tenths: null }] });
		expect(missing(waits, false)).toBe("again");
		expect(car(waits, { type: "ask" })).toBe(waits);
		expect(car(car(waits, { type: "temperature", tenths: null }), { type: "ask" }).step).toBe("asking"); // none to be had
		const measured = car(car(waits, { type: "temperature", tenths: 366 }), { type: "ask" });
		expect(measured.step).toBe("asking");
		expect(riderInputs(measured, "in", "ear").map((r) => r.temperature)).toEqual([36.5, 36.6]);
	});

	it("is frozen while it is asked about", () => {
		const asking = car(car(two, { type: "plate", plate: "无牌", unchecked: false }), { type: "ask" });
		expect(asking.step).toBe("asking");
		expect(car(asking, { type: "add", people: [pass("PG1:C")] })).toBe(asking);
		expect(car(asking, { type: "failed", why: "x" })).toMatchObject({ step: "fill", failed: "x" });
	});
});

describe("what went wrong", () => {
	it("is not put down to the network when a proxy answers that the server does not", () => {
		const of = (front: number) => problemText(new ApiError(0, "network", "", undefined, undefined, undefined, front));
		expect([of(502), of(429), of(403)]).toEqual([
			expect.stringContaining("中心"),
			expect.stringContaining("频繁"),
			expect.stringContaining("网络"),
		]);
	});
});
