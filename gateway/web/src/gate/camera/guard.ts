// The guard against scanning twice what stays in view.

/** A code in the camera's view is new when it has been out of it for this long, ms. */
const OUT_OF_VIEW = 3000;
/** A pause up to this long is a verdict being read: who stands there may still hold the same code up. */
const SHORT_PAUSE = 20_000;

/** Tells new codes from those that are still in view. Times are ms of one clock. */
export class Guard {
	private readonly lastSeen = new Map<string, number>();
	private pausedAt: number | null = null;

	/** gone: ms after which a code that is not seen has gone. */
	constructor(private readonly gone = OUT_OF_VIEW) {}

	/** Those of the texts that are new. */
	fresh(texts: string[], at: number): string[] {
		for (const [text, seen] of this.lastSeen) {
			if (at - seen > this.gone) {
				this.lastSeen.delete(text);
			}
		}
		const news = texts.filter((text) => !this.lastSeen.has(text));
		for (const text of texts) {
			this.lastSeen.set(text, at);
		}
		return news;
	}

	/** While paused nothing is seen, so nothing counts as gone out of view. */
	pause(at: number): void {
		this.pausedAt ??= at;
	}

	resume(at: number): void {
		if (this.pausedAt === null) {
			return;
		}
		const paused = at - this.pausedAt;
		this.pausedAt = null;
		for (const [text, seen] of this.lastSeen) {
			this.lastSeen.set(text, paused > SHORT_PAUSE ? Number.NEGATIVE_INFINITY : seen + paused);
		}
	}

	/** The same codes are new again. */
	forget(): void {
		this.lastSeen.clear();
	}
}
