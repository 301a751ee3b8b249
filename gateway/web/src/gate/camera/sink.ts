// A field that nobody sees, for the handheld terminals of Android that hand a code
// to the field with the focus, as an input method does, rather than press keys.

/** ms without a further character after which the text is whole. */
const QUIET = 60;
/** Shorter text is no code. */
const SHORTEST = 8;

export interface Sink {
	element: HTMLInputElement | null;
	clear(): void;
	remove(): void;
}

/** Puts the sink into the page where such terminals may run it, and keeps the focus in it while no field needs it. */
export function sink(read: (text: string) => void): Sink {
	if (!/Android/.test(navigator.userAgent)) {
		return { element: null, clear: () => undefined, remove: () => undefined };
	}
	const element = document.createElement("input");
	element.inputMode = "none"; // no keyboard on the screen
	element.autocomplete = "off";
	element.tabIndex = -1;
	element.setAttribute("aria-label", "扫码枪 Hand scanner");
	Object.assign(element.style, { position: "fixed", left: "0", top: "0", width: "1px", height: "1px", opacity: "0" });
	document.body.prepend(element);

	let timer = 0;
	const whole = () => {
		const text = element.value.trim();
		element.value = "";
		if (text.length >= SHORTEST) {
			read(text);
		}
	};
	element.addEventListener("input", () => {
		clearTimeout(timer);
		timer = window.setTimeout(whole, QUIET);
	});
	const refocus = () => {
		const active = document.activeElement;
		if (!(active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement)) {
			element.focus({ preventScroll: true });
		}
	};
	// After the page has done what the tap asks.
	const later = () => setTimeout(refocus, QUIET);
	document.addEventListener("click", later);
	document.addEventListener("focusout", later);
	refocus();
	return {
		element,
		clear: () => {
			clearTimeout(timer);
			element.value = "";
		},
		remove: () => {
			document.removeEventListener("click", later);
			document.removeEventListener("focusout", later);
			clearTimeout(timer);
			element.remove();
		},
	};
}
