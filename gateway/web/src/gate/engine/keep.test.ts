import "fake-indexeddb/auto";
import { describe, expect, it, vi } from "vitest";
import { type KeptScan, QUEUE_MAX, RECENT_MAX } from "./kept";
import { MemoryStore } from "./memory";
import { DiskStore, openStore } from "./store";
import { BADGE, CODE, enrolledGate, entering, FakeServer, NOW, newGate, Problem, passFor, settle } from "./testgate";
import type { WireScan } from "./wire";

let databases = 0;
const newStore = () => openStore(`test-${++databases}`);
const minutes = (n: number) => n * 60_000;

/** A gate that is offline. */
async function offlineGate(server = new FakeServer(), name = `test-${++databases}`) {
	const gate = await enrolledGate(server, { store: await openStore(name) });
	server.mode = "down";
	await gate.engine.scan(entering(passFor("first")));
	await gate.engine.scan(entering(passFor("second")));
	return { ...gate, name };
}

describe("what waits", () => {
	it("survives that the page is loaded again, and is uploaded once", async () => {
		const { engine, server, name } = await offlineGate();
		for (let i = 0; i < 18; i++) {
			await engine.scan(entering(passFor(`person ${i}`)));
		}
		// The page dies without a word: only what was written is there.
		const next = newGate(server, { store: await openStore(name) });
		await next.engine.start();
		await settle();
		expect(next.engine.state.value).toMatchObject({ waiting: 20, phase: "no_shift", durable: true });
		expect(next.engine.recent.value.length).toBe(20);
		expect(next.engine.recent.value.every((s) => s.state === "waiting")).toBe(true);
		server.mode = "up";
		await next.engine.syncNow();
		expect(server.recorded.size).toBe(20);
		expect(next.engine.state.value.waiting).toBe(0);
		await next.elapse();
		expect(server.count("/v1/scans/batch")).toBe(1);
	});

	it("is on the disk before the answer is given", async () => {
		const { engine, name } = await offlineGate();
		const v = await engine.scan(entering(passFor("li")));
		const [, , third] = await (await openStore(name)).queue(10);
		expect(third).toMatchObject({ kind: "scan", scan: { id: v.id }, told: { decision: "pass", reason: "ok" } });
	});

	it("goes in batches of 200, in order", async () => {
		const { engine, server, store } = await offlineGate();
		for (let i = 0; i < 249; i++) {
			const scan = { id: `scan-${i}-xxxx`, occurred_at: new Date(NOW + i).toISOString(), direction: "in" as const };
			const told = { decision: "pass" as const, reason: "ok", action: "admit" };
			await store.change({ queue: [{ kind: "scan", scan, told }] });
		}
		server.mode = "up";
		await engine.syncNow();
		const sizes = server.calls
			.filter((c) => c.path === "/v1/scans/batch")
			.map((c) => (c.body as { scans: [] }).scans.length);
		expect(sizes).toEqual([200, 51]);
		expect([...server.recorded.keys()].slice(2)).toEqual(Array.from({ length: 249 }, (_, i) => `scan-${i}-xxxx`));
	});

	it("is bounded: the guard is told before, and then to write on paper", async () => {
		const { engine, server, store } = await enrolledGate();
		server.mode = "down";
		await engine.scan(entering(passFor("first")));
		await engine.scan(entering(passFor("second")));
		expect(engine.state.value.queueLeft).toBe(QUEUE_MAX - 2);
		const scan = { id: "scan-full", occurred_at: "", direction: "in" as const };
		const told = { decision: "pass" as const, reason: "ok", action: "admit" };
		await store.change({ queue: Array.from({ length: QUEUE_MAX - 3 }, () => ({ kind: "scan", scan, told })) });
		const next = newGate(new FakeServer(), { store });
		next.server.mode = "down";
		await next.engine.start();
		await next.engine.scan(entering(passFor("last")));
		expect(next.engine.state.value.queueLeft).toBe(0);
		const refused = next.engine.scan(entering(passFor("one too many")));
		await expect(refused).rejects.toMatchObject({ text: { zh: expect.stringContaining("纸质") } });
	});

	it("has no room for a scan that the server may have: tried again it is the same scan", async () => {
		const store = Object.assign(new MemoryStore(), { waiting: async () => QUEUE_MAX });
		const { engine, server, elapse } = await enrolledGate(new FakeServer(), { store });
		const car = engine.scanCar({ plate: "鲁A12345", disinfected: true, direction: "in" }, [entering(passFor("li"))]);
		await expect(car).rejects.toMatchObject({ text: { zh: expect.stringContaining("纸质") } });
		expect(server.count("/v1/scans/vehicle")).toBe(0);
		const input = entering(passFor("wang"), { temperature: 37.6 });
		server.mode = "silent";
		await expect(engine.scan(input)).rejects.toMatchObject({ text: { zh: expect.stringContaining("纸质") } });
		server.mode = "up";
		await elapse();
		await engine.scan(input);
		await engine.scan(entering(passFor("wang"), { temperature: 37.6 }));
		const asked = server.calls.filter((c) => c.path === "/v1/scans").map((c) => (c.body as WireScan).id);
		expect(asked).toEqual([asked[0], asked[0], expect.not.stringMatching(asked[0] as string)]);
	});

	it("goes on in memory, and says so, when the disk fails", async () => {
		const store = new MemoryStore();
		Object.assign(store, { durable: true });
		const { engine, server } = await enrolledGate(new FakeServer(), { store });
		server.mode = "down";
		await engine.scan(entering(passFor("first")));
		store.change = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
		const v = await engine.scan(entering(passFor("second")));
		expect(v.decision).toBe("pass");
		expect(engine.state.value).toMatchObject({ durable: false, waiting: 2 });
		server.mode = "up";
		await engine.syncNow();
		expect(server.recorded.size).toBe(2);
	});

	it("is not taken for a new phone when the disk cannot be read, and is there when it can again", async () => {
		const { store } = await enrolledGate();
		let broken = true;
		const open = async () => {
			if (broken) {
				throw new DOMException("internal error", "UnknownError");
			}
			return store;
		};
		const next = newGate(new FakeServer(), { open });
		await next.engine.start();
		expect(next.engine.state.value).toMatchObject({ phase: "loading", unread: true });
		await next.engine.startInMemory();
		expect(next.engine.state.value).toMatchObject({ phase: "not_enrolled", unread: false, durable: false });
		broken = false;
		const after = newGate(new FakeServer(), { open });
		await after.engine.start();
		expect(after.engine.state.value).toMatchObject({ phase: "no_shift", unread: false });
	});

	it("is not waited for when the disk hangs, and a disk that answers too late takes nothing away", async () => {
		const { server, store } = await enrolledGate();
		const close = vi.spyOn(store, "close");
		const late: (() => void)[] = [];
		vi.useFakeTimers();
		const { engine } = newGate(server, { open: () => new Promise((done) => late.push(() => done(store))) });
		const started = engine.start();
		await vi.advanceTimersByTimeAsync(10_000);
		await started;
		vi.useRealTimers();
		late.pop()?.();
		await settle();
		expect(engine.state.value).toMatchObject({ phase: "loading", unread: true });
		await engine.startInMemory();
		await engine.enrol(CODE);
		server.mode = "down";
		await engine.scan(entering(passFor("wang")));
		late.pop()?.();
		await settle();
		expect(engine.state.value).toMatchObject({ phase: "no_shift", waiting: 1, durable: false });
		expect(close).toHaveBeenCalledTimes(2);
		server.mode = "up";
		await engine.syncNow();
		expect(server.recorded.size).toBe(1);
	});

	it("does not wait for a disk that never answers", async () => {
		vi.useFakeTimers();
		const never = new Promise<never>(() => undefined);
		const store = new DiskStore({ get: () => never, transaction: () => never } as never, () => never);
		const asked = Promise.allSettled([store.person("r:1"), store.scan("s"), store.change({})]);
		await vi.advanceTimersByTimeAsync(5_000);
		vi.useRealTimers();
		expect((await asked).map((a) => a.status)).toEqual(["rejected", "rejected", "rejected"]);
	});
});

