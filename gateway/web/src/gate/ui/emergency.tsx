// An emergency: one tap says which, and the gate opens. It is recorded and raises
// an alert; no rule and no outage stands in its way.
import { t } from "../../shared/i18n";
import type { Text } from "../types";
import type { Override } from "./lane";
import { useModel } from "./model";
import { Key, Sheet } from "./parts";
import { DIRECTIONS } from "./words";

const REASONS: [Override, Text][] = [
	["medical", { zh: "急救 · 就医", en: "Medical" }],
	["fire", { zh: "火警", en: "Fire" }],
	["rescue", { zh: "抢险 · 疏散", en: "Rescue" }],
	["police", { zh: "公安 · 公务", en: "Police" }],
	["other", { zh: "其他紧急", en: "Other" }],
];

export function EmergencyScreen() {
	const model = useModel();
	const l = model.lane.value;
	const who = l.verdict?.decision === "pass" ? undefined : (l.verdict?.person?.nameMasked ?? l.person?.word);
	const pass = (reason: Override) => {
		model.screens.backTo("lane");
		model.send({ type: "override", reason });
	};
	return (
		<Sheet title={{ zh: "紧急放行", en: "Emergency: let pass" }} class="emergency">
			<p>
				<b>
					{t(DIRECTIONS[l.direction])}
					{who ? ` · ${who}` : ""}
				</b>{" "}
				{t({
					zh: "点原因就放行，会记录并报警。",
					en: "A tap on the reason lets pass. It is recorded and raises an alert.",
				})}
			</p>
			{REASONS.map(([reason, text], i) => (
				<Key key={reason} as="danger" icon="siren" focus={i === 0} onPress={() => pass(reason)}>
					{t(text)}
				</Key>
			))}
		</Sheet>
	);
}
