import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { ApiError } from "../../shared/api";
import {
	BADGE,
	enrolledGate,
	entering,
	FakeServer,
	jtiOf,
	listOf,
	NOW,
	newGate,
	Problem,
	passFor,
	RULES,
	settle,
	syncOf,
} from "./testgate";
import type { WireScan } from "./wire";

const minutes = (n: number) => n * 60_000;

describe("from a new phone to the first passage", () => {
	it("goes from loading by enrolment and badge to ready", async () => {
		const server = new FakeServer();
		server.on("/v1/shifts", (body: { id: string; opened_at: string }) => ({
			shift: { id: body.id, person: { login: "zhang", name: "张建国" }, opened_at: body.opened_at, note: "" },
			previous: { note: "测温计没电了" },
		}));
		const { engine } = newGate(server);
		expect(engine.state.value.phase).toBe("loading");
		await engine.start();
		expect(engine.state.value.phase).toBe("not_enrolled");
		await engine.enrol(`pge1-${"a".repeat(26)}`);
		expect(engine.state.value.phase).toBe("no_shift");
		expect(engine.state.value.gate).toMatchObject({
			code: "G1",
			siteName: "佟道口村",
			lane: "一道",
			residential: true,
		});
		await engine.openShift(BADGE);
		expect(engine.state.value).toMatchObject({ phase: "ready", previousNote: "测温计没电了", stale: false });
		expect(engine.state.value.shift?.name).toBe("张建国");
		const v = await engine.scan(entering(passFor("wang")));
		expect(v).toMatchObject({ decision: "pass", color: "green", by: "server" });
		expect(v.person).toEqual({ id: "0400000000000007", nameMasked: "王*明", kind: "resident", own: true });
		await settle();
		expect(engine.recent.value[0]).toMatchObject({ state: "done", subjectWord: "王*明", temperature: 36.5 });
		expect(engine.state.value.counts).toMatchObject({ in: 1, out: 0, refused: 0 });
		expect(server.calls.every((c) => c.path === "/v1/devices/enrol" || !c.path.includes("pgd_"))).toBe(true);
	});

	it("says what is wrong with a badge and stays without a shift", async () => {
		const { engine, server } = await enrolledGate();
		server.on("/v1/shifts", () => new Problem(403, "wrong_badge"));
		await expect(engine.openShift(BADGE)).rejects.toMatchObject({ code: "wrong_badge" });
		await expect(engine.openShift("PGB1-short")).rejects.toThrow("badge");
		expect(engine.state.value.phase).toBe("no_shift");
	});
});

