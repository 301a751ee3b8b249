// Taking a temperature: a strip of usual readings, one tap; a keypad for the rest.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { Method } from "../types";
import { useModel } from "./model";
import { Choice, Key } from "./parts";
import { degrees, level, mayType, places, strip, typedReading } from "./temperature";
import { METHODS } from "./words";

const METHOD_OPTIONS = (Object.keys(METHODS) as Method[]).map((m) => [m, METHODS[m]] as const);

/** Two rows of five: 36.0 to 36.9, or where the last readings lie. */
export function Strip({ onPick, focus }: { onPick: (tenths: number) => void; focus: boolean }) {
	const model = useModel();
	const fever = Math.round((model.state.value.rules?.feverLine ?? 37.3) * 10);
	const keys = strip(model.readings.value, fever);
	const sameDegree = keys.every((k) => Math.floor(k / 10) === Math.floor((keys[0] ?? 0) / 10));
	return (
		<fieldset class="strip" aria-label={t({ zh: "体温", en: "Temperature" })}>
			{keys.map((tenths, i) => (
				<Key
					key={tenths}
					class="digit"
					focus={focus && i === 5}
					label={`${degrees(tenths)} °C`}
					onPress={() => onPick(tenths)}
				>
					{sameDegree ? (
						<>
							<small>{Math.floor(tenths / 10)}</small>.{tenths % 10}
						</>
					) : (
						degrees(tenths)
					)}
				</Key>
			))}
		</fieldset>
	);
}

/** Any reading by its three digits; it is confirmed, as it is mostly an unusual one. */
export function Keypad(p: { onPick: (tenths: number | null) => void; onBack: () => void; method: boolean }) {
	const model = useModel();
	const [typed, type] = useState("");
	const rules = model.state.value.rules;
	const reading = typedReading(typed);
	const where = reading === null ? "normal" : level(reading, rules?.feverLine ?? 37.3, rules?.lowLine ?? 35);
	const digit = (d: number) => (
		<Key key={d} class="digit" disabled={!mayType(typed, d)} onPress={() => type(`${typed}${d}`)}>
			{d}
		</Key>
	);
	return (
		<section class="keypad" aria-label={t({ zh: "输入体温", en: "Type the temperature" })}>
			{p.method && <MethodChoice />}
			<output class={`typed ${where}`} aria-live="polite">
				<b>{places(typed)} °C</b>
				<small>{levelWords(where, rules?.feverLine ?? 37.3)}</small>
			</output>
			<div class="digits">
				{[1, 2, 3, 4, 5, 6, 7, 8, 9].map(digit)}
				<Key as="quiet" onPress={() => p.onPick(null)}>
					{t({ zh: "未测", en: "None" })}
				</Key>
				{digit(0)}
				<Key
					icon="erase"
					as="quiet"
					label={t({ zh: "退格", en: "Erase" })}
					onPress={() => (typed === "" ? p.onBack() : type(typed.slice(0, -1)))}
				/>
			</div>
			<div class="pair">
				<Key onPress={p.onBack} icon="back">
					{t({ zh: "返回", en: "Back" })}
				</Key>
				<Key
					class="confirm"
					as={where === "fever" ? "danger" : "main"}
					disabled={reading === null}
					onPress={() => reading !== null && p.onPick(reading)}
				>
					{t({ zh: "确认", en: "Confirm" })}
				</Key>
			</div>
		</section>
	);
}

/** Where it was measured: forehead thermometers read low in the frost. */
export function MethodChoice() {
	const model = useModel();
	return (
		<Choice
			label={{ zh: "测量部位", en: "Measured at" }}
			options={METHOD_OPTIONS}
			value={model.lane.value.method}
			onChoose={(method) => model.send({ type: "method", method })}
		/>
	);
}

function levelWords(where: "low" | "normal" | "fever", feverLine: number): string {
	switch (where) {
		case "fever":
			return t({ zh: `达到发热线 ${feverLine.toFixed(1)}`, en: `At or over the fever line ${feverLine.toFixed(1)}` });
		case "low":
			return t({ zh: "偏低，会要求换部位复测", en: "Low: another place will be asked for" });
		default:
			return t({ zh: `发热线 ${feverLine.toFixed(1)}`, en: `Fever line ${feverLine.toFixed(1)}` });
	}
}
