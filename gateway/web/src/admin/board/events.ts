// Server-sent events over fetch: EventSource cannot send a bearer token.

export interface ServerEvent {
	name: string;
	data: string;
}

/** Cuts a stream of text into events; what is not whole yet waits for the next piece. */
export function eventCutter(onEvent: (event: ServerEvent) => void): (piece: string) => void {
	let rest = "";
	return (piece) => {
		const blocks = (rest + piece).split("\n\n");
		rest = blocks.pop() ?? "";
		for (const block of blocks) {
			const event = { name: "message", data: "" };
			for (const line of block.split("\n")) {
				const colon = line.indexOf(":");
				const field = line.slice(0, colon);
				const value = line.slice(colon + 1).replace(/^ /, "");
				if (field === "event") {
					event.name = value;
				} else if (field === "data") {
					event.data += event.data === "" ? value : `\n${value}`;
				}
			}
			onEvent(event);
		}
	};
}

/** Reads an answer to its end. Throws what the reader throws. */
export async function readEvents(response: Response, onEvent: (event: ServerEvent) => void): Promise<void> {
	const reader = response.body?.getReader();
	const text = new TextDecoder();
	const cut = eventCutter(onEvent);
	for (;;) {
		const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
		if (value) {
			cut(text.decode(value, { stream: !done }));
		}
		if (done) {
			return;
		}
	}
}
