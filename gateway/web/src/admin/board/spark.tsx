// The last hour of a gate in the height of a row: a bar a minute, refusals in red below.
import { t } from "../../shared/i18n";

const MIDDLE = 18; // where the bars of those who passed stand
const BELOW = 6;

/** The path of bars: those of up stand on the middle, their height by the largest. */
export function bars(values: readonly number[], most: number, base: number, height: number): string {
	let path = "";
	values.forEach((v, i) => {
		if (v > 0) {
			const h = Math.max(1, Math.round((Math.abs(height) * v) / Math.max(most, 1)));
			path += `M${2 * i} ${base}h1.6v${height < 0 ? -h : h}h-1.6z`;
		}
	});
	return path;
}

export function Spark({ passed, refused }: { passed: readonly number[]; refused: readonly number[] }) {
	const [went, not] = [passed.reduce((a, b) => a + b, 0), refused.reduce((a, b) => a + b, 0)];
	const label = t({
		zh: `近60分钟通行 ${went} 人次，劝返 ${not} 人次`,
		en: `In 60 minutes ${went} passed, ${not} were refused`,
	});
	return (
		<svg class="b-spark" viewBox="0 0 120 26" preserveAspectRatio="none" role="img" aria-label={label}>
			<path class="b-axis" d={`M0 ${MIDDLE + 0.5}h120`} />
			<path class="b-went" d={bars(passed, Math.max(...passed), MIDDLE, -MIDDLE)} />
			<path class="b-not" d={bars(refused, Math.max(...refused, 3), MIDDLE + 1, BELOW)} />
		</svg>
	);
}
