// The signed list of revoked passes: read as strictly as the server reads it, merged
// and looked up in 8 bytes an entry. The format is that of the Go package codes.
import { type Bytes, decode64, textOf, utf8 } from "./bytes";
import type { KeySet } from "./keys";

/** A whole list. It is kept as it is here. */
export interface RevocationList {
	counter: number;
	issuedAt: number; // Unix seconds
	expiresAt: number; // Unix seconds
	/** jtis of 8 bytes, ascending, each once. */
	ids: Bytes;
	/** When the last whole list was issued, Unix seconds. */
	wholeAt?: number;
}

export const EMPTY: RevocationList = { counter: 0, issuedAt: 0, expiresAt: 0, ids: new Uint8Array(0) };

/** Deltas add and never take away: after so long (s) the whole list is fetched, without what has expired. */
const WHOLE_AFTER = 86_400;

export interface SignedList extends RevocationList {
	/** 0: whole; else the counter after which its entries were added. */
	since: number;
}

/** Why a list was not taken: nothing that a guard can mend. */
export class ListError extends Error {}

/** The delta starts after the list that is here: the whole one has to be fetched. */
export class ListGap extends ListError {}

const MAX_CHARS = 32 << 20;
const ENTRY = 8;
const LEEWAY_SECONDS = 60;

/**
 * Checks a signed list at a time (UTC ms). One past its end is taken: an old list is
 * better than none, and the age of what is here is watched elsewhere. Throws ListError.
 */
export async function readList(text: string, keys: KeySet, now: number): Promise<SignedList> {
	const parts = text.length <= MAX_CHARS ? text.trim().split(".") : [];
	const [header, claims, signature] = parts.map(decode64);
	if (parts.length !== 3 || !header || !claims || !signature) {
		throw new ListError("the revocation list is no JWT");
	}
	const { kid: named } = jsonOf(header);
	const { counter, since, iat, exp, jtis } = jsonOf(claims);
	const again =
		`{"counter":${String(counter)},"since":${String(since)},"iat":${String(iat)},"exp":${String(exp)},` +
		`"jtis":"${String(jtis)}"}`;
	const kid = String(named);
	if (
		textOf(header) !== `{"alg":"EdDSA","kid":"${kid}","typ":"passgate-revocations+jwt"}` ||
		textOf(claims) !== again ||
		![counter, since, iat, exp].every((n) => Number.isSafeInteger(n) && (n as number) >= 0)
	) {
		throw new ListError("the revocation list has not the header and claims of a list");
	}
	const key = keys.byID.get(kid);
	if (key?.use !== "revocations") {
		throw new ListError("the revocation list is signed by an unknown key");
	}
	if (!(await key.verify(utf8(`${parts[0]}.${parts[1]}`), signature))) {
		throw new ListError("the revocation list is not signed by its key");
	}
	const ids = decode64(String(jtis));
	if (!ids || !ascending(ids) || (since as number) > (counter as number) || (iat as number) >= (exp as number)) {
		throw new ListError("the entries of the revocation list are not in order");
	}
	if ((iat as number) > now / 1000 + LEEWAY_SECONDS) {
		throw new ListError("the revocation list is from the future: the clock is wrong");
	}
	return {
		counter: counter as number,
		since: since as number,
		issuedAt: iat as number,
		expiresAt: exp as number,
		ids,
	};
}

/**
 * Adds what has come to what is here. What is not newer changes nothing, so nobody
 * can roll a phone back. Throws ListGap.
 */
export function merge(full: RevocationList, news: SignedList): RevocationList {
	const { since, ...list } = news;
	if (news.counter < full.counter || (news.counter === full.counter && news.issuedAt <= full.issuedAt)) {
		return full;
	}
	if (since === 0) {
		return { ...list, wholeAt: list.issuedAt };
	}
	if (since > full.counter) {
		throw new ListGap("the revocations since the last ones are no longer to be had");
	}
	return { ...list, ids: union(full.ids, news.ids), wholeAt: full.wholeAt ?? 0 };
}

/** Since which counter to ask next; 0: for the whole list. */
export function askSince(list: RevocationList): number {
	return list.issuedAt - (list.wholeAt ?? 0) > WHOLE_AFTER ? 0 : list.counter;
}

/** Whether a pass with this jti (8 bytes) is revoked. */
export function isRevoked(list: RevocationList, jti: Uint8Array): boolean {
	let low = 0;
	let high = list.ids.length / ENTRY;
	while (low < high) {
		const middle = (low + high) >>> 1;
		const order = compare(list.ids, middle * ENTRY, jti, 0);
		if (order === 0) {
			return true;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return false;
}

function jsonOf(bytes: Bytes): Record<string, unknown> {
	try {
		return Object(JSON.parse(textOf(bytes))) as Record<string, unknown>;
	} catch {
		throw new ListError("the revocation list is no JSON");
	}
}

function compare(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
	for (let n = 0; n < ENTRY; n++) {
		const order = (a[i + n] as number) - (b[j + n] as number);
		if (order !== 0) {
			return order;
		}
	}
	return 0;
}

function ascending(ids: Uint8Array): boolean {
	for (let i = ENTRY; i < ids.length; i += ENTRY) {
		if (compare(ids, i - ENTRY, ids, i) >= 0) {
			return false;
		}
	}
	return ids.length % ENTRY === 0;
}

function union(a: Uint8Array, b: Uint8Array): Bytes {
	const out = new Uint8Array(a.length + b.length);
	let [i, j, n] = [0, 0, 0];
	while (i < a.length || j < b.length) {
		const order = i >= a.length ? 1 : j >= b.length ? -1 : compare(a, i, b, j);
		out.set(order <= 0 ? a.subarray(i, i + ENTRY) : b.subarray(j, j + ENTRY), n);
		i += order <= 0 ? ENTRY : 0;
		j += order >= 0 ? ENTRY : 0;
		n += ENTRY;
	}
	return out.slice(0, n);
}
