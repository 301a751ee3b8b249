// A car: all who sit in it by one picture of their codes, a reading for each, the
// plate by big keys, one answer for all.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { type Car, missing, newCar, type Rider, remeasured } from "./car";
import { Icon } from "./icons";
import { useModel, worst } from "./model";
import { Key, Problem, Sheet } from "./parts";
import { painted } from "./plate";
import { degrees } from "./temperature";
import { Keypad, Strip } from "./temperaturepad";
import { CallLink } from "./verdict";
import { actionText, DIRECTIONS, verdictWord } from "./words";

export function CarScreen() {
	const model = useModel();
	const c = model.car.value;
	return c.step === "done" ? <CarVerdict c={c} /> : <CarForm c={c} />;
}

function CarForm({ c }: { c: Car }) {
	const model = useModel();
	const [keypad, setKeypad] = useState(false);
	const direction = model.lane.value.direction;
	const needs = model.needs(direction);
	const pick = (tenths: number | null) => {
		setKeypad(false);
		model.sendCar({ type: "temperature", tenths });
	};
	if (keypad) {
		return (
			<Sheet title={riderName(c, c.turn)} class="car typing" onBack={() => setKeypad(false)}>
				<Keypad method onPick={pick} onBack={() => setKeypad(false)} />
			</Sheet>
		);
	}
	const lacks = missing(c, needs);
	return (
		<main class="controls car">
			<h1 class="unseen">{t({ zh: "车辆登记", en: "Car" })}</h1>
			<div class="head">
				<Key icon="back" as="quiet" label={t({ zh: "返回", en: "Back" })} onPress={() => model.screens.back()} />
				<Key class="plate" as={c.plate === "" ? "main" : "plain"} onPress={() => model.screens.open("plate")}>
					{c.plate === "" ? t({ zh: "输车牌", en: "Plate" }) : painted(c.plate)}
				</Key>
				<Key
					class="disinfected"
					pressed={c.disinfected}
					onPress={() => model.sendCar({ type: "disinfected", yes: !c.disinfected })}
				>
					{c.disinfected ? t({ zh: "✓ 已消毒", en: "✓ Disinfected" }) : t({ zh: "未消毒", en: "Not disinfected" })}
				</Key>
			</div>
			<Riders c={c} />
			{c.riders.length > 0 && (needs || remeasured(c)) && c.turn !== 0 && <Strip onPick={pick} focus={false} />}
			<div class="tools">
				<Key
					icon={direction}
					class={direction}
					pressed
					label={t({
						zh: `方向：${DIRECTIONS[direction].zh}，点此更换`,
						en: `Direction: ${DIRECTIONS[direction].en}, tap to change`,
					})}
					onPress={() => model.send({ type: "direction", direction: direction === "in" ? "out" : "in" })}
				>
					{t(DIRECTIONS[direction])}
				</Key>
				<Key icon="keypad" disabled={c.turn === 0} onPress={() => setKeypad(true)}>
					{t({ zh: "其他体温", en: "Keypad" })}
				</Key>
				<Key icon="search" onPress={() => model.screens.open("search")}>
					{t({ zh: "查人", en: "Find" })}
				</Key>
				<Key icon="pen" onPress={() => model.screens.open("walk_in")}>
					{t({ zh: "手写", en: "Walk-in" })}
				</Key>
			</div>
			<Problem text={c.failed} />
			<Key
				as="main"
				class="go"
				disabled={c.step === "asking" || ["plate", "riders", "again"].includes(lacks)}
				onPress={() => model.sendCar({ type: "ask" })}
			>
				{submitWord(c, lacks)}
			</Key>
		</main>
	);
}

function submitWord(c: Car, lacks: ReturnType<typeof missing>): string {
	if (c.step === "asking") {
		return t({ zh: "正在登记…", en: "Asking…" });
	}
	switch (lacks) {
		case "riders":
			return t({ zh: "请先扫车内每个人的码", en: "Scan everybody's code first" });
		case "plate":
			return t({ zh: "还差车牌", en: "The plate is missing" });
		case "again":
			return t({ zh: "请先复测体温", en: "Take the second reading first" });
		case "temperature":
			return t({
				zh: `登记 ${c.riders.length} 人（有人未测温）`,
				en: `Register ${c.riders.length} (not all measured)`,
			});
		default:
			return t({ zh: `登记全车 ${c.riders.length} 人`, en: `Register all ${c.riders.length}` });
	}
}

function riderName(c: Car, key: number) {
	const i = c.riders.findIndex((r) => r.key === key);
	const word = c.riders[i]?.person.word;
	return { zh: `${i + 1} 号${word ? ` ${word}` : ""}`, en: `No. ${i + 1}${word ? ` ${word}` : ""}` };
}

function Riders({ c }: { c: Car }) {
	const model = useModel();
	if (c.riders.length === 0) {
		return (
			<p class="hint">
				{t({
					zh: "把车内各人的码放进画面，可以一次多个。",
					en: "Hold the codes of all into the picture, several at once.",
				})}
			</p>
		);
	}
	return (
		<ul class="riders" aria-label={t({ zh: "车内人员", en: "People in the car" })}>
			{c.riders.map((r) => (
				<li key={r.key}>
					<Key pressed={c.turn === r.key} onPress={() => model.sendCar({ type: "turn", key: r.key })}>
						{t(riderName(c, r.key))} {reading(r)}
					</Key>
					<Key
						icon="close"
						as="quiet"
						label={t({ zh: "移除", en: "Remove" })}
						onPress={() => model.sendCar({ type: "remove", key: r.key })}
					/>
				</li>
			))}
		</ul>
	);
}

function reading(r: Rider) {
	if (r.tenths !== null) {
		return <b>{degrees(r.tenths)} °C</b>;
	}
	return (
		<small>{r.again ? t({ zh: "待复测", en: "second reading" }) : t({ zh: "待测温", en: "to be measured" })}</small>
	);
}

/** One answer for the car, the gravest; below it each person's own. */
function CarVerdict({ c }: { c: Car }) {
	const model = useModel();
	const whole = worst(c.verdicts);
	const call = c.verdicts.find((v) => v.call)?.call;
	const done = () => {
		model.car.value = newCar();
		model.screens.backTo("lane");
	};
	return (
		<main class={`verdict whole ${whole.color}`} data-by={whole.by}>
			<div class="says" role="alert">
				<Icon name={whole.color} size={96} />
				<h1>{t(verdictWord(whole))}</h1>
				<p class="reason">{painted(c.plate)}</p>
				<ul class="each">
					{c.verdicts.map((v, i) => (
						<li key={v.id} class={v.color}>
							<Icon name={v.decision === "remeasure" ? "again" : v.color} />
							<span>
								<b>{v.person?.nameMasked ?? t(riderName(c, c.riders[i]?.key ?? 0))}</b> {t(verdictWord(v))}
								<small>{v.decision === "pass" ? "" : `${t(v.text)} · ${t(actionText(v.action))}`}</small>
							</span>
						</li>
					))}
				</ul>
			</div>
			<div class="follow">
				{whole.decision !== "pass" && call && <CallLink number={call} />}
				{c.verdicts.some((v) => v.reason === "disinfection_required") && (
					<Key as="main" onPress={() => model.sendCar({ type: "disinfected_now" })}>
						{t({ zh: "已消毒，重新登记", en: "Disinfected now: ask again" })}
					</Key>
				)}
				<Key as="main" focus onPress={done}>
					{whole.decision === "pass" ? t({ zh: "下一辆", en: "Next" }) : t({ zh: "知道了", en: "Understood" })}
				</Key>
			</div>
		</main>
	);
}
