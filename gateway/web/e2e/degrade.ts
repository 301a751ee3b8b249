// Camera frames of passes as they go wrong at a gate, made from a seed: the same
// seed gives the same pixels everywhere, since nothing here asks a browser to draw.
import qrcode from "qrcode-generator";

/** A grey picture: one byte a pixel. */
export interface Picture {
	data: Uint8Array;
	width: number;
	height: number;
}

export interface Degraded {
	kind: Kind;
	text: string;
	picture: Picture;
}

export const kinds = [
	"blur",
	"motion",
	"perspective",
	"low contrast",
	"noise",
	"glare",
	"small",
	"shadow",
	"mixed",
] as const;
export type Kind = (typeof kinds)[number];

const WIDTH = 1280;
const HEIGHT = 720;

export type Random = () => number;

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export function random(seed: number): Random {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), a | 1);
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** A text of a pass's form and length: 146 characters of base45 after PG1:. */
export function passText(rnd: Random): string {
	let text = "PG1:";
	while (text.length < 150) {
		text += BASE45[Math.floor(rnd() * 45)];
	}
	return text.trimEnd().padEnd(150, "0");
}

/** One degraded frame of a pass, of the camera's size. */
export function degraded(kind: Kind, seed: number): Degraded {
	const rnd = random(seed);
	const between = (low: number, high: number) => low + (high - low) * rnd();
	const text = passText(rnd);
	const matrix = modules(text);

	// What is varied in every frame: size, place, angle, light.
	const view: View = {
		side: between(0.24, 0.4) * WIDTH,
		turn: between(-0.35, 0.35),
		tilt: between(0, 0.15),
		tiltAxis: between(0, 2 * Math.PI),
		dark: between(15, 60),
		light: between(190, 240),
	};
	if (kind === "small") {
		view.side = between(0.1, 0.15) * WIDTH;
	}
	if (kind === "perspective") {
		view.tilt = between(0.55, 1.0); // radians: 32 to 57 degrees
	}
	if (kind === "mixed") {
		view.side = between(0.16, 0.3) * WIDTH;
		view.tilt = between(0.2, 0.5);
	}
	const pixel = view.side / matrix.length; // pixels a module
	let frame = draw(matrix, view, rnd);

	switch (kind) {
		case "blur":
			frame = gauss(frame, between(0.35, 0.75) * pixel);
			break;
		case "motion":
			frame = smear(frame, between(0.8, 1.9) * pixel, between(0, Math.PI));
			break;
		case "low contrast":
			frame = contrast(frame, between(0.07, 0.25), between(60, 190));
			break;
		case "glare":
			frame = glare(frame, rnd, view.side);
			break;
		case "shadow":
			frame = shadow(frame, rnd);
			break;
		case "mixed":
			frame = gauss(frame, between(0.2, 0.4) * pixel);
			frame = smear(frame, between(0.3, 0.8) * pixel, between(0, Math.PI));
			frame = contrast(frame, between(0.35, 0.8), between(90, 160));
			break;
	}
	// A sensor's noise is in every frame.
	const sigma = kind === "noise" ? between(25, 60) : kind === "mixed" ? between(5, 14) : between(1, 4);
	return { kind, text, picture: toBytes(noise(frame, sigma, rnd)) };
}

/** A frame of the camera's size without a code. */
export function empty(seed: number): Picture {
	const rnd = random(seed);
	return toBytes(noise(wall(rnd), 3 + rnd() * 40, rnd));
}

/** The symbol as pages draw it: level M, dark is true, with its quiet zone. */
export function modules(text: string): boolean[][] {
	const qr = qrcode(0, "M");
	qr.addData(text, /^[0-9A-Z $%*+\-./:]+$/.test(text) ? "Alphanumeric" : "Byte");
	qr.make();
	const quiet = 4;
	const n = qr.getModuleCount() + 2 * quiet;
	return Array.from({ length: n }, (_, y) =>
		Array.from({ length: n }, (_, x) => {
			const inside = Math.min(x, y) >= quiet && Math.max(x, y) < n - quiet;
			return inside && qr.isDark(y - quiet, x - quiet);
		}),
	);
}

