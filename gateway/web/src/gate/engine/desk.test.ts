import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import type { ScanInput } from "../types";
import { MemoryStore } from "./memory";
import { enrolledGate, entering, FakeServer, NOW, Problem, passFor, settle } from "./testgate";
import type { WireScan } from "./wire";

const car = { plate: "鲁A12345", disinfected: true, direction: "in" as const };
const rider = (name: string, change: Partial<ScanInput> = {}) => entering(passFor(name), change);

/** Answers for a car as the server does, each rider by themselves. */
function carServer(answer: (scan: WireScan) => object) {
	const server = new FakeServer();
	server.on("/v1/scans/vehicle", ({ scans, ...whole }: { scans: WireScan[] }) => ({
		...whole,
		results: scans.map((scan) => ({ id: scan.id, ...answer({ ...whole, ...scan }) })),
	}));
	return server;
}

describe("a car", () => {
	it("is asked in one go, and each of its people gets an answer", async () => {
		const server = carServer((scan) => ({ result: server.record(scan) }));
		const { engine } = await enrolledGate(server);
		const verdicts = await engine.scanCar(car, [rider("a"), rider("b", { temperature: 36.8 })]);
		expect(verdicts.map((v) => [v.decision, v.by])).toEqual(Array(2).fill(["pass", "server"]));
		const body = server.calls.at(-1)?.body as { vehicle: string; scans: WireScan[] };
		expect(body).toMatchObject({ plate: "鲁A12345", vehicle_disinfected: true, direction: "in" });
		expect(body.scans[1]).toEqual({ id: verdicts[1]?.id, pass: passFor("b"), temperature: 36.8 });
		await settle();
		expect(engine.state.value.counts.in).toBe(2);
	});

	it("offline goes person by person, under one ID of the car", async () => {
		const { engine, server } = await enrolledGate();
		server.mode = "down";
		const verdicts = await engine.scanCar({ ...car, disinfected: false }, [rider("a"), rider("b"), rider("c")]);
		expect(verdicts.every((v) => v.by === "offline" && v.decision === "pass")).toBe(true);
		server.mode = "up";
		await engine.syncNow();
		const sent = [...server.recorded.values()];
		expect(sent.length).toBe(3);
		expect(new Set(sent.map((s) => s.vehicle)).size).toBe(1);
		expect(sent[0]).toMatchObject({ plate: "鲁A12345" });
	});

	it("has one rider refused as they were named, one decided here, and loses neither", async () => {
		const server = carServer((scan) => {
			const bad = scan.pass === passFor("b") ? "invalid" : scan.pass === passFor("c") ? "unavailable" : "";
			return bad ? { error: { code: bad, detail: `because ${bad}` } } : { result: server.record(scan) };
		});
		const { engine } = await enrolledGate(server);
		const verdicts = await engine.scanCar(car, [rider("a"), rider("b"), rider("c")]);
		expect(verdicts.map((v) => v.by)).toEqual(["server", "offline", "offline"]);
		expect(verdicts[1]).toMatchObject({
			decision: "incomplete",
			action: "register",
			text: { en: "Not accepted: because invalid" },
		});
		expect(verdicts[2]?.decision).toBe("pass");
		await settle();
		expect(engine.state.value).toMatchObject({ waiting: 1, conflicts: 1 });
	});

	it("that is a bus takes several requests", async () => {
		const server = carServer((scan) => ({ result: server.record(scan) }));
		const { engine } = await enrolledGate(server);
		const verdicts = await engine.scanCar(
			car,
			Array.from({ length: 45 }, (_, i) => rider(`p${i}`)),
		);
		expect([verdicts.length, server.count("/v1/scans/vehicle"), server.recorded.size]).toEqual([45, 3, 45]);
	});

	it("whose plate is wrong goes back to the guard, and nothing is recorded", async () => {
		const { engine, server } = await enrolledGate();
		server.on("/v1/scans/vehicle", () => new Problem(422, "invalid", "plate"));
		await expect(engine.scanCar(car, [rider("a")])).rejects.toMatchObject({ field: "plate" });
		expect(engine.state.value.waiting).toBe(0);
	});
});

