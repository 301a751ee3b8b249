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
	const data = new Float32Array(WIDTH * HEIGHT);
	const waves = Array.from({ length: 6 }, () => ({
		x: (rnd() - 0.5) * 0.05,
		y: (rnd() - 0.5) * 0.05,
		phase: rnd() * 6.28,
		height: 8 + rnd() * 16,
	}));
	const margin = view.side * 0.75;
	const cx = WIDTH / 2 + (rnd() - 0.5) * Math.max(0, Math.min(WIDTH - 2 * margin, 420));
	const cy = HEIGHT / 2 + (rnd() - 0.5) * Math.max(0, Math.min(HEIGHT - 2 * margin, 240));
	const toCode = camera(view, cx, cy);
	const n = matrix.length;
	const samples = [0.25, 0.75];
	for (let y = 0; y < HEIGHT; y++) {
		for (let x = 0; x < WIDTH; x++) {
			let sum = 0;
			for (const dy of samples) {
				for (const dx of samples) {
					const [u, v] = toCode(x + dx, y + dy);
					const row = matrix[Math.floor(v * n)];
					const dark = row?.[Math.floor(u * n)];
					sum += dark === undefined ? wall(waves, x, y) : dark ? view.dark : view.light;
				}
			}
			data[y * WIDTH + x] = sum / 4;
		}
	}
	return { data, width: WIDTH, height: HEIGHT };
}

function wall(waves: { x: number; y: number; phase: number; height: number }[], x: number, y: number): number {
	let grey = 120;
	for (const w of waves) {
		grey += w.height * Math.sin(w.x * x + w.y * y + w.phase);
	}
	return grey;
}

/** From a pixel to the place on the code, 0 to 1 in both directions: a pinhole camera before a tilted plane. */
function camera(view: View, cx: number, cy: number): (x: number, y: number) => [number, number] {
	const far = 1100; // pixels: the lens of a phone at this frame width
	const [ax, ay] = [Math.cos(view.tiltAxis), Math.sin(view.tiltAxis)];
	const [ct, st] = [Math.cos(view.tilt), Math.sin(view.tilt)];
	const [cr, sr] = [Math.cos(view.turn), Math.sin(view.turn)];
	return (x, y) => {
		const [px, py] = [x - cx, y - cy];
		const along = px * ax + py * ay; // on the axis of the tilt
		const across = -px * ay + py * ax; // foreshortened
		const stretch = far / (far * ct - across * st);
		const [qa, qc] = [along * stretch * ct, across * stretch];
		const [wx, wy] = [qa * ax - qc * ay, qa * ay + qc * ax];
		return [(wx * cr + wy * sr) / view.side + 0.5, (-wx * sr + wy * cr) / view.side + 0.5];
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
	const taps = Math.max(2, Math.ceil(length * 2));
	return line(frame, Array(taps).fill(1 / taps), (Math.cos(angle) * length) / taps, (Math.sin(angle) * length) / taps);
}

/** Sums the pixels along a line through each, the kernel's middle on the pixel. */
function line(frame: Frame, kernel: number[], dx: number, dy: number): Frame {
	const { data, width, height } = frame;
	const out = new Float32Array(data.length);
	const middle = (kernel.length - 1) / 2;
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			let sum = 0;
			for (let k = 0; k < kernel.length; k++) {
				sum += (kernel[k] as number) * at(frame, x + (k - middle) * dx, y + (k - middle) * dy);
			}
			out[y * width + x] = sum;
		}
	}
	return { data: out, width, height };
}

/** The grey between pixels, and beyond the edge that of the edge. */
function at(frame: Frame, x: number, y: number): number {
	const { data, width, height } = frame;
	const cx = Math.min(width - 1, Math.max(0, x));
	const cy = Math.min(height - 1, Math.max(0, y));
	const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
	const [fx, fy] = [cx - x0, cy - y0];
	const x1 = Math.min(width - 1, x0 + 1);
	const y1 = Math.min(height - 1, y0 + 1);
	const top = (data[y0 * width + x0] as number) * (1 - fx) + (data[y0 * width + x1] as number) * fx;
	const low = (data[y1 * width + x0] as number) * (1 - fx) + (data[y1 * width + x1] as number) * fx;
	return top * (1 - fy) + low * fy;
}

/** Fog, a worn print, a dimmed screen: what is left of the range, around a middle grey. */
function contrast(frame: Frame, left: number, middle: number): Frame {
	return { ...frame, data: frame.data.map((v) => middle + (v - 128) * left) };
}

/** A lamp mirrored in the screen: a bright spot over part of the code, burnt out in its core. */
function glare(frame: Frame, rnd: Random, side: number): Frame {
	const cx = WIDTH / 2 + (rnd() - 0.5) * side;
	const cy = HEIGHT / 2 + (rnd() - 0.5) * side;
	const radius = side * (0.1 + rnd() * 0.18);
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
	const { width } = frame;
	return { ...frame, data: frame.data.map((v, i) => change(v, i % width, Math.floor(i / width))) };
}

function noise(frame: Frame, sigma: number, rnd: Random): Frame {
	return {
		...frame,
		data: frame.data.map((v) => v + sigma * Math.sqrt(-2 * Math.log(1 - rnd())) * Math.cos(6.2832 * rnd())),
	};
}

function toBytes(frame: Frame): Picture {
	const { width, height } = frame;
	return { width, height, data: Uint8Array.from(frame.data, (v) => Math.min(255, Math.max(0, Math.round(v)))) };
}