describe("falling offline", () => {
	it("does so after one answer that does not come, and says so in the answer", async () => {
		const { engine, server } = await enrolledGate();
		server.mode = "silent";
		const v = await engine.scan(entering(passFor("wang")));
		expect(v).toMatchObject({ decision: "pass", by: "offline", color: "green" });
		expect(engine.state.value).toMatchObject({ online: false, waiting: 1, offlineSince: NOW });
		const before = server.calls.length;
		await engine.scan(entering(passFor("li")));
		expect(server.calls.length).toBe(before); // nobody waits a second time
	});

	it("does so after two errors in a row, but not after one", async () => {
		const { engine, server } = await enrolledGate();
		server.mode = "broken";
		expect((await engine.scan(entering(passFor("wang")))).by).toBe("offline");
		expect(engine.state.value.online).toBe(true);
		await engine.scan(entering(passFor("li")));
		expect(engine.state.value.online).toBe(false);
	});

	it("does so when its scans are refused for too much to do, and not for anything else", async () => {
		const { engine, server } = await enrolledGate();
		const busy = () => new Problem(503, "overloaded");
		server.on("/v1/gate/sync", busy);
		server.on("/v1/time", busy);
		for (let i = 0; i < 4; i++) {
			await engine.syncNow().catch(() => undefined);
		}
		expect((await engine.scan(entering(passFor("wang")))).by).toBe("server");
		expect(engine.state.value.online).toBe(true);
		server.on("/v1/scans", busy);
		expect((await engine.scan(entering(passFor("li")))).by).toBe("offline"); // at once, and no error
		expect((await engine.scan(entering(passFor("zhao")))).by).toBe("offline");
		expect(engine.state.value).toMatchObject({ online: false, waiting: 2 });
	});

	it("does so when something else answers in the place of the server, and loses nobody", async () => {
		const { engine, server } = await enrolledGate();
		server.on("/v1/scans", () => "<title>Sign in to the network</title>");
		expect((await engine.scan(entering(passFor("wang")))).by).toBe("offline");
		expect((await engine.scan(entering(passFor("li")))).by).toBe("offline");
		expect(engine.state.value.online).toBe(false);
	});

	it("comes back by itself, uploads everything once, with what was told, in order", async () => {
		const { engine, server, elapse } = await enrolledGate();
		server.mode = "down";
		const told = [];
		for (const name of ["a", "b", "c", "d"]) {
			told.push(await engine.scan(entering(passFor(name))));
		}
		expect(engine.state.value).toMatchObject({ online: false, waiting: 4 });
		await elapse();
		expect(engine.state.value.online).toBe(false);
		server.mode = "up";
		await elapse();
		await elapse();
		expect(engine.state.value).toMatchObject({ online: true, waiting: 0, offlineSince: null });
		expect([...server.recorded.keys()]).toEqual(told.map((v) => v.id));
		expect(server.recorded.get(told[0]?.id ?? "")).toMatchObject({
			occurred_at: new Date(NOW).toISOString(),
			told: { decision: "pass", reason: "ok", action: "admit" },
		});
		expect(engine.recent.value.map((s) => [s.state, s.subjectWord])).toEqual(Array(4).fill(["done", "王*明"]));
	});

	it("sends a scan whose answer was lost again as the same scan", async () => {
		const { engine, server, elapse } = await enrolledGate();
		const sent: WireScan[] = [];
		server.on("/v1/scans", (scan: WireScan) => {
			sent.push(scan); // recorded, but the answer is lost
			server.record(scan);
			return new Problem(504, "lost");
		});
		await engine.scan(entering(passFor("wang")));
		await elapse();
		const again = server.calls.find((c) => c.path === "/v1/scans/batch")?.body as { scans: WireScan[] };
		expect(again.scans[0]).toMatchObject(JSON.parse(JSON.stringify(sent[0])));
		expect(server.recorded.size).toBe(1);
	});
});

