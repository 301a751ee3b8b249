// The lane: the picture on top, the temperature below it, in or out under the thumb.
import { useEffect } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { Direction } from "../types";
import { Icon } from "./icons";
import { type Awaited, type Lane, reads } from "./lane";
import { useModel } from "./model";
import { Key } from "./parts";
import { useSeconds } from "./statusbar";
import { degrees } from "./temperature";
import { Keypad, MethodChoice, Strip } from "./temperaturepad";
import { DIRECTIONS } from "./words";

export function LaneScreen() {
	const model = useModel();
	const l = model.lane.value;
	const { keypad } = model;
	const pick = (tenths: number | null) => {
		keypad.value = false;
		model.send({ type: "temperature", tenths });
	};
	if (l.several.length > 0) {
		return <Several count={l.several.length} />;
	}
	if (keypad.value) {
		return (
			<main class="controls typing">
				<Prompt l={l} />
				<Keypad method={l.again === null} onPick={pick} onBack={() => (keypad.value = false)} />
			</main>
		);
	}
	const measures = l.step === "temperature" || model.needs(l.direction);
	return (
		<main class="controls">
			<AwaitedList awaited={l.awaited.filter((a) => a.id !== l.again?.id)} />
			<Prompt l={l} />
			{l.again && <MethodChoice />}
			{measures && <Strip onPick={pick} focus={l.step === "temperature"} />}
			<Tools onKeypad={() => (keypad.value = true)} />
			<DirectionSwitch value={l.direction} onChoose={(direction) => model.send({ type: "direction", direction })} />
		</main>
	);
}

/** What is awaited now, in a line. */
function Prompt({ l }: { l: Lane }) {
	const model = useModel();
	const cancel = (
		<Key
			icon="close"
			as="quiet"
			label={t({ zh: "取消", en: "Cancel" })}
			onPress={() => model.send({ type: "cancel" })}
		/>
	);
	if (l.step === "temperature") {
		const name = l.person?.word || t({ zh: "已扫码", en: "Code read" });
		const rest = l.line.length > 0 ? t({ zh: `，后面还有 ${l.line.length} 人`, en: `, ${l.line.length} more` }) : "";
		return (
			<div class="prompt due" role="status">
				<span>
					<b>{name}</b>{" "}
					{l.again ? t({ zh: "复测体温", en: "second reading" }) : t({ zh: "点体温", en: "tap the temperature" })}
					{rest}
				</span>
				{cancel}
			</div>
		);
	}
	if (l.step === "asking") {
		return (
			<div class="prompt" role="status">
				<span>{t({ zh: "正在登记…", en: "Asking…" })}</span>
			</div>
		);
	}
	if (l.preset !== null) {
		return (
			<div class="prompt due" role="status">
				<span>
					<b>{degrees(l.preset)} °C</b> {t({ zh: "请扫码", en: "scan the code" })}
				</span>
				{cancel}
			</div>
		);
	}
	return (
		<div class="prompt" role="status">
			<span>
				{model.needs(l.direction)
					? t({ zh: "扫码，再点体温（先后都行）", en: "Scan and tap, in any order" })
					: t({ zh: "扫码（此方向不测体温）", en: "Scan (no temperature this way)" })}
			</span>
		</div>
	);
}

function Tools({ onKeypad }: { onKeypad: () => void }) {
	const { screens, lane } = useModel();
	const busy = lane.value.step === "asking";
	return (
		<nav class="tools" aria-label={t({ zh: "其他方式", en: "Other ways" })}>
			<Key icon="keypad" disabled={busy} onPress={onKeypad}>
				{t({ zh: "其他体温", en: "Keypad" })}
			</Key>
			<Key icon="search" disabled={busy} onPress={() => screens.open("search")}>
				{t({ zh: "查人", en: "Find" })}
			</Key>
			<Key icon="pen" disabled={busy} onPress={() => screens.open("walk_in")}>
				{t({ zh: "手写", en: "Walk-in" })}
			</Key>
			<Key icon="car" disabled={busy} onPress={() => screens.open("car")}>
				{t({ zh: "车辆", en: "Car" })}
			</Key>
		</nav>
	);
}

function DirectionSwitch(p: { value: Direction; onChoose: (d: Direction) => void }) {
	return (
		<fieldset class="direction" aria-label={t({ zh: "方向", en: "Direction" })}>
			{(["in", "out"] as const).map((d) => (
				<Key key={d} icon={d} class={d} pressed={p.value === d} onPress={() => p.onChoose(d)}>
					{t(DIRECTIONS[d])}
				</Key>
			))}
		</fieldset>
	);
}

/** Those who wait for a second reading, with the time that is left. */
function AwaitedList({ awaited }: { awaited: Awaited[] }) {
	const model = useModel();
	useSeconds(1_000);
	const now = model.now();
	useEffect(() => {
		if (awaited.some((a) => a.until <= now)) {
			model.send({ type: "clock", now });
		}
	});
	if (awaited.length === 0) {
		return null;
	}
	return (
		<ul class="awaited" aria-label={t({ zh: "待复测", en: "Second readings" })}>
			{awaited.map((a) => (
				<li key={a.id}>
					<Key icon="again" disabled={!reads(model.lane.value)} onPress={() => model.send({ type: "again", id: a.id })}>
						{a.person.word || t({ zh: "待复测", en: "Second reading" })} <b>{countdown(a.until - now)}</b>
					</Key>
				</li>
			))}
		</ul>
	);
}

/** "9:58". */
export function countdown(ms: number): string {
	const s = Math.max(0, Math.ceil(ms / 1000));
	return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** Several codes in one picture: a car, or people on foot. */
function Several({ count }: { count: number }) {
	const model = useModel();
	const inCar = () => {
		const passes = model.lane.value.several;
		model.send({ type: "several", how: "none" });
		model.screens.open("car");
		model.sendCar({ type: "add", people: passes.map((pass) => ({ subject: { pass }, word: "" })) });
	};
	const onlyOne = () => {
		model.send({ type: "several", how: "none" });
		model.scanner.forget(); // the one may never have left the picture
	};
	return (
		<main class="controls several">
			<h1>
				{count} {t({ zh: "个码在画面里", en: "codes in the picture" })}
			</h1>
			<Key icon="list" as="main" focus onPress={() => model.send({ type: "several", how: "each" })}>
				{t({ zh: "步行：逐个登记", en: "On foot: one by one" })}
			</Key>
			<Key icon="car" as="main" onPress={inCar}>
				{t({ zh: "同一辆车", en: "All in one car" })}
			</Key>
			<Key icon="close" onPress={onlyOne}>
				{t({ zh: "重新扫，只对准一个", en: "Scan again, only one" })}
			</Key>
		</main>
	);
}

/** There was no answer at all: nothing was recorded, so it must not look like one. */
export function Failed({ why }: { why: string }) {
	const model = useModel();
	return (
		<main class="controls failed">
			<div role="alert">
				<Icon name="trouble" size={96} />
				<h1>{t({ zh: "没有登记成功", en: "Nothing was recorded" })}</h1>
				<p>{why}</p>
			</div>
			<Key as="main" focus onPress={() => model.send({ type: "retry" })}>
				{t({ zh: "再试一次", en: "Try again" })}
			</Key>
			<Key onPress={() => model.send({ type: "cancel" })}>{t({ zh: "取消", en: "Cancel" })}</Key>
		</main>
	);
}
