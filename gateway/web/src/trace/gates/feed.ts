// A gate's window on the page: what is asked for streams into the worker, and the rows
// in sight come back from it. The page itself never holds more than those.
import { computed, signal } from "@preact/signals";
import { open } from "../../desk/call";
import { asked, type Period } from "../period";
import type { Choices, Filter, Row, SortKey, Summary } from "./columns";
import type { FromWorker, ToWorker } from "./rows.worker";

export interface View {
	/** As long as the answer; rows that were not brought yet are holes. */
	rows: Row[];
	summary: Summary;
	choices: Choices;
	/** Rows that came from the server so far. */
	loaded: number;
	done: boolean;
}

/** Rows brought at a time. */
const BLOCK = 100;

export class Feed {
	/** null until the first answer. */
	readonly view = signal<View | null>(null);
	readonly error = signal<unknown>(null);
	/** Counts up when rows have been brought: whoever shows them draws again. */
	readonly brought = signal(0);
	readonly loading = computed(() => this.error.value === null && !this.view.value?.done);

	private readonly worker = new Worker(new URL("./rows.worker.ts", import.meta.url), { type: "module" });
	private stop = new AbortController();
	private turn = 0;
	private sight = { from: 0, to: BLOCK };
	private wanted = new Set<number>(); // blocks that are on their way
	private filter: Filter = {};
	private sort: { key: SortKey; down: boolean } = { key: "at", down: false };
	private file: ((file: Blob) => void) | null = null;

	constructor() {
		this.worker.onmessage = (e: MessageEvent<FromWorker>) => this.take(e.data);
		this.worker.onerror = (e) => {
			this.error.value = e.message;
		};
	}

	/** Loads a window in place of what is there. */
	async load(gate: string, period: Period): Promise<void> {
		this.stop.abort();
		this.stop = new AbortController();
		const { signal } = this.stop;
		this.error.value = null;
		this.view.value = null;
		this.send({ kind: "begin" });
		this.ask();
		try {
			const response = await open("GET", `/v1/gates/${encodeURIComponent(gate)}/events`, {
				query: { ...asked(period), names: true },
				accept: "application/x-ndjson",
				trace: true,
				signal,
			});
			const reader = response.body?.getReader();
			for (;;) {
				const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
				if (signal.aborted) {
					return;
				}
				if (done) {
					this.send({ kind: "end" });
					return;
				}
				this.send({ kind: "bytes", bytes: value }, [value.buffer]);
			}
		} catch (cause) {
			if (!signal.aborted) {
				this.error.value = cause;
			}
		}
	}

	/** Asks for other rows of what is loaded. */
	want(filter: Filter, key: SortKey, down: boolean): void {
		this.filter = filter;
		this.sort = { key, down };
		this.ask();
	}

	/** Brings the rows in sight that are not here yet. */
	look(from: number, to: number): void {
		this.sight = { from, to };
		const rows = this.view.value?.rows;
		for (let block = Math.floor(from / BLOCK); rows && block * BLOCK < Math.min(to, rows.length); block++) {
			if (!this.wanted.has(block)) {
				this.wanted.add(block);
				this.send({ kind: "rows", turn: this.turn, from: block * BLOCK, to: (block + 1) * BLOCK });
			}
		}
	}

	/** The rows of the filter as a file. */
	csv(): Promise<Blob> {
		return new Promise((resolve) => {
			this.file = resolve;
			this.send({ kind: "csv" });
		});
	}

	close(): void {
		this.stop.abort();
		this.worker.terminate();
	}

	private ask(): void {
		this.turn++;
		const from = Math.floor(this.sight.from / BLOCK) * BLOCK;
		const to = Math.ceil(this.sight.to / BLOCK) * BLOCK;
		const { key, down } = this.sort;
		this.send({ kind: "ask", question: { turn: this.turn, filter: this.filter, sort: key, down, from, to } });
	}

	private send(message: ToWorker, transfer: Transferable[] = []): void {
		this.worker.postMessage(message, transfer);
	}

	private take(message: FromWorker): void {
		switch (message.kind) {
			case "view": {
				if (message.turn !== this.turn) {
					return;
				}
				const { summary, choices, loaded, done } = message;
				this.fresh = { rows: new Array<Row>(message.total), summary, choices, loaded, done };
				return; // it is shown with its first rows, which follow
			}
			case "rows":
				if (message.turn === this.turn) {
					this.put(message.from, message.rows);
				}
				return;
			case "csv":
				this.file?.(message.file);
				return;
			case "failed":
				this.error.value = message.why;
		}
	}

	private fresh: View | null = null;

	private put(from: number, rows: Row[]): void {
		const view = this.fresh ?? this.view.value;
		if (!view) {
			return;
		}
		rows.forEach((row, i) => {
			view.rows[from + i] = row;
		});
		if (this.fresh) {
			this.wanted = new Set(rows.map((_, i) => Math.floor((from + i) / BLOCK)));
			this.view.value = this.fresh;
			this.fresh = null;
			this.look(this.sight.from, this.sight.to);
		} else {
			this.brought.value++;
		}
	}
}
