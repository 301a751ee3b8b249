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

/** Opens the phone's store, at the second try if need be; memory where it cannot be opened and read. Never throws. */
export async function openStore(name = "passgate-grid"): Promise<Store> {
	const read = async () => {
		const disk = onDisk(await inTime(open(name)), () => inTime(open(name)));
		await disk.entries();
		return disk;
	};
	try {
		return await read().catch(read);
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

function onDisk(first: IDBPDatabase<Shape>, again: () => Promise<IDBPDatabase<Shape>>): Store {
	let db = first;
	/** Browsers drop connections (iOS in the background), and a disk may be slow once: one more try, on a new one. */
	const on = async <T>(work: (db: IDBPDatabase<Shape>) => Promise<T>, mayRepeat = true): Promise<T> => {
		try {
			return await inTime(work(db));
		} catch (cause) {
			const dropped = cause instanceof DOMException && cause.name !== "QuotaExceededError";
			if (!dropped && !mayRepeat) {
				throw cause;
			}
			db = await again();
			return inTime(work(db));
		}
	};
	return {
		durable: true,
		list: () => on((d) => d.get("list", "today")),
		putList: async (kept) => void (await on((d) => d.put("list", kept, "today"))),
		entries: () => on((d) => d.getAll("outbox")),
		// What is only late may be there: added again, it would be there twice.
		add: (entry) => on((d) => d.add("outbox", entry), false),
		put: async (entry) => void (await on((d) => d.put("outbox", entry))),
		drop: (seq) => on((d) => d.delete("outbox", seq)),
		wipe: () => on((d) => d.clear("list")),
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
