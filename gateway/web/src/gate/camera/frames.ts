// Frames of the video, one at a time and always the newest.
import type { Pixels, Shot } from "./grey";

/** At least so long (ms) from one frame to the next while nothing new is seen: a phone that lasts the day. */
const PACE = 66;

/** Grabs frames of the video and hands them on until it is stopped. */
export class Frames {
	private stopped = false;
	private busy = false;
	private paused = false;
	private newest: number | null = null; // when the newest frame was captured
	private from = 0; // no frame before
	private handle = 0;
	private readonly canvas = document.createElement("canvas");
	private shotBy: "frame" | "bitmap" | "pixels" = "frame";
	/** When the last frame came (performance.now). */
	lastAt = performance.now();

	/**
	 * look decodes a frame captured at the given moment (ms, performance.now) and
	 * never rejects; takesFrames says whether it takes more than pixels.
	 */
	constructor(
		private readonly video: HTMLVideoElement,
		private readonly takesFrames: () => boolean,
		private readonly look: (shot: Shot, capturedAt: number) => Promise<void>,
	) {
		this.watch();
	}

	stop(): void {
		this.stopped = true;
		if (this.video.cancelVideoFrameCallback) {
			this.video.cancelVideoFrameCallback(this.handle);
		} else {
			cancelAnimationFrame(this.handle);
		}
	}

	pause(paused: boolean): void {
		this.paused = paused;
		this.newest = null; // what was captured before is not looked at after
		this.lastAt = performance.now();
	}

	/** Calls arrived for each new frame; an old browser is asked at each repaint instead. */
	private watch(): void {
		const { video } = this;
		if (video.requestVideoFrameCallback) {
			const next = (now: number, meta: VideoFrameCallbackMetadata) => {
				this.handle = video.requestVideoFrameCallback(next);
				this.arrived(meta.captureTime ?? now);
			};
			this.handle = video.requestVideoFrameCallback(next);
			return;
		}
		let shown = -1;
		const next = (now: number) => {
			this.handle = requestAnimationFrame(next);
			if (video.currentTime !== shown && video.readyState >= video.HAVE_CURRENT_DATA) {
				shown = video.currentTime;
				this.arrived(now);
			}
		};
		this.handle = requestAnimationFrame(next);
	}

	private arrived(capturedAt: number): void {
		this.lastAt = performance.now();
		if (!this.paused) {
			this.newest = capturedAt;
			void this.step();
		}
	}

	private async step(): Promise<void> {
		const start = performance.now();
		if (this.stopped || this.busy || this.newest === null || start < this.from) {
			return;
		}
		const capturedAt = this.newest;
		this.newest = null;
		this.busy = true;
		try {
			await this.look(await this.shoot(), capturedAt);
		} catch {
			// A frame that could not be grabbed is followed by another.
		}
		this.busy = false;
		this.from = start + PACE;
		setTimeout(() => void this.step(), Math.max(0, this.from - performance.now()));
	}

	/** The frame that the video shows, by the cheapest way that works here. */
	private async shoot(): Promise<Shot> {
		if (this.takesFrames() && this.shotBy === "frame") {
			try {
				return new VideoFrame(this.video);
			} catch {
				this.shotBy = "bitmap";
			}
		}
		if (this.takesFrames() && this.shotBy === "bitmap") {
			try {
				return await createImageBitmap(this.video);
			} catch {
				this.shotBy = "pixels";
			}
		}
		return pixels(this.canvas, this.video, this.video.videoWidth, this.video.videoHeight);
	}
}

/** What the canvas has after source was drawn on it at this size. */
export function pixels(canvas: HTMLCanvasElement, source: CanvasImageSource, width: number, height: number): Pixels {
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext("2d", { willReadFrequently: true });
	if (!context) {
		throw new Error("no 2d context");
	}
	context.drawImage(source, 0, 0, width, height);
	return { rgba: context.getImageData(0, 0, width, height).data.buffer, width, height };
}