describe("deciding alone", () => {
	const offline = async (server = new FakeServer()) => {
		const gate = await enrolledGate(server);
		await gate.engine.syncNow();
		server.mode = "down";
		await gate.engine.scan(entering(passFor("first")));
		await gate.engine.scan(entering(passFor("second")));
		expect(gate.engine.state.value.online).toBe(false);
		return gate;
	};

	it("knows its own people from strangers", async () => {
		const { engine } = await offline();
		expect(await engine.scan(entering(passFor("li", { home: "V2" })))).toMatchObject({
			decision: "deny",
			reason: "outsider",
			color: "red",
			call: "0531-84880000",
		});
		const out = await engine.scan({ ...entering(passFor("li", { home: "V2" })), direction: "out" });
		expect(out).toMatchObject({ decision: "pass", color: "green" });
	});

	it("leaves to the guard's eye whoever comes home with a pass on the list: they may have to stay there", async () => {
		const server = new FakeServer();
		server.list = listOf([jtiOf("void")]);
		const { engine } = await offline(server);
		const home = await engine.scan(entering(passFor("void")));
		expect(home).toMatchObject({ decision: "deny", reason: "revoked", color: "grey", call: "0531-84880000" });
		expect(home.trouble).toBeUndefined();
		const out = await engine.scan({ ...entering(passFor("void")), direction: "out" });
		expect(out).toMatchObject({ decision: "deny", color: "red", trouble: "revoked" });
	});

	it("has a screen of its own for each code that is no good", async () => {
		const server = new FakeServer();
		server.list = listOf([jtiOf("void")]);
		const { engine } = await offline(server);
		const trouble = async (code: string) => (await engine.scan(entering(code))).trouble;
		expect(await trouble(passFor("old", { from: NOW / 1000 - 3600 }))).toBe("expired");
		expect(await trouble(passFor("void", { home: "V2" }))).toBe("revoked");
		expect(await trouble("https://pay.example/1")).toBe("not_our_code");
		const [, claims, sig] = passFor("x").split(".");
		const unknown = `${btoa('{"alg":"EdDSA","kid":"AAAAAAAA"}').replace(/=/g, "")}.${claims}.${sig}`;
		expect(await trouble(unknown)).toBe("keys_stale");
		expect(await trouble(passFor("good"))).toBeUndefined();
	});

	it("asks for a second reading and holds a fever, also by the next code of the phone", async () => {
		const { engine, phone } = await offline();
		const first = await engine.scan(entering(passFor("wang"), { temperature: 37.8 }));
		expect(first).toMatchObject({ decision: "remeasure", remeasureUntil: NOW + minutes(10) });
		phone.time += minutes(6);
		const later = passFor("wang's next code");
		const second = await engine.scan(entering(later, { temperature: 37.6, remeasureOf: first.id }));
		expect(second).toMatchObject({ decision: "deny", reason: "fever", action: "hold_here", color: "red" });
		expect(second.text.zh).toBe("发热，请就地等候");
	});

	it("lets everybody pass in an emergency", async () => {
		const { engine } = await offline();
		const v = await engine.scan({ subject: { nobody: true }, direction: "out", override: "medical" });
		expect(v).toMatchObject({ decision: "pass", reason: "unknown_person", color: "yellow", flags: ["override"] });
		await expect(engine.scan({ subject: { nobody: true }, direction: "out" })).rejects.toBeInstanceOf(ApiError);
	});

	it("turns grey past the limit: strangers are refused, who comes home or leaves passes", async () => {
		const server = new FakeServer();
		server.sync = syncOf({ site: { ...syncOf().site, kind: "mall", residential: false } });
		server.sync.table.other.in = server.sync.table.own.in;
		const { engine, phone } = await offline(server);
		const stranger = (at: number) => passFor(`stranger ${at}`, { home: "V2", from: at / 1000 - 60 });
		phone.time = NOW + minutes(239);
		expect((await engine.scan(entering(stranger(phone.time)))).color).toBe("green");
		phone.time = NOW + minutes(241);
		const refused = await engine.scan(entering(stranger(phone.time)));
		expect(refused).toMatchObject({ decision: "deny", reason: "cut_off", color: "grey" });
		expect(refused.text.zh).toContain("断联");
		const mine = await engine.scan(entering(passFor("home", { from: phone.time / 1000 - 60 })));
		expect(mine).toMatchObject({ decision: "pass", color: "grey" });
		const out = await engine.scan({ ...entering(stranger(phone.time)), direction: "out" });
		expect(out).toMatchObject({ decision: "pass", color: "grey" });
		const eye = await engine.scan(entering(stranger(phone.time), { override: "other" }));
		expect(eye).toMatchObject({ decision: "pass", color: "yellow" });
		expect(engine.state.value).toMatchObject({ stale: true, waiting: 7 });
	});

	it("takes the rules that begin meanwhile", async () => {
		const server = new FakeServer();
		const turn = new Date(NOW + minutes(30)).toISOString();
		server.sync.rules = [
			{ ...RULES, until: turn },
			{ ...RULES, from: turn, temperature_on: "none" },
		];
		const { engine, phone } = await offline(server);
		const bare = () => ({ subject: { pass: passFor("w", { from: phone.time / 1000 }) }, direction: "in" as const });
		expect((await engine.scan(bare())).reason).toBe("temperature_required");
		phone.time = NOW + minutes(31);
		expect((await engine.scan(bare())).reason).toBe("ok");
	});
});

