// What the phone keeps, in IndexedDB: the list, and what was done and not sent yet. Not
// more about people than the list needs, and not longer than a day.
import { type DBSchema, openDB } from "idb";
import type { Entry, Kept } from "./types";

interface Shape extends DBSchema {
	list: { key: string; value: Kept };
	outbox: { key: number; value: Entry };
}

export interface Store {
	list(): Promise<Kept | undefined>;
	putList(kept: Kept): Promise<void>;
	entries(): Promise<Entry[]>;
	/** Keeps a new one and gives its place. */
	add(entry: Entry): Promise<number>;
	put(entry: Entry): Promise<void>;
	drop(seq: number): Promise<void>;
	/** Forgets the list; what is not sent stays, it is the member's own work. */
	wipe(): Promise<void>;
}

export async function openStore(name = "passgate-grid"): Promise<Store> {
	const db = await openDB<Shape>(name, 1, {
		upgrade(fresh) {
			fresh.createObjectStore("list");
			fresh.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
		},
	});
	return {
		list: () => db.get("list", "today"),
		putList: async (kept) => void (await db.put("list", kept, "today")),
		entries: () => db.getAll("outbox"),
		add: (entry) => db.add("outbox", entry),
		put: async (entry) => void (await db.put("outbox", entry)),
		drop: (seq) => db.delete("outbox", seq),
		wipe: () => db.clear("list"),
	};
}
