// The scanner: camera, frames, decoder and the guard against scanning twice, put
// together and kept going.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Scanner, Seen } from "../types";
import { Decoder } from "./decoder";
import { Frames } from "./frames";
import type { Shot } from "./grey";
import { Guard } from "./guard";
import { readPhoto } from "./photo";
import * as stream from "./stream";

/** A camera that has given no frame for so long (ms) while the page is shown is opened again. */
const SILENT = 5_000;
/** A camera that ended is opened again this many times in a row before it is given up. */
const TRIES = 3;
/** Frames in a row that the decoder failed at before the scanner says so. */
const FAILURES = 5;

export class CameraScanner implements Scanner {
	readonly status = signal<Scanner["status"]["value"]>("off");
	readonly cameras = signal<{ id: string; label: string }[]>([]);
	readonly torch = signal<"none" | "off" | "on">("none");
	private readonly zoomed = signal<stream.Zoom | null>(null);
	/** The camera's zoom, null where it has none. */
	readonly zoom: ReadonlySignal<stream.Zoom | null> = this.zoomed;

	private readonly decoder = new Decoder();
	private photos: Decoder | null = null; // one of their own: the camera's may be at a frame
	private readonly guard = new Guard();
	private wanted: { video: HTMLVideoElement; onSeen: (s: Seen) => void } | null = null;
	private opened: { media: MediaStream; frames: Frames } | null = null;
	private turn = 0; // an opening that is not the last one is dropped
	private paused = false;
	private tries = 0;
	private failures = 0;
	private watchdog = 0;

	/** Opens the camera; how that went is in status, not in the promise. */
	async start(video: HTMLVideoElement, onSeen: (s: Seen) => void): Promise<void> {
		this.wanted = { video, onSeen };
		this.tries = 0;
		document.addEventListener("visibilitychange", this.shownOrHidden);
		navigator.mediaDevices?.addEventListener?.("devicechange", this.relist);
		clearInterval(this.watchdog);
		this.watchdog = window.setInterval(() => this.checkFrames(), SILENT / 2);
		await this.open();
	}

	stop(): void {
		this.wanted = null;
		document.removeEventListener("visibilitychange", this.shownOrHidden);
		navigator.mediaDevices?.removeEventListener?.("devicechange", this.relist);
		clearInterval(this.watchdog);
		this.close();
		this.status.value = "off";
	}

	pause(paused: boolean): void {
		if (this.paused === paused) {
			return;
		}
		this.paused = paused;
		this.opened?.frames.pause(paused);
		if (paused) {
			this.guard.pause(performance.now());
		} else {
			this.guard.resume(performance.now());
		}
	}

	async choose(cameraId: string): Promise<void> {
		stream.choose(cameraId);
		if (this.wanted) {
			this.tries = 0;
			await this.open();
		}
	}

	async setTorch(on: boolean): Promise<void> {
		const track = this.track();
		if (track && this.torch.value !== "none") {
			await stream.light(track, on);
			this.torch.value = on ? "on" : "off";
		}
	}

	async setZoom(value: number): Promise<void> {
		const track = this.track();
		if (track) {
			this.zoomed.value = await stream.zoomTo(track, value);
		}
	}

	async decodePhoto(file: Blob): Promise<string[]> {
		this.photos ??= new Decoder();
		return await readPhoto(file, this.photos);
	}

	forget(): void {
		this.guard.forget();
	}

	private track(): MediaStreamTrack | undefined {
		return this.opened?.media.getVideoTracks()[0];
	}

	private async open(): Promise<void> {
		const { wanted } = this;
		this.close();
		const turn = ++this.turn;
		const hindrance = stream.hindrance();
		if (hindrance || !wanted) {
			this.status.value = hindrance ?? "off";
			return;
		}
		this.status.value = "starting";
		void this.decoder.ready().catch(() => undefined); // loads while the guard allows the camera
		let media: MediaStream | null = null;
		try {
			media = await stream.open();
			if (turn === this.turn) {
				await this.run(media, wanted.video, turn);
			}
		} catch (cause) {
			if (turn === this.turn) {
				this.status.value = stream.trouble(cause);
			}
		}
		if (media && this.opened?.media !== media) {
			end(media);
		}
	}

	private async run(media: MediaStream, video: HTMLVideoElement, turn: number): Promise<void> {
		video.muted = true;
		video.playsInline = true;
		video.srcObject = media;
		await Promise.all([video.play(), this.decoder.ready()]);
		const track = media.getVideoTracks()[0];
		if (turn !== this.turn || !track) {
			return;
		}
		track.addEventListener("ended", () => void this.again(media));
		const frames = new Frames(video, () => this.decoder.canvas, this.look);
		frames.pause(this.paused);
		this.opened = { media, frames };
		this.torch.value = stream.hasTorch(track) ? "off" : "none";
		this.zoomed.value = stream.zoomOf(track);
		this.status.value = "running";
		await stream.keepFocus(track);
		await this.relist();
	}

	private close(): void {
		const { opened } = this;
		this.turn++;
		this.opened = null;
		if (opened) {
			opened.frames.stop();
			end(opened.media);
		}
		this.torch.value = "none";
		this.zoomed.value = null;
	}

	/** Opens the camera again after its stream ended, a little later each time. */
	private async again(media: MediaStream): Promise<void> {
		if (this.opened?.media !== media || document.hidden) {
			return; // closed on purpose, or opened when the page is shown
		}
		this.close();
		if (++this.tries > TRIES) {
			this.status.value = "busy";
			return;
		}
		this.status.value = "starting";
		const { turn } = this;
		await new Promise((done) => setTimeout(done, 500 * this.tries));
		if (turn === this.turn && this.wanted) {
			await this.open();
		}
	}

	private checkFrames(): void {
		const { opened } = this;
		// A paused camera may stand where the browser paints no frames.
		if (opened && !this.paused && !document.hidden && performance.now() - opened.frames.lastAt > SILENT) {
			void this.again(opened.media);
		}
	}

	/** A page that is not shown gives the camera back: other apps need it, and so does the battery. */
	private readonly shownOrHidden = (): void => {
		if (document.hidden) {
			this.close();
			this.status.value = "off";
		} else if (this.wanted) {
			this.tries = 0;
			void this.open();
		}
	};

	private readonly relist = async (): Promise<void> => {
		this.cameras.value = await stream.list().catch(() => []);
	};

	private readonly look = async (shot: Shot, capturedAt: number): Promise<void> => {
		let texts: string[];
		try {
			texts = await this.decoder.read(shot);
			this.failures = 0;
			this.tries = 0;
		} catch {
			if (++this.failures >= FAILURES && this.opened) {
				this.close();
				this.status.value = "failed";
			}
			return;
		}
		if (this.paused || !this.wanted) {
			return;
		}
		const news = this.guard.fresh(texts, performance.now());
		if (news.length > 0) {
			mark(capturedAt);
			this.wanted.onSeen({ texts: news, at: Date.now(), via: "camera" });
		}
	};
}

/** When the frame with the last new code was captured, for measuring how long a verdict takes. */
function mark(capturedAt: number): void {
	performance.clearMarks("passgate:seen");
	try {
		performance.mark("passgate:seen", { startTime: capturedAt });
	} catch {
		// An old browser: nobody measures there.
	}
}

function end(media: MediaStream): void {
	for (const track of media.getTracks()) {
		track.stop();
	}
}
