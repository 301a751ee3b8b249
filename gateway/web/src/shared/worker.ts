// What both service workers do: keep their page's files, answer for them without
// the server, and wait with a new version until the page asks for it. Workbox
// looks after revisions and what is outdated.
import { cleanupOutdatedCaches, precacheAndRoute } from "workbox-precaching";

declare const __PRECACHE__: { url: string; revision: string | null }[];
declare const self: ServiceWorkerGlobalScope;

/** Sets the worker up. Only files of the list are answered here, never the API. */
export function serve(): void {
	cleanupOutdatedCaches();
	precacheAndRoute(__PRECACHE__, { ignoreURLParametersMatching: [/^lang$/] });
	self.addEventListener("message", (event) => {
		if (event.data?.type === "SKIP_WAITING") {
			void self.skipWaiting();
		}
	});
	self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
}
