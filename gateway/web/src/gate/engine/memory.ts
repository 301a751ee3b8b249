// The store of a browser that keeps nothing (a private window, IndexedDB forbidden or
// full). It works as long as the page stays open, and the screen says so loudly.
import {
	type Change,
	type KeptScan,
	type KeptValues,
	type Known,
	mayGo,
	PEOPLE_FOR,
	type Queued,
	RECENT_MAX,
	type Store,
	shown,
} from "./kept";

export class MemoryStore implements Store {
	readonly durable = false;
	private values: Partial<KeptValues> = {};
	private items = new Map<number, Queued>();
	private scans = new Map<string, KeptScan>();
	private people = new Map<string, Known>();
	private next = 1;

	async value<K extends keyof KeptValues>(name: K): Promise<KeptValues[K] | undefined> {
		return this.values[name];
	}

	async person(key: string): Promise<Known | undefined> {
		return this.people.get(key);
	}

	async scan(id: string): Promise<KeptScan | undefined> {
		return this.scans.get(id);
	}

	async recent(): Promise<KeptScan[]> {
		return shown([...this.scans.values()]);
	}

	async queue(limit: number): Promise<Queued[]> {
		return [...this.items.values()].sort((a, b) => a.seq - b.seq).slice(0, limit);
	}

	async waiting(): Promise<number> {
		return this.items.size;
	}

	async change(c: Change): Promise<void> {
		Object.assign(this.values, c.values);
		for (const seq of c.done ?? []) {
			this.items.delete(seq);
		}
		for (const item of c.queue ?? []) {
			this.items.set(this.next, { ...item, seq: this.next, tries: 0 });
			this.next++;
		}
		for (const item of c.retry ?? []) {
			this.items.set(item.seq, item);
			this.next = Math.max(this.next, item.seq + 1);
		}
		for (const scan of c.recent ?? []) {
			this.scans.set(scan.id, scan);
		}
		for (const known of c.people ?? []) {
			this.people.set(known.key, known);
		}
	}

	async prune(now: number): Promise<void> {
		for (const known of this.people.values()) {
			if (known.at <= now - PEOPLE_FOR) {
				this.people.delete(known.key);
			}
		}
		for (const scan of this.byTime().slice(0, -RECENT_MAX)) {
			if (mayGo(scan, now)) {
				this.scans.delete(scan.id);
			}
		}
	}

	async clear(): Promise<void> {
		this.values = {};
		this.items.clear();
		this.scans.clear();
		this.people.clear();
	}

	close(): void {}

	private byTime(): KeptScan[] {
		return [...this.scans.values()].sort((a, b) => a.at - b.at);
	}
}
