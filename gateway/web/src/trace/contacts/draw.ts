// Draws a network, in the worker: the page has no part in it. What looks the same is drawn together, and each kind of
// node is drawn once and stamped, so that 2,000 nodes take a few milliseconds.
import { type Network, type Node, radiusOf } from "./network";
import type { View } from "./view";

export const hopColours = ["#b3001b", "#0f5fb5", "#a85a00", "#6d3a9c"];
const PLACE = "#51615a";
const INK = "#10201a";
const PAPER = "#ffffff";
const FONT = '12px system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif';
const PIECE = 250; // lines in one path: a longer one takes more than its share of time

/** What of a network is to be seen, and how. */
export interface Frame {
	/** Of the canvas, in CSS px, and how many of its own px one of them has. */
	width: number;
	height: number;
	ratio: number;
	view: View;
	/** Node under the pointer or chosen by keys; -1: none. Its chain is drawn strongly. */
	at: number;
	/** Nodes that a search found; null: nothing is searched. */
	found: ReadonlySet<number> | null;
}

type Context = OffscreenCanvasRenderingContext2D;

/** Draws everything in sight. */
export function draw(ctx: Context, network: Network, at: Float32Array, frame: Frame): void {
	const { width, height, ratio, view } = frame;
	const { canvas } = ctx;
	const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
	if (canvas.width !== w || canvas.height !== h) {
		canvas.width = w;
		canvas.height = h;
	}
	ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
	ctx.fillStyle = PAPER;
	ctx.fillRect(0, 0, width, height);
	const scene = { ctx, network, at, v: view, width, height, ratio };
	lines(scene);
	chain(scene, frame.at);
	nodes(scene, frame);
	labels(scene, frame);
}

interface Scene {
	ctx: Context;
	network: Network;
	at: Float32Array;
	v: View;
	width: number;
	height: number;
	ratio: number;
}

const px = (s: Scene, i: number) => (s.at[2 * i] ?? 0) * s.v.k + s.v.x;
const py = (s: Scene, i: number) => (s.at[2 * i + 1] ?? 0) * s.v.k + s.v.y;

/** Lines to places are faint; those of chains carry the colour of the further hop. */
function lines(s: Scene): void {
	const { ctx, network } = s;
	ctx.lineWidth = 1;
	for (const place of [true, false]) {
		ctx.strokeStyle = place ? "#dbe3df" : "#b9c9dc";
		let count = 0;
		ctx.beginPath();
		for (const e of network.edges) {
			if (e.place !== place || !crosses(s, e.from, e.to)) {
				continue;
			}
			ctx.moveTo(px(s, e.from), py(s, e.from));
			ctx.lineTo(px(s, e.to), py(s, e.to));
			count++;
			if (count % PIECE === 0) {
				ctx.stroke();
				ctx.beginPath();
			}
		}
		ctx.stroke();
	}
}

/** Whether a line can be in sight. */
function crosses(s: Scene, a: number, b: number): boolean {
	const [ax, ay, bx, by] = [px(s, a), py(s, a), px(s, b), py(s, b)];
	return Math.max(ax, bx) > 0 && Math.min(ax, bx) < s.width && Math.max(ay, by) > 0 && Math.min(ay, by) < s.height;
}

/** The way from a node to the one asked about. */
function chain(s: Scene, from: number): void {
	const { ctx, network } = s;
	ctx.strokeStyle = INK;
	ctx.lineWidth = 2;
	ctx.beginPath();
	for (let i = from, steps = 0; i > 0 && steps < 4; steps++) {
		const next = network.nodes[i]?.via ?? -1;
		if (next >= 0) {
			ctx.moveTo(px(s, i), py(s, i));
			ctx.lineTo(px(s, next), py(s, next));
		}
		i = next;
	}
	ctx.stroke();
}

function nodes(s: Scene, accent: Frame): void {
	const { ctx, network } = s;
	ctx.setTransform(1, 0, 0, 1, 0, 0);
	const faint = (i: number) => accent.found !== null && !accent.found.has(i) && i !== 0;
	network.nodes.forEach((node, i) => {
		const [x, y] = [px(s, i), py(s, i)];
		if (x < -40 || y < -40 || x > s.width + 40 || y > s.height + 40) {
			return;
		}
		const stamp = stampOf(node, Math.max(1.6, radiusOf(node) * Math.min(s.v.k, 2.5)), s.ratio);
		ctx.globalAlpha = faint(i) ? 0.18 : node.between ? 0.5 : 1;
		// On whole pixels: there a stamp is copied, elsewhere it is blended anew.
		const half = stamp.width / 2;
		ctx.drawImage(stamp, Math.round(x * s.ratio - half), Math.round(y * s.ratio - half));
	});
	ctx.globalAlpha = 1;
	ctx.setTransform(s.ratio, 0, 0, s.ratio, 0, 0);
	const ring = (i: number, colour: string) => {
		const node = network.nodes[i];
		if (node) {
			ctx.strokeStyle = colour;
			ctx.lineWidth = 3;
			ctx.beginPath();
			ctx.arc(px(s, i), py(s, i), Math.max(1.6, radiusOf(node) * Math.min(s.v.k, 2.5)) + 5, 0, 2 * Math.PI);
			ctx.stroke();
		}
	};
	for (const i of accent.found ?? []) {
		ring(i, "#c77700");
	}
	ring(accent.at, INK);
}

