// Contacts become work: who of them is on the case's call list, and putting them there.
import { call } from "../../desk/call";
import { wire } from "../../shared/time";
import type { Row } from "./types";

const AT_ONCE = 1000; // contacts of one request

const path = (kase: string) => `/v1/cases/${encodeURIComponent(kase)}/contacts`;

/** The IDs of everybody on the call list of a case. */
export async function calledOf(kase: string): Promise<Set<string>> {
	const ids = new Set<string>();
	let cursor = "";
	do {
		const page = await call<{ contacts: { person: { id: string } }[]; next: string }>("GET", path(kase), {
			query: { cursor, limit: 1000 },
			trace: true,
		});
		for (const c of page.contacts) {
			ids.add(c.person.id);
		}
		cursor = page.next;
	} while (cursor);
	return ids;
}

/** Puts contacts of somebody on the call list; those who are on it already stay as they are. */
export async function addCalls(
	kase: string,
	index: string,
	rows: readonly Row[],
): Promise<{ added: number; already: number }> {
	const sum = { added: 0, already: 0 };
	for (let i = 0; i < rows.length; i += AT_ONCE) {
		const contacts = rows.slice(i, i + AT_ONCE).map((r) => ({
			resident: r.id,
			hop: r.hop,
			exposure: r.exposure,
			kinds: r.kinds,
			last_met: wire(r.last),
			place: r.place,
		}));
		const told = await call<typeof sum>("POST", path(kase), {
			body: { index, contacts },
			trace: true,
			timeout: 60_000,
		});
		sum.added += told.added;
		sum.already += told.already;
	}
	return sum;
}
