// The screens before the lane: enrolling the phone, opening a shift, and the end of
// both.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { Text } from "../types";
import { Icon } from "./icons";
import { Counts } from "./menu";
import { useModel } from "./model";
import { Field, Key, Problem, Sheet } from "./parts";
import { problemText } from "./problems";
import { LanguageKey } from "./settingsscreen";
import { connection } from "./statusbar";
import { CallLink } from "./verdict";

/** A code that is scanned, or typed where there is no camera. */
function CodeEntry(p: { label: Text; prefix: string; go: Text; onCode: (code: string) => Promise<void> }) {
	const model = useModel();
	const [code, setCode] = useState("");
	const typed = code.trim().toUpperCase();
	const ready = typed.startsWith(p.prefix) && typed.length > p.prefix.length && !model.busy.value;
	return (
		<form
			class="form"
			onSubmit={(e) => {
				e.preventDefault();
				if (ready) {
					void model.attempt(() => p.onCode(typed));
				}
			}}
		>
			<Problem text={model.problem.value && t(model.problem.value)} />
			<Field name="code" label={p.label} value={code} max={80} onInput={setCode} />
			<button type="submit" class="key main go" disabled={!ready}>
				<span>{model.busy.value ? t({ zh: "请稍候…", en: "One moment…" }) : t(p.go)}</span>
			</button>
		</form>
	);
}

export function EnrolScreen() {
	const model = useModel();
	const { durable } = model.state.value;
	return (
		<main class="start">
			<header>
				<h1>{t({ zh: "登记本机", en: "Enrol this phone" })}</h1>
				<LanguageKey />
			</header>
			<p>
				{t({
					zh: "对准街道给的一次性登记码。登记后本机只属于这一个卡口。",
					en: "Point the camera at the one-time code from the office. The phone then belongs to that gate.",
				})}
			</p>
			{!durable && <NotDurable />}
			<CodeEntry
				prefix="PGE1-"
				label={{ zh: "或者输入登记码（PGE1-…）", en: "Or type the code (PGE1-…)" }}
				go={{ zh: "登记本机", en: "Enrol" }}
				onCode={(code) => model.engine.enrol(code)}
			/>
		</main>
	);
}

/** Nothing can be kept here: said loudly, as an outage would lose what was scanned. */
export function NotDurable() {
	return (
		<p class="note warn" role="alert">
			{t({
				zh: "这个浏览器不能保存数据（无痕窗口？）。断网时扫的记录会丢！请用普通窗口打开。",
				en: "This browser keeps nothing (a private window?). What is scanned offline would be lost! Use a normal window.",
			})}
		</p>
	);
}

export function ShiftScreen() {
	const model = useModel();
	const s = model.state.value;
	return (
		<main class="start">
			<header>
				<h1>{t({ zh: "上岗", en: "Begin a shift" })}</h1>
				<LanguageKey />
			</header>
			<p>
				<b>
					{s.gate?.name} {s.gate?.lane}
				</b>{" "}
				<small>{t(connection(s, model.now()))}</small>
			</p>
			{s.previousNote !== "" && (
				<blockquote class="note">
					<b>{t({ zh: "上一班留言", en: "From the last shift" })}</b>
					<br />
					{s.previousNote}
				</blockquote>
			)}
			<p>
				{t({
					zh: "扫自己的工牌。每条记录都会写明当班人。",
					en: "Scan your own badge: every record names who is on shift.",
				})}
			</p>
			{!s.durable && <NotDurable />}
			<CodeEntry
				prefix="PGB1-"
				label={{ zh: "或者输入工牌号（PGB1-…）", en: "Or type the badge (PGB1-…)" }}
				go={{ zh: "上岗", en: "Begin" }}
				onCode={(code) => model.engine.openShift(code)}
			/>
		</main>
	);
}

export function HandOverScreen() {
	const model = useModel();
	const [note, setNote] = useState("");
	const s = model.state.value;
	const close = async () => {
		if (await model.attempt(() => model.engine.closeShift(note.trim()))) {
			model.screens.backTo("lane");
		}
	};
	return (
		<Sheet title={{ zh: "交班", en: "Hand over" }}>
			<p>
				<b>{s.shift?.name}</b>
			</p>
			<Counts in={s.counts.in} out={s.counts.out} refused={s.counts.refused} />
			{s.waiting > 0 && (
				<p class="note">
					{t({
						zh: `还有 ${s.waiting} 条待上传，联网后自动补传，不影响交班。`,
						en: `${s.waiting} scans wait to be sent; that goes on by itself.`,
					})}
				</p>
			)}
			<label class="field">
				<span>{t({ zh: "给下一班的话", en: "Note for the next shift" })}</span>
				<textarea
					name="note"
					rows={4}
					maxLength={200}
					value={note}
					onInput={(e) => setNote(e.currentTarget.value)}
					placeholder={t({
						zh: "如：3-2-501 今晚有快递；额温枪电池快没电",
						en: "e.g. battery of the thermometer is low",
					})}
				/>
			</label>
			<Problem text={model.problem.value && t(model.problem.value)} />
			<Key as="main" class="go" icon="leave" disabled={model.busy.value} onPress={() => void close()}>
				{t({ zh: "交班下岗", en: "End my shift" })}
			</Key>
		</Sheet>
	);
}

/** The office has switched this device off: nobody passes by it any more. */
export function RevokedScreen() {
	const model = useModel();
	const [problem, setProblem] = useState("");
	const s = model.state.value;
	const leave = async (force: boolean) => {
		try {
			await model.engine.leave(force);
		} catch (cause) {
			setProblem(problemText(cause));
		}
	};
	return (
		<main class="verdict red device">
			<div class="says" role="alert">
				<Icon name="red" size={110} />
				<h1>{t({ zh: "本机已停用", en: "Device switched off" })}</h1>
				<p class="reason">
					{t({
						zh: "街道已停用这台设备，不能再放行任何人。请改用另一台登记过的手机或纸质登记，并联系街道。",
						en: "The office has switched this device off. Use another enrolled phone or the paper log, and phone the office.",
					})}
				</p>
				{s.waiting > 0 && (
					<p class="todo">
						{t({
							zh: `有 ${s.waiting} 条记录没有传上去，先不要清除本机。`,
							en: `${s.waiting} scans were not sent: do not clear this phone yet.`,
						})}
					</p>
				)}
				<Problem text={problem} />
			</div>
			<div class="follow">
				{s.call && <CallLink number={s.call} />}
				{problem === "" ? (
					<Key onPress={() => void leave(false)}>{t({ zh: "重新登记本机", en: "Enrol this phone again" })}</Key>
				) : (
					<Key onPress={() => void leave(true)}>
						{t({ zh: `丢弃 ${s.waiting} 条，重新登记`, en: `Lose ${s.waiting} scans and enrol again` })}
					</Key>
				)}
			</div>
		</main>
	);
}
