import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encode64, hex, utf8 } from "./bytes";
import { type JWKS, type KeySet, readKeys } from "./keys";
import { ofSite, type Pass, type PassCheck, validAt, verifyPass } from "./pass";
import { jwks, siteKey } from "./testgate";

const golden = (name: string) =>
	readFileSync(new URL(`../../../../../codes/testdata/golden/${name}`, import.meta.url), "utf8").replace(/\n$/, "");
const goldenJWKS = JSON.parse(golden("jwks.json")) as JWKS;

const ways = [
	["WebCrypto", globalThis.crypto.subtle],
	["the kept library", undefined],
] as const;

describe.each(ways)("passes, verified by %s", (_, subtle) => {
	const keys = (): Promise<KeySet> => readKeys(goldenJWKS, subtle);

	it.each(["app", "paper", "visitor"])("reads the golden %s pass in both forms alike", async (kind) => {
		const set = await keys();
		const compact = await verifyPass(golden(`${kind}.compact`), set);
		const jwt = await verifyPass(golden(`${kind}.jwt`), set);
		expect(compact.refusal).toBeUndefined();
		expect(jwt.pass).toEqual(compact.pass);
		expect(compact.pass?.kind).toBe(kind[0]);
	});

	it("reads what the example of the format says", async () => {
		const { pass } = await verifyPass(golden("app.compact"), await keys());
		expect(pass && [hex(pass.sub), hex(pass.jti), pass.notBefore, pass.expiresAt, hex(pass.zone)]).toEqual([
			"c019e7c5062af59c",
			"cdbe247d7d1c6b27",
			1795478400,
			1795479000,
			"1c17ced6ab",
		]);
	});

	it("accepts no pass in which one character was changed", async () => {
		const set = await keys();
		for (const name of ["app.compact", "app.jwt"]) {
			const text = golden(name);
			for (let i = 0; i < text.length; i += 3) {
				const changed = text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
				expect((await verifyPass(changed, set)).refusal, `${name} at ${i}`).toBeDefined();
			}
		}
	});

	it("refuses a signature by another key", async () => {
		const other = golden("app.jwt").split(".");
		const forged = [other[0], other[1], golden("paper.jwt").split(".")[2]].join(".");
		expect(await verifyPass(forged, await keys())).toEqual({ refusal: "bad_signature" });
	});
});

const goldenKeys = await readKeys(goldenJWKS);

describe("refusals are those of the server", () => {
	const keys = goldenKeys;
	const jwt = golden("app.jwt").split(".");
	const b64 = (text: string) => encode64(utf8(text));
	const cases: [string, string, PassCheck["refusal"]][] = [
		["nothing", "", "malformed"],
		["a link", "https://example.com/pay?x=1", "not_our_pass"],
		["a payment code", "284712345678901234", "not_our_pass"],
		["a Wi-Fi code", "WIFI:T:WPA;S:x;P:y;;", "not_our_pass"],
		["a health certificate", "HC1:6BFOXN%TSMAHN", "not_our_pass"],
		["Chinese text", "你好", "not_our_pass"],
		["our prefix in lower case", golden("app.compact").toLowerCase(), "malformed"],
		["another version of the prefix", golden("app.compact").replace("PG1:", "PG2:"), "malformed"],
		["half a pass", golden("app.compact").slice(0, 70), "malformed"],
		["half a JWT", `${jwt[0]}.${jwt[1]}`, "malformed"],
		["a JWT with padding", `${jwt.join(".")}==`, "malformed"],
		["a pass with a blank behind it", `${golden("app.jwt")} `, "malformed"],
		["too long", "A".repeat(513), "malformed"],
		["somebody's JWT", [b64('{"alg":"RS256","kid":"x"}'), b64('{"sub":"me"}'), jwt[2]].join("."), "not_our_pass"],
		["our key with other claims", [jwt[0], b64('{"sub":"me"}'), jwt[2]].join("."), "malformed"],
		["alg none", [b64('{"alg":"none"}'), jwt[1], jwt[2]].join("."), "malformed"],
		["a key of nobody", [b64('{"alg":"EdDSA","kid":"AAAAAAAA"}'), jwt[1], jwt[2]].join("."), "unknown_key"],
		["a badge", `PGB1-${"A".repeat(26)}`, "malformed"],
		["a control character", "abc\u0007", "malformed"],
	];
	it.each(cases)("%s", async (_, text, refusal) => {
		expect(await verifyPass(text, keys)).toEqual({ refusal });
	});

	it("a key for lists verifies no pass", async () => {
		const lists = goldenJWKS.keys.map((key) => ({ ...key, passgate_use: "revocations" }));
		expect(await verifyPass(golden("app.jwt"), await readKeys({ keys: lists }))).toEqual({ refusal: "unknown_key" });
	});
});

const { pass: goldenPass } = await verifyPass(golden("app.compact"), await readKeys(jwks));

describe("what a good pass says", () => {
	const pass = goldenPass as Pass; // good by the tests' own keys, too

	it("is good for 60 s more at both ends", () => {
		const [from, until] = [pass.notBefore * 1000, pass.expiresAt * 1000];
		expect([from - 60_001, from - 60_000, until + 59_999, until + 60_000].map((at) => validAt(pass, at))).toEqual([
			"not_yet_valid",
			"",
			"",
			"expired",
		]);
	});

	it("is recognised by its own site only", () => {
		expect(ofSite(pass, siteKey("XS-017"))).toBe(true);
		expect(ofSite(pass, siteKey("XS-018"))).toBe(false);
	});
});

describe("key sets are refused", () => {
	const [one] = goldenJWKS.keys as [Record<string, unknown>];
	const low = encode64(new Uint8Array(32).fill(0, 0).map((_, i) => (i === 0 ? 1 : 0))); // the identity
	const bad: [string, Record<string, unknown>[]][] = [
		["with a private key", [{ ...one, d: "x" }]],
		["whose kid is not the thumbprint", [{ ...one, kid: "AAAAAAAA" }]],
		["with a point of low order", [{ ...one, x: low }]],
		["with a cut key", [{ ...one, x: "AAAA" }]],
		["for another algorithm", [{ ...one, alg: "ES256" }]],
		["for an unknown use", [{ ...one, passgate_use: "other" }]],
		["with one key twice", [one, one]],
		["without any Ed25519 key", [{ kty: "RSA" }]],
	];
	it.each(bad)("%s", async (_, keys) => {
		await expect(readKeys({ keys })).rejects.toThrow();
	});
});
