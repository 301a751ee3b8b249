// What page and worker say to each other.
import type { Shot } from "./grey";

/** First the address of the wasm, then pictures; each is answered before the next is sent. */
export type ToWorker = { wasm: string } | { id: number; shot: Shot; patience: boolean };

/** canvas: whether the worker can draw, so that it takes VideoFrames and ImageBitmaps. */
export type FromWorker =
	| { ready: true; canvas: boolean }
	| { id: number; texts: string[] }
	| { id: number; error: string };
