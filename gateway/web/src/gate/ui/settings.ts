// What a guard sets on this phone: kept in localStorage, which needs no secrecy.
import { effect, signal } from "@preact/signals";
import type { Direction, Method } from "../types";

export interface Settings {
	sound: boolean;
	vibration: boolean;
	speech: boolean;
	/** White on black, for the night. */
	dark: boolean;
	direction: Direction;
	method: Method;
	/** Province and office of the plate typed last, which the next one begins with. */
	plateStart: string;
}

const KEY = "passgate.gate.settings";
const FIRST: Settings = {
	sound: true,
	vibration: true,
	speech: true,
	dark: false,
	direction: "in",
	method: "forehead",
	plateStart: "",
};

function load(): Settings {
	try {
		return { ...FIRST, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>) };
	} catch {
		return FIRST; // storage is forbidden or holds something else
	}
}

export const settings = signal<Settings>(load());

export function set(change: Partial<Settings>): void {
	settings.value = { ...settings.value, ...change };
}

effect(() => {
	const text = JSON.stringify(settings.value);
	try {
		localStorage.setItem(KEY, text);
	} catch {
		// they hold until the page is closed
	}
});
