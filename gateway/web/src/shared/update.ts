// The page's service worker, and the switch to a new version. A new version waits
// until it is asked for: nobody loses a screen in the middle of a passage.
import { signal } from "@preact/signals";

/** True when a new version is at hand: show the switch. */
export const updateReady = signal(false);

let waiting: ServiceWorker | null = null;

/** Registers the page's service worker, where the browser has and allows them. */
export async function register(script: string, scope: string): Promise<void> {
	if (!("serviceWorker" in navigator) || !window.isSecureContext) {
		return; // WeChat, plain HTTP: the page works without
	}
	const had = navigator.serviceWorker.controller !== null;
	navigator.serviceWorker.addEventListener("controllerchange", () => {
		if (had && waiting) {
			location.reload();
		}
	});
	try {
		const registration = await navigator.serviceWorker.register(script, { scope, updateViaCache: "none" });
		const offer = (worker: ServiceWorker | null) => {
			if (worker && navigator.serviceWorker.controller) {
				waiting = worker;
				updateReady.value = true;
			}
		};
		offer(registration.waiting);
		registration.addEventListener("updatefound", () => {
			const next = registration.installing;
			next?.addEventListener("statechange", () => {
				if (next.state === "installed") {
					offer(next);
				}
			});
		});
		setInterval(() => registration.update().catch(() => undefined), 30 * 60_000);
	} catch {
		// Without it the page works as long as the server does.
	}
}

/** Changes to the new version: the page loads again. */
export function update(): void {
	waiting?.postMessage({ type: "SKIP_WAITING" });
}
