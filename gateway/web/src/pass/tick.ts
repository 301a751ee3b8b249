// The running second: what every countdown on the page follows.
import { signal } from "@preact/signals";
import { jump } from "../shared/clock";

/** The server's time (UTC ms) at the last full second. */
export const second = signal(0);

/** Keeps second running; onJump is called when the phone's clock was set meanwhile. */
export function run(now: () => number, onJump: () => void): () => void {
	let last = { wall: Date.now(), run: performance.now() };
	let timer: ReturnType<typeof setTimeout>;
	const step = () => {
		const look = { wall: Date.now(), run: performance.now() };
		if (jump(last, look) !== 0) {
			onJump();
		}
		last = look;
		second.value = now();
		timer = setTimeout(step, 1000 - (second.value % 1000));
	};
	step();
	return () => clearTimeout(timer);
}

/** "4:05" of ms, "26:10:00" from an hour on; rounded up so that it ends at 0:00. */
export function countdown(ms: number): string {
	const s = Math.max(0, Math.ceil(ms / 1000));
	const two = (n: number) => String(n).padStart(2, "0");
	const minutes = Math.floor(s / 60) % 60;
	const hours = Math.floor(s / 3600);
	return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
