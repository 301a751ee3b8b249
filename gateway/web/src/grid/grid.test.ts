import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hold } from "../desk/session";
import { Desk, type Done } from "./desk";
import { openStore } from "./store";
import type { Entry, HomeMissing, Today } from "./types";
import { byBuilding, leftOf, usable } from "./work";

const home = (door: string): HomeMissing => ({
	site: "V1",
	site_name: "佟道口村",
	household: door,
	door,
	people: 2,
	tried: null,
});
const today: Today = {
	node: "N1",
	day: "2026-11-24",
	readings: [{ resident: "a", observation: "o", person: null, due: ["am"], missed: [] }],
	reports: [],
	requests: [
		{
			id: "r1",
			kind: "shopping",
			text: "米",
			state: "open",
			person: { id: "a", name: "王", phone: "", site: "V1", door: "1-1" },
			overdue: false,
		},
	],
	rounds: [],
	homes: { homes: 5, reached: 2, missing: [home("3-1-101"), home("3-1-102"), home("10-1-101")], truncated: false },
	truncated: false,
};
const entry = (key: string, path: string, more: Partial<Entry> = {}): Entry => ({
	who: "grid",
	key,
	what: { zh: "", en: "" },
	path,
	body: {},
	at: 0,
	holdUntil: 0,
	state: "waiting",
	...more,
});

describe("what is left", () => {
	it("is the list less what was done, with or without a network", () => {
		const left = leftOf(today, [
			entry("reading a", "/v1/residents/a/readings"),
			entry("home V1 3-1-101", "/v1/visits", { body: { outcome: "reached" } }),
			entry("home V1 3-1-102", "/v1/visits", { body: { outcome: "absent" } }),
		]);
		expect(left.readings).toEqual([]);
		expect(left.homes.map((h) => [h.door, h.tried?.outcome])).toEqual([
			["3-1-102", "absent"],
			["10-1-101", undefined],
		]);
		expect([left.reached, left.of]).toEqual([3, 5]);
	});
	it("holds again what the server refused", () => {
		expect(leftOf(today, [entry("reading a", "", { state: "refused" })]).readings).toHaveLength(1);
	});
	it("keeps a request that was taken until it is done", () => {
		const taken = entry("request r1", "/v1/requests/r1/take");
		expect(leftOf(today, [taken]).requests.map((r) => r.state)).toEqual(["taken"]);
		expect(leftOf(today, [taken, entry("request r1", "/v1/requests/r1/done")]).requests).toEqual([]);
	});
	it("goes from building to building as people count", () => {
		expect(byBuilding(today.homes.missing).map(([name, homes]) => [name, homes.length])).toEqual([
			["佟道口村 3-1", 2],
			["佟道口村 10-1", 1],
		]);
	});
	it("is nobody else's, and not kept for more than a day", () => {
		const kept = { who: "grid", at: 1_000, offset: 0, today, office: { name: "", phone: "" }, siteNames: {} };
		expect(usable(kept, "grid", 2_000)).toBe(true);
		expect(usable(kept, "other", 2_000)).toBe(false);
		expect(usable(kept, "grid", 1_000 + 24 * 3600_000)).toBe(false);
		expect(usable(kept, "grid", 1_000 - 3600_000)).toBe(false);
	});
});

