// What is kept for coming back, for as long as one session lasts.
import { effect } from "@preact/signals";
import { session } from "../../desk/session";

/** Does something whenever another session begins, or none is left. */
export function onOther(work: () => void): void {
	let whose = session.value?.token;
	effect(() => {
		const now = session.value?.token;
		if (now !== whose) {
			whose = now;
			work();
		}
	});
}

/** A map whose entries nobody finds who signs in later. */
export function sessionMap<K, V>(): Map<K, V> {
	const map = new Map<K, V>();
	onOther(() => map.clear());
	return map;
}
