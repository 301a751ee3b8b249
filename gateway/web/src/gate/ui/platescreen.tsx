// A number plate by big keys: only those that can come next.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { useModel } from "./model";
import { Field, Key, Sheet } from "./parts";
import { NO_PLATE, nextKeys, painted, provinceOf, whole } from "./plate";
import { set, settings } from "./settings";

/** Bytes of a plate with a form of its own that the server takes. */
const MOST_BYTES = 20;

export function PlateScreen() {
	const model = useModel();
	const site = model.state.value.gate?.site ?? "";
	const [typed, type] = useState(settings.value.plateStart || provinceOf(site));
	const [free, setFree] = useState(false);
	const done = (plate: string, unchecked: boolean) => {
		if (!unchecked && plate !== NO_PLATE) {
			set({ plateStart: [...plate].slice(0, 2).join("") });
		}
		model.sendCar({ type: "plate", plate, unchecked });
		model.screens.back();
	};
	if (free) {
		return <FreePlate onDone={(plate) => done(plate, true)} onBack={() => setFree(false)} />;
	}
	return (
		<Sheet title={typed === "" ? { zh: "车牌", en: "Plate" } : same(painted(typed))} class="platekeys">
			<div class="keys">
				{nextKeys(typed).map((k) => (
					<Key key={k} onPress={() => type(typed + k)}>
						{k}
					</Key>
				))}
			</div>
			<div class="tools">
				<Key onPress={() => done(NO_PLATE, false)}>{t({ zh: "无牌", en: "No plate" })}</Key>
				<Key onPress={() => setFree(true)}>{t({ zh: "其他牌", en: "Other" })}</Key>
				<Key
					icon="erase"
					disabled={typed === ""}
					label={t({ zh: "退格", en: "Erase" })}
					onPress={() => type([...typed].slice(0, -1).join(""))}
				/>
				<Key as="main" disabled={!whole(typed)} onPress={() => done(typed, false)}>
					{t({ zh: "确认", en: "Done" })}
				</Key>
			</div>
		</Sheet>
	);
}

const same = (text: string) => ({ zh: text, en: text });

/** Tractors, foreign and temporary plates are taken as they are seen. */
function FreePlate(p: { onDone: (plate: string) => void; onBack: () => void }) {
	const [text, setText] = useState("");
	const plate = text.trim();
	const fits = plate !== "" && new TextEncoder().encode(plate).length <= MOST_BYTES;
	return (
		<Sheet title={{ zh: "其他车牌", en: "Another kind of plate" }} onBack={p.onBack}>
			<Field
				name="plate"
				focus
				label={{ zh: "照抄车牌", en: "As it is written" }}
				hint={{ zh: "拖拉机、临时牌、外国牌等", en: "Tractors, temporary and foreign plates" }}
				value={text}
				max={20}
				onInput={setText}
			/>
			<Key as="main" disabled={!fits} onPress={() => p.onDone(plate)}>
				{t({ zh: "确认", en: "Done" })}
			</Key>
		</Sheet>
	);
}