describe("what comes of an upload", () => {
	it("shows where the server says otherwise, refuses nothing silently, keeps what cannot be taken now", async () => {
		const { engine, server } = await offlineGate();
		const third = await engine.scan(entering(passFor("third")));
		const ids = engine.recent.value.map((s) => s.verdict.id);
		server.on("/v1/scans/batch", ({ scans }: { scans: (WireScan & { told: never })[] }) => ({
			results: scans.map(({ told, ...scan }) => {
				if (scan.id === ids[2]) {
					return { id: scan.id, result: { ...server.record(scan, told), flags: ["late", "conflict"] } };
				}
				const code = scan.id === third.id ? "unavailable" : "invalid";
				return { id: scan.id, error: { code, field: "occurred_at", detail: "lies before this device was enrolled" } };
			}),
			annulments: [],
		}));
		server.mode = "up";
		await engine.syncNow();
		const of = (id: string | undefined) => engine.recent.value.find((s) => s.verdict.id === id);
		expect(of(ids[2])).toMatchObject({ state: "conflict", problem: { en: expect.stringContaining("otherwise") } });
		expect(of(ids[1])).toMatchObject({ state: "refused", problem: { zh: expect.stringContaining("enrolled") } });
		expect(of(third.id)?.problem).toBeUndefined();
		expect(engine.state.value).toMatchObject({ waiting: 1, conflicts: 2 });
		await engine.acknowledge(ids[1] as string);
		expect(engine.state.value.conflicts).toBe(1);
		expect(of(ids[1])).toMatchObject({ state: "refused", seen: true });
	});

	it("waits where the phone's clock was set on while offline, until the time of the scan has come", async () => {
		const { engine, server, phone } = await offlineGate();
		phone.time += minutes(60); // the clock is wrong from here on
		const ahead = await engine.scan(entering(passFor("third", { life: 7_200 })));
		server.on("/v1/scans/batch", ({ scans }: { scans: (WireScan & { told: never })[] }) => ({
			results: scans.map((s) =>
				Date.parse(s.occurred_at) > server.time + 120_000
					? { id: s.id, error: { code: "invalid", field: "occurred_at", detail: "lies in the future" } }
					: { id: s.id, result: server.record(s, s.told) },
			),
			annulments: [],
		}));
		server.mode = "up";
		await engine.syncNow();
		expect(engine.state.value).toMatchObject({ waiting: 1, conflicts: 0, online: true });
		server.time += minutes(61);
		phone.time += minutes(61);
		await engine.syncNow();
		expect(engine.state.value.waiting).toBe(0);
		expect(server.recorded.has(ahead.id)).toBe(true);
	});

	it("waits while something in between answers in the server's place", async () => {
		const server = new FakeServer();
		const front = { status: 0 };
		const fetch: typeof server.fetch = async (path, init) =>
			front.status === 0 ? server.fetch(path, init) : new Response("<h1>no</h1>", { status: front.status });
		const { engine } = await enrolledGate(server, { fetch });
		server.mode = "down";
		await engine.openShift(BADGE);
		await engine.scan(entering(passFor("wang")));
		server.mode = "up";
		for (front.status of [401, 403, 404, 413]) {
			await expect(engine.syncNow()).rejects.toMatchObject({ code: "network" });
			expect(engine.state.value).toMatchObject({ phase: "ready", waiting: 2, conflicts: 0 });
		}
	});

	it("passes over what a firewall bars, keeps it, and is online with the rest", async () => {
		const server = new FakeServer();
		let barred: string[] = ["/v1/scans/batch"];
		const fetch: typeof server.fetch = async (path, init) =>
			barred.some((what) => `${path} ${init?.body}`.includes(what))
				? new Response("<h1>blocked</h1>", { status: 403 })
				: server.fetch(path, init);
		const { engine, elapse, phone } = await enrolledGate(server, { fetch });
		server.mode = "down";
		const ids: string[] = [];
		for (let i = 0; i < 12; i++) {
			ids.push((await engine.scan(entering(passFor(`person ${i}`)))).id);
		}
		await engine.annul(ids[1] as string);
		server.mode = "up";
		const synced = server.count("/v1/gate/sync");
		await elapse(); // everything that is sent late is barred
		expect(engine.state.value).toMatchObject({ online: true, waiting: 13 });
		expect(server.count("/v1/gate/sync")).toBe(synced + 1);
		barred = ids.slice(0, 4);
		for (let i = 0; i < 4; i++) {
			await elapse();
		}
		expect(engine.state.value).toMatchObject({ online: true, waiting: 5, conflicts: 0 });
		expect([...server.recorded.keys()].sort()).toEqual(ids.slice(4).sort());
		barred = [];
		phone.time += 60_000;
		await engine.syncNow();
		await engine.syncNow();
		expect(engine.state.value).toMatchObject({ waiting: 0, conflicts: 0 });
		expect(engine.recent.value.find((s) => s.verdict.id === ids[1])?.annulled).toBe("done");
	});

	it("finds the one entry for which a whole batch is refused", async () => {
		const { engine, server } = await offlineGate();
		const bad = engine.recent.value[1]?.verdict.id;
		server.on("/v1/scans/batch", ({ scans }: { scans: (WireScan & { told: never })[] }) =>
			scans.some((s) => s.id === bad)
				? new Problem(400, "bad_json")
				: { results: scans.map((s) => ({ id: s.id, result: server.record(s, s.told) })), annulments: [] },
		);
		server.mode = "up";
		await engine.syncNow();
		expect(engine.state.value).toMatchObject({ waiting: 0, conflicts: 1 });
		expect(server.recorded.size).toBe(1);
	});

	it("keeps what has a problem in the list, however many scans come after it", async () => {
		const store = await newStore();
		const scan = (i: number, state: KeptScan["state"]) =>
			({
				id: `s${i}`,
				at: NOW - minutes(i),
				state,
				settled: state === "done",
				keys: [],
				named: {},
			}) as unknown as KeptScan;
		await store.change({ recent: [scan(999, "refused"), ...Array.from({ length: 80 }, (_, i) => scan(i, "done"))] });
		await store.prune(NOW);
		const shown = await store.recent();
		expect([shown.length, shown[0]?.id, shown.at(-1)?.id]).toEqual([RECENT_MAX + 1, "s0", "s999"]);
		expect(await store.scan("s79")).toBeUndefined();
	});
});

