// Temperatures on a lane of their own, with the line from which they are a fever.
import { siteOf } from "../../desk/town";
import { t } from "../../shared/i18n";
import { type Scale, Told, type Told as Words } from "./bars";
import type { Layout } from "./lanes";
import type { Trajectory } from "./types";
import { eventText } from "./words";

const LOWEST = 35;
const HIGHEST = 40;
const FEVER = 37.3; // °C, where a site has no line of its own

/** °C from which a reading at a site is a fever. */
export function feverLine(site: string): number {
	const line = siteOf(site)?.in_force.fever_line;
	return typeof line === "number" && line > 0 ? line : FEVER;
}

interface Props {
	data: Trajectory;
	layout: Layout;
	top: number;
	height: number;
	scale: Scale;
	tell: (told: Words | null) => void;
	onEvent: (event: number) => void;
}

export function Readings({ data, layout, top, height, scale, tell, onEvent }: Props) {
	const y = (celsius: number) => {
		const within = Math.min(HIGHEST, Math.max(LOWEST, celsius));
		return top + height - 8 - ((within - LOWEST) / (HIGHEST - LOWEST)) * (height - 18);
	};
	const line = feverLine(data.resident.home);
	return (
		<g class="heat">
			<text class="name" x={4} y={top + 20}>
				{t({ zh: "体温 °C", en: "°C" })}
			</text>
			<text class="small" x={scale.left - 8} y={y(line) + 4} text-anchor="end">
				{line.toFixed(1)}
			</text>
			<line class="fever" x1={scale.left} x2={scale.width} y1={y(line)} y2={y(line)} />
			<g clip-path="url(#times)">
				{layout.readings
					.filter((r) => r.at >= scale.view.from && r.at <= scale.view.to)
					.map((r) => {
						const event = data.events[r.event];
						const x = scale.x(r.at);
						return r.fever && event ? (
							<Told
								key={r.event}
								text={eventText(event)}
								at={r.at}
								y={y(r.celsius) + 8}
								tell={tell}
								onOpen={() => onEvent(r.event)}
							>
								<path class="hot" d={`M${x} ${y(r.celsius) - 6}l6 11h-12z`} />
								<text class="small" x={x + 8} y={y(r.celsius) + 4}>
									{r.celsius.toFixed(1)}
								</text>
							</Told>
						) : (
							<circle key={r.event} class="cool" cx={x} cy={y(r.celsius)} r={2.5}>
								<title>{`${r.celsius.toFixed(1)} °C`}</title>
							</circle>
						);
					})}
			</g>
		</g>
	);
}
