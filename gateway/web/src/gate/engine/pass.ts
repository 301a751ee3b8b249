// Reads and checks passes as the server does: both forms, byte-exact, with the same
// refusals. The format is that of the Go package codes (doc.go). No clock is asked
// here but by validAt.
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, decode45, decode64, encode64, equal, textOf, utf8 } from "./bytes";
import type { KeySet, PublicKey } from "./keys";

export type PassKind = "a" | "p" | "v"; // app, paper, visitor

/** What a good pass says. It names nobody: only the server can open sub. */
export interface Pass {
	sub: Bytes;
	/** By which it is revoked; 8 bytes. */
	jti: Bytes;
	notBefore: number; // Unix seconds
	expiresAt: number; // Unix seconds
	kind: PassKind;
	zone: Bytes;
}

export type Refusal = "malformed" | "not_our_pass" | "unknown_key" | "bad_signature";
export type PassCheck = { pass: Pass; refusal?: undefined } | { pass?: undefined; refusal: Refusal };

/** How far a clock may be off at either end of a pass's validity, in ms. */
export const LEEWAY = 60_000;
const MAX_BYTES = 512;

const PREFIX = "PG1:";
const COMPACT_BYTES = 97;
const COMPACT_CHARS = 150;
const HEADER = /^\{"alg":"EdDSA","kid":"([A-Za-z0-9_-]{8})"\}$/;
const CLAIMS =
	/^\{"sub":"([A-Za-z0-9_-]{11})","jti":"([A-Za-z0-9_-]{11})","nbf":(0|[1-9]\d{0,9}),"exp":(0|[1-9]\d{0,9}),"k":"([apv])","z":"([A-Za-z0-9_-]{7})"\}$/;

interface Token {
	pass: Pass;
	key: PublicKey;
	signature: Bytes;
}

/** Checks form and signature of what a QR held. It never fails: what is not good is refused. */
export async function verifyPass(text: string, keys: KeySet): Promise<PassCheck> {
	const token = read(text, keys);
	if (typeof token === "string") {
		return { refusal: token };
	}
	const good = await token.key.verify(utf8(signingInput(token.key.kid, token.pass)), token.signature);
	return good ? { pass: token.pass } : { refusal: "bad_signature" };
}

/** Whether the pass is good at a time (UTC ms), with LEEWAY at both ends. */
export function validAt(pass: Pass, at: number): "" | "not_yet_valid" | "expired" {
	if (at < pass.notBefore * 1000 - LEEWAY) {
		return "not_yet_valid";
	}
	return at >= pass.expiresAt * 1000 + LEEWAY ? "expired" : "";
}

/** Whether the holder lives at the site with this key. */
export function ofSite(pass: Pass, siteKey: Uint8Array): boolean {
	return equal(hmac(sha256, siteKey, pass.jti).subarray(0, 5), pass.zone);
}

function read(text: string, keys: KeySet): Token | Refusal {
	const size = utf8(text).length;
	if (size > MAX_BYTES || size === 0) {
		return "malformed";
	}
	if (text.startsWith(PREFIX)) {
		return readCompact(text, keys);
	}
	if (/^pg\d:/i.test(text)) {
		return "malformed"; // our prefix in lower case or with another digit
	}
	if (text.split(".").length === 3 && !/[:/]/.test(text)) {
		return readJWT(text, keys);
	}
	return refuseText(text);
}

function readCompact(text: string, keys: KeySet): Token | Refusal {
	const raw = text.length === COMPACT_CHARS ? decode45(text.slice(PREFIX.length), COMPACT_BYTES) : null;
	if (raw?.[0] !== 1) {
		return "malformed";
	}
	const view = new DataView(raw.buffer);
	const pass = {
		sub: raw.slice(3, 11),
		jti: raw.slice(11, 19),
		notBefore: view.getUint32(19),
		expiresAt: view.getUint32(23),
		kind: String.fromCharCode(raw[27] as number) as PassKind,
		zone: raw.slice(28, 33),
	};
	if (!/^[apv]$/.test(pass.kind) || pass.notBefore >= pass.expiresAt) {
		return "malformed";
	}
	return tokenOf(pass, keys.byHint.get(view.getUint16(1)), raw.slice(33));
}

function readJWT(text: string, keys: KeySet): Token | Refusal {
	const parts = text.split(".").map(decode64);
	const [header, claims, signature] = parts;
	if (!header || !claims || !signature) {
		return "malformed"; // not canonical base64url
	}
	const kid = HEADER.exec(textOf(header))?.[1];
	const pass = passOf(textOf(claims));
	if (kid === undefined || pass === null || signature.length !== 64) {
		return refuseJWT(textOf(header), textOf(claims), keys);
	}
	return tokenOf(pass, keys.byID.get(kid), signature);
}

function passOf(claims: string): Pass | null {
	const [, sub, jti, nbf, exp, kind, z] = CLAIMS.exec(claims) ?? [];
	if (sub === undefined || jti === undefined || z === undefined) {
		return null;
	}
	const [subject, id, zone] = [decode64(sub), decode64(jti), decode64(z)];
	const [notBefore, expiresAt] = [Number(nbf), Number(exp)];
	if (!subject || !id || !zone || notBefore >= expiresAt || expiresAt > 0xffffffff) {
		return null;
	}
	return { sub: subject, jti: id, notBefore, expiresAt, kind: kind as PassKind, zone };
}

function tokenOf(pass: Pass, key: PublicKey | undefined, signature: Bytes): Token | Refusal {
	return key?.use === "pass" ? { pass, key, signature } : "unknown_key";
}

function signingInput(kid: string, p: Pass): string {
	const header = `{"alg":"EdDSA","kid":"${kid}"}`;
	const claims =
		`{"sub":"${encode64(p.sub)}","jti":"${encode64(p.jti)}","nbf":${p.notBefore},"exp":${p.expiresAt},` +
		`"k":"${p.kind}","z":"${encode64(p.zone)}"}`;
	return `${encode64(utf8(header))}.${encode64(utf8(claims))}`;
}

/**
 * Says why three parts are no pass of ours. A well-formed JWS with somebody else's
 * key and somebody else's claims is theirs; all else is broken.
 */
function refuseJWT(header: string, claims: string, keys: KeySet): Refusal {
	const head = objectOf(header);
	if (head?.alg === undefined) {
		return "malformed";
	}
	const ours = typeof head.kid === "string" && keys.byID.has(head.kid);
	const body = objectOf(claims);
	return ours || (body?.k !== undefined && body.z !== undefined) ? "malformed" : "not_our_pass";
}

function objectOf(json: string): Record<string, unknown> | null {
	try {
		const value: unknown = JSON.parse(json);
		return typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
	} catch {
		return null;
	}
}

/**
 * Judges text of neither form. A guard has to hear "this is not one of ours" for a
 * payment code and "show it again" for half a pass.
 */
function refuseText(text: string): Refusal {
	const unreadable = text.includes("\ufffd") || (/\p{Cc}/u.test(text) && !text.includes(":"));
	if (unreadable || text.startsWith("eyJ")) {
		return "malformed";
	}
	return /[^A-Za-z0-9_.-]/.test(text) || /^\d+$/.test(text) ? "not_our_pass" : "malformed";
}