describe("taking back", () => {
	it("works within 15 minutes, online at once, and the counts follow", async () => {
		const { engine, server, phone } = await enrolledGate();
		const taken: Record<string, string>[] = [];
		server.on("/v1/scans/annul", (body: Record<string, string>) => taken.push(body));
		const v = await engine.scan(entering(passFor("wang")));
		await vi.waitFor(() => expect(engine.state.value.counts.in).toBe(1));
		await engine.annul(v.id);
		expect(taken[0]).toMatchObject({
			scan: v.id,
			resident: "0400000000000007",
			occurred_at: new Date(NOW).toISOString(),
		});
		expect(engine.recent.value[0]?.annulled).toBe("done");
		expect(engine.state.value.counts.in).toBe(0);
		const twice = await engine.scan(entering(passFor("zhao")));
		await Promise.all([engine.annul(twice.id), engine.annul(twice.id)]);
		expect(engine.state.value.counts.in).toBe(0);
		const late = await engine.scan(entering(passFor("li")));
		await settle();
		phone.time += minutes(16);
		await expect(engine.annul(late.id)).rejects.toMatchObject({ code: "too_late" });
	});

	it("works offline: what was waited for is forgotten, and the server hears of it after the scan", async () => {
		const { engine, server } = await offlineGate();
		const high = await engine.scan(entering(passFor("wang"), { temperature: 38 }));
		await engine.annul(high.id);
		expect(engine.recent.value[0]).toMatchObject({ annulled: "waiting" });
		const next = await engine.scan(entering(passFor("wang"), { temperature: 37.9 }));
		expect(next.decision).toBe("remeasure"); // a first reading again
		server.mode = "up";
		await engine.syncNow();
		const batch = server.calls.find((c) => c.path === "/v1/scans/batch")?.body as {
			annulments: object[];
			scans: object[];
		};
		expect(batch.annulments).toEqual([expect.objectContaining({ scan: high.id, pass: passFor("wang") })]);
		expect(engine.recent.value.find((s) => s.verdict.id === high.id)).toMatchObject({
			annulled: "done",
			state: "done",
		});
	});
});

