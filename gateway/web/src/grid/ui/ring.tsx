// How many homes were reached, drawn: not one household is to be missed.
import { t } from "../../shared/i18n";

const R = 26;
const ROUND = 2 * Math.PI * R;

export function Ring({ reached, of }: { reached: number; of: number }) {
	const share = of > 0 ? reached / of : 0;
	const text = t({ zh: `已走访 ${reached} 户，共 ${of} 户`, en: `${reached} of ${of} homes reached` });
	return (
		<svg class="ring" viewBox="0 0 64 64" role="img" aria-label={text}>
			<circle cx="32" cy="32" r={R} class="whole" />
			<circle
				cx="32"
				cy="32"
				r={R}
				class="part"
				stroke-dasharray={`${share * ROUND} ${ROUND}`}
				transform="rotate(-90 32 32)"
			/>
			<text x="32" y="31" class="much">
				{reached}
			</text>
			<text x="32" y="45" class="of">
				/ {of}
			</text>
		</svg>
	);
}
