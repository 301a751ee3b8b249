// Two languages, the texts beside their use: t({ zh: "放行", en: "Go" }).
import { signal } from "@preact/signals";

export type Lang = "zh" | "en";
export interface Text {
	zh: string;
	en: string;
}

const KEY = "passgate.lang";

function first(): Lang {
	const asked = new URLSearchParams(globalThis.location?.search ?? "").get("lang");
	if (asked === "en" || asked === "zh") {
		return asked;
	}
	try {
		return localStorage.getItem(KEY) === "en" ? "en" : "zh";
	} catch {
		return "zh"; // storage is forbidden here
	}
}

/** The language on the screen: Chinese unless somebody chose English (or ?lang=en). */
export const lang = signal<Lang>(first());

/** Picks the text in the language on the screen. */
export function t(text: Text): string {
	return text[lang.value];
}

/** Chooses the language, for this phone and from now on. */
export function choose(next: Lang): void {
	lang.value = next;
	try {
		localStorage.setItem(KEY, next);
	} catch {
		// it holds for this visit only
	}
}

/** Keeps <html lang> right, so that the browser reads aloud and breaks lines well. */
export function followLanguage(): void {
	lang.subscribe((now) => {
		document.documentElement.lang = now === "zh" ? "zh-CN" : "en";
	});
}
