// The network of contacts, to be moved, zoomed, searched and opened. The list beside it
// holds the same people for who does not see or point.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button, Empty } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { drawOn, type Found, layOut, paint as order } from "./answers";
import { useGestures } from "./gestures";
import { Card, Legend } from "./graphparts";
import { type Network, radiusOf } from "./network";
import type { Row } from "./types";
import { fitted, nearest, type View, zoomed } from "./view";

interface Props {
	found: Found;
	/** Who is drawn: what the filters let through, by rank. */
	rows: readonly Row[];
	onOpen: (rank: number) => void;
	/** Chooses a place as a filter. */
	onPlace: (code: string) => void;
}

/** What is on the canvas: changed many times a second, so it is no state of the component. */
interface Picture {
	network: Network;
	at: Float32Array;
	view: View;
	/** Somebody moved or zoomed: it is not fitted any more. */
	held: boolean;
}

/** Whether this browser draws in workers: all do that are younger than 2023. */
const drawable = "transferControlToOffscreen" in HTMLCanvasElement.prototype;

export function Graph({ found, rows, onOpen, onPlace }: Props) {
	const canvas = useRef<HTMLCanvasElement>(null);
	const picture = useRef<Picture | null>(null);
	const [network, setNetwork] = useState<Network | null>(null);
	const [settled, setSettled] = useState(false);
	const [at, setAt] = useState(-1);
	const [text, setText] = useState("");
	const matches = useMemo(() => (network ? search(network, text) : null), [network, text]);
	const accent = useRef({ at, found: matches });
	accent.current = { at, found: matches };

	const paint = usePaint(canvas, picture, accent);
	useEffect(paint, [at, matches]);
	useLayout(found, rows, canvas, picture, paint, setNetwork, setSettled, setAt);

	const node = (i: number) => picture.current?.network.nodes[i];
	const change = (by: (v: View) => View) => {
		const p = picture.current;
		if (p) {
			p.view = by(p.view);
			p.held = true;
			paint();
		}
	};
	const fit = () => {
		const [p, el] = [picture.current, canvas.current];
		if (p && el) {
			p.view = fitted(p.at, el.clientWidth, el.clientHeight);
			p.held = false;
			paint();
		}
	};
	/** Puts a node into the middle. */
	const show = (i: number) => {
		const el = canvas.current;
		const p = picture.current;
		setAt(i);
		if (el && p && i >= 0) {
			const k = Math.max(p.view.k, 1);
			change(() => ({
				k,
				x: el.clientWidth / 2 - (p.at[2 * i] ?? 0) * k,
				y: el.clientHeight / 2 - (p.at[2 * i + 1] ?? 0) * k,
			}));
		}
	};
	const open = (i: number) => {
		const n = node(i);
		if (n?.kind === "person") {
			onOpen(n.rank);
		} else if (n?.kind === "place") {
			onPlace(n.id);
		}
	};
	const near = (x: number, y: number) => {
		const p = picture.current;
		return p ? nearest(p.at, (i) => radiusOf(p.network.nodes[i] as Network["nodes"][number]), p.view, x, y, 6) : -1;
	};
	const onKey = useGestures(canvas, { change, fit, near, point: setAt, open });
	/** The next of what is found, or of everybody by rank. */
	const step = (by: number) => {
		const list = [...(matches ?? picture.current?.network.nodes.keys() ?? [])].filter(
			(i) => matches || node(i)?.kind === "person",
		);
		const now = list.indexOf(at);
		show(list[(now + by + list.length) % Math.max(1, list.length)] ?? -1);
	};

	return (
		<div class="ct-graph">
			<div
				class="ct-canvas"
				role="application"
				// biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
				tabIndex={0}
				data-settled={settled}
				aria-label={t({
					zh: "接触网络图。方向键移动，加减号缩放，0 全部入图，N 和 P 逐人查看，回车打开。同样的人在列表里",
					en: "Network of contacts. Arrows move, plus and minus zoom, 0 fits, N and P go from one to the next, Enter opens. The list has the same people",
				})}
				onKeyDown={(e) => {
					if (e.key === "n" || e.key === "p") {
						step(e.key === "n" ? 1 : -1);
					} else if (e.key === "Enter") {
						open(at);
					} else {
						onKey(e);
					}
				}}
			>
				<canvas ref={canvas} />
				{!drawable && (
					<Empty>
						{t({
							zh: "这个浏览器版本太旧，画不出网络图：请用名单，或升级浏览器",
							en: "This browser is too old to draw the network: use the list, or a newer browser",
						})}
					</Empty>
				)}
				<Card node={at < 0 ? undefined : node(at)} row={at < 0 ? undefined : rowOf(found, node(at)?.rank ?? 0)} />
			</div>
			<div class="ct-graphbar">
				<input
					type="search"
					aria-label={t({ zh: "在图上找", en: "Find in the picture" })}
					value={text}
					placeholder={t({ zh: "姓名或场所，回车看下一个", en: "Name or place; Enter for the next" })}
					onInput={(e) => setText(e.currentTarget.value)}
					onKeyDown={(e) => e.key === "Enter" && step(e.shiftKey ? -1 : 1)}
				/>
				<span role="status">{matches ? t({ zh: `找到 ${matches.size} 个`, en: `${matches.size} found` }) : ""}</span>
				<Button
					aria-label={t({ zh: "放大", en: "Nearer" })}
					onClick={() => change((v) => zoomAtMiddle(canvas.current, v, 1.4))}
				>
					＋
				</Button>
				<Button
					aria-label={t({ zh: "缩小", en: "Farther" })}
					onClick={() => change((v) => zoomAtMiddle(canvas.current, v, 1 / 1.4))}
				>
					－
				</Button>
				<Button onClick={fit}>{t({ zh: "全部入图", en: "Fit" })}</Button>
			</div>
			<Legend network={network} />
		</div>
	);
}

