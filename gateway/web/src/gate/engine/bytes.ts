// Bytes and their texts, as strict as the server reads them: one sequence of bytes
// has one text.

export type Bytes = Uint8Array<ArrayBuffer>;

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const NONE = 255;

function valuesOf(alphabet: string): Uint8Array {
	const values = new Uint8Array(128).fill(NONE);
	for (let i = 0; i < alphabet.length; i++) {
		values[alphabet.charCodeAt(i)] = i;
	}
	return values;
}

const values64 = valuesOf(BASE64URL);
const values45 = valuesOf(BASE45);

function valueAt(values: Uint8Array, text: string, i: number): number {
	const c = text.charCodeAt(i);
	return c < 128 ? (values[c] as number) : NONE;
}

/** Reads base64url without padding; null if it is not canonical (unused bits set, other characters). */
export function decode64(text: string): Bytes | null {
	const rest = text.length % 4;
	if (rest === 1) {
		return null;
	}
	const out = new Uint8Array(Math.floor((text.length * 6) / 8));
	let bits = 0;
	let held = 0;
	let n = 0;
	for (let i = 0; i < text.length; i++) {
		const v = valueAt(values64, text, i);
		if (v === NONE) {
			return null;
		}
		held = ((held << 6) | v) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (held >> bits) & 0xff;
		}
	}
	return (held & ((1 << bits) - 1)) === 0 ? out : null;
}

/** Writes base64url without padding. */
export function encode64(bytes: Uint8Array): string {
	let out = "";
	let bits = 0;
	let held = 0;
	for (const byte of bytes) {
		held = ((held << 8) | byte) & 0xffff;
		bits += 8;
		while (bits >= 6) {
			bits -= 6;
			out += BASE64URL[(held >> bits) & 63];
		}
	}
	return bits > 0 ? out + BASE64URL[(held << (6 - bits)) & 63] : out;
}

/** Reads base45 (RFC 9285) of exactly so many bytes, null if it is anything else. */
export function decode45(text: string, length: number): Bytes | null {
	if (text.length !== Math.floor(length / 2) * 3 + (length % 2) * 2) {
		return null;
	}
	const out = new Uint8Array(length);
	for (let i = 0, n = 0; i < text.length; i += 3, n += 2) {
		const group = Math.min(3, text.length - i);
		let value = 0;
		for (let j = group - 1; j >= 0; j--) {
			const v = valueAt(values45, text, i + j);
			if (v === NONE) {
				return null;
			}
			value = value * 45 + v;
		}
		if (value > (group === 2 ? 0xff : 0xffff)) {
			return null;
		}
		if (group === 2) {
			out[n] = value;
		} else {
			out[n] = value >> 8;
			out[n + 1] = value & 0xff;
		}
	}
	return out;
}

/** The bytes of an ASCII or other text in UTF-8. */
export function utf8(text: string): Bytes {
	return new TextEncoder().encode(text) as Bytes;
}

/** The text of bytes; what is no UTF-8 becomes U+FFFD, a byte order mark stays. */
export function textOf(bytes: Uint8Array): string {
	return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
	let out = "";
	for (const byte of bytes) {
		out += byte.toString(16).padStart(2, "0");
	}
	return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