describe("what was typed wrongly is said at once, also offline", () => {
	const cases: [string, ScanInput["subject"] | null, number | undefined][] = [
		["id_document", { id_document: "370126196501013419" }, 36.5], // check digit
		["id_document", { id_document: "12" }, 36.5],
		["id_document", { id_document: "370126196513013414" }, 36.5], // month
		["id_document", { id_document: "19650101" }, 36.5],
		["walk_in.name", { walk_in: { name: " ", id_tail: "", phone: "" } }, 36.5],
		["walk_in.name", { walk_in: { name: "12?", id_tail: "", phone: "" } }, 36.5],
		["walk_in.name", { walk_in: { name: "孙*八", id_tail: "", phone: "" } }, 36.5],
		["walk_in.name", { walk_in: { name: "孙".repeat(41), id_tail: "", phone: "" } }, 36.5],
		["walk_in.id_tail", { walk_in: { name: "孙八", id_tail: "12", phone: "" } }, 36.5],
		["walk_in.phone", { walk_in: { name: "孙八", id_tail: "", phone: "12345" } }, 36.5],
		["temperature", null, 365],
		["temperature", null, 36.55],
	];
	it.each(cases)("%s", async (field, subject, temperature) => {
		const { engine, server } = await enrolledGate();
		server.mode = "down";
		const input = { subject: subject ?? { pass: "x" }, direction: "in" as const, ...(temperature && { temperature }) };
		await expect(engine.scan(input)).rejects.toMatchObject({ field });
		expect(engine.state.value.waiting).toBe(0);
	});

	it("and what is right is taken: a document, a passport, a walk-in", async () => {
		const { engine, server } = await enrolledGate();
		server.mode = "down";
		for (const subject of [
			{ id_document: "370126196501013417" },
			{ id_document: "E12345678" },
			{ walk_in: { name: "孙八", id_tail: "123X", phone: "138 0013 8000" } },
		]) {
			const v = await engine.scan({ subject, direction: "out", temperature: 36.5 });
			expect(v.decision).toBe("pass");
		}
		expect(engine.recent.value.map((s) => s.subjectWord)).toEqual(["孙八", "…5678", "…3417"]);
	});
});

describe("finding somebody", () => {
	it("gives what the server found; who was found is known to live here when it is gone", async () => {
		const { engine, server } = await enrolledGate();
		const found = {
			id: "0400000000000009",
			name_masked: "李*",
			door: "3-2-501",
			id_tail: "1234",
			kind: "resident",
			own: true,
		};
		server.on("/v1/gate/search", () => ({ people: [found], more: false }));
		const [person] = await engine.search(" 1234 ");
		expect(server.calls.at(-1)?.body).toEqual({ query: "1234" });
		expect(person).toEqual({ id: found.id, nameMasked: "李*", door: "3-2-501", idTail: "1234", kind: "resident" });
		await settle();
		server.mode = "down";
		const v = await engine.scan({ subject: { resident: found.id, name: "李*" }, direction: "in", temperature: 36.5 });
		expect(v).toMatchObject({
			decision: "pass",
			color: "green",
			by: "offline",
			person: { nameMasked: "李*", own: true },
		});
		const stranger = { resident: "0400000000000001" };
		expect((await engine.scan({ subject: stranger, direction: "in", temperature: 36.5 })).color).toBe("grey");
		await expect(engine.search("1234")).rejects.toMatchObject({ status: 0 });
	});

	it("too often does not take the gate offline", async () => {
		const { engine, server } = await enrolledGate();
		server.on("/v1/gate/search", () => new Problem(429, "too_many"));
		for (let i = 0; i < 3; i++) {
			await expect(engine.search("王")).rejects.toMatchObject({ code: "too_many" });
		}
		expect(engine.state.value.online).toBe(true);
	});
});

