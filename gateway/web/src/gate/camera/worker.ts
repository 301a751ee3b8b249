// The worker that decodes, so that the page stays quick under the guard's thumb.
import { grey } from "./grey";
import { Looker } from "./look";
import type { FromWorker, ToWorker } from "./protocol";
import { Reader } from "./reader";

let looker: Promise<Looker> | null = null;

self.onmessage = async (event: MessageEvent<ToWorker>) => {
	const message = event.data;
	if ("wasm" in message) {
		looker = Reader.load(message.wasm).then((reader) => new Looker(reader));
		// A wasm that does not load is told with the first picture.
		looker
			.then(() => reply({ ready: true, canvas: canDraw() }))
			.catch((cause) => reply({ id: 0, error: String(cause) }));
		return;
	}
	const { id, shot, patience } = message;
	try {
		if (!looker) {
			throw new Error("a picture before the decoder");
		}
		const picture = await grey(shot);
		reply({ id, texts: (await looker).look(picture, patience) });
	} catch (cause) {
		reply({ id, error: String(cause) });
	}
};

function reply(message: FromWorker): void {
	self.postMessage(message);
}

function canDraw(): boolean {
	return typeof OffscreenCanvas !== "undefined" && new OffscreenCanvas(1, 1).getContext("2d") !== null;
}
