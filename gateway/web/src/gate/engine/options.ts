// Everything through which the engine touches the world, so that tests can hold it.
import type { Text } from "../types";
import type { Store } from "./kept";

export interface Timers {
	set(after: number, what: () => void): unknown;
	clear(handle: unknown): void;
}

export interface EngineOptions {
	fetch?: typeof fetch;
	/** The phone's clock, UTC ms. */
	now?: () => number;
	/** The time that runs, ms, whatever the phone's clock is set to. */
	run?: () => number;
	timers?: Timers;
	/** 0 to 1, for jitter. */
	random?: () => number;
	/** Random bytes, for IDs. */
	bytes?: (n: number) => Uint8Array;
	/** undefined: not to be had here (plain HTTP), so the kept library is used. */
	subtle?: SubtleCrypto | undefined;
	/** Opens what is kept; by default IndexedDB, else memory. */
	open?: () => Promise<Store>;
	/** undefined: this browser has none. */
	locks?: LockManager | undefined;
	secure?: boolean;
	/** ms that a scan waits for the server. */
	patience?: number;
}

export type World = Required<Omit<EngineOptions, "open" | "subtle" | "locks">> &
	Pick<EngineOptions, "open" | "subtle" | "locks">;

/** The options with what the browser has for those that were left out. */
export function worldOf(o: EngineOptions): World {
	return {
		fetch: o.fetch ?? ((input, init) => globalThis.fetch(input, init)),
		now: o.now ?? Date.now,
		run: o.run ?? (() => performance.now()),
		timers: o.timers ?? {
			set: (after, what) => setTimeout(what, after),
			clear: (handle) => clearTimeout(handle as number),
		},
		random: o.random ?? Math.random,
		bytes: o.bytes ?? ((n) => crypto.getRandomValues(new Uint8Array(n))),
		subtle: "subtle" in o ? o.subtle : globalThis.crypto?.subtle,
		open: o.open,
		locks: "locks" in o ? o.locks : globalThis.navigator?.locks,
		secure: o.secure ?? globalThis.isSecureContext ?? false,
		patience: o.patience ?? 3_000,
	};
}

/** Something that the guard has to hear, in both languages. */
export class Said extends Error {
	constructor(readonly text: Text) {
		super(text.en);
	}
}
