// What a guard can set on this phone, and leaving the gate with it.
import { useState } from "preact/hooks";
import { choose, lang, t } from "../../shared/i18n";
import type { Text } from "../types";
import { answerCame } from "./feedback";
import { useModel } from "./model";
import { Choice, Key, Problem, Sheet } from "./parts";
import { problemText } from "./problems";
import { type Settings, set, settings } from "./settings";

/** The other language, in its own words. */
export function LanguageKey() {
	const next = lang.value === "zh" ? "en" : "zh";
	return (
		<Key as="quiet" onPress={() => choose(next)}>
			<span lang={next === "zh" ? "zh-CN" : "en"}>{next === "zh" ? "中文" : "English"}</span>
		</Key>
	);
}

const SWITCHES: ["sound" | "vibration" | "speech" | "dark", Text][] = [
	["sound", { zh: "提示音", en: "Sounds" }],
	["vibration", { zh: "振动", en: "Vibration" }],
	["speech", { zh: "语音播报", en: "Spoken word" }],
	["dark", { zh: "夜间模式", en: "Night colours" }],
];

export function SettingsScreen() {
	const model = useModel();
	const { scanner, state } = model;
	const cameras = scanner.cameras.value;
	const now = settings.value;
	return (
		<Sheet title={{ zh: "设置", en: "Settings" }}>
			<div class="list">
				{SWITCHES.map(([key, text]) => (
					<Switch key={key} name={text} on={now[key]} onChange={(on) => set({ [key]: on } as Partial<Settings>)} />
				))}
			</div>
			<Key icon="green" onPress={() => answerCame(SAMPLE)}>
				{t({ zh: "试听", en: "Try it" })}
			</Key>
			<Choice
				label={{ zh: "语言", en: "Language" }}
				options={[
					["zh", { zh: "中文", en: "中文" }],
					["en", { zh: "English", en: "English" }],
				]}
				value={lang.value}
				onChoose={choose}
			/>
			{cameras.length > 1 && (
				<fieldset class="choice">
					<legend>{t({ zh: "相机", en: "Camera" })}</legend>
					<div>
						{cameras.map((c, i) => (
							<Key key={c.id} onPress={() => void scanner.choose(c.id).catch(() => undefined)}>
								{c.label || `${t({ zh: "相机", en: "Camera" })} ${i + 1}`}
							</Key>
						))}
					</div>
				</fieldset>
			)}
			<dl class="facts">
				<dt>{t({ zh: "断电不丢", en: "Survives power loss" })}</dt>
				<dd>
					{state.value.durable
						? t({ zh: "是", en: "yes" })
						: t({ zh: "否：此浏览器不能保存", en: "no: this browser keeps nothing" })}
				</dd>
				<dt>{t({ zh: "离线可用", en: "Works offline" })}</dt>
				<dd>
					{state.value.secure
						? t({ zh: "是", en: "yes" })
						: t({ zh: "否：网址不是 https", en: "no: the address is not https" })}
				</dd>
			</dl>
			<Leave />
		</Sheet>
	);
}

function Switch(p: { name: Text; on: boolean; onChange: (on: boolean) => void }) {
	return (
		<button type="button" role="switch" aria-checked={p.on} class="key switch" onClick={() => p.onChange(!p.on)}>
			<span>{t(p.name)}</span>
			<b>{p.on ? t({ zh: "开", en: "On" }) : t({ zh: "关", en: "Off" })}</b>
		</button>
	);
}

const SAMPLE: Parameters<typeof answerCame>[0] = {
	id: "",
	occurredAt: 0,
	direction: "in",
	decision: "pass",
	reason: "ok",
	color: "green",
	action: "admit",
	text: { zh: "通行", en: "Go" },
	flags: [],
	person: null,
	by: "server",
	duplicate: false,
};

/** Takes the phone away from the gate: twice asked, and refused while scans wait. */
function Leave() {
	const model = useModel();
	const [asked, setAsked] = useState(false);
	const [problem, setProblem] = useState("");
	const waiting = model.state.value.waiting;
	const leave = async () => {
		try {
			await model.engine.leave(false);
			model.screens.backTo("lane");
		} catch (cause) {
			setProblem(problemText(cause));
		}
	};
	if (!asked) {
		return <Key onPress={() => setAsked(true)}>{t({ zh: "本机退出卡口…", en: "Take this phone off the gate…" })}</Key>;
	}
	return (
		<div class="leave">
			<p class="note warn">
				{waiting > 0
					? t({
							zh: `还有 ${waiting} 条没有上传，请先联网传完。`,
							en: `${waiting} scans were not sent yet: get online first.`,
						})
					: t({ zh: "退出后要用新的登记码才能再用。", en: "It then takes a new code to use it again." })}
			</p>
			<Problem text={problem} />
			<div class="pair">
				<Key onPress={() => setAsked(false)}>{t({ zh: "取消", en: "Cancel" })}</Key>
				<Key as="danger" disabled={waiting > 0} onPress={() => void leave()}>
					{t({ zh: "退出", en: "Take it off" })}
				</Key>
			</div>
		</div>
	);
}
