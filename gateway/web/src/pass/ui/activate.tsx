// Activation: the code of the household's sheet and the last four of a member's
// document. From the link on the sheet's QR the code is filled in.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { codeFits, completeCode, groupCode, tidyTail } from "../code";
import type { Home } from "../home";
import { Problem, useAction } from "./parts";

const codeHelp = {
	"": { zh: "大小写都行；O 和 0、I 和 1 不用分。", en: "Capital or small; O and 0, I and 1 are taken alike." },
	code: {
		zh: "激活码不完整：PGH1 之后有 12 位。",
		en: "The code is not complete: there are 12 characters after PGH1.",
	},
	slip: {
		zh: "激活码有一位不对，请对照那张纸再看一遍。",
		en: "One character of the code is wrong: compare it with the sheet.",
	},
};

export function Activate({ home, code, done }: { home: Home; code: string; done: () => void }) {
	const [typed, setTyped] = useState(code);
	const [tail, setTail] = useState("");
	const { busy, failure, run } = useAction();
	const [lacks, setLacks] = useState<"" | "code" | "slip" | "tail">("");
	const submit = async (e: Event) => {
		e.preventDefault();
		const whole = completeCode(typed);
		const lack = !whole ? "code" : !codeFits(whole) ? "slip" : tail.length < 4 ? "tail" : "";
		setLacks(lack);
		if (whole && !lack && (await run(() => home.activate(whole, tail)))) {
			done();
		} else if (lack) {
			document.getElementById(lack === "tail" ? "tail" : "code")?.focus();
		}
	};
	return (
		<form class="activate" onSubmit={submit} noValidate>
			<h1>{t({ zh: "激活通行码", en: "Activate your pass" })}</h1>
			<p>
				{t({
					zh: "社区发给每户一张纸，上面有激活码。激活后全家人的码都在这部手机上，老人、孩子不用自己的手机。",
					en: "Your community gave every household a sheet with an activation code. Once activated, this phone has the codes of the whole family; the old and the young need no phone.",
				})}
			</p>
			<label for="code">{t({ zh: "激活码", en: "Activation code" })}</label>
			<input
				id="code"
				class="code"
				value={typed}
				placeholder="PGH1-XXXX-XXXX-XXXX"
				autocomplete="off"
				autocapitalize="characters"
				spellcheck={false}
				aria-invalid={lacks === "code" || lacks === "slip"}
				aria-describedby="code-help"
				onInput={(e) => setTyped(e.isComposing ? e.currentTarget.value : retype(e.currentTarget))}
				onCompositionEnd={(e) => setTyped(retype(e.currentTarget))}
			/>
			<p id="code-help" class={lacks === "code" || lacks === "slip" ? "problem" : "help"}>
				{t(codeHelp[lacks === "tail" ? "" : lacks])}
			</p>
			<label for="tail">
				{t({ zh: "本户任何一人的证件后四位", en: "Last four of anybody's ID in the household" })}
			</label>
			<input
				id="tail"
				class="tail"
				value={tail}
				placeholder="123X"
				autocomplete="off"
				autocapitalize="characters"
				spellcheck={false}
				aria-invalid={lacks === "tail"}
				aria-describedby="tail-help"
				onInput={(e) => {
					const tidy = tidyTail(e.currentTarget.value);
					e.currentTarget.value = tidy;
					setTail(tidy);
				}}
			/>
			<p id="tail-help" class={lacks === "tail" ? "problem" : "help"}>
				{lacks === "tail"
					? t({
							zh: "要填四位：身份证或其他证件的最后四位。",
							en: "Four characters: the last ones of an ID card or another document.",
						})
					: t({ zh: "身份证末位是 X 的，X 也算一位。", en: "If an ID ends in X, the X counts." })}
			</p>
			<Problem cause={failure} />
			<button type="submit" class="primary wide" disabled={busy}>
				{busy ? t({ zh: "正在激活……", en: "Activating…" }) : t({ zh: "激活", en: "Activate" })}
			</button>
			{home.families.value.length > 0 && (
				<button type="button" class="wide" onClick={done}>
					{t({ zh: "返回", en: "Back" })}
				</button>
			)}
			<p class="help">
				{t({
					zh: "没有这张纸？请向网格员或社区要。没有手机的人凭纸质码或身份证也能进出。",
					en: "No sheet? Ask your grid member or community. People without a phone get through with a paper pass or ID card.",
				})}
			</p>
		</form>
	);
}

/** Puts what was typed into groups and keeps the caret behind the same character. */
function retype(input: HTMLInputElement): string {
	const before = groupCode(input.value.slice(0, input.selectionStart ?? input.value.length));
	const next = groupCode(input.value);
	input.value = next;
	let caret = before.length;
	if (next[caret] === "-" && caret > 0) {
		caret++;
	}
	input.setSelectionRange(caret, caret);
	return next;
}
