/** Keeps the screen on while the page is in front, where the browser can. */
export function keepAwake(): void {
	const hold = () => {
		if (document.visibilityState === "visible" && "wakeLock" in navigator) {
			navigator.wakeLock.request("screen").catch(() => undefined); // low battery, or not allowed
		}
	};
	document.addEventListener("visibilitychange", hold);
	hold();
}
