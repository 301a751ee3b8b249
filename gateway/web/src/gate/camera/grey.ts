// From what the camera gives to grey pixels, in the worker, by the cheapest way
// that the browser has.
import type { Grey } from "./reader";

/** A frame as the page hands it over: the first two are transferred without a copy. */
export type Shot = VideoFrame | ImageBitmap | Pixels;

/** RGBA, where a worker has no canvas. */
export interface Pixels {
	rgba: ArrayBuffer;
	width: number;
	height: number;
}

let planes = new Uint8Array(0);
let canvas: OffscreenCanvas | null = null;

/** The shot's grey pixels; the shot is closed. */
export async function grey(shot: Shot): Promise<Grey> {
	if ("rgba" in shot) {
		return fromRGBA(new Uint8ClampedArray(shot.rgba), shot.width, shot.height);
	}
	try {
		if (typeof VideoFrame !== "undefined" && shot instanceof VideoFrame) {
			// Cameras give brightness as a plane of its own, colours after it.
			if (/^(I4|NV12)/.test(shot.format ?? "")) {
				return await brightness(shot);
			}
			return drawn(shot, shot.displayWidth, shot.displayHeight);
		}
		const bitmap = shot as ImageBitmap;
		return drawn(bitmap, bitmap.width, bitmap.height);
	} finally {
		shot.close();
	}
}

async function brightness(frame: VideoFrame): Promise<Grey> {
	const size = frame.allocationSize();
	if (planes.length < size) {
		planes = new Uint8Array(size);
	}
	const [plane] = await frame.copyTo(planes);
	const width = frame.visibleRect?.width ?? frame.codedWidth;
	const height = frame.visibleRect?.height ?? frame.codedHeight;
	if (!plane) {
		throw new Error(`a ${frame.format} frame without planes`);
	}
	if (plane.stride === width) {
		return { data: planes.subarray(plane.offset, plane.offset + width * height), width, height };
	}
	const data = new Uint8Array(width * height);
	for (let y = 0; y < height; y++) {
		const from = plane.offset + y * plane.stride;
		data.set(planes.subarray(from, from + width), y * width);
	}
	return { data, width, height };
}

function drawn(source: VideoFrame | ImageBitmap, width: number, height: number): Grey {
	if (canvas?.width !== width || canvas.height !== height) {
		canvas = new OffscreenCanvas(width, height);
	}
	const context = canvas.getContext("2d", { willReadFrequently: true });
	if (!context) {
		throw new Error("no 2d context in the worker");
	}
	context.drawImage(source, 0, 0, width, height);
	return fromRGBA(context.getImageData(0, 0, width, height).data, width, height);
}

function fromRGBA(rgba: Uint8ClampedArray, width: number, height: number): Grey {
	const data = new Uint8Array(width * height);
	for (let i = 0, p = 0; i < data.length; i++, p += 4) {
		data[i] = ((rgba[p] as number) + 2 * (rgba[p + 1] as number) + (rgba[p + 2] as number)) >> 2;
	}
	return { data, width, height };
}
