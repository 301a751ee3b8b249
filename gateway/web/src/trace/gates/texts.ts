// A column of texts: each different one kept once and named by a number, its code.

/** A column of texts, each different one kept once. */
export class Texts {
	readonly values: string[] = [];
	private readonly codes = new Map<string, number>();
	at = new Uint32Array(1024);

	code(text: string): number {
		let code = this.codes.get(text);
		if (code === undefined) {
			code = this.values.length;
			this.codes.set(text, code);
			this.values.push(text);
		}
		return code;
	}

	set(row: number, text: string): void {
		this.at = grown(this.at, row);
		this.at[row] = this.code(text);
	}

	get(row: number): string {
		return this.values[this.at[row] ?? 0] ?? "";
	}

	/** For each different text, whether it fits. */
	fitting(fits: (text: string, code: number) => boolean): Uint8Array {
		return Uint8Array.from(this.values, (text, code) => (fits(text, code) ? 1 : 0));
	}

	/** For each different text, where it stands among them. */
	ranks(name: (code: number) => string): Float64Array {
		const order = this.values.map((_, code) => code);
		const names = order.map(name);
		order.sort((a, b) => compare(names[a] ?? "", names[b] ?? ""));
		const ranks = new Float64Array(order.length);
		order.forEach((code, rank) => {
			ranks[code] = rank > 0 && names[order[rank - 1] ?? 0] === names[code] ? (ranks[order[rank - 1] ?? 0] ?? 0) : rank;
		});
		return ranks;
	}
}

const collator = new Intl.Collator("zh-CN");
export const compare = (a: string, b: string) => collator.compare(a, b);

export function grown<T extends Uint32Array | Float64Array | Uint16Array | Uint8Array>(array: T, row: number): T {
	if (row < array.length) {
		return array;
	}
	const next = new (array.constructor as new (n: number) => T)(array.length * 2);
	next.set(array);
	return next;
}

/** The rank of each row's text. */
export function spread(column: Texts, ranks: Float64Array, length: number): Float64Array {
	const out = new Float64Array(length);
	for (let n = 0; n < length; n++) {
		out[n] = ranks[column.at[n] ?? 0] ?? 0;
	}
	return out;
}