const stamps = new Map<string, OffscreenCanvas>();

/** A picture of nodes that look like this one: hop by colour and shape, a ring for a household, hollow outside one's own part. */
function stampOf(node: Node, radius: number, ratio: number): OffscreenCanvas {
	const r = Math.round(radius * 2) / 2;
	const key = `${node.kind} ${node.hop} ${r} ${node.household} ${node.outside} ${ratio}`;
	const had = stamps.get(key);
	if (had) {
		return had;
	}
	if (stamps.size > 2000) {
		stamps.clear(); // after much zooming
	}
	const size = Math.ceil(2 * (r + 6) * ratio);
	const canvas = new OffscreenCanvas(size, size);
	const ctx = canvas.getContext("2d");
	if (ctx) {
		ctx.scale(ratio, ratio);
		ctx.translate(size / ratio / 2, size / ratio / 2);
		paint(ctx, node, r);
	}
	stamps.set(key, canvas);
	return canvas;
}

function paint(ctx: Context, node: Node, r: number): void {
	const colour = node.kind === "place" ? PLACE : (hopColours[node.hop] ?? INK);
	ctx.fillStyle = node.outside ? PAPER : colour;
	ctx.strokeStyle = node.outside ? colour : PAPER;
	ctx.lineWidth = node.outside ? 1.5 : 0.75;
	ctx.beginPath();
	if (node.kind === "place") {
		ctx.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8);
	} else if (node.hop === 2) {
		polygon(ctx, 3, r * 1.2);
	} else if (node.hop === 3) {
		polygon(ctx, 4, r * 1.15);
	} else {
		ctx.arc(0, 0, r, 0, 2 * Math.PI);
	}
	ctx.fill();
	ctx.stroke();
	if (node.household || node.kind === "index") {
		ctx.strokeStyle = colour;
		ctx.lineWidth = 1.5;
		ctx.beginPath();
		ctx.arc(0, 0, r + 3.5, 0, 2 * Math.PI);
		ctx.stroke();
	}
}

function polygon(ctx: Context, corners: number, r: number): void {
	for (let i = 0; i < corners; i++) {
		const angle = (i / corners) * 2 * Math.PI - Math.PI / 2;
		ctx[i === 0 ? "moveTo" : "lineTo"](r * Math.cos(angle), r * Math.sin(angle));
	}
	ctx.closePath();
}

const MOST_LABELS = 60;

/** Names: of the one asked about, what is found or pointed at, the larger places, and of people when they are near. */
function labels(s: Scene, accent: Frame): void {
	const { ctx, network, v } = s;
	ctx.font = FONT;
	ctx.textAlign = "center";
	ctx.lineJoin = "round";
	ctx.lineWidth = 3;
	const wanted: { node: Node; i: number; weight: number }[] = [];
	network.nodes.forEach((node, i) => {
		const weight = weightOf(node, i, v.k, accent);
		if (weight > 0) {
			wanted.push({ node, i, weight });
		}
	});
	wanted.sort((a, b) => b.weight - a.weight);
	const boxes: [number, number, number][] = [];
	for (const { node, i } of wanted) {
		const [x, y] = [px(s, i), py(s, i) + radiusOf(node) * Math.min(v.k, 2.5) + 15];
		const half = ctx.measureText(node.name).width / 2 + 4;
		const free = boxes.every(([bx, by, bh]) => Math.abs(by - y) > 15 || Math.abs(bx - x) > half + bh);
		if (x > -half && x < s.width + half && y > 0 && y < s.height + 15 && free) {
			boxes.push([x, y, half]);
			ctx.strokeStyle = PAPER;
			ctx.strokeText(node.name, x, y);
			ctx.fillStyle = node.kind === "index" ? (hopColours[0] as string) : INK;
			ctx.fillText(node.name, x, y);
		}
		if (boxes.length === MOST_LABELS) {
			return;
		}
	}
}

function weightOf(node: Node, i: number, k: number, accent: Frame): number {
	if (node.name === "") {
		return 0;
	}
	if (i === accent.at || node.kind === "index" || accent.found?.has(i)) {
		return 1e6;
	}
	if (node.kind === "place") {
		return node.size * k > 3 ? 1000 + node.size : 0;
	}
	return k > 1.8 ? 1 + node.size : 0;
}
