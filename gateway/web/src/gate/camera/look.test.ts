import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { degraded, random } from "../../../e2e/degrade";
import { halved, Looker, sharpened } from "./look";
import { type Effort, type Grey, Reader } from "./reader";

let reader: Reader;

beforeAll(async () => {
	const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm"));
	reader = await Reader.load(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length));
});

function noisy(width: number, height: number): Grey {
	const rnd = random(7);
	return { data: Uint8Array.from({ length: width * height }, () => rnd() * 256), width, height };
}

describe("a look at a picture", { timeout: 60_000 }, () => {
	it("reads a code that is so far out of focus that no plain look reads it", () => {
		const { picture, text } = degraded("blur", 1);
		expect(reader.read(picture, "quick")).toEqual([]);
		expect(new Looker(reader).look(picture)).toEqual([text]);
	});

	it("reads a light code on dark ground", () => {
		const { picture, text } = degraded("low contrast", 1004);
		const inverted = { ...picture, data: picture.data.map((grey) => 255 - grey) };
		expect(new Looker(reader).look(inverted)).toEqual([text]);
	});

	it("finds nothing where there is nothing", () => {
		expect(new Looker(reader).look(noisy(640, 480))).toEqual([]);
	});

	it("ends with the first look that finds something new, and looks closer at what it knows", () => {
		const looks: { width: number; effort: Effort }[] = [];
		const known = {
			read: ({ width }: Grey, effort: Effort) => {
				looks.push({ width, effort });
				return ["A"];
			},
		};
		const looker = new Looker(known);
		looker.look(noisy(1280, 720));
		expect(looks).toEqual([{ width: 640, effort: "quick" }]);
		looks.length = 0;
		looker.look(noisy(1280, 720));
		expect(looks.map((look) => look.width)).toEqual([640, 640, 1280]);
	});

	it("looks at full size only for a part of the time", () => {
		let close = 0;
		const slow = {
			read: ({ width }: Grey) => {
				if (width === 1280) {
					close++;
					const until = performance.now() + 20;
					while (performance.now() < until);
				}
				return [];
			},
		};
		const looker = new Looker(slow);
		const picture = noisy(1280, 720);
		const until = performance.now() + 300;
		while (performance.now() < until) {
			looker.look(picture);
		}
		expect(close).toBeGreaterThanOrEqual(1);
		expect(close).toBeLessThanOrEqual(4);
	});
});

describe("pixels", () => {
	it("halved are the means of four, an odd edge left out", () => {
		const picture = { data: Uint8Array.of(0, 10, 99, 20, 30, 99, 7, 7, 7), width: 3, height: 3 };
		expect(halved(picture)).toEqual({ data: Uint8Array.of(15), width: 1, height: 1 });
	});

	it("sharpened stand out from the mean of the 7 × 7 around them", () => {
		const picture = noisy(40, 30);
		const sharp = sharpened(picture);
		const [x, y] = [21, 13];
		let sum = 0;
		for (let dy = -3; dy <= 3; dy++) {
			for (let dx = -3; dx <= 3; dx++) {
				sum += picture.data[(y + dy) * 40 + x + dx] as number;
			}
		}
		const grey = picture.data[y * 40 + x] as number;
		const wanted = Math.min(255, Math.max(0, Math.round(grey + 4 * (grey - sum / 49))));
		expect(sharp.data[y * 40 + x]).toBe(wanted);
		expect(sharp.data[0]).toBe(picture.data[0]);
	});

	it("even grey stays as it is", () => {
		const picture = { data: new Uint8Array(600).fill(90), width: 30, height: 20 };
		expect(sharpened(picture).data).toEqual(picture.data);
	});
});
