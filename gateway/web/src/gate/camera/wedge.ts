// Scanners in the hand that type what they read, as a keyboard does: told from a
// person by their speed, and by the Enter or Tab at the end.
import type { Seen } from "../types";
import { Burst } from "./burst";
import { Guard } from "./guard";
import { sink } from "./sink";

/** The same code again within this time (ms) is a trigger pulled twice. */
const TWICE = 1000;

type Field = HTMLInputElement | HTMLTextAreaElement;

/**
 * Listens for hand scanners on the whole page and hands on what they read; returns
 * what ends it. Somebody's typing is left alone: in a field only what has the form
 * of a code is taken, and the field gets its text from before back.
 */
export function wedge(onSeen: (s: Seen) => void): () => void {
	const guard = new Guard(TWICE);
	const burst = new Burst();
	const swallowed = new Set<string>(); // keys whose keyup is not for the page either
	let before: { field: Field; value: string } | null = null;

	const read = (text: string) => {
		const texts = guard.fresh([text], performance.now());
		if (texts.length > 0) {
			onSeen({ texts, at: Date.now(), via: "wedge" });
		}
	};
	const hidden = sink(read);

	const down = (event: KeyboardEvent) => {
		const field = fieldOf(event.target, hidden.element);
		const { key, code, shiftKey, ctrlKey, altKey, metaKey, timeStamp, isComposing } = event;
		const command = ctrlKey || altKey || metaKey;
		const stroke = {
			key,
			code,
			shift: shiftKey,
			command,
			composing: isComposing,
			at: timeStamp,
			typing: field !== null,
		};
		const { first, swallow, text } = burst.press(stroke);
		if (first) {
			before = field && { field, value: field.value };
		}
		if (swallow) {
			swallowed.add(code || key);
			event.preventDefault();
			event.stopPropagation();
		}
		if (text !== null) {
			hidden.clear();
			if (before) {
				giveBack(before.field, before.value);
			}
			read(text);
		}
	};
	const up = (event: KeyboardEvent) => {
		// A space let go presses the button that has the focus.
		if (swallowed.delete(event.code || event.key)) {
			event.preventDefault();
			event.stopPropagation();
		}
	};
	window.addEventListener("keydown", down, true);
	window.addEventListener("keyup", up, true);
	return () => {
		window.removeEventListener("keydown", down, true);
		window.removeEventListener("keyup", up, true);
		hidden.remove();
	};
}

/** The field that takes what is typed; the sink is none. */
function fieldOf(target: EventTarget | null, sinkElement: Element | null): Field | null {
	const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
	return isField && target !== sinkElement ? target : null;
}

/** Puts a field's text back once an input method has let go of it. */
function giveBack(field: Field, value: string): void {
	field.blur();
	setTimeout(() => {
		field.value = value;
		field.dispatchEvent(new Event("input", { bubbles: true }));
	});
}
