// How far the phone's clock is from the server's. A phone that is wrong by more
// than two minutes makes good passes look expired: it is measured and corrected,
// and said.
import { ask } from "./api";

/** More than this (ms) and the guard or resident is told. */
export const CLOCK_WRONG = 120_000;

/** One measurement: the server's time and when it was asked and came (phone, UTC ms). */
export interface Sample {
	server: number;
	sentAt: number;
	cameAt: number;
}

/** Phone minus server (ms), of the sample with the shortest way; null without one. */
export function offsetOf(samples: readonly Sample[]): number | null {
	let best: Sample | undefined;
	for (const s of samples) {
		if (s.cameAt >= s.sentAt && (!best || s.cameAt - s.sentAt < best.cameAt - best.sentAt)) {
			best = s;
		}
	}
	return best ? Math.round((best.sentAt + best.cameAt) / 2 - best.server) : null;
}

/** Asks the server for its time a few times. Throws ApiError if it never answers. */
export async function measureOffset(times = 3, call: typeof ask = ask): Promise<number> {
	const samples: Sample[] = [];
	let failure: unknown;
	for (let i = 0; i < times; i++) {
		try {
			const a = await call<{ now: string }>("/v1/time", { timeout: 5_000 });
			samples.push({ server: Date.parse(a.value.now), sentAt: a.sentAt, cameAt: a.cameAt });
		} catch (cause) {
			failure = cause;
		}
	}
	const offset = offsetOf(samples);
	if (offset === null) {
		throw failure;
	}
	return offset;
}

/** The phone's clock (UTC ms) and the time that runs (performance.now, ms), at one moment. */
export interface Look {
	wall: number;
	run: number;
}

/**
 * By how much (ms) the phone's clock went otherwise than the time that runs between two
 * looks, 0 within a few seconds. Below 0 it was set back. Above 0 it was set on or the
 * phone slept, for which the time that runs stands still on many: hence a new measurement
 * or a doubt, and no more.
 */
export function jump(before: Look, after: Look): number {
	const by = after.wall - before.wall - (after.run - before.run);
	return Math.abs(by) > 5_000 ? by : 0;
}
