import { useEffect } from "preact/hooks";

/**
 * Keeps the screen on while the component is there, where the browser can: asks
 * again whenever the page comes back into view, for the lock ends with it.
 */
export function useWakeLock(): void {
	useEffect(() => {
		let lock: WakeLockSentinel | null = null;
		let here = true;
		const take = async () => {
			if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) {
				return;
			}
			try {
				lock = await navigator.wakeLock.request("screen");
				if (!here) {
					await lock.release();
				}
			} catch {
				// battery saver or an old WebView: the screen goes dark as usual
			}
		};
		void take();
		document.addEventListener("visibilitychange", take);
		return () => {
			here = false;
			document.removeEventListener("visibilitychange", take);
			void lock?.release().catch(() => undefined);
		};
	}, []);
}
