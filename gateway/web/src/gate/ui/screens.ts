// Which screen is open. Those over the lane lie in the browser's history, so that
// the phone's own "back" closes the top one instead of leaving the gate.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { lastOf } from "../../shared/lists";

export type Place =
	| "lane"
	| "car"
	| "plate"
	| "search"
	| "walk_in"
	| "visitor"
	| "emergency"
	| "menu"
	| "state"
	| "recent"
	| "hand_over"
	| "paper"
	| "settings";

export class Screens {
	private readonly stack = signal<Place[]>([]);
	readonly top: ReadonlySignal<Place> = computed(() => lastOf(this.stack.value) ?? "lane");

	/** Follows the browser's history; what lay open before the page was loaded is forgotten. */
	follow(): void {
		history.replaceState({ screens: [] }, "");
		window.addEventListener("popstate", (e) => {
			const state = e.state as { screens?: Place[] } | null;
			this.stack.value = state?.screens ?? [];
		});
	}

	has(place: Place): boolean {
		return place === "lane" || this.stack.value.includes(place);
	}

	open(place: Place): void {
		this.stack.value = [...this.stack.value, place];
		history.pushState({ screens: this.stack.value }, "");
	}

	/** Puts another screen in the place of the top one. */
	swap(place: Place): void {
		this.stack.value = [...this.stack.value.slice(0, -1), place];
		history.replaceState({ screens: this.stack.value }, "");
	}

	back(): void {
		this.drop(1);
	}

	/** Closes what lies over a screen. */
	backTo(place: Place): void {
		this.drop(this.stack.value.length - 1 - (place === "lane" ? -1 : this.stack.value.lastIndexOf(place)));
	}

	private drop(n: number): void {
		if (n > 0) {
			this.stack.value = this.stack.value.slice(0, -n);
			history.go(-n);
		}
	}
}
