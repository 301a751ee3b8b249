// Where somebody was, as lanes per site. What colour says, shape says, too; what is not
// certain is hatched, and every mark explains itself in words.
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { type Period, periodText } from "../period";
import { LANE, LaneOf, type Scale, type Told } from "./bars";
import { useHands } from "./hands";
import { type Layout, moved, nightsOf, ticksOf, zoomed } from "./lanes";
import { Readings } from "./readings";
import type { Trajectory } from "./types";
import { markWords } from "./words";

const AXIS = 26;
const HEAT = 78;

interface Props {
	data: Trajectory;
	layout: Layout;
	period: Period;
	view: Period;
	onView: (view: Period) => void;
	onStay: (stay: number) => void;
	onEvent: (event: number) => void;
}

export function Timeline(props: Props) {
	const { layout, period, view, onView } = props;
	const svg = useRef<SVGSVGElement>(null);
	const [width, setWidth] = useState(900);
	const [told, setTold] = useState<Told | null>(null);
	useEffect(() => {
		const el = svg.current;
		if (!el) {
			return;
		}
		const watch = new ResizeObserver(() => setWidth(el.clientWidth || 900));
		watch.observe(el);
		return () => watch.disconnect();
	}, []);
	const left = width < 560 ? 84 : 150;
	const scale: Scale = {
		left,
		width,
		view,
		x: (ms) => left + ((ms - view.from) / (view.to - view.from)) * (width - left - 8),
	};
	const isWhole = view.from <= period.from && view.to >= period.to;
	// Keys zoom around what is focused. Where it leaves the picture the focus stays on the picture.
	const keyed = useRef(false);
	useEffect(() => {
		if (keyed.current && !svg.current?.contains(document.activeElement)) {
			svg.current?.focus();
		}
		keyed.current = false;
	}, [view.from, view.to]);
	const toldX = told ? Math.min(width, Math.max(left, scale.x(told.at))) : 0;
	const pivot = told ? (toldX - left) / (width - left) : 0.5;
	const onKey = useHands(svg, {
		left,
		pivot,
		zoom: (by, at) => onView(zoomed(view, by, view.from + at * (view.to - view.from), period)),
		move: (by) => onView(moved(view, by * (view.to - view.from), period)),
		whole: () => onView(period),
		isWhole: () => isWhole,
	});
	const bottom = AXIS + layout.lanes.length * LANE;
	const height = bottom + (layout.readings.length > 0 ? HEAT : 0) + 4;
	return (
		<figure
			class="timeline"
			onKeyDown={(e) => {
				keyed.current = svg.current?.contains(document.activeElement) ?? false;
				onKey(e);
			}}
		>
			<div class="toolbar">
				<b>{periodText(view)}</b>
				<Button
					onClick={() => onView(zoomed(view, 0.5, (view.from + view.to) / 2, period))}
					aria-label={t({ zh: "放大", en: "Zoom in" })}
				>
					+
				</Button>
				<Button
					onClick={() => onView(zoomed(view, 2, (view.from + view.to) / 2, period))}
					disabled={isWhole}
					aria-label={t({ zh: "缩小", en: "Zoom out" })}
				>
					−
				</Button>
				<Button onClick={() => onView(period)} disabled={isWhole}>
					{t({ zh: "全部", en: "Whole" })}
				</Button>
				<small>
					{t({ zh: "滚轮缩放，拖动平移；键盘 + − ← → 0", en: "Wheel zooms, dragging moves; keys + − ← → 0" })}
				</small>
			</div>
			<div class="canvas">
				<svg
					ref={svg}
					height={height}
					class="lanes"
					tabIndex={0}
					role="group"
					aria-label={t({ zh: "轨迹时间线", en: "Timeline" })}
				>
					<Defs left={left} width={width} height={height} />
					<Ground scale={scale} height={height} known={layout.known} />
					{layout.lanes.map((lane, i) => (
						<LaneOf key={lane.site} {...props} lane={lane} top={AXIS + i * LANE} scale={scale} tell={setTold} />
					))}
					{layout.readings.length > 0 && (
						<Readings {...props} top={bottom} height={HEAT} scale={scale} tell={setTold} />
					)}
				</svg>
				{told && (
					<div
						class="told"
						role="status"
						style={{ left: `${Math.min(toldX, Math.max(0, width - 260))}px`, top: `${told.y}px` }}
					>
						{told.text}
					</div>
				)}
			</div>
			<Legend />
		</figure>
	);
}

function Defs({ left, width, height }: { left: number; width: number; height: number }) {
	return (
		<defs>
			<clipPath id="times">
				<rect x={left} y={0} width={Math.max(0, width - left)} height={height} />
			</clipPath>
			<clipPath id="names">
				<rect x={0} y={0} width={left - 6} height={height} />
			</clipPath>
			<pattern id="vague" width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
				<rect width={2.5} height={6} class="hatch" />
			</pattern>
		</defs>
	);
}

/** Nights, days, hours, and what is still to come. */
function Ground({ scale, height, known }: { scale: Scale; height: number; known: number }) {
	const { x, view, left, width } = scale;
	return (
		<g clip-path="url(#times)">
			{nightsOf(view).map((n) => (
				<rect key={n.from} class="night" x={x(n.from)} y={AXIS} width={x(n.to) - x(n.from)} height={height} />
			))}
			{ticksOf(view, width - left).map((tick) => (
				<g key={tick.at} class={tick.day ? "tick day" : "tick"}>
					<line x1={x(tick.at)} x2={x(tick.at)} y1={AXIS - 5} y2={height} />
					{x(tick.at) < width - 38 && (
						<text x={x(tick.at) + 3} y={14}>
							{tick.text}
						</text>
					)}
				</g>
			))}
			{known < view.to && (
				<rect class="unknown" x={x(known)} y={AXIS} width={Math.max(0, width - x(known))} height={height} />
			)}
		</g>
	);
}

function Legend() {
	return (
		<figcaption class="legend">
			<span>
				<i class="sample solid" /> {t({ zh: "停留", en: "stay" })}
			</span>
			<span>
				<i class="sample hatched" /> {t({ zh: "起止未见到，为推定", en: "an end that nobody saw" })}
			</span>
			<span>
				<i class="sample night" /> {t({ zh: "夜间（22 时至次日 6 时）", en: "night (22:00 to 06:00)" })}
			</span>
			<span>
				<b class="no">✕</b> {t({ zh: "未放行", en: "not let through" })}
			</span>
			{Object.values(markWords).map((word) => (
				<span key={word.en}>
					<b>{t(word.letter)}</b> {t(word)}
				</span>
			))}
		</figcaption>
	);
}
