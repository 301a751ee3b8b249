// The store in IndexedDB. Whatever happens to the page or the phone's battery, what
// change() has resolved for is there afterwards.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { inTime } from "../../shared/intime";
import {
	type Change,
	hasProblem,
	type KeptScan,
	type KeptValues,
	type Known,
	mayGo,
	PEOPLE_FOR,
	type Queued,
	type QueueItem,
	RECENT_MAX,
	type Store,
} from "./kept";
import { MemoryStore } from "./memory";

const VERSION = 1;

interface Schema extends DBSchema {
	values: { key: string; value: unknown };
	queue: { key: number; value: QueueItem & { seq?: number; tries: number } };
	recent: { key: string; value: KeptScan; indexes: { at: number; state: string } };
	people: { key: string; value: Known; indexes: { at: number } };
}

type StoreName = "values" | "queue" | "recent" | "people";
const ALL: StoreName[] = ["values", "queue", "recent", "people"];

/** Opens the store; memory, with durable false, where there is no disk. Rejects if there is one and it fails. */
export async function openStore(name = "passgate-gate"): Promise<Store> {
	if (typeof indexedDB === "undefined") {
		return new MemoryStore();
	}
	const open = () => openDatabase(name);
	return new DiskStore(await open(), open);
}

function openDatabase(name: string): Promise<IDBPDatabase<Schema>> {
	return openDB<Schema>(name, VERSION, {
		// One case per version, each falling into the next, brings any old one up to date.
		upgrade(db, from) {
			if (from < 1) {
				db.createObjectStore("values");
				db.createObjectStore("queue", { keyPath: "seq", autoIncrement: true });
				const recent = db.createObjectStore("recent", { keyPath: "id" });
				recent.createIndex("at", "at");
				recent.createIndex("state", "state");
				db.createObjectStore("people", { keyPath: "key" }).createIndex("at", "at");
			}
		},
		blocking(_now, _next, event) {
			(event.target as IDBDatabase).close(); // a newer page waits for this one
		},
	});
}

export class DiskStore implements Store {
	readonly durable = true;

	constructor(
		private db: IDBPDatabase<Schema>,
		private readonly open: () => Promise<IDBPDatabase<Schema>>,
	) {}

	/** Browsers drop connections (iOS in the background): one more try on a new one. */
	private async with<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
		try {
			return await work(this.db);
		} catch (cause) {
			if (!(cause instanceof DOMException) || cause.name === "QuotaExceededError") {
				throw cause;
			}
			this.db = await this.open();
			return work(this.db);
		}
	}

	value<K extends keyof KeptValues>(name: K): Promise<KeptValues[K] | undefined> {
		return this.with((db) => db.get("values", name) as Promise<KeptValues[K] | undefined>);
	}

	person(key: string): Promise<Known | undefined> {
		return inTime(this.with((db) => db.get("people", key)));
	}

	scan(id: string): Promise<KeptScan | undefined> {
		return inTime(this.with((db) => db.get("recent", id)));
	}

	recent(): Promise<KeptScan[]> {
		return this.with(async (db) => {
			const tx = db.transaction("recent");
			const found = new Map<string, KeptScan>();
			let cursor = await tx.store.index("at").openCursor(null, "prev");
			for (; cursor && found.size < RECENT_MAX; cursor = await cursor.continue()) {
				found.set(cursor.value.id, cursor.value);
			}
			for (const state of ["conflict", "refused"]) {
				for (const scan of (await tx.store.index("state").getAll(state)).filter(hasProblem)) {
					found.set(scan.id, scan);
				}
			}
			return [...found.values()].sort((a, b) => b.at - a.at);
		});
	}

	queue(limit: number): Promise<Queued[]> {
		return inTime(this.with((db) => db.getAll("queue", null, limit)) as Promise<Queued[]>);
	}

	waiting(): Promise<number> {
		return this.with((db) => db.count("queue"));
	}

	async change(c: Change): Promise<void> {
		const written = this.with(async (db) => {
			const tx = db.transaction(ALL, "readwrite", { durability: c.strict ? "strict" : "relaxed" });
			const [values, queue, recent, people] = [
				tx.objectStore("values"),
				tx.objectStore("queue"),
				tx.objectStore("recent"),
				tx.objectStore("people"),
			];
			await Promise.all([
				...Object.entries(c.values ?? {}).map(([name, value]) => values.put(value, name)),
				...(c.done ?? []).map((seq) => queue.delete(seq)),
				...(c.queue ?? []).map((item) => queue.add({ ...item, tries: 0 })),
				...(c.retry ?? []).map((item) => queue.put(item)),
				...(c.recent ?? []).map((scan) => recent.put(scan)),
				...(c.people ?? []).map((known) => people.put(known)),
				tx.done,
			]);
		});
		await inTime(written);
	}

	async prune(now: number): Promise<void> {
		await this.with(async (db) => {
			const tx = db.transaction(["recent", "people"], "readwrite");
			const old = await tx
				.objectStore("people")
				.index("at")
				.getAllKeys(IDBKeyRange.upperBound(now - PEOPLE_FOR));
			const scans = await tx.objectStore("recent").index("at").getAll();
			const gone = scans.slice(0, -RECENT_MAX).filter((s) => mayGo(s, now));
			await Promise.all([
				...old.map((key) => tx.objectStore("people").delete(key)),
				...gone.map((s) => tx.objectStore("recent").delete(s.id)),
				tx.done,
			]);
		});
	}

	async clear(): Promise<void> {
		await this.with(async (db) => {
			const tx = db.transaction(ALL, "readwrite");
			await Promise.all([...ALL.map((name) => tx.objectStore(name).clear()), tx.done]);
		});
	}

	close(): void {
		this.db.close();
	}
}
