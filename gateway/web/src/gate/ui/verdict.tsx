// The verdict fills the screen: colour, shape, word; the reason; what to do now.
import { useEffect } from "preact/hooks";
import { type Text, t } from "../../shared/i18n";
import { clockTime, dayAndTime } from "../../shared/time";
import type { Verdict } from "../types";
import { Icon, type IconName } from "./icons";
import { GREEN_FOR, holds, spent } from "./lane";
import { countdown } from "./lanescreen";
import { useModel } from "./model";
import { Key } from "./parts";
import { useSeconds } from "./statusbar";
import { TroubleScreen } from "./trouble";
import { actionText, flagText, KINDS, verdictWord } from "./words";

export function VerdictScreen({ verdict: v }: { verdict: Verdict }) {
	const model = useModel();
	useEffect(() => markPainted(), [v.id]);
	useEffect(() => {
		if (v.color !== "green") {
			return;
		}
		const timer = setTimeout(() => model.send({ type: "fade", id: v.id }), GREEN_FOR);
		return () => clearTimeout(timer);
	}, [v.id]);
	if (v.trouble) {
		return <TroubleScreen verdict={v} trouble={v.trouble} />;
	}
	const flags = v.flags.filter((f) => f !== "degraded");
	return (
		<main class={`verdict ${v.color}`} data-reason={v.reason} data-by={v.by}>
			<div class="says" role={holds(v) ? "alert" : "status"}>
				<Icon name={iconOf(v)} size={v.color === "green" ? 132 : 104} />
				<h1 class={sizeOf(t(verdictWord(v)))}>{t(verdictWord(v))}</h1>
				{v.color !== "green" && <p class="reason">{v.reason === "ok" ? t(actionText(v.action)) : t(v.text)}</p>}
				<p class="person">
					{v.person?.nameMasked} {v.person && <small>{personKind(v)}</small>}
				</p>
				{flags.length > 0 && (
					<ul class="flags">
						{flags.map((f) => (
							<li key={f}>{t(flagText(f))}</li>
						))}
					</ul>
				)}
				{v.decision !== "pass" && v.color !== "grey" && <p class="todo">{t(actionText(v.action))}</p>}
				{v.color === "grey" && <p class="todo">{t(byEye(v))}</p>}
				{v.color === "grey" && spent(v) && <p class="todo">{t(actionText(v.action))}</p>}
				{v.permit && <p>{permitWords(v)}</p>}
				{v.remeasureUntil !== undefined && <Countdown until={v.remeasureUntil} />}
				<p class="by">{by(v)}</p>
			</div>
			<FollowUps v={v} />
		</main>
	);
}

/** What the guard looks at where the phone cannot tell. */
function byEye(v: Verdict): Text {
	if (v.reason === "revoked") {
		return {
			zh: "可能是须居家的本村人回家，也可能是挂失的码。核对证件：是本人就放行回家，并打电话给社区。",
			en: "Somebody who has to stay at home may be coming home, or the pass was lost. See the document: let its owner go home, and phone the office.",
		};
	}
	return {
		zh: "本机不能单独判定。请看证件核对本人；已记录。",
		en: "This phone cannot decide it alone. See the person and the document yourself; it is recorded.",
	};
}

/** How large a word can be and still fit. */
function sizeOf(word: string): string {
	return word.length <= 2 ? "short" : word.length <= 4 ? "" : "long";
}

function iconOf(v: Verdict): IconName {
	return v.decision === "remeasure" ? "again" : v.color;
}

function personKind(v: Verdict): string {
	const kind = KINDS[v.person?.kind ?? ""];
	const own = v.person?.own === true ? t({ zh: "本场所", en: "lives here" }) : "";
	return [kind ? t(kind) : "", own].filter((w) => w !== "").join(" · ");
}

function permitWords(v: Verdict): string {
	const left = v.permit?.entriesLeft ?? null;
	const until = dayAndTime((v.permit?.until ?? 0) - 60_000); // its end is excluded, often midnight
	const again =
		left === 0
			? { zh: "，不能再次进入", en: ", no further entry" }
			: { zh: `，还可进 ${left} 次`, en: `, ${left} more entries` };
	return t({
		zh: `来访许可 ${v.permit?.number} 号，到 ${until}${left === null ? "" : again.zh}`,
		en: `Permit ${v.permit?.number}, until ${until}${left === null ? "" : again.en}`,
	});
}

function by(v: Verdict): string {
	const where = {
		server: "",
		degraded: t({ zh: "中心脱机，网关判定", en: "decided without the record" }),
		offline: t({ zh: "离线，本机判定，联网后补传", en: "offline: decided by this phone, sent later" }),
	}[v.by];
	return [clockTime(v.occurredAt), where, v.duplicate ? t({ zh: "已登记过", en: "recorded before" }) : ""]
		.filter((w) => w !== "")
		.join(" · ");
}

