// In and out per half hour: up is in, down is out. A bar leads to its half hour, by a
// click, by the keys, or in the table of the same numbers.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { lastOf } from "../../shared/lists";
import "uplot/dist/uPlot.min.css";
import { href } from "../../desk/router";
import { lang, t } from "../../shared/i18n";
import { clockTime, dayAndTime } from "../../shared/time";
import { asked, type Period } from "../period";
import { HALF_HOUR, type Half } from "./columns";
import { count } from "./passagetable";

const HEIGHT = 140;
const colors = { in: "#0b6b4a", out: "#b56a00", stopped: "#b00020" };

interface Props {
	flow: Half[];
	period: Period;
	onPick: (period: Period) => void;
}

/** Every half hour from the first to the last, those in which nobody came as well. */
function filled(flow: Half[]): Half[] {
	const byTime = new Map(flow.map((half) => [half.at, half]));
	const all: Half[] = [];
	const last = lastOf(flow)?.at ?? 0;
	for (let at = flow[0]?.at ?? 0; at <= last && all.length < 61 * 48; at += HALF_HOUR) {
		all.push(byTime.get(at) ?? { at, in: 0, out: 0, stopped: 0, fevers: 0 });
	}
	return all;
}

function dataOf(halves: Half[]): uPlot.AlignedData {
	return [
		halves.map((h) => h.at / 1000),
		halves.map((h) => h.in),
		halves.map((h) => -h.out),
		halves.map((h) => h.stopped || null),
		halves.map((h) => (h.fevers > 0 ? h.in : null)),
	];
}

function options(width: number): uPlot.Options {
	const bars = uPlot.paths.bars?.({ size: [0.9, 40], align: 1 });
	const day = 86_400;
	return {
		width,
		height: HEIGHT,
		tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Shanghai"),
		cursor: { y: false, drag: { x: false, y: false } },
		legend: { show: false },
		scales: { x: { range: (u) => [Number(u.data[0][0] ?? 0), Number(lastOf(u.data[0]) ?? 0) + HALF_HOUR / 1000] } },
		axes: [
			{
				values: (u, at) =>
					at.map((s) =>
						(u.scales.x?.max ?? 0) - (u.scales.x?.min ?? 0) > 2 * day ? dayAndTime(s * 1000) : clockTime(s * 1000),
					),
				space: 76,
			},
			{ values: (_, at) => at.map((n) => count(Math.abs(n))), size: 58 },
		],
		series: [
			{},
			{ stroke: colors.in, fill: colors.in, ...(bars && { paths: bars }), points: { show: false } },
			{ stroke: colors.out, fill: colors.out, ...(bars && { paths: bars }), points: { show: false } },
			{ stroke: colors.stopped, width: 2, paths: () => null, points: { show: true, size: 6, fill: "#fff" } },
			{ stroke: colors.stopped, paths: () => null, points: { show: true, size: 11, fill: colors.stopped } },
		],
	};
}

export function Flow({ flow, period, onPick }: Props) {
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const halves = filled(flow);
	const now = useRef({ halves, onPick });
	now.current = { halves, onPick };
	useEffect(() => {
		const el = box.current;
		if (!el) {
			return;
		}
		const u = new uPlot(options(el.clientWidth), dataOf(now.current.halves), el);
		plot.current = u;
		u.over.addEventListener("click", () => pick(u.cursor.idx));
		const watch = new ResizeObserver(() => u.setSize({ width: el.clientWidth, height: HEIGHT }));
		watch.observe(el);
		return () => {
			watch.disconnect();
			u.destroy();
		};
	}, [lang.value]);
	useEffect(() => plot.current?.setData(dataOf(halves)), [flow]);
	const pick = (i: number | null | undefined) => {
		const half = now.current.halves[i ?? -1];
		if (half) {
			now.current.onPick({ from: half.at, to: half.at + HALF_HOUR });
		}
	};
	const onKey = (e: KeyboardEvent) => {
		const u = plot.current;
		const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
		if (!u) {
			return;
		}
		if (by) {
			e.preventDefault();
			const i = Math.max(0, Math.min(halves.length - 1, (u.cursor.idx ?? (by > 0 ? -1 : halves.length)) + by));
			u.setCursor({ left: u.valToPos((halves[i]?.at ?? 0) / 1000, "x") + 1, top: 10 });
		} else if (e.key === "Enter") {
			pick(u.cursor.idx);
		}
	};
	return (
		<section class="card flow">
			<header>
				<h2>{t({ zh: "每半小时进出", en: "In and out per half hour" })}</h2>
				<small>
					<i class="key in" /> {t({ zh: "向上：进", en: "up: in" })} <i class="key out" />{" "}
					{t({ zh: "向下：出", en: "down: out" })} ○ {t({ zh: "未放行", en: "not let through" })} ●{" "}
					{t({ zh: "有发热", en: "a fever" })}
				</small>
			</header>
			<div
				ref={box}
				role="application"
				// biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved in by keys
				tabIndex={0}
				onKeyDown={onKey}
				aria-label={t({
					zh: "进出柱状图：左右键移动，回车查看该半小时；数字见下表",
					en: "Bars of in and out: arrows move, Enter opens the half hour; the numbers are in the table below",
				})}
			/>
			<Numbers halves={flow} period={period} />
		</section>
	);
}

/** The bars as a table. */
function Numbers({ halves, period }: { halves: Half[]; period: Period }) {
	return (
		<details>
			<summary>{t({ zh: "数字表", en: "As numbers" })}</summary>
			<table class="plain">
				<thead>
					<tr>
						{[
							t({ zh: "半小时", en: "Half hour" }),
							t({ zh: "进", en: "In" }),
							t({ zh: "出", en: "Out" }),
							t({ zh: "未放行", en: "Not let through" }),
							t({ zh: "发热", en: "Fever" }),
						].map((title) => (
							<th key={title} scope="col">
								{title}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{halves.map((h) => (
						<tr key={h.at}>
							<th scope="row">
								<a
									href={href(location.hash.split("?")[0]?.slice(2) ?? "", asked({ from: h.at, to: h.at + HALF_HOUR }))}
								>
									{period.to - period.from > 86_400_000 ? dayAndTime(h.at) : clockTime(h.at)}
								</a>
							</th>
							<td>{h.in}</td>
							<td>{h.out}</td>
							<td>{h.stopped}</td>
							<td>{h.fevers}</td>
						</tr>
					))}
				</tbody>
			</table>
		</details>
	);
}
