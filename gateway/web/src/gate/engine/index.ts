// The engine of the guard's page: it stores, verifies, decides, queues and uploads.
// The screens see nothing of it but Engine (../types.ts).
import { isBarred } from "../../shared/api";
import { inTime } from "../../shared/intime";
import type { Engine } from "../types";
import { annul } from "./annul";
import { Core } from "./core";
import { Desk } from "./desk";
import { MemoryStore } from "./memory";
import { type EngineOptions, Said, worldOf } from "./options";
import { Scans } from "./scans";
import { Shifts } from "./shifts";
import { openStore } from "./store";
import { Syncer } from "./sync";
import { Uploader } from "./upload";

const LOCK = "passgate-gate";
const CODE = /^PGE1-[A-Z2-7]{26}$/;

interface Enrolled {
	token: string;
	device: string;
	gate: string;
	lane: string;
	site: string;
}

/** Makes an engine; start() sets it going. */
export function createEngine(options: EngineOptions = {}): Engine {
	const world = worldOf(options);
	const core: Core = new Core(world, recover);
	const queued = () => uploader.soon();
	const shifts = new Shifts(core, queued);
	const scans = new Scans(core, queued);
	const uploader = new Uploader(core, shifts);
	const syncer = new Syncer(core, shifts);
	const desk = new Desk(core);
	let release = () => {};
	/** Which opening of the store counts: the last, and none any more once the gate goes on without. */
	let opening = 0;

	/** What has to work before the server counts as back. */
	async function recover(): Promise<void> {
		if (!core.device) {
			return;
		}
		if (core.waiting > 0) {
			try {
				return await uploader.run();
			} catch (cause) {
				if (!isBarred(cause)) {
					throw cause;
				}
			}
		}
		await syncer.run();
	}

	async function syncNow(): Promise<void> {
		if (!core.link.online) {
			await core.link.probe();
		}
		await syncer.run();
		await uploader.run();
	}

	/** One window runs the gate: the one that was opened last. */
	function takeOver(): void {
		const held = world.locks?.request(LOCK, { steal: true }, () => new Promise<void>((done) => (release = done)));
		held?.catch(() => {
			core.elsewhere = true;
			stop();
			core.publish();
		});
	}

	const wake = () => {
		if (globalThis.document?.visibilityState !== "hidden" && core.device) {
			void (core.link.online ? syncer.run().catch(() => undefined) : core.link.probe());
		}
	};

	/** The phone itself says that its network is gone: nobody has to wait to find that out. */
	const cut = () => {
		if (core.link.online && core.device) {
			core.link.drop();
		}
	};

	function stop(): void {
		syncer.stop();
		uploader.stop();
		core.link.stop();
		release();
		globalThis.removeEventListener?.("online", wake);
		globalThis.removeEventListener?.("offline", cut);
		globalThis.document?.removeEventListener("visibilitychange", wake);
	}

	/** Reads what is kept, twice if need be: some browsers' disk hangs after a night in the background. */
	async function read(): Promise<void> {
		const open = async () => {
			const mine = ++opening;
			await core.load(await (world.open ?? openStore)(), () => mine !== opening);
		};
		await inTime(open()).catch(() => inTime(open()));
	}

	function begin(): void {
		syncer.begin();
		uploader.soon();
	}

	return {
		state: core.state,
		recent: core.recent,

		async start() {
			takeOver();
			void globalThis.navigator?.storage?.persist?.().catch(() => false);
			globalThis.addEventListener?.("online", wake);
			globalThis.addEventListener?.("offline", cut);
			globalThis.document?.addEventListener("visibilitychange", wake);
			try {
				await read();
			} catch {
				opening++;
				core.unread = true;
				core.publish();
				return;
			}
			begin();
		},

		async startInMemory() {
			opening++;
			await core.load(new MemoryStore());
			begin();
		},

		stop,

		async enrol(text) {
			const code = text.trim().toUpperCase();
			if (!CODE.test(code)) {
				throw new Said({
					zh: "这不是登记码，登记码以 PGE1 开头",
					en: "That is no enrolment code: it begins with PGE1",
				});
			}
			const e = await core.link.call<Enrolled>("/v1/devices/enrol", { body: { code } });
			const device = { token: e.token, code: e.device, gate: e.gate, lane: e.lane, site: e.site, revoked: false };
			core.device = device;
			core.shift = null;
			await core.write({ values: { device, shift: null }, strict: true });
			await syncer.run().catch(() => undefined); // it is tried again within the minute
		},

		openShift: (badge) => shifts.open(badge),
		closeShift: (note) => shifts.close(note),
		scan: (input) => scans.scan(input),
		scanCar: (car, riders) => scans.car(car, riders),
		acknowledge: (id) =>
			core.update(async () => {
				const scan = await core.store.scan(id);
				return scan ? { recent: [{ ...scan, seen: true }] } : {};
			}),
		annul: (id) => annul(core, id, queued),
		search: (query) => desk.search(query),
		registerVisitor: (visitor) => desk.registerVisitor(visitor),
		typePaper: (page, rows, replace) => desk.typePaper(page, rows, replace),
		syncNow,

		trustClock() {
			core.clock.trust();
			core.publish();
		},

		async leave(force) {
			if (core.waiting > 0 && !force) {
				throw new Said({
					zh: `还有 ${core.waiting} 条记录没有上传，请先联网上传`,
					en: `${core.waiting} entries are not uploaded yet: connect the phone first`,
				});
			}
			await core.idle();
			await core.forget();
		},
	};
}
