// Where the nodes of a network stand: the one asked about in the middle, people around
// the places where they met, each hop further out. Pure: the same network always
// gives the same picture.
import {
	forceCollide,
	forceLink,
	forceManyBody,
	forceRadial,
	forceSimulation,
	type SimulationLinkDatum,
	type SimulationNodeDatum,
} from "d3-force";
import { type Network, type Node, radiusOf } from "./network";

/** How far from the middle a hop begins, in units of the layout. */
const RING = 320;
const STEPS = 90;

type Point = SimulationNodeDatum & { node: Node };

/** Where everything stands before the forces work: places in sectors as wide as they have people, people around theirs. */
export function begin(network: Network): Float32Array {
	const { nodes } = network;
	const at = new Float32Array(nodes.length * 2);
	const places = nodes.map((node, i) => ({ node, i })).filter(({ node }) => node.kind === "place");
	const all = places.reduce((sum, p) => sum + Math.sqrt(p.node.size + 1), 0) || 1;
	let turn = -Math.PI / 2;
	for (const { node, i } of places) {
		const share = (Math.sqrt(node.size + 1) / all) * 2 * Math.PI;
		put(at, i, RING * 0.75, turn + share / 2);
		turn += share;
	}
	const seen = new Map<number, number>();
	nodes.forEach((node, i) => {
		if (node.kind !== "person") {
			return;
		}
		const home = node.hop > 1 && node.via > 0 ? node.via : node.place;
		const k = seen.get(home) ?? 0;
		seen.set(home, k + 1);
		const [x, y] = home >= 0 ? [at[2 * home] ?? 0, at[2 * home + 1] ?? 0] : [0, 0];
		const away = 8 * Math.sqrt(k + 1); // a sunflower: the most exposed nearest
		const out = 1 + (node.hop - 1) * 0.6;
		at[2 * i] = x * out + away * Math.cos(k * 2.39996);
		at[2 * i + 1] = y * out + away * Math.sin(k * 2.39996);
	});
	return at;
}

function put(at: Float32Array, i: number, radius: number, angle: number): void {
	at[2 * i] = radius * Math.cos(angle);
	at[2 * i + 1] = radius * Math.sin(angle);
}

/**
 * Lets the forces work. Yields the places of all nodes (x, y, x, y, …) every so many
 * steps, the last ones at the end.
 */
export function* settle(network: Network, every = 3): Generator<Float32Array, void> {
	const first = begin(network);
	const points: Point[] = network.nodes.map((node, i) => ({ node, x: first[2 * i] ?? 0, y: first[2 * i + 1] ?? 0 }));
	const middle = points[0];
	if (middle) {
		middle.fx = 0;
		middle.fy = 0;
	}
	const links = network.edges.map((e): SimulationLinkDatum<Point> & { place: boolean } => ({
		source: e.from,
		target: e.to,
		place: e.place,
	}));
	const far = forceLink<Point, (typeof links)[number]>(links)
		.distance((l) => (l.place ? 30 : 110))
		.strength((l) => strength(l.place, l.source as Point));
	const push = forceManyBody<Point>()
		.strength((p) => (p.node.kind === "person" ? -14 : -220))
		.theta(1.1)
		.distanceMax(500);
	const simulation = forceSimulation(points)
		.alphaDecay(1 - 0.002 ** (1 / STEPS))
		.velocityDecay(0.45)
		.force("link", far)
		.force("push", push)
		.force(
			"ring",
			forceRadial<Point>((p) => RING * p.node.hop, 0, 0).strength((p) => (p.node.kind === "person" ? 0.06 : 0)),
		)
		.force("apart", forceCollide<Point>((p) => radiusOf(p.node) + 1.5).strength(0.7))
		.stop();
	for (let step = 1; step <= STEPS; step++) {
		simulation.tick();
		if (step % every === 0 || step === STEPS) {
			yield where(points);
		}
	}
}

/** People hold to their place; of the chain's lines only those beyond the first hop pull, else all would lie on the middle. */
function strength(place: boolean, from: Point): number {
	return place ? 0.35 : from.node.kind === "index" ? 0 : 0.12;
}

function where(points: readonly Point[]): Float32Array {
	const at = new Float32Array(points.length * 2);
	points.forEach((p, i) => {
		at[2 * i] = p.x ?? 0;
		at[2 * i + 1] = p.y ?? 0;
	});
	return at;
}
