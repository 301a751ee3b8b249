// The board's stream: held while a screen shows it, taken up again by itself.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { open } from "../../desk/call";
import { session } from "../../desk/session";
import { ApiError } from "../../shared/api";
import { readEvents } from "./events";
import { type BoardState, nothing, told } from "./state";

export const board = signal<BoardState>(nothing);

/** "live": events come. "waiting": it will be tried again. */
export const link = signal<{ state: "live" | "waiting"; error: unknown }>({ state: "waiting", error: null });

/** ms that this computer's clock is behind the server's. */
export const clockOffset = signal(0);

const SILENT = 25_000; // the server says something every second, and in any case every 15
const FIRST_PAUSE = 1000;
const LAST_PAUSE = 10_000;

let watching = 0;
let stop: AbortController | null = null;

/** Holds the stream while the component is there. */
export function useLive(): void {
	useEffect(() => {
		watching++;
		if (watching === 1) {
			stop = new AbortController();
			void follow(stop.signal);
		}
		return () => {
			watching--;
			if (watching === 0) {
				stop?.abort();
				stop = null;
			}
		};
	}, []);
}

/** Reads the stream until it is stopped, again and again. */
async function follow(stopped: AbortSignal): Promise<void> {
	let owner = session.value?.login;
	let pause = FIRST_PAUSE;
	while (!stopped.aborted && session.value) {
		if (session.value.login !== owner) {
			owner = session.value.login;
			board.value = nothing;
		}
		try {
			await once(stopped, () => {
				pause = FIRST_PAUSE;
			});
			link.value = { state: "waiting", error: null };
		} catch (error) {
			if (stopped.aborted) {
				break;
			}
			link.value = { state: "waiting", error };
			pause = error instanceof ApiError && error.status >= 400 && error.status < 500 ? LAST_PAUSE : pause;
		}
		await rest(pause, stopped);
		pause = Math.min(2 * pause, LAST_PAUSE);
	}
	link.value = { state: "waiting", error: null };
}

/** Reads one stream to its end; a stream that falls silent is given up. */
async function once(stopped: AbortSignal, onData: () => void): Promise<void> {
	const own = new AbortController();
	const giveUp = () => own.abort();
	stopped.addEventListener("abort", giveUp);
	let timer = setTimeout(giveUp, SILENT);
	try {
		const response = await open("GET", "/v1/live", { accept: "text/event-stream", signal: own.signal });
		await readEvents(response, ({ name, data }) => {
			clearTimeout(timer);
			timer = setTimeout(giveUp, SILENT);
			const value = JSON.parse(data) as unknown;
			if (name === "beat") {
				clockOffset.value = Date.parse((value as { now: string }).now) - Date.now();
			} else {
				onData();
				board.value = told(board.value, name, value);
			}
			if (link.value.state !== "live") {
				link.value = { state: "live", error: null };
			}
		});
	} finally {
		clearTimeout(timer);
		stopped.removeEventListener("abort", giveUp);
	}
}

function rest(ms: number, stopped: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		stopped.addEventListener("abort", () => {
			clearTimeout(timer);
			resolve();
		});
	});
}
