// Boxes over the page, also where the browser has no <dialog> (before Safari 15.4).
import { lastOf } from "./lists";

/** Puts a box over the page, with the focus in it; gives what takes it away again. */
export function cover(box: HTMLDialogElement, onClose: () => void): () => void {
	if (typeof box.showModal === "function") {
		box.showModal();
		return () => box.close();
	}
	const onKey = (e: KeyboardEvent) => {
		if (box !== lastOf(document.querySelectorAll(".over"))) {
			return; // another lies over it
		}
		if (e.key === "Escape") {
			onClose();
		} else if (e.key === "Tab") {
			keepFocus(box, e);
		}
	};
	const shade = document.createElement("div"); // takes the taps beside the box
	const below = 30 + 2 * document.querySelectorAll(".over").length;
	shade.className = "shade";
	shade.style.zIndex = String(below);
	box.style.zIndex = String(below + 1);
	document.body.append(shade);
	box.classList.add("over");
	box.setAttribute("role", "dialog");
	box.setAttribute("aria-modal", "true");
	box.tabIndex = -1;
	box.focus();
	document.addEventListener("keydown", onKey);
	return () => {
		shade.remove();
		document.removeEventListener("keydown", onKey);
	};
}

/** Keeps the Tab key within a box. */
export function keepFocus(box: HTMLElement | null, e: KeyboardEvent): void {
	const all = box?.querySelectorAll<HTMLElement>("button, input, select, textarea, a[href]") ?? [];
	const first = all[0];
	const last = all[all.length - 1];
	if (e.shiftKey && (document.activeElement === first || document.activeElement === box)) {
		e.preventDefault();
		last?.focus();
	} else if (!e.shiftKey && document.activeElement === last) {
		e.preventDefault();
		first?.focus();
	}
}
