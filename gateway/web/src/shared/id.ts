/** An ID for what is about to be sent, also where crypto.randomUUID is missing: older phones, plain HTTP. */
export function newId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** What something is sent under. */
export interface Name {
	id: string;
	/** When it was sent first, UTC ms. */
	at: number;
}

/**
 * Names what is sent: the same again gets the same name, so that a try after a lost answer
 * does nothing twice. What is done with needs a new naming.
 */
export function naming(prefix = ""): (content: unknown) => Name {
	let last = { content: "", id: "", at: 0 };
	return (content) => {
		const now = JSON.stringify(content);
		if (now !== last.content) {
			last = { content: now, id: prefix + newId(), at: Date.now() };
		}
		return last;
	};
}
