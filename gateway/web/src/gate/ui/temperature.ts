// Entering a temperature: the strip of usual readings, one tap each, and a keypad
// whose keys refuse what would leave 30.0 to 45.0 °C. All in tenths of a degree,
// as whole numbers.

export const MIN = 300;
export const MAX = 450;

/** Ten readings for the strip: 36.0 to 36.9, or where the last readings lie (frost, summer), never up to the fever line. */
export function strip(last: readonly number[], feverLine: number): number[] {
	let from = 360;
	if (last.length >= 5) {
		const sorted = [...last].sort((a, b) => a - b);
		const middle = sorted[Math.floor(sorted.length / 2)] ?? from;
		// It moves by half degrees and only when the usual reading has left its middle: fingers remember places.
		if (middle < 361 || middle > 368) {
			from = Math.round((middle - 5) / 5) * 5;
		}
	}
	from = Math.max(MIN, Math.min(from, feverLine - 10));
	return Array.from({ length: 10 }, (_, i) => from + i);
}

/** Tells whether a further digit can still become a reading. typed holds at most three digits. */
export function mayType(typed: string, digit: number): boolean {
	const next = `${typed}${digit}`;
	if (next.length > 3) {
		return false;
	}
	const low = Number(next.padEnd(3, "0"));
	const high = Number(next.padEnd(3, "9"));
	return high >= MIN && low <= MAX;
}

/** The reading of three digits, null before that. */
export function typedReading(typed: string): number | null {
	const value = Number(typed);
	return typed.length === 3 && value >= MIN && value <= MAX ? value : null;
}

/** "36.5". */
export function degrees(tenths: number): string {
	return (tenths / 10).toFixed(1);
}

/** What is typed so far, with its places: "3_._". */
export function places(typed: string): string {
	const p = typed.padEnd(3, "_");
	return `${p.slice(0, 2)}.${p.slice(2)}`;
}

/** Where a reading lies: the lines are in °C, as the rules give them. */
export function level(tenths: number, feverLine: number, lowLine: number): "low" | "normal" | "fever" {
	if (tenths >= Math.round(feverLine * 10)) {
		return "fever";
	}
	return tenths < Math.round(lowLine * 10) ? "low" : "normal";
}