function Countdown({ until }: { until: number }) {
	const model = useModel();
	useSeconds(1_000);
	return (
		<p class="countdown" role="timer">
			{t({ zh: "复测时限", en: "Second reading within" })} <b>{countdown(until - model.now())}</b>
		</p>
	);
}

/** What can be done about it, the likeliest first. */
function FollowUps({ v }: { v: Verdict }) {
	const model = useModel();
	const next = () => model.send({ type: "next" });
	const goTo = (place: "visitor" | "walk_in" | "search") => {
		const subject = model.lane.value.person?.subject;
		model.writtenDown = subject && "walk_in" in subject ? subject.walk_in : null;
		next();
		model.screens.open(place);
	};
	const late = v.person !== null || v.decision === "pass";
	return (
		<div class="follow">
			{(v.decision !== "pass" || v.color === "grey") && v.call && <CallLink number={v.call} />}
			{v.decision === "remeasure" && (
				<Key icon="again" as="main" focus onPress={() => model.send({ type: "again", id: v.id })}>
					{t({ zh: "现在复测", en: "Measure now" })}
				</Key>
			)}
			{v.action === "measure_again" && v.decision !== "remeasure" && (
				<Key as="main" onPress={() => model.send({ type: "measure" })}>
					{v.reason === "temperature_required"
						? t({ zh: "测体温", en: "Take the temperature" })
						: t({ zh: "现在复测", en: "Measure now" })}
				</Key>
			)}
			{v.reason === "quota" && (
				<div class="pair">
					<Key onPress={() => model.send({ type: "purpose", purpose: "medical" })}>
						{t({ zh: "就医", en: "Doctor" })}
					</Key>
					<Key onPress={() => model.send({ type: "purpose", purpose: "work" })}>{t({ zh: "上班", en: "Work" })}</Key>
				</div>
			)}
			{v.decision !== "pass" && v.reason === "outsider" && model.state.value.gate?.residential && (
				<Key icon="visitor" onPress={() => goTo("visitor")}>
					{t({ zh: "登记来访", en: "Register a visit" })}
				</Key>
			)}
			{v.reason === "unknown_person" && (
				<div class="pair">
					<Key icon="search" onPress={() => goTo("search")}>
						{t({ zh: "查人", en: "Find" })}
					</Key>
					<Key icon="pen" onPress={() => goTo("walk_in")}>
						{t({ zh: "手写登记", en: "Walk-in" })}
					</Key>
				</div>
			)}
			<div class="pair">
				{v.decision === "pass" ? late && <UndoKey id={v.id} /> : v.decision !== "remeasure" && <LetPass v={v} />}
				<Key as={v.decision === "remeasure" ? "plain" : "main"} focus={v.decision !== "remeasure"} onPress={next}>
					{acknowledgement(v)}
				</Key>
			</div>
		</div>
	);
}

function acknowledgement(v: Verdict): string {
	if (v.decision === "pass") {
		return t({ zh: "下一位", en: "Next" });
	}
	return v.decision === "remeasure"
		? t({ zh: "稍后，先放下一位", en: "Later, next person" })
		: t({ zh: "知道了", en: "Understood" });
}

/** Phones whoever has to know. */
export function CallLink({ number }: { number: string }) {
	return (
		<a class="key call" href={`tel:${number.replace(/[^\d+]/g, "")}`}>
			<Icon name="phone" />
			<span>
				{t({ zh: "打电话", en: "Phone" })} <b>{number}</b>
			</span>
		</a>
	);
}

/** Past a refusal: by eye where the phone knew too little, else as an emergency. */
function LetPass({ v }: { v: Verdict }) {
	const model = useModel();
	if (v.color === "grey") {
		return (
			<Key icon="grey" onPress={() => model.send({ type: "override", reason: "other" })}>
				{t({ zh: "核对无误，放行", en: "Checked: let pass" })}
			</Key>
		);
	}
	return (
		<Key icon="siren" onPress={() => model.screens.open("emergency")}>
			{t({ zh: "紧急放行", en: "Emergency" })}
		</Key>
	);
}

function UndoKey({ id }: { id: string }) {
	const model = useModel();
	const undo = async () => {
		model.send({ type: "next" });
		try {
			await model.engine.annul(id);
			model.say({ zh: "已撤销", en: "Taken back" });
		} catch {
			model.say({ zh: "没有撤销成功，请到「最近」里再试", en: "Not taken back: try again under “Recent”" });
		}
	};
	return (
		<Key icon="undo" onPress={() => void undo()}>
			{t({ zh: "撤销", en: "Undo" })}
		</Key>
	);
}

/** Marks when the verdict is on the glass: after the frame that paints it. */
function markPainted(): void {
	requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("passgate:verdict")));
}
