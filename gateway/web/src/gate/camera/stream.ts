// The camera as the browser gives it: opening it, what can go wrong, torch, zoom
// and the choice between several.
import type { Scanner } from "../types";

export type Trouble = Exclude<Scanner["status"]["value"], "off" | "starting" | "running">;

/** Where the guard's choice of camera is kept. */
const CHOICE = "passgate.camera";

/** What the capabilities and settings of a track say beyond the standard's types. */
interface More {
	torch?: boolean;
	focusMode?: string[];
	zoom?: { min: number; max: number; step: number };
}

export interface Zoom {
	min: number;
	max: number;
	step: number;
	value: number;
}

/** Opens the chosen camera, else the one that looks away from the guard. */
export async function open(): Promise<MediaStream> {
	const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
	const away = { ...size, facingMode: { ideal: "environment" } };
	const choice = chosen();
	if (choice) {
		try {
			return await navigator.mediaDevices.getUserMedia({ video: { ...size, deviceId: { exact: choice } } });
		} catch (cause) {
			if (trouble(cause) !== "no_camera") {
				throw cause;
			}
			choose(null); // that camera is gone
		}
	}
	return await navigator.mediaDevices.getUserMedia({ video: away });
}

/** What hinders a camera before it is asked for, null if nothing does. */
export function hindrance(): Trouble | null {
	if (!window.isSecureContext) {
		return "insecure";
	}
	return "mediaDevices" in navigator ? null : "no_camera"; // as in some apps' own browsers
}

/** The kind of an error of getUserMedia, by the names of new and old browsers. */
export function trouble(cause: unknown): Trouble {
	switch ((cause as { name?: string } | null)?.name) {
		case "NotAllowedError":
		case "PermissionDeniedError":
		case "SecurityError":
			return "denied";
		case "NotFoundError":
		case "DevicesNotFoundError":
		case "OverconstrainedError":
			return "no_camera";
		case "NotReadableError":
		case "TrackStartError":
		case "AbortError":
			return "busy";
		default:
			return "failed";
	}
}

/** All cameras; their labels are empty until one has been allowed. */
export async function list(): Promise<{ id: string; label: string }[]> {
	const devices = await navigator.mediaDevices.enumerateDevices();
	return devices
		.filter((device) => device.kind === "videoinput")
		.map((device) => ({ id: device.deviceId, label: device.label }));
}

/** Keeps the choice where the browser keeps anything; null drops it. */
export function choose(id: string | null): void {
	try {
		if (id === null) {
			localStorage.removeItem(CHOICE);
		} else {
			localStorage.setItem(CHOICE, id);
		}
	} catch {
		// A private window: the choice lasts as long as the stream.
	}
}

function chosen(): string | null {
	try {
		return localStorage.getItem(CHOICE);
	} catch {
		return null;
	}
}

export function hasTorch(track: MediaStreamTrack): boolean {
	return more(track).torch === true;
}

export async function light(track: MediaStreamTrack, on: boolean): Promise<void> {
	await apply(track, { torch: on });
}

/** The range of the zoom and where it stands; null if the camera has none. */
export function zoomOf(track: MediaStreamTrack): Zoom | null {
	const range = more(track).zoom;
	if (!range || range.max <= range.min) {
		return null;
	}
	const value = (track.getSettings() as { zoom?: number }).zoom ?? range.min;
	return { min: range.min, max: range.max, step: range.step || 0.1, value };
}

/** Sets the zoom within its range and says where it stands then. */
export async function zoomTo(track: MediaStreamTrack, value: number): Promise<Zoom | null> {
	const zoom = zoomOf(track);
	if (zoom) {
		await apply(track, { zoom: Math.min(zoom.max, Math.max(zoom.min, value)) });
	}
	return zoomOf(track);
}

/** Codes are held up near, and somewhere else each time: focus has to follow. */
export async function keepFocus(track: MediaStreamTrack): Promise<void> {
	if (more(track).focusMode?.includes("continuous")) {
		await apply(track, { focusMode: "continuous" }).catch(() => undefined);
	}
}

function more(track: MediaStreamTrack): More {
	return (track.getCapabilities?.() ?? {}) as More;
}

function apply(track: MediaStreamTrack, constraint: { torch?: boolean; zoom?: number; focusMode?: string }) {
	return track.applyConstraints({ advanced: [constraint as MediaTrackConstraintSet] });
}
