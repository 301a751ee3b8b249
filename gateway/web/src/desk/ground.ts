// Who asks where people were says under which case and why; every answer that tells
// of it is on record under both.
import { signal } from "@preact/signals";

export interface Ground {
	/** Code of an open case. */
	kase: string;
	/** In the asker's words, 4 to 200 characters. */
	reason: string;
}

const KEY = "passgate.ground";

function first(): Ground | null {
	try {
		return JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Ground | null;
	} catch {
		return null;
	}
}

/** The ground of all that is asked in this tab; null: nothing may be asked yet. */
export const ground = signal<Ground | null>(first());

/** Takes a ground up, or puts it down. */
export function stand(on: Ground | null): void {
	ground.value = on;
	try {
		if (on) {
			sessionStorage.setItem(KEY, JSON.stringify(on));
		} else {
			sessionStorage.removeItem(KEY);
		}
	} catch {
		// it holds until the page is left
	}
}

/** The headers by which the server is told. */
export function groundHeaders(): Record<string, string> {
	const on = ground.value;
	return on ? { "Trace-Case": on.kase, "Trace-Reason": encodeURIComponent(on.reason) } : {};
}
