// The lane of one site: its stays as bars, its passages as points, and how they explain
// themselves.
import type { ComponentChildren } from "preact";
import type { Period } from "../period";
import type { Bar, Lane, Point } from "./lanes";
import type { Trajectory } from "./types";
import { eventText, letters, stayText } from "./words";

/** Height of a lane, px. */
export const LANE = 36;
const BAR = 16;

export interface Scale {
	x: (ms: number) => number;
	left: number;
	width: number;
	view: Period;
}

/** What is pointed at or focused, and where its words stand. */
export interface Told {
	text: string;
	/** UTC ms. */
	at: number;
	/** px from the top. */
	y: number;
}

interface LaneProps {
	data: Trajectory;
	onStay: (stay: number) => void;
	onEvent: (event: number) => void;
	lane: Lane;
	top: number;
	scale: Scale;
	tell: (told: Told | null) => void;
}

export function LaneOf({ lane, top, scale, tell, data, onStay, onEvent }: LaneProps) {
	const seen = (from: number, to: number) => to >= scale.view.from && from <= scale.view.to;
	return (
		<g class={lane.home ? "lane home" : "lane"}>
			<line class="floor" x1={0} x2={scale.width} y1={top + LANE - 0.5} y2={top + LANE - 0.5} />
			<text class="name" x={4} y={top + 23} clip-path="url(#names)">
				<title>{lane.name || lane.site}</title>
				{lane.home ? "⌂ " : ""}
				{lane.name || lane.site}
			</text>
			<g clip-path="url(#times)">
				{lane.bars
					.filter((bar) => seen(bar.from, bar.to))
					.map((bar) => {
						const stay = data.stays[bar.stay];
						const text = stay ? stayText(lane.name, stay, bar, data.explained) : "";
						return (
							<BarOf
								key={bar.stay}
								bar={bar}
								text={text}
								top={top}
								scale={scale}
								tell={tell}
								onOpen={() => onStay(bar.stay)}
							/>
						);
					})}
				{lane.points
					.filter((point) => seen(point.at, point.at))
					.map((point) => {
						const event = data.events[point.event];
						const text = event ? eventText(event) : "";
						return (
							<PointOf
								key={point.event}
								point={point}
								text={text}
								top={top}
								scale={scale}
								tell={tell}
								onOpen={() => onEvent(point.event)}
							/>
						);
					})}
			</g>
		</g>
	);
}

interface Thing {
	text: string;
	at: number;
	y: number;
	tell: (told: Told | null) => void;
	onOpen: () => void;
	children: ComponentChildren;
}

/** Something that tells what it is when it is pointed at or focused, and opens. */
export function Told({ text, at, y, tell, onOpen, children }: Thing) {
	const say = () => tell({ text, at, y: y + 6 });
	const quiet = () => tell(null);
	return (
		<g
			class="thing"
			role="button"
			tabIndex={0}
			aria-label={text}
			onMouseEnter={say}
			onMouseLeave={quiet}
			onFocus={say}
			onBlur={quiet}
			onClick={onOpen}
			onKeyDown={(e) => {
				if (e.key === "Enter" || e.key === " ") {
					e.preventDefault();
					onOpen();
				}
			}}
		>
			{children}
		</g>
	);
}

type Placed<T> = T & Pick<Thing, "text" | "tell" | "onOpen"> & { scale: Scale; top: number };

function BarOf({ bar, top, scale, ...thing }: Placed<{ bar: Bar }>) {
	const { x, left, width } = scale;
	const from = Math.max(x(bar.from), left - 20);
	const to = Math.min(Math.max(x(bar.to), from + 3), width + 20);
	const y = top + 14;
	const vague = bar.vagueStart || bar.vagueEnd;
	return (
		<Told {...thing} at={bar.from} y={y + BAR}>
			<rect class={`stay ${vague ? "vague" : ""}`} x={from} y={y} width={to - from} height={BAR} rx={2} />
			{vague && <rect x={from} y={y} width={to - from} height={BAR} fill="url(#vague)" />}
			{!bar.vagueStart && <rect class="end" x={from} y={y} width={3} height={BAR} />}
			{!bar.vagueEnd && !bar.open && <rect class="end" x={to - 3} y={y} width={3} height={BAR} />}
			{bar.marks.length > 0 && to - from > 14 * bar.marks.length + 6 && (
				<text class="marks" x={Math.max(from, left) + 5} y={y + 12}>
					{letters(bar.marks)}
				</text>
			)}
		</Told>
	);
}

function PointOf({ point, top, scale, ...thing }: Placed<{ point: Point }>) {
	const x = scale.x(point.at);
	const y = top + 8;
	if (point.refused) {
		return (
			<Told {...thing} at={point.at} y={y + BAR}>
				<rect class="touch" x={x - 8} y={y - 6} width={16} height={BAR} />
				<path class="cross" d={`M${x - 5} ${y - 4}l10 10m0 -10l-10 10`} />
			</Told>
		);
	}
	if (point.marks.length > 0) {
		return (
			<Told {...thing} at={point.at} y={y + BAR}>
				<circle class="passed flagged" cx={x} cy={y} r={scale.width < 560 ? 3 : 4.5} />
			</Told>
		);
	}
	return <circle class="passed" cx={x} cy={y} r={2.5} />;
}
