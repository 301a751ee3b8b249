// Reads answers about contacts, lays their networks out and draws them, beside the page:
// 5,000 contacts are megabytes, and the page stays quick under the tracer's hands.
import { draw, type Frame } from "./draw";
import { begin, settle } from "./layout";
import { type Network, networkOf } from "./network";
import { rowsOf } from "./rows";
import type { Answer, Contact, Head, Row } from "./types";

export type Order =
	| { do: "read"; id: number; text: ArrayBuffer }
	| { do: "contact"; id: number; rank: number; ask: number }
	| { do: "network"; id: number; ranks: number[]; ask: number }
	| { do: "canvas"; canvas: OffscreenCanvas }
	| { do: "paint"; frame: Frame }
	| { do: "drop"; id: number };

export type Told =
	| { did: "rows"; id: number; rows: Row[] }
	| { did: "read"; id: number; head: Head }
	| { did: "failed"; id: number; why: string }
	| { did: "contact"; ask: number; contact: Contact | null }
	| { did: "network"; ask: number; network: Network; at: Float32Array }
	| { did: "moved"; ask: number; at: Float32Array; done: boolean };

const AT_ONCE = 500; // rows of a message: taking one in is a task of the page of a few ms

const answers = new Map<number, Answer>();
let laying = 0; // the network that is being laid out: a newer one takes over
let picture: { network: Network; at: Float32Array } | null = null;
let paper: OffscreenCanvasRenderingContext2D | null = null;
let frame: Frame | null = null;

const tell = (message: Told, transfer: Transferable[] = []) => self.postMessage(message, { transfer });

self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
	switch (data.do) {
		case "read":
			read(data.id, data.text);
			break;
		case "contact":
			tell({ did: "contact", ask: data.ask, contact: answers.get(data.id)?.contacts[data.rank - 1] ?? null });
			break;
		case "network":
			void layOut(data.ask, answers.get(data.id), data.ranks);
			break;
		case "canvas":
			paper = data.canvas.getContext("2d", { alpha: false });
			break;
		case "paint":
			paint(data.frame);
			break;
		case "drop":
			answers.delete(data.id);
			break;
	}
});

function read(id: number, text: ArrayBuffer): void {
	try {
		const answer = JSON.parse(new TextDecoder().decode(text)) as Answer;
		answers.set(id, answer);
		const { contacts: _, ...head } = answer;
		const rows = rowsOf(answer);
		for (let i = 0; i < rows.length; i += AT_ONCE) {
			tell({ did: "rows", id, rows: rows.slice(i, i + AT_ONCE) });
		}
		tell({ did: "read", id, head });
	} catch (cause) {
		tell({ did: "failed", id, why: String(cause) });
	}
}

/** Draws the latest frame, once all that came before it is heard. */
function paint(next: Frame): void {
	const waits = frame !== null;
	frame = next;
	if (waits) {
		return;
	}
	setTimeout(() => {
		if (paper && picture && frame) {
			draw(paper, picture.network, picture.at, frame);
		}
		frame = null;
	}, 0);
}

/** Tells the network with a first picture at once, then how it settles. */
async function layOut(ask: number, answer: Answer | undefined, ranks: number[]): Promise<void> {
	laying = ask;
	if (!answer) {
		return;
	}
	const network = networkOf(answer, ranks);
	picture = { network, at: begin(network) };
	tell({ did: "network", ask, network, at: picture.at });
	for (const at of settle(network)) {
		await new Promise((resolve) => setTimeout(resolve, 0)); // what is asked meanwhile is heard
		if (laying !== ask) {
			return;
		}
		picture.at = at;
		tell({ did: "moved", ask, at, done: false });
	}
	tell({ did: "moved", ask, at: picture.at, done: true });
}