interface Frame {
	data: Float32Array;
	width: number;
	height: number;
	/** Around the code: blur is worked out only there, as the wall behind it is soft anyway. */
	box: { left: number; top: number; right: number; bottom: number };
}

interface View {
	side: number; // of the symbol with its quiet zone, pixels
	turn: number; // radians in the picture's plane
	tilt: number; // radians out of it
	tiltAxis: number;
	dark: number; // grey of modules, 0 to 255
	light: number;
}

/** The scene: a wall of soft spots and, somewhere near the middle, the code. */
function draw(matrix: boolean[][], view: View, rnd: Random): Frame {
	const frame = wall(rnd);
	const margin = view.side * 0.75;
	const cx = WIDTH / 2 + (rnd() - 0.5) * Math.max(0, Math.min(WIDTH - 2 * margin, 420));
	const cy = HEIGHT / 2 + (rnd() - 0.5) * Math.max(0, Math.min(HEIGHT - 2 * margin, 240));
	const reach = view.side * (0.75 + view.tilt / 3);
	const box = {
		left: Math.max(0, Math.floor(cx - reach)),
		top: Math.max(0, Math.floor(cy - reach)),
		right: Math.min(WIDTH, Math.ceil(cx + reach)),
		bottom: Math.min(HEIGHT, Math.ceil(cy + reach)),
	};
	const toCode = lens(view, cx, cy);
	const n = matrix.length;
	for (let y = box.top; y < box.bottom; y++) {
		for (let x = box.left; x < box.right; x++) {
			const behind = frame.data[y * WIDTH + x] as number;
			let sum = 0;
			for (let quarter = 0; quarter < 4; quarter++) {
				toCode(x + (quarter & 1 ? 0.75 : 0.25), y + (quarter & 2 ? 0.75 : 0.25), spot);
				const dark = matrix[Math.floor(spot.v * n)]?.[Math.floor(spot.u * n)];
				sum += dark === undefined ? behind : dark ? view.dark : view.light;
			}
			frame.data[y * WIDTH + x] = sum / 4;
		}
	}
	return { ...frame, box };
}

function wall(rnd: Random): Frame {
	const data = new Float32Array(WIDTH * HEIGHT).fill(120);
	for (let wave = 0; wave < 3; wave++) {
		const [kx, ky, phase, high] = [(rnd() - 0.5) * 0.05, (rnd() - 0.5) * 0.05, rnd() * 6.28, 10 + rnd() * 25];
		for (let i = 0; i < data.length; i++) {
			data[i] = (data[i] as number) + high * Math.sin(kx * (i % WIDTH) + ky * Math.floor(i / WIDTH) + phase);
		}
	}
	return { data, width: WIDTH, height: HEIGHT, box: { left: 0, top: 0, right: WIDTH, bottom: HEIGHT } };
}

/** A place on the code, 0 to 1 in both directions. */
interface Spot {
	u: number;
	v: number;
}
const spot: Spot = { u: 0, v: 0 };

/** From a pixel to the spot on the code: a pinhole before a tilted plane. */
function lens(view: View, cx: number, cy: number): (x: number, y: number, spot: Spot) => void {
	const far = 1100; // pixels: a phone's lens at this frame width
	const ax = Math.cos(view.tiltAxis);
	const ay = Math.sin(view.tiltAxis);
	const ct = Math.cos(view.tilt);
	const st = Math.sin(view.tilt);
	const cr = Math.cos(view.turn);
	const sr = Math.sin(view.turn);
	return (x, y, spot) => {
		const px = x - cx;
		const py = y - cy;
		const along = px * ax + py * ay; // on the axis of the tilt
		const across = -px * ay + py * ax; // foreshortened
		const stretch = far / (far * ct - across * st);
		const qa = along * stretch * ct;
		const qc = across * stretch;
		const wx = qa * ax - qc * ay;
		const wy = qa * ay + qc * ax;
		spot.u = (wx * cr + wy * sr) / view.side + 0.5;
		spot.v = (-wx * sr + wy * cr) / view.side + 0.5;
	};
}