const rowOf = (found: Found, rank: number): Row | undefined => found.rows[rank - 1];

function zoomAtMiddle(el: HTMLCanvasElement | null, v: View, by: number): View {
	return zoomed(v, by, (el?.clientWidth ?? 0) / 2, (el?.clientHeight ?? 0) / 2);
}

/** Nodes whose name or ID holds the text; null for no text. */
function search(network: Network, text: string): Set<number> | null {
	const wanted = text.trim().toLowerCase();
	if (wanted === "") {
		return null;
	}
	const hits = network.nodes.flatMap((n, i) => (`${n.name} ${n.id}`.toLowerCase().includes(wanted) ? [i] : []));
	return new Set(hits.slice(0, 300));
}

/** Has the worker draw at the next frame, however often it is asked to; also when the size changes. */
function usePaint(
	canvas: { current: HTMLCanvasElement | null },
	picture: { current: Picture | null },
	accent: { current: { at: number; found: ReadonlySet<number> | null } },
): () => void {
	const frame = useRef(0);
	const paint = () => {
		if (frame.current) {
			return;
		}
		frame.current = requestAnimationFrame(() => {
			frame.current = 0;
			const [p, el] = [picture.current, canvas.current];
			if (p && el) {
				order({
					width: el.clientWidth,
					height: el.clientHeight,
					ratio: devicePixelRatio || 1,
					view: p.view,
					...accent.current,
				});
			}
		});
	};
	useEffect(() => {
		const el = canvas.current;
		if (!el || !drawable) {
			return;
		}
		drawOn(el.transferControlToOffscreen());
		const watch = new ResizeObserver(() => {
			const p = picture.current;
			if (p && !p.held) {
				p.view = fitted(p.at, el.clientWidth, el.clientHeight);
			}
			paint();
		});
		watch.observe(el);
		return () => {
			watch.disconnect();
			cancelAnimationFrame(frame.current);
		};
	}, []);
	return paint;
}

/** Has the worker lay the rows out, anew when they change, and shows how it settles. */
function useLayout(
	found: Found,
	rows: readonly Row[],
	canvas: { current: HTMLCanvasElement | null },
	picture: { current: Picture | null },
	paint: () => void,
	setNetwork: (n: Network) => void,
	setSettled: (done: boolean) => void,
	setAt: (i: number) => void,
): void {
	useEffect(() => {
		setSettled(false);
		const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
		const place = (network: Network, at: Float32Array) => {
			const el = canvas.current;
			const old = picture.current;
			const held = old?.held === true && old.network === network;
			const view = held || !el ? (old?.view ?? { x: 0, y: 0, k: 1 }) : fitted(at, el.clientWidth, el.clientHeight);
			picture.current = { network, at, view, held };
			paint();
		};
		let network: Network | null = null;
		return layOut(
			found,
			rows.map((r) => r.rank),
			(made, at) => {
				network = made;
				setAt(-1);
				setNetwork(made);
				place(made, at);
			},
			(at, done) => {
				if (network && (done || !calm)) {
					place(network, at);
				}
				setSettled(done);
			},
		);
	}, [found, rows]);
}
