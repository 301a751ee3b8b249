// How one picture is looked at: first in the cheapest way that reads most codes,
// then in those that read what is left. Measured on degraded frames of 1280×720:
// at half size a look costs a third and reads nearly as much; sharpened, codes out
// of focus are read that no plain look reads; at full size small ones are.
import type { Grey, Reader } from "./reader";

/** A picture narrower than this (pixels, its shorter side) is not halved: it has no detail to spare. */
const HALVE_FROM = 480;
/** Looks at full size may take one part in this many of the time. */
const CLOSE_SHARE = 5;

/** Looks at pictures one after the other, remembering what the last one held. */
export class Looker {
	private last = new Set<string>();
	private closeFrom = 0; // ms, performance.now(): no look at full size before

	constructor(private readonly reader: Pick<Reader, "read">) {}

	/**
	 * The texts of the codes in the picture. The search ends with the first look
	 * that finds a code the last picture did not hold. With patience each look is
	 * taken, whatever it costs: for a photo.
	 */
	look(picture: Grey, patience = false): string[] {
		const found = new Set<string>();
		const done = (texts: string[]) => {
			for (const text of texts) {
				found.add(text);
			}
			return !patience && texts.some((text) => !this.last.has(text));
		};
		this.search(picture, patience, done);
		this.last = found;
		return [...found];
	}

	private search(picture: Grey, patience: boolean, done: (texts: string[]) => boolean): void {
		const large = Math.min(picture.width, picture.height) >= HALVE_FROM;
		const small = large ? halved(picture) : picture;
		if (done(this.reader.read(small, "quick")) || done(this.reader.read(sharpened(small), "thorough"))) {
			return;
		}
		const start = performance.now();
		if (large && (patience || start >= this.closeFrom)) {
			done(this.reader.read(picture, "quick"));
			const end = performance.now();
			this.closeFrom = end + (end - start) * (CLOSE_SHARE - 1);
		}
	}
}

/** Half as wide and high: each pixel the mean of four. */
export function halved({ data, width, height }: Grey): Grey {
	const w = width >> 1;
	const h = height >> 1;
	const out = new Uint8Array(w * h);
	for (let y = 0; y < h; y++) {
		let i = 2 * y * width;
		for (let o = y * w; o < (y + 1) * w; o++, i += 2) {
			out[o] =
				((data[i] as number) +
					(data[i + 1] as number) +
					(data[i + width] as number) +
					(data[i + width + 1] as number) +
					2) >>
				2;
		}
	}
	return { data: out, width: w, height: h };
}

/** Pixels to each side whose mean is what a pixel is set off against. */
const REACH = 3;
/** How many times over the difference from that mean is added. */
const GAIN = 4;

/** An unsharp mask: edges that lack of focus or movement has softened stand out again. */
export function sharpened({ data, width, height }: Grey): Grey {
	const side = 2 * REACH + 1;
	const area = side * side;
	const out = new Uint8ClampedArray(data.subarray(0, width * height));
	const columns = new Uint16Array(width); // sums of a column's pixels in the rows around y
	for (let y = 0; y < Math.min(side, height); y++) {
		addRow(columns, data, y * width, 1);
	}
	for (let y = REACH; y < height - REACH; y++) {
		let sum = 0;
		for (let x = 0; x < side && x < width; x++) {
			sum += columns[x] as number;
		}
		for (let x = REACH; x < width - REACH; x++) {
			const i = y * width + x;
			const grey = data[i] as number;
			out[i] = grey + GAIN * (grey - sum / area);
			if (x + REACH + 1 < width) {
				sum += (columns[x + REACH + 1] as number) - (columns[x - REACH] as number);
			}
		}
		if (y + REACH + 1 < height) {
			addRow(columns, data, (y + REACH + 1) * width, 1);
			addRow(columns, data, (y - REACH) * width, -1);
		}
	}
	return { data: new Uint8Array(out.buffer), width, height };
}

function addRow(columns: Uint16Array, data: Uint8Array, from: number, sign: 1 | -1): void {
	for (let x = 0; x < columns.length; x++) {
		columns[x] = (columns[x] as number) + sign * (data[from + x] as number);
	}
}
