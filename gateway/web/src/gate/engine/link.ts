// The way to the server: whether it answers, and when it is tried again. Two errors
// in a row or one answer that did not come in time, and the phone is on its own.
import { ApiError, ask, type CallOptions, isBarred } from "../../shared/api";
import type { PhoneClock } from "./clock";
import type { World } from "./options";

const ERRORS = 2;
const FIRST_PROBE = 2_000;
const LAST_PROBE = 30_000;
const GROWTH = 1.6;

/**
 * Who stands at the gate. A server that has too much to do refuses these last, and a
 * firewall may bar a single upload: while only other things are refused, the server is
 * there, and they can wait.
 */
const FRESH = new Set(["/v1/scans", "/v1/scans/vehicle"]);

export interface LinkOwner {
	/** The device's token, "" without one. */
	token(): string;
	/** What has to work before the server counts as back. */
	recover(): Promise<void>;
	/** Online or offline now, or the clock was measured. */
	changed(): void;
	/** The server does not know this device any more. */
	revoked(): void;
}

/** Whether the server did not answer, or failed: what it does not know yet may be told later. */
export function isAway(cause: unknown): boolean {
	return cause instanceof ApiError && (cause.status === 0 || cause.status === 408 || cause.status >= 500);
}

/** Whether the same again may work: the server is away, or asks to wait. */
export function isOutage(cause: unknown): boolean {
	return isAway(cause) || (cause instanceof ApiError && cause.status === 429);
}

function spared(cause: ApiError): boolean {
	return cause.code === "overloaded" || isBarred(cause);
}

export class Link {
	online = true;
	/** By the server's clock, null while online. */
	offlineSince: number | null = null;
	private errors = 0;
	private probes = 0;
	private timer: unknown;
	private probing: Promise<void> | null = null;
	private stopped = false;

	constructor(
		private readonly world: World,
		private readonly clock: PhoneClock,
		private readonly owner: LinkOwner,
	) {}

	/** Calls the server as this device. Throws ApiError. */
	async call<T>(path: string, options: CallOptions = {}): Promise<T> {
		try {
			const a = await ask<T>(path, { ...options, token: this.owner.token(), fetch: this.world.fetch });
			this.errors = 0;
			return a.value;
		} catch (cause) {
			this.judge(cause, path);
			throw cause;
		}
	}

	/** Asks for the server's time a few times, and so measures the phone's clock. */
	async measure(times = 3, timeout = 5_000): Promise<void> {
		for (let i = 0; i < times; i++) {
			const sentAt = this.world.now();
			const { now } = await this.call<{ now: string }>("/v1/time", { timeout });
			this.clock.add({ server: Date.parse(now), sentAt, cameAt: this.world.now() });
		}
		this.owner.changed();
	}

	private judge(cause: unknown, path: string): void {
		if (!(cause instanceof ApiError) || this.stopped) {
			return;
		}
		if (cause.status === 401 && this.owner.token() !== "") {
			this.owner.revoked();
		} else if (isAway(cause) && cause.front !== 429 && (FRESH.has(path) || !spared(cause))) {
			this.errors++;
			if (this.online && (cause.code === "timeout" || this.errors >= ERRORS)) {
				this.drop();
			}
		}
	}

	/** Goes on without the server, and begins to look for it. */
	drop(): void {
		this.online = false;
		this.offlineSince = this.clock.now();
		this.probes = 0;
		this.owner.changed();
		this.schedule();
	}

	private schedule(): void {
		this.world.timers.clear(this.timer);
		if (this.stopped || this.online) {
			return;
		}
		const wait = Math.min(LAST_PROBE, FIRST_PROBE * GROWTH ** this.probes);
		this.timer = this.world.timers.set(wait * (0.75 + this.world.random() / 2), () => void this.probe());
	}

	/** Tries whether the server is back. Resolves when that is known. */
	probe(): Promise<void> {
		this.probing ??= this.look().finally(() => {
			this.probing = null;
		});
		return this.probing;
	}

	private async look(): Promise<void> {
		this.probes++;
		try {
			await this.measure(1, this.world.patience);
			await this.owner.recover();
			this.errors = 0;
			this.online = true;
			this.offlineSince = null;
			this.owner.changed();
		} catch {
			this.schedule();
		}
	}

	stop(): void {
		this.stopped = true;
		this.world.timers.clear(this.timer);
	}
}