describe("a shift", () => {
	const shiftServer = () => {
		const server = new FakeServer();
		server.on("/v1/shifts", (b: { id: string; opened_at: string }) => ({
			shift: { id: b.id, person: { login: "zhang", name: "张建国" }, opened_at: b.opened_at, note: "" },
			previous: null,
		}));
		server.on("/v1/shifts/close", (b: { id: string }) => ({ shift: { id: b.id }, previous: null }));
		return server;
	};

	it("opened and closed offline is reported in its place among the scans", async () => {
		const { engine, server } = await offlineGate(shiftServer());
		await engine.openShift(BADGE);
		expect(engine.state.value).toMatchObject({ phase: "ready", shift: { name: "" } });
		await engine.scan(entering(passFor("li")));
		await engine.closeShift("测温计没电了");
		expect(engine.state.value.phase).toBe("no_shift");
		server.mode = "up";
		const before = server.calls.length;
		await engine.syncNow();
		const paths = server.calls.slice(before).map((c) => c.path);
		expect(paths.filter((p) => /batch|shifts/.test(p))).toEqual([
			"/v1/scans/batch",
			"/v1/shifts",
			"/v1/scans/batch",
			"/v1/shifts/close",
		]);
	});

	it("that was opened offline with a withdrawn badge ends, and the guard is told", async () => {
		const { engine, server } = await offlineGate(shiftServer());
		await engine.openShift(BADGE);
		server.on("/v1/shifts", () => new Problem(403, "wrong_badge"));
		server.mode = "up";
		await engine.syncNow();
		expect(engine.state.value).toMatchObject({
			phase: "no_shift",
			notice: { zh: expect.stringContaining("未被接受") },
		});
	});

	it("that the server has ended is over here, too, but not by an answer from before it began", async () => {
		const { engine, server } = await enrolledGate(shiftServer());
		let answer = () => {};
		const waits = new Promise<void>((done) => (answer = done));
		server.on("/v1/gate/sync", async () => {
			await waits;
			return server.sync;
		});
		const syncing = engine.syncNow();
		await settle();
		await engine.openShift(BADGE);
		answer();
		await syncing;
		expect(engine.state.value.phase).toBe("ready");
		await engine.syncNow();
		expect(engine.state.value.phase).toBe("no_shift");
	});
});

