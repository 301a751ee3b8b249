import { useRef } from "preact/hooks";

/** ms and CSS px that tell a swipe from a tap and from scrolling. */
const LONGEST = 800;
const SHORTEST = 60;

/** Handlers for swiping to the next (1) and the previous (-1). */
export function useSwipe(turn: (by: 1 | -1) => void) {
	const from = useRef<{ x: number; y: number; at: number } | null>(null);
	return {
		onTouchStart: (e: TouchEvent) => {
			const touch = e.touches.length === 1 ? e.touches[0] : undefined;
			from.current = touch ? { x: touch.clientX, y: touch.clientY, at: e.timeStamp } : null;
		},
		onTouchEnd: (e: TouchEvent) => {
			const touch = e.changedTouches[0];
			const start = from.current;
			from.current = null;
			if (!touch || !start || e.timeStamp - start.at > LONGEST) {
				return;
			}
			const dx = touch.clientX - start.x;
			if (Math.abs(dx) >= SHORTEST && Math.abs(dx) > 2 * Math.abs(touch.clientY - start.y)) {
				turn(dx < 0 ? 1 : -1);
			}
		},
	};
}