describe("the clock", () => {
	it("is measured, and scans are dated by the server's", async () => {
		const server = new FakeServer();
		server.time = NOW - minutes(9);
		const { engine } = await enrolledGate(server);
		expect(engine.state.value).toMatchObject({ clockOffset: minutes(9), clockWrong: true });
		await engine.scan(entering(passFor("wang")));
		expect(server.calls.at(-1)?.body).toMatchObject({ occurred_at: new Date(NOW - minutes(9)).toISOString() });
	});

	it("is measured anew when the server finds a scan out of time, and the scan goes through", async () => {
		const { engine, server, phone } = await enrolledGate();
		phone.time += minutes(30); // somebody set the phone's clock
		server.on("/v1/scans", (scan: WireScan) =>
			Math.abs(Date.parse(scan.occurred_at) - server.time) > minutes(2)
				? new Problem(422, "invalid", "occurred_at")
				: server.record(scan),
		);
		const v = await engine.scan(entering(passFor("wang")));
		expect(v).toMatchObject({ by: "server", decision: "pass", occurredAt: NOW });
		expect(engine.state.value.clockOffset).toBe(minutes(30));
	});

	it("that is set on while offline is found out: no good code is called expired, and the server puts it right", async () => {
		const { engine, server, phone, elapse } = await enrolledGate();
		server.mode = "silent";
		await engine.scan(entering(passFor("wang")));
		phone.set = minutes(60);
		const v = await engine.scan(entering(passFor("li")));
		expect(v).toMatchObject({ reason: "expired", trouble: "clock_wrong" });
		expect(engine.state.value).toMatchObject({ clockWrong: true, clockDoubtful: true });
		phone.set = 0; // put right again by hand
		expect((await engine.scan(entering(passFor("li")))).decision).toBe("pass");
		expect(engine.state.value.clockWrong).toBe(false);
		phone.set = minutes(60);
		server.mode = "up";
		await elapse();
		expect(engine.state.value).toMatchObject({ online: true, clockOffset: minutes(60), clockDoubtful: false });
	});

	it("that ran on while the phone slept is doubted until the guard says that it is right, or codes show it", async () => {
		const { engine, server, phone } = await enrolledGate();
		server.mode = "silent";
		await engine.scan(entering(passFor("wang")));
		phone.set = minutes(180); // the time that runs stood still
		const old = () => engine.scan(entering(passFor("li")));
		expect((await old()).trouble).toBe("clock_wrong");
		engine.trustClock();
		expect(engine.state.value).toMatchObject({ clockWrong: false, clockDoubtful: false });
		expect((await old()).trouble).toBe("expired");
		phone.set += minutes(180);
		expect((await old()).trouble).toBe("clock_wrong");
		phone.set -= minutes(30); // set back for certain, whatever came before
		const fresh = passFor("wang", { from: (NOW + minutes(360)) / 1000 });
		expect(await engine.scan(entering(fresh))).toMatchObject({ decision: "pass", occurredAt: NOW + minutes(360) });
		expect(engine.state.value.clockDoubtful).toBe(false);
		expect((await old()).trouble).toBe("expired");
	});

	it("that is set back while offline is corrected", async () => {
		const { engine, server, phone } = await enrolledGate();
		server.mode = "silent";
		await engine.scan(entering(passFor("wang")));
		phone.set = -minutes(60);
		expect(await engine.scan(entering(passFor("li")))).toMatchObject({ decision: "pass", occurredAt: NOW });
		expect(engine.state.value).toMatchObject({ clockWrong: true, clockDoubtful: false });
	});

	it("is what looks wrong when the phone has lost its time, and scans go on from the last that was known", async () => {
		const { store, engine } = await enrolledGate();
		await engine.syncNow();
		engine.stop();
		const server = new FakeServer();
		server.mode = "down";
		const next = newGate(server, { store });
		next.phone.time = Date.UTC(2015, 0, 1);
		await next.engine.start();
		const v = await next.engine.scan(entering(passFor("wang", { from: NOW / 1000 - 3600 })));
		expect(v).toMatchObject({ reason: "expired", trouble: "clock_wrong", occurredAt: NOW });
		expect(next.engine.state.value.clockWrong).toBe(true);
		expect((await next.engine.scan(entering(passFor("li")))).decision).toBe("pass");
	});
});
