// Wheel, fingers, mouse and keys over the timeline.
import { useEffect, useRef } from "preact/hooks";

export interface Hands {
	/** So many times as long, around a place from 0 (left) to 1. */
	zoom: (by: number, at: number) => void;
	/** Moved by a share of what is in sight. */
	move: (by: number) => void;
	whole: () => void;
	/** Whether all of the period is in sight: then the wheel scrolls the page. */
	isWhole: () => boolean;
	/** Around which place keys zoom. */
	pivot: number;
	/** px at the left that are no time. */
	left: number;
}

const SLIP = 4; // px that a click may move

/** Listens on the picture; gives what keys do. */
export function useHands(picture: { current: SVGSVGElement | null }, hands: Hands): (e: KeyboardEvent) => void {
	const latest = useRef(hands);
	latest.current = hands;
	useEffect(() => {
		const el = picture.current;
		return el ? listen(el, () => latest.current) : undefined;
	}, [picture.current]);
	return (e) => {
		const act: Record<string, () => void> = {
			ArrowLeft: () => hands.move(-0.2),
			ArrowRight: () => hands.move(0.2),
			"+": () => hands.zoom(0.6, hands.pivot),
			"=": () => hands.zoom(0.6, hands.pivot),
			"-": () => hands.zoom(1 / 0.6, hands.pivot),
			"0": hands.whole,
		};
		if (act[e.key] && !e.ctrlKey && !e.metaKey && !e.altKey) {
			e.preventDefault();
			act[e.key]?.();
		}
	};
}

function listen(el: SVGSVGElement, hands: () => Hands): () => void {
	const down = new Map<number, number>();
	let slipped = 0;
	const width = () => Math.max(1, el.clientWidth - hands().left);
	const place = (x: number) => (x - el.getBoundingClientRect().left - hands().left) / width();
	const onDown = (e: PointerEvent) => {
		down.set(e.pointerId, e.clientX);
		slipped = 0;
	};
	const onMove = (e: PointerEvent) => {
		const before = down.get(e.pointerId);
		if (before === undefined) {
			return;
		}
		const other = [...down].find(([id]) => id !== e.pointerId)?.[1];
		slipped += Math.abs(e.clientX - before);
		if (other === undefined && slipped <= SLIP) {
			return;
		}
		if (!el.hasPointerCapture(e.pointerId)) {
			el.setPointerCapture(e.pointerId); // only now: a click is for what is under it
		}
		down.set(e.pointerId, e.clientX);
		if (other === undefined) {
			hands().move((before - e.clientX) / width());
		} else {
			hands().zoom(
				Math.max(20, Math.abs(before - other)) / Math.max(20, Math.abs(e.clientX - other)),
				place((before + other) / 2),
			);
		}
	};
	const onUp = (e: PointerEvent) => down.delete(e.pointerId);
	const onClick = (e: MouseEvent) => {
		if (slipped > SLIP) {
			e.stopPropagation(); // the end of a drag opens nothing
			slipped = 0;
		}
	};
	const onWheel = (e: WheelEvent) => {
		if (hands().isWhole() && e.deltaY > 0 && !e.ctrlKey) {
			return;
		}
		e.preventDefault();
		const lines = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
		if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
			hands().move(((e.deltaX || e.deltaY) * lines) / width());
		} else {
			hands().zoom(Math.exp(Math.max(-300, Math.min(300, e.deltaY * lines)) / 400), place(e.clientX));
		}
	};
	el.addEventListener("pointerdown", onDown);
	el.addEventListener("pointermove", onMove);
	el.addEventListener("pointerup", onUp);
	el.addEventListener("pointercancel", onUp);
	el.addEventListener("click", onClick, true);
	el.addEventListener("wheel", onWheel, { passive: false });
	return () => {
		el.removeEventListener("pointerdown", onDown);
		el.removeEventListener("pointermove", onMove);
		el.removeEventListener("pointerup", onUp);
		el.removeEventListener("pointercancel", onUp);
		el.removeEventListener("click", onClick, true);
		el.removeEventListener("wheel", onWheel);
	};
}