describe("a device", () => {
	it("that was revoked lets nobody pass, also when it is offline again; and may be enrolled anew", async () => {
		const { engine, server, store } = await enrolledGate();
		server.on("/v1/gate/sync", () => new Problem(401, "unauthorized"));
		await expect(engine.syncNow()).rejects.toMatchObject({ status: 401 });
		expect(engine.state.value.phase).toBe("revoked");
		const next = newGate(new FakeServer(), { store });
		next.server.mode = "down";
		await next.engine.start();
		const v = await next.engine.scan(entering(passFor("wang"), { override: "fire" }));
		expect(v).toMatchObject({ decision: "deny", reason: "device_revoked", color: "red" });
		next.server.mode = "up";
		await next.engine.enrol(`PGE1-${"C".repeat(26)}`);
		expect(next.engine.state.value.phase).toBe("no_shift");
	});

	it("that was revoked while scans waited keeps them, and says so", async () => {
		const { engine, server } = await offlineGate();
		server.on("/v1/scans/batch", ({ scans }: { scans: (WireScan & { told: never })[] }) => ({
			results: scans.map((s) => ({
				id: s.id,
				result: { ...server.record(s, s.told), decision: "deny", reason: "device_revoked", person: null },
			})),
			annulments: [],
		}));
		server.mode = "up";
		await engine.syncNow().catch(() => undefined);
		await vi.waitFor(() => expect(engine.state.value).toMatchObject({ phase: "revoked", waiting: 2, conflicts: 0 }));
	});

	it("that was left is not brought back by an answer that was on its way", async () => {
		const { engine, server, store } = await enrolledGate();
		let answer = () => {};
		const held = new Promise<void>((done) => {
			answer = done;
		});
		server.on("/v1/gate/sync", async () => {
			await held;
			return server.sync;
		});
		const asked = engine.syncNow().catch(() => undefined);
		await vi.waitFor(() => expect(server.count("/v1/gate/sync")).toBe(2));
		await engine.leave(false);
		answer();
		await asked;
		expect([engine.state.value.phase, engine.state.value.gate]).toEqual(["not_enrolled", null]);
		expect(await store.value("sync")).toBeUndefined();
	});

	it("is forgotten by leaving, not while scans wait", async () => {
		const { engine, name } = await offlineGate();
		await expect(engine.leave(false)).rejects.toMatchObject({ text: { en: expect.stringContaining("2 entries") } });
		await engine.leave(true);
		expect(engine.state.value).toMatchObject({ phase: "not_enrolled", waiting: 0, gate: null });
		expect(await (await openStore(name)).value("device")).toBeUndefined();
	});

	it("in two windows: the newer one goes on, the older one says so", async () => {
		const held: ((reason: unknown) => void)[] = [];
		const locks = {
			request: (_name: string, _how: object, work: () => Promise<void>) => {
				held.splice(0).forEach((lose) => {
					lose(new DOMException("stolen", "AbortError"));
				});
				void work();
				return new Promise((_, reject) => held.push(reject));
			},
		} as unknown as LockManager;
		const store = await newStore();
		const first = await enrolledGate(new FakeServer(), { store, locks });
		const second = newGate(first.server, { store, locks });
		await second.engine.start();
		await settle();
		expect(first.engine.state.value.elsewhere).toBe(true);
		expect(second.engine.state.value.elsewhere).toBe(false);
		await expect(first.engine.scan(entering(passFor("wang")))).rejects.toMatchObject({
			text: { en: expect.anything() },
		});
		expect((await second.engine.scan(entering(passFor("wang")))).decision).toBe("pass");
	});
});
