// The five problems that are no refusal of a person: each says why, and what to do.
import { t } from "../../shared/i18n";
import { clockTimeSeconds } from "../../shared/time";
import type { Trouble, Verdict } from "../types";
import { Icon } from "./icons";
import { useModel } from "./model";
import { Key } from "./parts";
import { problemText } from "./problems";
import { useSeconds } from "./statusbar";
import { CallLink } from "./verdict";
import { CLOCK_DOUBTFUL, DOUBTFUL_STEPS, TROUBLES } from "./words";

export function TroubleScreen({ verdict, trouble }: { verdict: Verdict; trouble: Trouble }) {
	const model = useModel();
	const words = TROUBLES[trouble];
	const doubtful = trouble === "clock_wrong" && model.state.value.clockDoubtful;
	const next = () => model.send({ type: "next" });
	const find = () => {
		next();
		model.screens.open("search");
	};
	return (
		<main class={`verdict trouble ${trouble}`} data-trouble={trouble} data-by={verdict.by}>
			<div class="says" role="alert">
				<Icon name={ICONS[trouble]} size={84} />
				<h1>{t(words.title)}</h1>
				<p class="reason">{t(doubtful ? CLOCK_DOUBTFUL : words.why)}</p>
				{trouble === "clock_wrong" && <Clocks />}
				<ol>
					{(doubtful ? DOUBTFUL_STEPS : words.steps).map((step) => (
						<li key={step.zh}>{t(step)}</li>
					))}
				</ol>
			</div>
			<div class="follow">
				{trouble === "revoked" && (verdict.call ?? model.state.value.call) && (
					<CallLink number={verdict.call ?? model.state.value.call} />
				)}
				{(trouble === "clock_wrong" || trouble === "keys_stale") && (
					<Sync
						word={
							trouble === "clock_wrong"
								? t({ zh: "重新校时", en: "Measure again" })
								: t({ zh: "立即更新", en: "Update now" })
						}
					/>
				)}
				{doubtful && <TrustClock onDone={next} />}
				<div class="pair">
					<Key icon="search" onPress={find}>
						{t({ zh: "查人登记", en: "Find by name" })}
					</Key>
					<Key icon="siren" onPress={() => model.screens.open("emergency")}>
						{t({ zh: "紧急放行", en: "Emergency" })}
					</Key>
				</div>
				<Key as="main" focus onPress={next}>
					{t({ zh: "知道了，重新扫", en: "Scan again" })}
				</Key>
			</div>
		</main>
	);
}

const ICONS = {
	clock_wrong: "clock",
	keys_stale: "trouble",
	not_our_code: "trouble",
	expired: "clock",
	revoked: "red",
} as const;

/** Both clocks side by side, so that the guard sees which is wrong. */
export function Clocks() {
	const model = useModel();
	const now = useSeconds(1_000);
	const { clockOffset: offset, clockDoubtful } = model.state.value;
	const known = offset !== null && !clockDoubtful;
	return (
		<dl class="clocks">
			<dt>{t({ zh: "本机", en: "This phone" })}</dt>
			<dd>{clockTimeSeconds(now)}</dd>
			<dt>{t({ zh: "服务器", en: "Server" })}</dt>
			<dd>{known ? clockTimeSeconds(now - offset) : t({ zh: "未测到", en: "not measured" })}</dd>
		</dl>
	);
}

/** The guard has looked at another clock: what the phone cannot know. */
export function TrustClock({ onDone }: { onDone?: () => void }) {
	const model = useModel();
	const trust = () => {
		model.engine.trustClock();
		onDone?.();
	};
	return <Key onPress={trust}>{t({ zh: "手机时间没错", en: "The time is right" })}</Key>;
}

function Sync({ word }: { word: string }) {
	const model = useModel();
	const sync = async () => {
		try {
			await model.engine.syncNow();
			model.send({ type: "next" });
			model.say({ zh: "已更新，请再扫一次", en: "Updated: scan again" });
		} catch (cause) {
			const text = problemText(cause);
			model.say({ zh: text, en: text });
		}
	};
	return (
		<Key as="main" onPress={() => void sync()}>
			{word}
		</Key>
	);
}
