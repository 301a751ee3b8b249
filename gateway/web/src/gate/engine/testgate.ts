// What the tests stand on: the golden ring's keys, with which passes and lists can be
// signed, and a server of their own that follows openapi.yaml.
import * as ed from "@noble/ed25519";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { ScanInput } from "../types";
import { type Bytes, decode64, encode64, utf8 } from "./bytes";
import { createEngine } from "./index";
import type { Store } from "./kept";
import type { JWKS } from "./keys";
import { MemoryStore } from "./memory";
import type { EngineOptions } from "./options";
import type { PassKind } from "./pass";
import type { Sync, WireRules, WireScan } from "./wire";

const derive = (what: string) => sha256(utf8(`passgate test ${what}`)) as Bytes;
const kid = (public_: Uint8Array) =>
	encode64(sha256(utf8(`{"crv":"Ed25519","kty":"OKP","x":"${encode64(public_)}"}`))).slice(0, 8);

export const passSeed = derive("one seed");
const listSeed = derive("list seed");
const passPublic = ed.getPublicKey(passSeed);
const listPublic = ed.getPublicKey(listSeed);

/** The JWKS of codes/testdata/golden. */
export const jwks: JWKS = {
	keys: [
		{ kty: "OKP", crv: "Ed25519", x: encode64(passPublic), kid: kid(passPublic), alg: "EdDSA", use: "sig" },
		{
			kty: "OKP",
			crv: "Ed25519",
			x: encode64(listPublic),
			kid: kid(listPublic),
			alg: "EdDSA",
			use: "sig",
			passgate_use: "revocations",
		},
	],
};

export const siteKey = (site: string) => hmac(sha256, derive("zone"), utf8(`passgate site ${site}`)) as Bytes;
export const jtiOf = (person: string) => derive(person).slice(0, 8) as Bytes;

/** 2026-11-24 08:01:02 in Shanghai. */
export const NOW = Date.UTC(2026, 10, 24, 0, 1, 2);

/** A pass of somebody by the golden key, as a JWT; good around `from` (Unix seconds). */
export function passFor(
	person: string,
	o: { home?: string; kind?: PassKind; from?: number; life?: number } = {},
): string {
	const jti = jtiOf(person);
	const from = o.from ?? Math.floor(NOW / 1000) - 60;
	const z = hmac(sha256, siteKey(o.home ?? "V1"), jti).subarray(0, 5);
	const claims =
		`{"sub":"${encode64(derive(`sub ${person}`).subarray(0, 8))}","jti":"${encode64(jti)}","nbf":${from},` +
		`"exp":${from + (o.life ?? 600)},"k":"${o.kind ?? "a"}","z":"${encode64(z)}"}`;
	return signed(`{"alg":"EdDSA","kid":"${kid(passPublic)}"}`, claims, passSeed);
}

/** A signed revocation list. */
export function listOf(ids: Uint8Array[], o: { counter?: number; since?: number; iat?: number } = {}): string {
	const sorted = ids.map((id) => [...id]).sort((a, b) => compare(a, b));
	const { counter = 7, since = 0, iat = Math.floor(NOW / 1000) } = o;
	const claims =
		`{"counter":${counter},"since":${since},"iat":${iat},"exp":${iat + 86_400},` +
		`"jtis":"${encode64(new Uint8Array(sorted.flat()))}"}`;
	return signed(`{"alg":"EdDSA","kid":"${kid(listPublic)}","typ":"passgate-revocations+jwt"}`, claims, listSeed);
}

function compare(a: number[], b: number[]): number {
	const i = a.findIndex((n, at) => n !== b[at]);
	return i < 0 ? 0 : (a[i] as number) - (b[i] as number);
}

function signed(header: string, claims: string, seed: Uint8Array): string {
	const input = `${encode64(utf8(header))}.${encode64(utf8(claims))}`;
	return `${input}.${encode64(ed.sign(utf8(input), seed))}`;
}

export const RULES: WireRules = {
	from: null,
	until: null,
	closed: false,
	residents_only: false,
	opens_at: "",
	closes_at: "",
	temperature_on: "both",
	fever_line: 37.3,
	low_line: 35,
	remeasure_minutes: 10,
	low_again: "warn",
	anti_passback: "warn",
	replayed_pass: "warn",
	disinfection: false,
};

const PASS = { decision: "pass" as const, reason: "ok", action: "admit", flags: [] };
const OUTSIDER = { decision: "deny" as const, reason: "outsider", action: "register", flags: [] };

/** What GET /v1/gate/sync says of the village V1. */
export function syncOf(change: Partial<Sync> = {}): Sync {
	return {
		now: new Date(NOW).toISOString(),
		device: { code: "D1", lane: "一道" },
		gate: { code: "G1", name: "东门", open: true },
		site: {
			code: "V1",
			name: "佟道口村",
			kind: "village",
			residential: true,
			zone: "Asia/Shanghai",
			key: encode64(siteKey("V1")),
		},
		rules: [RULES],
		rules_version: 3,
		table: { own: { in: PASS, out: PASS }, other: { in: OUTSIDER, out: PASS } },
		reasons: [
			{ reason: "ok", zh: "通行", en: "Go" },
			{ reason: "fever", zh: "发热，请就地等候", en: "Fever, wait here" },
		],
		flags: [],
		actions: [],
		stale_after: 14_400,
		past_limit: "refuse",
		jwks,
		call: "0531-84880000",
		shift: null,
		shifts_counts: null,
		...change,
	};
}

type Handler = (body: never, path: string) => unknown;

