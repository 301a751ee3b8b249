// What part of a picture is in sight: moving, zooming about a point, fitting it in.

/** A point of the picture is seen at k times it plus (x, y), in CSS px. */
export interface View {
	x: number;
	y: number;
	k: number;
}

export const NEAREST = 8;
export const FARTHEST = 0.05;

export const moved = (v: View, dx: number, dy: number): View => ({ ...v, x: v.x + dx, y: v.y + dy });

/** Zooms by a factor, so that what is seen at (x, y) stays there. */
export function zoomed(v: View, by: number, x: number, y: number): View {
	const k = Math.min(NEAREST, Math.max(FARTHEST, v.k * by));
	return { k, x: x - ((x - v.x) * k) / v.k, y: y - ((y - v.y) * k) / v.k };
}

/** The view in which all points (x, y, x, y, …) are in sight, with a margin, never larger than life. */
export function fitted(at: Float32Array, width: number, height: number, margin = 40): View {
	let [left, right, top, bottom] = [-50, 50, -50, 50];
	for (let i = 0; i < at.length; i += 2) {
		const x = at[i] ?? 0;
		const y = at[i + 1] ?? 0;
		left = Math.min(left, x);
		right = Math.max(right, x);
		top = Math.min(top, y);
		bottom = Math.max(bottom, y);
	}
	const k = Math.max(
		FARTHEST,
		Math.min(1.4, (width - 2 * margin) / (right - left), (height - 2 * margin) / (bottom - top)),
	);
	return { k, x: width / 2 - (k * (left + right)) / 2, y: height / 2 - (k * (top + bottom)) / 2 };
}

/** The point nearest to where the view shows (x, y), within so many px of its edge; -1: none. */
export function nearest(
	at: Float32Array,
	radius: (i: number) => number,
	v: View,
	x: number,
	y: number,
	within: number,
): number {
	let best = -1;
	let least = within;
	for (let i = 0; i < at.length / 2; i++) {
		const away = Math.hypot((at[2 * i] ?? 0) * v.k + v.x - x, (at[2 * i + 1] ?? 0) * v.k + v.y - y) - radius(i) * v.k;
		if (away < least) {
			least = away;
			best = i;
		}
	}
	return best;
}
