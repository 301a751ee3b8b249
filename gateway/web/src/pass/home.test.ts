import "fake-indexeddb/auto";
import { beforeEach, expect, test, vi } from "vitest";
import { ApiError, type CallOptions } from "../shared/api";
import { Home, type LiveFamily } from "./home";
import { residents } from "./my";
import { openStore, type Store } from "./store";
import { passAt, STEP } from "./strip";
import type { Household, Member } from "./types";

const START = Date.parse("2026-11-24T00:00:00Z");
const HOUR = 3600_000;
const GRANDMA = "0400000000000008";

function member(id: string, name: string): Member {
	return {
		id,
		name,
		kind: "resident",
		status: "green",
		status_text: { zh: "绿码", en: "Green" },
		ground_text: { zh: "复工", en: "Work" },
	};
}

/** A server with one household a token, a network that can be cut and a clock. */
class FakeServer {
	now = START;
	cut = false;
	/** A wireless network's login page answers instead. */
	portal: "" | "page" | "refusal" = "";
	signedOut = new Set<string>();
	/** Answers come when this is over. */
	held: Promise<void> | null = null;
	calls: string[] = [];
	homes = {
		pgr_a: [member("0400000000000007", "王小明"), member(GRANDMA, "李桂花")],
		pgr_b: [member("0800000000000001", "赵大山")],
	};

	private household(token: string): Household {
		return {
			now: new Date(this.now).toISOString(),
			site: { code: "XS-017", name: "豪门庄园" },
			door: token === "pgr_a" ? "3-2-501" : "1-1-101",
			office: { name: "许商街道办事处", phone: "0531-84880000" },
			members: token === "pgr_a" ? this.homes.pgr_a : this.homes.pgr_b,
			phones: [{ id: `phone-${token}`, name: "", activated_at: "", last_seen: "", this: true }],
		};
	}

	private passes(): unknown {
		const from = Math.floor(this.now / STEP) * STEP;
		const passes = Array.from({ length: 289 }, (_, i) => ({
			compact: `PG1:${from + i * STEP}`,
			not_before: new Date(from + i * STEP).toISOString(),
			expires_at: new Date(from + (i + 2) * STEP).toISOString(),
		}));
		return { now: new Date(this.now).toISOString(), passes };
	}

	readonly call = async (path: string, options: CallOptions = {}) => {
		this.calls.push(`${options.method ?? (options.body ? "POST" : "GET")} ${path}`);
		await this.held;
		if (this.cut) {
			throw new ApiError(0, "network", "cut");
		}
		if (this.portal === "refusal") {
			throw new ApiError(401, "unknown", "status 401");
		}
		if (this.portal === "page") {
			return this.answer("<html>Please sign in to the network</html>");
		}
		let token = options.token ?? "";
		if (path !== "/v1/activate" && this.signedOut.has(token)) {
			throw new ApiError(401, "unauthorized", "Sign in first");
		}
		let value: unknown;
		if (path === "/v1/activate") {
			const { code, tail } = options.body as { code: string; tail: string };
			if (tail !== "123X") {
				throw new ApiError(403, "wrong_code", "no");
			}
			token = code.endsWith("B") ? "pgr_b" : "pgr_a";
			this.signedOut.delete(token);
			value = { token, household: this.household(token) };
		} else if (path === "/v1/my/household") {
			value = this.household(token);
		} else if (path === "/v1/my/passes") {
			value = this.passes();
		} else if (options.method === "DELETE") {
			this.signedOut.add(token);
		}
		return this.answer(value);
	};

	private answer(value: unknown) {
		return { value: value as never, status: 200, headers: new Headers(), sentAt: this.now, cameAt: this.now };
	}
}

let server: FakeServer;
let store: Store;
let count = 0;
/** Phone minus server, ms. */
let wrong = 0;

async function open(): Promise<Home> {
	const measure = async () => {
		if (server.cut) {
			throw new ApiError(0, "network", "cut");
		}
		return server.portal ? Number.NaN : wrong;
	};
	const home = new Home(residents(server.call), store, measure, () => server.now + wrong);
	await home.start();
	return home;
}

beforeEach(async () => {
	server = new FakeServer();
	store = await openStore(`home-${count++}`);
	wrong = 0;
});

function only(home: Home): LiveFamily {
	const [family] = home.families.value;
	if (!family) {
		throw new Error("there is no household on this phone");
	}
	return family;
}

const fetches = () => server.calls.filter((c) => c === "POST /v1/my/passes").length;

test("two families live on one phone, and each member has a code", async () => {
	const home = await open();
	expect(home.shown.value).toBeNull();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	await home.activate("PGH1-7K2M-09QX-4TZB", "123X");
	expect(home.people.value.map((p) => p.member.name)).toEqual(["王小明", "李桂花", "赵大山"]);
	expect(home.shown.value?.member.name).toBe("赵大山");
	for (const p of home.people.value) {
		expect(passAt(home.strips.value.get(p.member.id), home.now())?.compact).toBe(`PG1:${START}`);
	}
	home.turn(1);
	expect(home.shown.value?.member.name).toBe("王小明");
	home.turn(-1);
	expect(home.shown.value?.member.name).toBe("赵大山");
});