/** A problem that a handler answers with. */
export class Problem {
	constructor(
		readonly status: number,
		readonly code: string,
		readonly field?: string,
	) {}
}

/** A server that answers by handlers, counts calls and can be away. */
export class FakeServer {
	/** UTC ms. */
	time = NOW;
	mode: "up" | "down" | "silent" | "broken" = "up";
	readonly calls: { path: string; body: unknown; token: string }[] = [];
	sync = syncOf();
	list = listOf([]);
	/** What is on record, by scan ID. */
	readonly recorded = new Map<string, Record<string, unknown>>();
	private readonly own = new Map<string, Handler>();

	on(path: string, handler: Handler): void {
		this.own.set(path, handler);
	}

	count(path: string): number {
		return this.calls.filter((c) => c.path === path).length;
	}

	readonly fetch: typeof fetch = async (input, init) => {
		const path = String(input).split("?")[0] as string;
		const headers = init?.headers as Record<string, string>;
		const body = init?.body ? JSON.parse(String(init.body)) : undefined;
		this.calls.push({ path, body, token: headers.Authorization ?? "" });
		if (this.mode === "down") {
			throw new TypeError("fetch failed");
		}
		if (this.mode === "silent") {
			return new Promise((_, reject) => {
				init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
			});
		}
		const answer = this.mode === "broken" ? new Problem(503, "unavailable") : await this.answer(path, body);
		if (answer instanceof Problem) {
			const { status, code, field } = answer;
			return reply({ code, detail: `because ${code}`, field }, status, "application/problem+json");
		}
		return typeof answer === "string" ? reply(answer, 200, "application/jwt") : reply(answer, 200, "application/json");
	};

	private answer(path: string, body: unknown): unknown {
		const own = this.own.get(path);
		if (own) {
			return own(body as never, path);
		}
		switch (path) {
			case "/v1/time":
				return { now: new Date(this.time).toISOString() };
			case "/v1/gate/sync":
				return { ...this.sync, now: new Date(this.time).toISOString() };
			case "/v1/revocations":
				return this.list;
			case "/v1/devices/enrol":
				return { token: "pgd_secret", device: "D1", gate: "G1", lane: "一道", site: "V1" };
			case "/v1/scans":
				return this.record(body as WireScan);
			case "/v1/scans/batch":
				return this.batch(body as { scans: WireScan[]; annulments: { id: string; scan: string }[] });
		}
		return new Problem(404, "not_found");
	}

	/** Lets everybody pass. */
	record(scan: WireScan, told?: { decision: string; reason: string; action: string }) {
		const result = {
			id: scan.id,
			decision: "pass",
			reason: "ok",
			color: "green",
			action: "admit",
			...told,
			text: { zh: "通行", en: "Go" },
			person: { id: "0400000000000007", name_masked: "王*明", kind: "resident", home: "V1" },
			occurred_at: scan.occurred_at,
			recorded_at: new Date(this.time).toISOString(),
			duplicate: this.recorded.has(scan.id),
			degraded: false,
			flags: [] as string[],
		};
		this.recorded.set(scan.id, { ...scan, told });
		return result;
	}

	private batch({
		scans,
		annulments,
	}: {
		scans: (WireScan & { told?: never })[];
		annulments: { id: string; scan: string }[];
	}) {
		return {
			results: scans.map(({ told, ...scan }) => ({ id: scan.id, result: this.record(scan, told) })),
			annulments: annulments.map(({ id, scan }) => ({ id, annulment: { id, scan } })),
		};
	}
}

function reply(body: unknown, status: number, type: string): Response {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	return new Response(text, { status, headers: { "Content-Type": type } });
}

/** An engine on a fake server, by a phone whose clock the test holds. */
export function newGate(server = new FakeServer(), options: EngineOptions & { store?: Store } = {}) {
	/** set: by how much somebody set the clock (ms), which the time that runs does not follow. */
	const phone = { time: NOW, set: 0 };
	const pending = new Map<number, () => void>();
	let next = 1;
	const { store = new MemoryStore(), ...rest } = options;
	const engine = createEngine({
		fetch: server.fetch,
		now: () => phone.time + phone.set,
		run: () => phone.time,
		timers: {
			set: (_after, what) => {
				pending.set(next, what);
				return next++;
			},
			clear: (handle) => pending.delete(handle as number),
		},
		random: () => 0.5,
		open: async () => store,
		locks: undefined,
		secure: true,
		patience: 40,
		...rest,
	});
	/** Lets all timers that are set fire once. */
	const elapse = async () => {
		const due = [...pending.values()];
		pending.clear();
		due.forEach((what) => {
			what();
		});
		await settle();
	};
	return { engine, server, phone, store, elapse };
}

/** Waits until what was begun without being waited for is done. */
export async function settle(): Promise<void> {
	for (let i = 0; i < 30; i++) {
		await new Promise((done) => setTimeout(done, 1));
	}
}

export const CODE = `PGE1-${"A".repeat(26)}`;
export const BADGE = `PGB1-${"B".repeat(26)}`;

/** A gate that is enrolled and synced. */
export async function enrolledGate(server = new FakeServer(), options: Parameters<typeof newGate>[1] = {}) {
	const gate = newGate(server, options);
	await gate.engine.start();
	await gate.engine.enrol(CODE);
	return gate;
}

/** Somebody with a pass who goes in with a normal temperature. */
export function entering(pass: string, change: Partial<ScanInput> = {}): ScanInput {
	return { subject: { pass }, direction: "in", temperature: 36.5, ...change };
}

export { decode64 };