/** Out of focus. sigma in pixels. */
function gauss(frame: Frame, sigma: number): Frame {
	const reach = Math.ceil(sigma * 3);
	const weights: number[] = [];
	for (let i = -reach; i <= reach; i++) {
		weights.push(Math.exp((-i * i) / (2 * sigma * sigma)));
	}
	const all = weights.reduce((a, b) => a + b, 0);
	const kernel = weights.map((w) => w / all);
	return line(line(frame, kernel, 1, 0), kernel, 0, 1);
}

/** Moved while exposed. length in pixels. */
function smear(frame: Frame, length: number, angle: number): Frame {
	const taps = Math.max(2, Math.ceil(length * 1.5));
	return line(frame, Array(taps).fill(1 / taps), (Math.cos(angle) * length) / taps, (Math.sin(angle) * length) / taps);
}

/** Sums the pixels along a line through each, the kernel's middle on the pixel. */
function line(frame: Frame, kernel: number[], dx: number, dy: number): Frame {
	const { width, box } = frame;
	const data = frame.data.slice();
	const middle = (kernel.length - 1) / 2;
	for (let y = box.top; y < box.bottom; y++) {
		for (let x = box.left; x < box.right; x++) {
			let sum = 0;
			for (let k = 0; k < kernel.length; k++) {
				sum += (kernel[k] as number) * at(frame, x + (k - middle) * dx, y + (k - middle) * dy);
			}
			data[y * width + x] = sum;
		}
	}
	return { ...frame, data };
}

/** The grey between pixels, and beyond the edge that of the edge. */
function at(frame: Frame, x: number, y: number): number {
	const { data, width, height } = frame;
	const cx = Math.min(width - 1.001, Math.max(0, x));
	const cy = Math.min(height - 1.001, Math.max(0, y));
	const i = Math.floor(cy) * width + Math.floor(cx);
	const fx = cx - Math.floor(cx);
	const fy = cy - Math.floor(cy);
	const top = (data[i] as number) * (1 - fx) + (data[i + 1] as number) * fx;
	const low = (data[i + width] as number) * (1 - fx) + (data[i + width + 1] as number) * fx;
	return top * (1 - fy) + low * fy;
}

/** Fog, a worn print, a dimmed screen: what is left of the range, around a middle grey. */
function contrast(frame: Frame, left: number, middle: number): Frame {
	return place(frame, (v) => middle + (v - 128) * left);
}

/** A lamp mirrored in the screen: a bright spot over part of the code, burnt out in its core. */
function glare(frame: Frame, rnd: Random, side: number): Frame {
	const { left, top, right, bottom } = frame.box;
	const cx = (left + right) / 2 + (rnd() - 0.5) * side;
	const cy = (top + bottom) / 2 + (rnd() - 0.5) * side;
	const radius = side * (0.08 + rnd() * 0.14);
	const long = 1 + rnd();
	return place(frame, (v, x, y) => {
		const d = Math.hypot((x - cx) / long, y - cy) / radius;
		return v + 330 * Math.exp(-d * d);
	});
}

/** The edge of a hand's or roof's shadow across the code. */
function shadow(frame: Frame, rnd: Random): Frame {
	const angle = rnd() * Math.PI;
	const offset = (rnd() - 0.5) * 160;
	const left = 0.12 + rnd() * 0.25; // of the light
	const soft = 4 + rnd() * 40;
	return place(frame, (v, x, y) => {
		const d = (x - WIDTH / 2) * Math.cos(angle) + (y - HEIGHT / 2) * Math.sin(angle) + offset;
		return v * (left + (1 - left) / (1 + Math.exp(-d / soft)));
	});
}

function place(frame: Frame, change: (v: number, x: number, y: number) => number): Frame {
	const { data } = frame;
	for (let y = 0, i = 0; y < HEIGHT; y++) {
		for (let x = 0; x < WIDTH; x++, i++) {
			data[i] = change(data[i] as number, x, y);
		}
	}
	return frame;
}

/** Three even numbers added are near enough to the bell. */
function noise(frame: Frame, sigma: number, rnd: Random): Frame {
	return place(frame, (v) => v + 2 * sigma * (rnd() + rnd() + rnd() - 1.5));
}

function toBytes({ data, width, height }: Frame): Picture {
	return { width, height, data: new Uint8Array(Uint8ClampedArray.from(data).buffer) };
}