test("with the network cut the page opens with names and codes, for a day and no longer", async () => {
	await (await open()).activate("PGH1-7K2M-09QX-4TZA", "123X");
	server.cut = true;
	server.now += 23 * HOUR;
	const home = await open();
	await home.refresh();
	expect(home.online.value).toBe(false);
	expect(home.people.value.map((p) => p.member.name)).toEqual(["王小明", "李桂花"]);
	expect(passAt(home.strips.value.get(GRANDMA), home.now())?.compact).toBe(`PG1:${server.now}`);
	server.now += 2 * HOUR;
	expect(passAt(home.strips.value.get(GRANDMA), home.now())).toBeNull();
});

test("what is kept says nothing of grounds", async () => {
	await (await open()).activate("PGH1-7K2M-09QX-4TZA", "123X");
	expect(JSON.stringify(await store.families())).not.toContain("复工");
});

test("a wrong clock is corrected, also offline on the next visit", async () => {
	wrong = 25 * 60_000;
	await (await open()).activate("PGH1-7K2M-09QX-4TZA", "123X");
	server.cut = true;
	server.now += 10 * 60_000;
	const home = await open();
	await home.refresh();
	expect(home.now()).toBe(server.now);
	expect(passAt(home.strips.value.get(GRANDMA), home.now())?.compact).toBe(`PG1:${server.now}`);
});

test("strips are fetched again when old or when a status changed, and not at every look", async () => {
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	expect(fetches()).toBe(2);
	await home.refresh(true);
	expect(fetches()).toBe(2);
	server.now += 2 * HOUR;
	await home.refresh(true);
	expect(fetches()).toBe(4);
	const grandma = server.homes.pgr_a[1];
	if (grandma) {
		grandma.status = "red";
	}
	await home.refresh(true);
	expect(fetches()).toBe(5);
	expect(home.people.value[1]?.member.status).toBe("red");
});

test("somebody who moved away is gone from the phone, code and all", async () => {
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	server.homes.pgr_a.pop();
	await home.refresh(true);
	expect(home.people.value.map((p) => p.member.name)).toEqual(["王小明"]);
	expect((await store.strips()).map((s) => s.resident)).not.toContain(GRANDMA);
});

test("signing out tells the server and wipes the phone", async () => {
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	await home.signOut(only(home));
	expect(server.calls).toContain("DELETE /v1/my/phones/phone-pgr_a");
	expect(await store.families()).toEqual([]);
	expect(await store.strips()).toEqual([]);
	expect(JSON.stringify(await store.settings())).not.toContain("0400");
});

test("what was asked before a sign-out brings nothing back", async () => {
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	const family = only(home);
	let answer = () => {};
	server.held = new Promise((done) => {
		answer = done;
	});
	server.calls = [];
	const asked = home.refresh(true);
	await vi.waitFor(() => expect(server.calls).toContain("GET /v1/my/household"));
	await home.forget(family);
	answer();
	await asked;
	expect([home.families.value, await store.families(), await store.strips()]).toEqual([[], [], []]);
});

test("without a network nothing is signed out unless told to forget", async () => {
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	server.cut = true;
	await expect(home.signOut(only(home))).rejects.toThrow("cut");
	expect(home.families.value).toHaveLength(1);
	await home.forget(only(home));
	expect(await store.strips()).toEqual([]);
});

test("a phone that the office signed out forgets that household alone, and says so", async () => {
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	await home.activate("PGH1-7K2M-09QX-4TZB", "123X");
	server.signedOut.add("pgr_a");
	await home.refresh(true);
	expect(home.people.value.map((p) => p.member.name)).toEqual(["赵大山"]);
	expect(home.notice.value?.zh).toContain("3-2-501");
	expect((await store.strips()).map((s) => s.resident)).toEqual(["0800000000000001"]);
});

test("a network's login page in the place of the server takes nothing away", async () => {
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	server.now += 2 * HOUR;
	for (const portal of ["page", "refusal"] as const) {
		server.portal = portal;
		await home.refresh(true);
		const grandma = home.people.value[1];
		await expect(grandma && home.renew(grandma), portal).rejects.toThrow(ApiError);
		expect(home.online.value, portal).toBe(false);
		expect(passAt(home.strips.value.get(GRANDMA), home.now())?.compact, portal).toBe(`PG1:${server.now}`);
	}
	expect((await store.families()).length).toBe(1);
});

test("a full disk costs what is kept, not what is shown", async () => {
	store = { ...store, putStrip: () => Promise.reject(new Error("QuotaExceededError")) };
	const home = await open();
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	expect(passAt(home.strips.value.get(GRANDMA), home.now())).not.toBeNull();
	expect(home.durable.value).toBe(false);
});

test("a wrong code changes nothing", async () => {
	const home = await open();
	await expect(home.activate("PGH1-7K2M-09QX-4TZA", "9999")).rejects.toMatchObject({ code: "wrong_code" });
	expect(home.families.value).toEqual([]);
});

test("a disk that cannot be read leaves no blank page: it is said, and the pass can be had anew", async () => {
	vi.stubGlobal("indexedDB", { open: () => expect.fail("no disk") });
	store = await openStore("broken");
	vi.unstubAllGlobals();
	const home = await open();
	expect([home.ready.value, home.durable.value]).toEqual([true, false]);
	expect(home.notice.value?.zh).toContain("读不出");
	await home.activate("PGH1-7K2M-09QX-4TZA", "123X");
	expect(home.people.value).toHaveLength(2);
});
