// Mouse, fingers and keys over the picture: dragging moves, wheel and two fingers zoom,
// a click that did not drag opens.
import { useEffect, useRef } from "preact/hooks";
import { moved, type View, zoomed } from "./view";

interface Hands {
	change: (by: (v: View) => View) => void;
	fit: () => void;
	/** The node at a point of the canvas; -1: none. */
	near: (x: number, y: number) => number;
	/** The pointer is over a node, or over none. */
	point: (i: number) => void;
	open: (i: number) => void;
}

const SLIP = 5; // px that a click may move

/** Listens on the canvas; gives what the keys do. */
export function useGestures(canvas: { current: HTMLCanvasElement | null }, hands: Hands): (e: KeyboardEvent) => void {
	const latest = useRef(hands);
	latest.current = hands;
	useEffect(() => {
		const el = canvas.current;
		return el ? listen(el, () => latest.current) : undefined;
	}, []);
	return (e) => {
		const el = canvas.current;
		const step = 60;
		const by = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[e.key];
		const zoom = { "+": 1.3, "=": 1.3, "-": 1 / 1.3 }[e.key];
		if (by) {
			hands.change((v) => moved(v, by[0] ?? 0, by[1] ?? 0));
		} else if (zoom && el) {
			hands.change((v) => zoomed(v, zoom, el.clientWidth / 2, el.clientHeight / 2));
		} else if (e.key === "0") {
			hands.fit();
		} else {
			return;
		}
		e.preventDefault();
	};
}

function listen(el: HTMLCanvasElement, hands: () => Hands): () => void {
	const down = new Map<number, { x: number; y: number }>();
	let slipped = 0;
	const onDown = (e: PointerEvent) => {
		el.setPointerCapture(e.pointerId);
		down.set(e.pointerId, { x: e.offsetX, y: e.offsetY });
		slipped = down.size > 1 ? SLIP + 1 : 0;
	};
	const onMove = (e: PointerEvent) => {
		const before = down.get(e.pointerId);
		const now = { x: e.offsetX, y: e.offsetY };
		if (!before) {
			hands().point(hands().near(now.x, now.y));
			return;
		}
		const other = [...down].find(([id]) => id !== e.pointerId)?.[1];
		down.set(e.pointerId, now);
		slipped += Math.hypot(now.x - before.x, now.y - before.y);
		if (other) {
			const by =
				Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
			hands().change((v) =>
				moved(
					zoomed(v, by, (before.x + other.x) / 2, (before.y + other.y) / 2),
					(now.x - before.x) / 2,
					(now.y - before.y) / 2,
				),
			);
		} else if (slipped > SLIP) {
			hands().change((v) => moved(v, now.x - before.x, now.y - before.y));
		}
	};
	const onUp = (e: PointerEvent) => {
		down.delete(e.pointerId);
		if (e.type === "pointerup" && slipped <= SLIP) {
			hands().open(hands().near(e.offsetX, e.offsetY));
		}
	};
	const onWheel = (e: WheelEvent) => {
		e.preventDefault();
		const lines = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
		const by = Math.exp(-Math.max(-300, Math.min(300, e.deltaY * lines)) / 400);
		hands().change((v) => zoomed(v, by, e.offsetX, e.offsetY));
	};
	const onLeave = () => down.size === 0 && hands().point(-1);
	el.addEventListener("pointerdown", onDown);
	el.addEventListener("pointermove", onMove);
	el.addEventListener("pointerup", onUp);
	el.addEventListener("pointercancel", onUp);
	el.addEventListener("pointerleave", onLeave);
	el.addEventListener("wheel", onWheel, { passive: false });
	return () => {
		el.removeEventListener("pointerdown", onDown);
		el.removeEventListener("pointermove", onMove);
		el.removeEventListener("pointerup", onUp);
		el.removeEventListener("pointercancel", onUp);
		el.removeEventListener("pointerleave", onLeave);
		el.removeEventListener("wheel", onWheel);
	};
}