describe("what was done", () => {
	const sent: { path: string; body: string }[] = [];
	let network = true;
	let refuse = "";
	/** A path that a firewall bars. */
	let bar = "";
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
		hold({ token: "t", expires: Date.now() + 1e7, login: "grid", name: "冯", role: "grid", grid: "N1" });
		vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
			if (!network) {
				throw new TypeError("no network");
			}
			const json = (body: unknown, status = 200) => {
				const type = status < 300 ? "application/json" : "application/problem+json";
				return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
			};
			if (path === bar) {
				return new Response("<h1>blocked</h1>", { status: 403 });
			}
			if (init.method === "POST") {
				sent.push({ path, body: String(init.body) });
				return refuse === path ? json({ code: "conflict", detail: "another one" }, 409) : json({});
			}
			const gets: Record<string, unknown> = {
				"/v1/time": { now: new Date().toISOString() },
				"/v1/grid/N1/today": today,
				"/v1/grid": { nodes: [{ id: "N1", parent: "", name: "一格", phone: "0531" }] },
				"/v1/sites": { sites: [] },
			};
			return json(gets[path]);
		});
	});
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
		sent.length = 0;
		network = true;
		refuse = "";
		bar = "";
	});
	const visit = (door: string): Done => ({
		key: `home V1 ${door}`,
		what: { zh: door, en: door },
		path: "/v1/visits",
		body: (at) => ({ household: door, outcome: "reached", at }),
	});

	it("waits for the network, goes out in order, once, as it was at the tap", async () => {
		const desk = new Desk(await openStore("one"));
		network = false;
		await desk.done(visit("1"));
		await desk.done(visit("2"));
		vi.setSystemTime(Date.now() + 60_000);
		await desk.refresh();
		expect([sent.length, desk.waiting.value, desk.online.value]).toEqual([0, 2, false]);
		network = true;
		await desk.refresh();
		await desk.refresh();
		expect(sent.map((s) => JSON.parse(s.body).household)).toEqual(["1", "2"]);
		expect(JSON.parse(sent[0]?.body ?? "").at < new Date(Date.now() - 50_000).toISOString()).toBe(true);
		expect(desk.entries.value).toEqual([]);
	});
	it("can be taken back before it goes out, not afterwards", async () => {
		const desk = new Desk(await openStore("two"));
		await desk.done(visit("1"));
		const [first] = desk.entries.value;
		await desk.refresh();
		expect(sent).toEqual([]); // it is held back
		expect(first && (await desk.undo(first))).toBe(true);
		await desk.done(visit("2"));
		const [second] = desk.entries.value;
		vi.setSystemTime(Date.now() + 10_001);
		expect(second && (await desk.undo(second))).toBe(false);
	});
	it("stays with the reason when the server refuses it, and holds up nothing", async () => {
		const desk = new Desk(await openStore("three"));
		refuse = "/v1/visits";
		await desk.done(visit("1"));
		await desk.done({ ...visit("2"), path: "/v1/disinfections" });
		vi.setSystemTime(Date.now() + 60_000);
		await desk.refresh();
		expect(sent.map((s) => s.path)).toEqual(["/v1/visits", "/v1/disinfections"]);
		expect(desk.refused.value.map((e) => e.why)).toEqual(["another one"]);
	});
	it("goes on in memory, and says so, when the disk fails or cannot be opened", async () => {
		network = false;
		const store = await openStore("five");
		const desk = new Desk(store);
		await desk.done(visit("1"));
		store.add = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
		await desk.done(visit("2"));
		expect([desk.waiting.value, desk.durable.value]).toEqual([2, false]);
		vi.stubGlobal("indexedDB", { open: () => expect.fail("no disk") });
		const other = new Desk(await openStore("six"));
		await other.open();
		await other.done(visit("3"));
		expect([other.waiting.value, other.durable.value]).toEqual([1, false]);
		await other.leave();
		expect(other.unsent.value).toEqual({ count: 1, who: "grid" });
		await other.open();
		expect(other.waiting.value).toBe(1);
	});
	it("loses nothing when the disk fails twice at once, and is on it once it works again", async () => {
		network = false;
		const store = await openStore("seven");
		const gone = Promise.reject(new DOMException("full", "QuotaExceededError"));
		store.add = () => gone;
		const desk = new Desk(store, () => openStore("seven"));
		await Promise.all([desk.done(visit("1")), desk.done(visit("2"))]);
		expect(desk.entries.value.map((e) => [e.seq, e.what.zh])).toEqual([
			[1, "1"],
			[2, "2"],
		]);
		await desk.reopen();
		expect([desk.durable.value, desk.waiting.value]).toEqual([true, 2]);
		expect((await (await openStore("seven")).entries()).map((e) => e.what.zh)).toEqual(["1", "2"]);
	});
	it("goes on past what a firewall bars, which stays", async () => {
		const desk = new Desk(await openStore("eight"));
		bar = "/v1/visits";
		await desk.done(visit("1"));
		await desk.done({ ...visit("2"), path: "/v1/disinfections" });
		vi.setSystemTime(Date.now() + 60_000);
		await desk.refresh();
		expect(sent.map((s) => s.path)).toEqual(["/v1/disinfections"]);
		expect([desk.entries.value.map((e) => e.path), desk.online.value]).toEqual([["/v1/visits"], true]);
		expect(desk.waiting.value).toBe(1);
	});
	it("is on the phone after it was switched off", async () => {
		network = false;
		await new Desk(await openStore("four")).done(visit("1"));
		const again = new Desk(await openStore("four"));
		await again.open();
		expect(again.waiting.value).toBe(1);
	});
});
