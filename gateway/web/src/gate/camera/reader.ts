// The QR decoder itself: zxing-cpp as WebAssembly, fed with grey pixels. It runs
// in the page's worker, and in tests without one.
/// <reference types="emscripten" />
import {
	defaultReaderOptions,
	encodeFormats,
	prepareZXingModule,
	type ZXingReaderModule,
	type ZXingReaderOptions,
} from "zxing-wasm/reader";

/** A grey picture: one byte a pixel, row after row. */
export interface Grey {
	data: Uint8Array;
	width: number;
	height: number;
}

/**
 * How hard to look. quick is for frames that are followed by others at once,
 * thorough also tries light codes on dark ground (dark mode of some phones) and
 * closes the gaps of badly printed ones.
 */
export type Effort = "quick" | "thorough";

type Found = ReturnType<ZXingReaderModule["readBarcodesFromPixmap"]> & { delete(): void };

/** Codes in one picture at most: a full car, and a window pane of posters. */
const MOST_CODES = 16;

const common: ZXingReaderOptions = {
	...defaultReaderOptions,
	formats: encodeFormats(["QRCodeModel2"]),
	binarizer: 0, // local average: half a code in the shade
	eanAddOnSymbol: 0,
	textMode: 0, // plain: the text as it was encoded
	characterSet: 0,
	maxNumberOfSymbols: MOST_CODES,
	tryRotate: false, // concerns bar codes; QR codes are found at any angle
	tryInvert: false,
};

const options: Record<Effort, ZXingReaderOptions> = {
	quick: common,
	thorough: { ...common, tryInvert: true, tryDenoise: true },
};

/** Reads the QR codes of grey pictures; one picture at a time. */
export class Reader {
	private at = 0; // address of the pixels in the module's memory
	private room = 0; // bytes there

	private constructor(private readonly module: ZXingReaderModule) {}

	/** Loads the decoder. wasm is its address, or its bytes. */
	static async load(wasm: string | ArrayBuffer): Promise<Reader> {
		const overrides = typeof wasm === "string" ? { locateFile: () => wasm } : { wasmBinary: wasm };
		return new Reader(await prepareZXingModule({ overrides, equalityFn: Object.is, fireImmediately: true }));
	}

	/** The texts of all codes in the picture, each once. */
	read(picture: Grey, effort: Effort): string[] {
		const size = picture.width * picture.height;
		if (size > this.room) {
			this.module._free(this.at);
			this.room = 0;
			this.at = this.module._malloc(size);
			if (!this.at) {
				throw new Error(`no memory for a picture of ${size} bytes`);
			}
			this.room = size;
		}
		this.module.HEAPU8.set(picture.data.subarray(0, size), this.at);
		const { width, height } = picture;
		// The list lives in the module's memory until it is deleted, which its type leaves out.
		const found = this.module.readBarcodesFromPixmap(this.at, width, height, options[effort]) as Found;
		try {
			const texts = new Set<string>();
			for (let i = 0; i < found.size(); i++) {
				const code = found.get(i);
				if (code?.isValid && code.text) {
					texts.add(code.text);
				}
			}
			return [...texts];
		} finally {
			found.delete();
		}
	}
}
