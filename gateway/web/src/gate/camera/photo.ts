// Photos of codes, where the browser gives no camera.
import type { Decoder } from "./decoder";
import { pixels } from "./frames";

/** Longer sides, pixels, at which a photo is looked at: near codes, then small ones on a sheet, then blurred ones. */
const SIZES = [1280, 2560, 640];

/** The texts of the codes in the photo, of the first size at which there are any. Rejects what is no picture. */
export async function readPhoto(file: Blob, decoder: Decoder): Promise<string[]> {
	const url = URL.createObjectURL(file);
	try {
		const image = new Image();
		image.src = url;
		await image.decode();
		const { naturalWidth: width, naturalHeight: height } = image;
		const long = Math.max(width, height);
		const canvas = document.createElement("canvas");
		for (const size of new Set(SIZES.map((most) => Math.min(most, long)))) {
			const scale = size / long;
			const shot = pixels(canvas, image, Math.round(width * scale), Math.round(height * scale));
			const texts = await decoder.read(shot, true);
			if (texts.length > 0) {
				return texts;
			}
		}
		return [];
	} finally {
		URL.revokeObjectURL(url);
	}
}
