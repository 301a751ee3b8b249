// What the phone keeps, in IndexedDB: the list, and what was done and not sent yet. Not
// more about people than the list needs, and not longer than a day.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { inTime } from "../shared/intime";
import type { Entry, Kept } from "./types";

interface Shape extends DBSchema {
	list: { key: string; value: Kept };
	outbox: { key: number; value: Entry };
}

export interface Store {
	/** False where all is lost with the page. */
	readonly durable: boolean;
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

/** Opens the phone's store; memory where it cannot be opened and read. Never throws. */
export async function openStore(name = "passgate-grid"): Promise<Store> {
	try {
		const disk = onDisk(await inTime(open(name)));
		await inTime(disk.entries());
		return disk;
	} catch {
		return inMemory();
	}
}

function open(name: string): Promise<IDBPDatabase<Shape>> {
	return openDB<Shape>(name, 1, {
		upgrade(fresh) {
			fresh.createObjectStore("list");
			fresh.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
		},
	});
}

function onDisk(db: IDBPDatabase<Shape>): Store {
	return {
		durable: true,
		list: () => inTime(db.get("list", "today")),
		putList: async (kept) => void (await inTime(db.put("list", kept, "today"))),
		entries: () => inTime(db.getAll("outbox")),
		add: (entry) => inTime(db.add("outbox", entry)),
		put: async (entry) => void (await inTime(db.put("outbox", entry))),
		drop: (seq) => inTime(db.delete("outbox", seq)),
		wipe: () => inTime(db.clear("list")),
	};
}

/** For the visit only: with what was read before the disk failed. */
export function inMemory(kept?: Kept, before: readonly Entry[] = []): Store {
	let list = kept;
	const outbox = new Map(before.map((e) => [e.seq ?? 0, e]));
	let next = Math.max(0, ...outbox.keys()) + 1;
	return {
		durable: false,
		list: async () => list,
		putList: async (fresh) => {
			list = fresh;
		},
		entries: async () => [...outbox.values()],
		add: async (entry) => {
			outbox.set(next, { ...entry, seq: next });
			return next++;
		},
		put: async (entry) => void outbox.set(entry.seq ?? 0, entry),
		drop: async (seq) => void outbox.delete(seq),
		wipe: async () => {
			list = undefined;
		},
	};
}
