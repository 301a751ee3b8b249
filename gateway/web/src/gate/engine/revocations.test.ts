import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hex } from "./bytes";
import { type JWKS, readKeys } from "./keys";
import { askSince, EMPTY, isRevoked, ListError, ListGap, merge, readList } from "./revocations";
import { jwks, listOf, NOW } from "./testgate";

const id = (n: number) => new Uint8Array([0, 0, 0, 0, n >> 24, n >> 16, n >> 8, n].map((b) => b & 0xff));
const keys = await readKeys(jwks);
const read = (text: string, now = NOW) => readList(text, keys, now);

describe("the revocation list", () => {
	it("is read as the server has signed it", async () => {
		const file = (name: string) =>
			readFileSync(new URL(`../../../../../codes/testdata/golden/${name}`, import.meta.url), "utf8");
		const list = await readList(file("list.jwt"), await readKeys(JSON.parse(file("jwks.json")) as JWKS), NOW);
		expect([list.counter, list.since, hex(list.ids)]).toEqual([7, 0, "01000000000000000200000000000000"]);
	});

	it("finds exactly what is in it, among many", async () => {
		const inside = Array.from({ length: 1000 }, (_, i) => id(i * 7 + 3));
		const list = await read(listOf(inside));
		for (let n = 0; n < 7200; n++) {
			expect(isRevoked(list, id(n)), String(n)).toBe(n % 7 === 3 && n < 7000);
		}
		expect(isRevoked(EMPTY, id(3))).toBe(false);
	});

	it("grows by deltas and is replaced by a newer whole list", async () => {
		const full = merge(EMPTY, await read(listOf([id(5), id(9)], { counter: 10 })));
		const grown = merge(full, await read(listOf([id(1), id(7), id(9)], { counter: 12, since: 10 })));
		expect([1, 5, 7, 9].every((n) => isRevoked(grown, id(n))) && grown.ids.length === 32).toBe(true);
		const replaced = merge(grown, await read(listOf([id(2)], { counter: 13 })));
		expect([replaced.ids.length, isRevoked(replaced, id(5))]).toEqual([8, false]);
	});

	it("is fetched whole once a day, so that what has expired does not pile up", async () => {
		const day = 86_400;
		const iat = NOW / 1000 - day - 10;
		const full = merge(EMPTY, await read(listOf([id(5)], { counter: 10, iat })));
		expect(askSince(full)).toBe(10);
		const soon = merge(full, await read(listOf([id(6)], { counter: 11, since: 10, iat: iat + day })));
		expect(askSince(soon)).toBe(11);
		const later = merge(soon, await read(listOf([], { counter: 11, since: 11, iat: iat + day + 1 })));
		expect(askSince(later)).toBe(0);
		const whole = merge(later, await read(listOf([id(6)], { counter: 11, iat: iat + day + 2 })));
		expect([whole.ids.length, askSince(whole)]).toEqual([8, 11]);
	});

	it("is never rolled back, and a gap asks for the whole", async () => {
		const full = merge(EMPTY, await read(listOf([id(5)], { counter: 10 })));
		expect(merge(full, await read(listOf([], { counter: 9 })))).toBe(full);
		const later = await read(listOf([id(6)], { counter: 20, since: 15 }));
		expect(() => merge(full, later)).toThrow(ListGap);
	});

	it("is refused when it was changed, is a pass, or comes from the future", async () => {
		const text = listOf([id(5)]);
		const dot = text.indexOf(".") + 20;
		for (const bad of [
			text.slice(0, dot) + (text[dot] === "A" ? "B" : "A") + text.slice(dot + 1),
			`${text}A`,
			"a.b",
			listOf([id(5), id(5)]),
			listOf([], { iat: NOW / 1000 + 3600 }),
			listOf([], { counter: 3, since: 4 }),
		]) {
			await expect(read(bad), bad.slice(0, 30)).rejects.toThrow(ListError);
		}
	});
});
