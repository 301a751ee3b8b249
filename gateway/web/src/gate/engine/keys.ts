// The public keys of the server's JWKS, checked before they are used, and Ed25519
// signatures: by the browser where it can, else by a kept library.
import * as ed from "@noble/ed25519";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, decode64, encode64, equal, utf8 } from "./bytes";

ed.hashes.sha512 = sha512;

/** What a key signs: passes, or revocation lists; never both. */
export type KeyUse = "pass" | "revocations";

export interface PublicKey {
	/** First 8 characters of the RFC 7638 thumbprint. */
	kid: string;
	/** First 2 bytes of the thumbprint, as a number. */
	hint: number;
	use: KeyUse;
	/** Checks an Ed25519 signature of 64 bytes. */
	verify(message: Bytes, signature: Bytes): Promise<boolean>;
}

export interface KeySet {
	byID: Map<string, PublicKey>;
	byHint: Map<number, PublicKey>;
}

export interface JWKS {
	keys: Record<string, unknown>[];
}

/**
 * Reads a JWKS as the server's own verifier does: keys of other types, and those of
 * the feed for other offices, are passed over; a bad Ed25519 key, one whose kid is not its thumbprint, a private key or two
 * keys with one hint refuse the set. Throws an Error that says which and why.
 */
export async function readKeys(jwks: JWKS, subtle?: SubtleCrypto): Promise<KeySet> {
	const set: KeySet = { byID: new Map(), byHint: new Map() };
	for (const [i, jwk] of jwks.keys.entries()) {
		if (jwk.kty !== "OKP" || jwk.crv !== "Ed25519" || jwk.passgate_use === "feed") {
			continue;
		}
		const key = await readKey(jwk, subtle).catch((cause: unknown) => {
			throw new Error(`key ${i + 1} of the JWKS: ${cause instanceof Error ? cause.message : String(cause)}`);
		});
		if (set.byHint.has(key.hint)) {
			throw new Error(`key ${i + 1} of the JWKS: another key has its hint`);
		}
		set.byID.set(key.kid, key);
		set.byHint.set(key.hint, key);
	}
	if (set.byID.size === 0) {
		throw new Error("the JWKS has no Ed25519 key");
	}
	return set;
}

async function readKey(jwk: Record<string, unknown>, subtle?: SubtleCrypto): Promise<PublicKey> {
	if (jwk.d !== undefined) {
		throw new Error("it is a private key");
	}
	if ((jwk.alg ?? "EdDSA") !== "EdDSA" || (jwk.use ?? "sig") !== "sig") {
		throw new Error("it is not for EdDSA signatures");
	}
	const raw = typeof jwk.x === "string" ? decode64(jwk.x) : null;
	if (raw?.length !== 32) {
		throw new Error("x is not 32 bytes in base64url");
	}
	const use = jwk.passgate_use ?? "pass";
	if (use !== "pass" && use !== "revocations") {
		throw new Error("its passgate_use is unknown");
	}
	checkPoint(raw);
	const thumbprint = sha256(utf8(`{"crv":"Ed25519","kty":"OKP","x":"${encode64(raw)}"}`));
	const kid = encode64(thumbprint).slice(0, 8);
	if (kid !== jwk.kid) {
		throw new Error("its kid is not the thumbprint of the key");
	}
	const hint = ((thumbprint[0] as number) << 8) | (thumbprint[1] as number);
	return { kid, hint, use, verify: await verifier(raw, subtle) };
}

/**
 * Accepts only the one encoding of a point of the prime-order group: under a point
 * of low order one signature fits many messages.
 */
function checkPoint(raw: Bytes): void {
	const point = ed.Point.fromBytes(raw, false);
	if (point.isSmallOrder() || !point.isTorsionFree() || !equal(point.toBytes(), raw)) {
		throw new Error("the public key is no good point of the curve");
	}
}

async function verifier(raw: Bytes, subtle?: SubtleCrypto): Promise<PublicKey["verify"]> {
	try {
		if (subtle) {
			const key = await subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
			return (message, signature) => subtle.verify({ name: "Ed25519" }, key, signature, message);
		}
	} catch {
		// This browser's WebCrypto does not know Ed25519.
	}
	return async (message, signature) => {
		try {
			return ed.verify(signature, message, raw, { zip215: false });
		} catch {
			return false;
		}
	};
}
