import { describe, expect, it } from "vitest";
import { ApiError } from "../shared/api";
import { at, patiently } from "./call";
import { href, parse } from "./router";
import { localInput, parseLocal } from "./time";
import { fitting } from "./ui/pick";

describe("the address of a screen", () => {
	it("is read back as it was written, whatever stands in it", () => {
		const written = href(["people", "王/1 ?"], { from: "2026-11-24T00:00:00.000Z", q: "", n: 3 });
		const read = parse(written);
		expect(read.path).toEqual(["people", "王/1 ?"]);
		expect(Object.fromEntries(read.query)).toEqual({ from: "2026-11-24T00:00:00.000Z", n: "3" });
	});
	it("is the beginning when there is none, or nonsense", () => {
		expect(parse("").path).toEqual([]);
		expect(parse("#/%E0%A4%A").path).toEqual(["%E0%A4%A"]);
	});
});

describe("a call's query", () => {
	it("leaves out what has no value", () => {
		expect(at("/v1/x", { a: "", b: undefined, c: null, d: 0, e: false })).toBe("/v1/x?d=0&e=false");
		expect(at("/v1/x")).toBe("/v1/x");
	});
});

describe("a busy server", () => {
	const busy = (wait?: number) => new ApiError(503, "unavailable", "", undefined, wait);
	const failing = (failures: ApiError[]) => {
		let calls = 0;
		const act = async () => {
			const failure = failures[calls++];
			if (failure) {
				throw failure;
			}
			return calls;
		};
		return act;
	};
	it("is asked again after the wait that it names, twice", async () => {
		await expect(patiently("GET", failing([busy(0.01), busy(0.01)]))).resolves.toBe(3);
		await expect(patiently("GET", failing([busy(0.01), busy(0.01), busy(0.01)]))).rejects.toThrow("unavailable");
	});
	it("is not asked again for what changes something, nor kept waited for", async () => {
		await expect(patiently("PUT", failing([busy(0.01)]))).rejects.toThrow("unavailable");
		await expect(patiently("GET", failing([busy(60)]))).rejects.toThrow("unavailable");
		await expect(patiently("GET", failing([new ApiError(403, "forbidden", "")]))).rejects.toThrow("forbidden");
	});
});

describe("times of forms", () => {
	it("are typed in the site's zone and sent in UTC", () => {
		expect(parseLocal("2026-11-24T00:30")).toBe("2026-11-23T16:30:00.000Z");
		expect(localInput("2026-11-23T16:30:00.000Z")).toBe("2026-11-24T00:30");
		expect(parseLocal("")).toBe("");
		expect(localInput("no time")).toBe("");
	});
});

describe("what a picker finds", () => {
	it("are names before what stands beside them", () => {
		const options = [
			{ value: "1", label: "阳光花园", hint: "小区 · 佟道口" },
			{ value: "2", label: "东佟道口村" },
			{ value: "3", label: "佟道口村" },
			{ value: "4", label: "大窦村" },
		];
		expect(fitting(options, "佟道口").map((o) => o.value)).toEqual(["3", "2", "1"]);
	});
});
