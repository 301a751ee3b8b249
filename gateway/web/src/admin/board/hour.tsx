// The last hour of a gate, a bar a minute: up is who passed, the points are refusals.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { Card } from "../../desk/ui/parts";
import { lang, t } from "../../shared/i18n";
import { clockTime } from "../../shared/time";

interface Props {
	passed: readonly number[];
	refused: readonly number[];
	/** UTC ms in the last minute. */
	at: number;
}

const HEIGHT = 150;
const MINUTE = 60;

function dataOf({ passed, refused, at }: Props): uPlot.AlignedData {
	const last = Math.floor(at / 60_000) * MINUTE;
	return [
		passed.map((_, i) => last - (passed.length - 1 - i) * MINUTE),
		passed.map((n) => (n > 0 ? n : null)),
		refused.map((n) => (n > 0 ? n : null)),
	];
}

function options(width: number): uPlot.Options {
	const bars = uPlot.paths.bars?.({ size: [0.85, 30], align: 1 });
	return {
		width,
		height: HEIGHT,
		tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Shanghai"),
		cursor: { y: false, drag: { x: false, y: false } },
		scales: { x: { range: (_, min, max) => [min, max + MINUTE] }, y: { range: (_, __, max) => [0, Math.max(4, max)] } },
		axes: [{ values: (_, at) => at.map((s) => clockTime(s * 1000)), space: 60 }, { size: 40 }],
		series: [
			{ label: t({ zh: "时间", en: "Time" }), value: (_, s) => (s === null ? "–" : clockTime(s * 1000)) },
			{
				label: t({ zh: "通行", en: "Passed" }),
				stroke: "#0b6b4a",
				fill: "#0b6b4a",
				...(bars && { paths: bars }),
				points: { show: false },
			},
			{
				label: t({ zh: "劝返", en: "Refused" }),
				stroke: "#b3001b",
				paths: () => null,
				points: { show: true, size: 9, fill: "#b3001b" },
			},
		],
	};
}

export function Hour(props: Props) {
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const now = useRef(props);
	now.current = props;
	useEffect(() => {
		const el = box.current;
		if (!el) {
			return;
		}
		const u = new uPlot(options(el.clientWidth), dataOf(now.current), el);
		plot.current = u;
		const watch = new ResizeObserver(() => u.setSize({ width: el.clientWidth, height: HEIGHT }));
		watch.observe(el);
		return () => {
			watch.disconnect();
			u.destroy();
		};
	}, [lang.value]);
	useEffect(() => plot.current?.setData(dataOf(props)), [props.passed, props.refused, Math.floor(props.at / 60_000)]);
	const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
	const label = t({
		zh: `近60分钟：通行 ${total(props.passed)} 人次，劝返 ${total(props.refused)} 人次`,
		en: `In 60 minutes ${total(props.passed)} passed and ${total(props.refused)} were refused`,
	});
	return (
		<Card title={t({ zh: "近60分钟", en: "The last 60 minutes" })} extra={<small>{label}</small>}>
			<div ref={box} role="img" aria-label={label} />
		</Card>
	);
}
