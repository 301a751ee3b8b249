// Fetches what a gate needs to go on alone: rules, table and keys, and the list of
// revoked passes.
import { ApiError } from "../../shared/api";
import type { Core } from "./core";
import { askSince, ListGap, merge, readList } from "./revocations";
import type { Shifts } from "./shifts";
import type { Sync } from "./wire";

const EVERY = 60_000;
const CLOCK_EVERY = 10 * 60_000;
const PRUNE_EVERY = 60 * 60_000;
const LIST_PATIENCE = 60_000;

export class Syncer {
	private timer: unknown;
	private running: Promise<void> | null = null;
	private measuredAt = Number.NEGATIVE_INFINITY;
	private prunedAt = Number.NEGATIVE_INFINITY;
	private stopped = false;

	constructor(
		private readonly core: Core,
		private readonly shifts: Shifts,
	) {}

	/** Keeps what was synced fresh until stop. */
	begin(): void {
		const { world, link } = this.core;
		const round = async () => {
			if (link.online && this.core.device && !this.core.elsewhere) {
				await this.run().catch(() => undefined);
			}
			this.core.publish(); // ages have changed
			if (!this.stopped) {
				this.timer = world.timers.set(EVERY * (0.9 + world.random() / 5), round);
			}
		};
		void round();
	}

	stop(): void {
		this.stopped = true;
		this.core.world.timers.clear(this.timer);
	}

	/** Syncs now. Throws ApiError if the server does not answer, ListError if its list is no good. */
	run(): Promise<void> {
		this.running ??= this.work().finally(() => {
			this.running = null;
		});
		return this.running;
	}

	private async work(): Promise<void> {
		const { core } = this;
		const started = core.world.now();
		if (Math.abs(started - this.measuredAt) > CLOCK_EVERY) {
			await core.link.measure();
			this.measuredAt = started;
		}
		await this.rules();
		await this.list();
		if (Math.abs(started - this.prunedAt) > PRUNE_EVERY) {
			this.prunedAt = started;
			await core.store.prune(core.clock.now()).catch(() => undefined);
		}
	}

	private async rules(): Promise<void> {
		const { core } = this;
		const asked = this.shifts.changes;
		const sentAt = core.world.now();
		const token = core.device?.token;
		const body = await core.link.call<Sync>("/v1/gate/sync");
		if (core.device?.token !== token) {
			throw new ApiError(0, "network", "this phone was enrolled anew meanwhile");
		}
		core.clock.add({ server: Date.parse(body.now), sentAt, cameAt: core.world.now() });
		const at = Date.parse(body.now);
		await core.adopt(body, at);
		await core.markRevoked(false);
		this.shifts.adopt(body, asked);
		const values = { sync: { body, at }, shift: core.shift, counts: core.counts };
		await core.write({ values: core.clock.offset === null ? values : { ...values, offset: core.clock.offset } });
	}

	private async list(): Promise<void> {
		const { core } = this;
		try {
			await this.listSince(askSince(core.list));
		} catch (cause) {
			if (!(cause instanceof ListGap)) {
				throw cause;
			}
			await this.listSince(0);
		}
	}

	private async listSince(counter: number): Promise<void> {
		const { core } = this;
		const options = { accept: "application/jwt", timeout: LIST_PATIENCE };
		const text = await core.link.call<string>(`/v1/revocations?since=${counter}`, options);
		const news = await readList(text, core.keys, core.clock.now());
		const list = merge(core.list, news);
		const before = core.list;
		const changed =
			list.ids.length !== before.ids.length || list.counter !== before.counter || list.wholeAt !== before.wholeAt;
		core.list = list;
		core.listAt = core.clock.now();
		await core.write({ values: { listAt: core.listAt, ...(changed && { list }) } });
	}
}
