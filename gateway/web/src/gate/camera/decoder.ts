// The page's end of the decoding worker.

import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";
import type { Shot } from "./grey";
import type { FromWorker, ToWorker } from "./protocol";
import DecodeWorker from "./worker?worker";

/** ms for the worker and its 1 MB of wasm to arrive over a bad line. */
const LOAD = 60_000;
/** ms for one picture, a large photo on an old phone included. */
const ANSWER = 10_000;

interface Job {
	id: number;
	done(texts: string[]): void;
	failed(cause: Error): void;
}

/** One worker, one picture at a time; a worker that dies or hangs is replaced at the next picture. */
export class Decoder {
	private worker: Worker | null = null;
	private loading: Promise<void> | null = null;
	private job: Job | null = null;
	private ids = 0;
	/** Whether the worker takes VideoFrames and ImageBitmaps; else it needs pixels. */
	canvas = false;

	/** Starts the worker if there is none; rejects if it does not come up. */
	ready(): Promise<void> {
		this.loading ??= this.load().catch((cause) => {
			this.stop();
			throw cause;
		});
		return this.loading;
	}

	/** The texts of the codes in the shot, which is given away. Ask again only after the answer. */
	async read(shot: Shot, patience = false): Promise<string[]> {
		try {
			await this.ready();
			return await this.answer(shot, patience);
		} finally {
			if ("close" in shot) {
				shot.close(); // in case it never left
			}
		}
	}

	private async answer(shot: Shot, patience: boolean): Promise<string[]> {
		if (this.job) {
			throw new Error("the decoder is busy");
		}
		const id = ++this.ids;
		const answer = new Promise<string[]>((done, failed) => {
			this.job = { id, done, failed };
		});
		const late = setTimeout(() => this.die(new Error(`no answer within ${ANSWER} ms`)), ANSWER);
		try {
			this.post({ id, shot, patience }, ["rgba" in shot ? shot.rgba : shot]);
			return await answer;
		} finally {
			clearTimeout(late);
			this.job = null;
		}
	}

	/** Ends the worker; the next picture starts another. */
	stop(): void {
		this.die(new Error("stopped"));
	}

	private load(): Promise<void> {
		return new Promise((done, failed) => {
			const worker = new DecodeWorker();
			this.worker = worker;
			const late = setTimeout(() => failed(new Error(`the decoder did not load within ${LOAD} ms`)), LOAD);
			worker.onmessage = (event: MessageEvent<FromWorker>) => {
				const message = event.data;
				if ("ready" in message) {
					clearTimeout(late);
					this.canvas = message.canvas;
					done();
				} else if (message.id === 0) {
					clearTimeout(late);
					failed(new Error("error" in message ? message.error : "the decoder did not load"));
				} else {
					this.answered(message);
				}
			};
			worker.onerror = (event) => {
				clearTimeout(late);
				failed(new Error(event.message));
				this.die(new Error(event.message));
			};
			this.post({ wasm: new URL(wasmUrl, location.href).href }, []);
		});
	}

	private answered(message: { id: number } & ({ texts: string[] } | { error: string })): void {
		const { job } = this;
		if (job?.id !== message.id) {
			return;
		}
		if ("texts" in message) {
			job.done(message.texts);
		} else {
			job.failed(new Error(message.error));
		}
	}

	private post(message: ToWorker, transfer: Transferable[]): void {
		this.worker?.postMessage(message, transfer);
	}

	private die(cause: Error): void {
		this.worker?.terminate();
		this.worker = null;
		this.loading = null;
		this.job?.failed(cause);
	}
}
