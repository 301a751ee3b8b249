// The audit's chain, checked in this browser: that the entries on the screen have the
// hashes that they claim, that each names the one before, and that the head is signed.
// The forms of the bytes are those of checkpoint.AuditRecord and checkpoint.AuditHead.
import * as ed from "@noble/ed25519";
import { sha256, sha512 } from "@noble/hashes/sha2.js";

export interface Entry {
	seq: number;
	at: string;
	actor: string;
	role: string;
	action: string;
	case: string;
	reason: string;
	subject: string;
	detail: string;
	outcome: string;
	rows: number;
	request: string;
	reason_sealed: string;
	writer: string;
	prev: string;
	hash: string;
}

export interface Head {
	seq: number;
	hash: string;
	at: string;
	gateway: string;
	mark: string;
	key: string;
	sig: string;
}

const utf8 = new TextEncoder();

/** Bytes written one after the other, numbers big-endian. */
class Writer {
	private parts: Uint8Array[] = [];

	bytes(b: Uint8Array): this {
		this.parts.push(b);
		return this;
	}

	/** 8 bytes; a negative number as two's complement. */
	long(n: bigint): this {
		const b = new Uint8Array(8);
		new DataView(b.buffer).setBigInt64(0, BigInt.asIntN(64, n));
		return this.bytes(b);
	}

	/** 2 bytes of length, and the bytes. */
	counted(b: Uint8Array): this {
		return this.bytes(Uint8Array.of(b.length >> 8, b.length & 255)).bytes(b);
	}

	text(s: string): this {
		return this.counted(utf8.encode(s));
	}

	done(): Uint8Array {
		const whole = new Uint8Array(this.parts.reduce((n, p) => n + p.length, 0));
		let at = 0;
		for (const p of this.parts) {
			whole.set(p, at);
			at += p.length;
		}
		return whole;
	}
}

const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (b) => Number.parseInt(b, 16));
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toHex = (b: Uint8Array) => [...b].map((n) => n.toString(16).padStart(2, "0")).join("");

/** The hash that an entry should have. */
export function hashOf(e: Entry): string {
	const b = new Writer().bytes(utf8.encode("passgate audit 1\n")).bytes(Uint8Array.of(1));
	b.long(BigInt(e.seq))
		.long(BigInt(Date.parse(e.at)))
		.bytes(fromHex(e.prev));
	b.long(BigInt(`0x${e.writer}`)).long(BigInt(e.rows));
	for (const text of [e.actor, e.role, e.action, e.case, e.subject, e.detail, e.outcome, e.request]) {
		b.text(text);
	}
	return toHex(sha256(b.counted(fromBase64(e.reason_sealed)).done()));
}

/** The number of the first entry that is not what it claims, or does not follow the one before; null if all do. */
export function firstBroken(entries: readonly Entry[]): number | null {
	const bySeq = new Map(entries.map((e) => [e.seq, e]));
	for (const e of entries) {
		const before = bySeq.get(e.seq - 1);
		if (hashOf(e) !== e.hash || (before && before.hash !== e.prev)) {
			return e.seq;
		}
	}
	return null;
}

/** Whether a head is signed by the key that is given, 64 hex digits. */
export function signedBy(head: Head, publicKey: string): boolean {
	ed.hashes.sha512 = sha512;
	const b = new Writer().bytes(utf8.encode("passgate audit head 1\n")).long(BigInt(head.seq)).bytes(fromHex(head.hash));
	const message = b
		.long(BigInt(Date.parse(head.at)))
		.text(head.gateway)
		.text(head.mark)
		.done();
	try {
		return ed.verify(fromBase64(head.sig), message, fromHex(publicKey));
	} catch {
		return false; // a key or signature in no form
	}
}