describe("a visitor", () => {
	const visitor = { name: "孙八", phone: "13800138000", ground: "family", until: NOW + 3_600_000, entries: 1 };
	const pass = passFor("sun", { kind: "v", life: 86_400, home: "" });
	const permitServer = () => {
		const server = new FakeServer();
		server.on("/v1/permits", ({ until }: { until: string }) => ({
			number: 129,
			person: { id: "0400000000000011", name_masked: "孙*" },
			until,
			entries_left: 1,
			pass: { compact: pass, qr_svg: "<svg/>" },
		}));
		return server;
	};

	it("registered here comes in while the server is gone, as often as the permit says", async () => {
		const { engine, server } = await enrolledGate(permitServer());
		expect(await engine.registerVisitor(visitor)).toEqual({
			number: 129,
			personId: "0400000000000011",
			qrSvg: "<svg/>",
		});
		server.mode = "down";
		expect(await engine.scan(entering(pass))).toMatchObject({ decision: "pass", person: { nameMasked: "孙*" } });
		await engine.scan({ ...entering(pass), direction: "out" });
		expect(await engine.scan(entering(pass))).toMatchObject({ decision: "deny", reason: "outsider", color: "grey" });
	});

	it("asked for again after a lost answer is one visitor", async () => {
		const { engine, server } = await enrolledGate();
		server.on("/v1/permits", () => new Problem(504, "lost"));
		await expect(engine.registerVisitor(visitor)).rejects.toThrow();
		await expect(engine.registerVisitor(visitor)).rejects.toThrow();
		await expect(engine.registerVisitor({ ...visitor, name: "周九" })).rejects.toThrow();
		const ids = server.calls.filter((c) => c.path === "/v1/permits").map((c) => (c.body as { id: string }).id);
		expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([true, false]);
	});

	it("with a mistyped document goes back to the guard", async () => {
		const { engine } = await enrolledGate();
		const typed = engine.registerVisitor({ ...visitor, idNumber: "370126196501013419" });
		await expect(typed).rejects.toMatchObject({ field: "visitor.id_number" });
	});
});

describe("a page of the paper log", () => {
	it("is typed row by row, and each row has an answer", async () => {
		const { engine, server } = await enrolledGate();
		server.on("/v1/gates/G1/paper", ({ rows }: { rows: (WireScan & { told: never })[] }) => ({
			results: rows.map((row, i) =>
				i === 1
					? { id: "", error: { code: "row_taken", detail: "typed before" } }
					: { id: "", result: server.record(row, row.told) },
			),
		}));
		const row = { direction: "in" as const, decision: "pass" as const, reason: "ok", temperature: 36.5 };
		const subject = { walk_in: { name: "孙八", id_tail: "", phone: "" } };
		const rows = [1, 2].map((n) => ({ ...row, row: n, occurredAt: NOW - n * 60_000, subject }));
		const answers = await engine.typePaper("PGL1-G1-20261124-1-AB", rows, false);
		expect(server.calls.at(-1)?.body).toMatchObject({
			page: "PGL1-G1-20261124-1-AB",
			rows: [
				{ row: 1, direction: "in", temperature: 36.5, told: { decision: "pass", reason: "ok" }, ...subject },
				{ row: 2 },
			],
		});
		expect(answers[0]).toMatchObject({ row: 1, verdict: { decision: "pass" } });
		expect(answers[1]).toMatchObject({ row: 2, problem: { zh: expect.stringContaining("替换") } });
	});
});

describe("a disk that cannot be read", () => {
	it("keeps nobody waiting", async () => {
		const store = new MemoryStore();
		store.person = () => Promise.reject(new DOMException("lost", "UnknownError"));
		const { engine, server } = await enrolledGate(new FakeServer(), { store });
		server.mode = "down";
		expect((await engine.scan(entering(passFor("wang")))).decision).toBe("pass");
	});
});
