// What is asked: period, hops, how near; and what the answer left out.
import { useEffect, useState } from "preact/hooks";
import { localInput, parseLocal } from "../../desk/time";
import { Button } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { bounds } from "./address";
import type { Found, Question } from "./answers";
import { type Case, LiftDialog } from "./case";
import type { Cut } from "./types";
import { cutWord } from "./words";

const DAY = 86_400_000;

interface Props {
	question: Question;
	found: Found | null;
	kase: Case | null;
	busy: boolean;
	onAsk: (q: Question) => void;
	/** The case has changed. */
	onCase: () => void;
}

/** The question, to be changed and asked again; more than the case allows is offered to be asked for. */
export function Ask({ question, found, kase, busy, onAsk, onCase }: Props) {
	const [q, setQ] = useState(question);
	const [lifting, setLifting] = useState(false);
	useEffect(() => setQ(question), [JSON.stringify(question)]);
	const set = (part: Partial<Question>) => setQ({ ...q, ...part });
	const days = q.from && q.to ? Math.floor((Date.parse(q.to) - Date.parse(q.from)) / DAY) : 0;
	const over = kase ? { hops: q.hops > kase.caps.hops, days: days > kase.caps.days } : { hops: false, days: false };
	const beyond = over.hops || over.days;
	const head = found?.head;
	return (
		<form
			class="toolbar ct-ask"
			onSubmit={(e) => {
				e.preventDefault();
				if (beyond) {
					setLifting(true);
				} else {
					onAsk(q);
				}
			}}
		>
			<Time
				label={t({ zh: "期间从", en: "From" })}
				value={q.from || head?.from || ""}
				onValue={(from) => set({ from, to: q.to || head?.to || "" })}
			/>
			<Time
				label={t({ zh: "到", en: "To" })}
				value={q.to || head?.to || ""}
				onValue={(to) => set({ to, from: q.from || head?.from || "" })}
			/>
			<fieldset class="ct-hops">
				<legend>{t({ zh: "层数", en: "Hops" })}</legend>
				{[1, 2, 3].map((n) => (
					<label key={n}>
						<input type="radio" name="hops" checked={q.hops === n} onChange={() => set({ hops: n })} />
						{n}
						{kase && n > kase.caps.hops && <small>{t({ zh: "须批准", en: "by leave" })}</small>}
					</label>
				))}
			</fieldset>
			<Amount
				name="margin"
				unit={t({ zh: "秒", en: "s" })}
				label={t({ zh: "过门间隔不超过", en: "At a gate within" })}
				q={q}
				set={set}
			/>
			<Amount
				name="overlap"
				unit={t({ zh: "分钟", en: "min" })}
				label={t({ zh: "同场不少于", en: "Together at least" })}
				q={q}
				set={set}
			/>
			<Button type="submit" kind="main" busy={busy}>
				{beyond ? t({ zh: "申请放宽…", en: "Ask for more…" }) : t({ zh: "重新查询", en: "Ask again" })}
			</Button>
			{beyond && kase && (
				<p class="ct-over">
					{t({
						zh: `本案件最多 ${kase.caps.hops} 层、一次 ${kase.caps.days} 天，超过的要另一位负责人批准`,
						en: `The case allows ${kase.caps.hops} hops and ${kase.caps.days} days in one question; for more another leader has to approve`,
					})}
				</p>
			)}
			{lifting && kase && (
				<LiftDialog
					kase={kase}
					want={{ hops: Math.max(q.hops, kase.caps.hops), days: Math.max(days, kase.caps.days) }}
					onClose={() => setLifting(false)}
					onDone={onCase}
				/>
			)}
		</form>
	);
}

function Time({ label, value, onValue }: { label: string; value: string; onValue: (wire: string) => void }) {
	return (
		<label class="field">
			<span>{label}</span>
			<input
				type="datetime-local"
				required
				value={localInput(value)}
				onInput={(e) => onValue(parseLocal(e.currentTarget.value))}
			/>
		</label>
	);
}

interface AmountProps {
	name: "margin" | "overlap";
	label: string;
	unit: string;
	q: Question;
	set: (part: Partial<Question>) => void;
}

function Amount({ name, label, unit, q, set }: AmountProps) {
	const { least, most } = bounds[name];
	return (
		<label class="field ct-amount">
			<span>{t({ zh: `${label}(${unit})`, en: `${label} (${unit})` })}</span>
			<input
				type="number"
				required
				min={least}
				max={most}
				value={q[name]}
				onInput={(e) =>
					set({ [name]: Number.isNaN(e.currentTarget.valueAsNumber) ? 0 : e.currentTarget.valueAsNumber })
				}
			/>
		</label>
	);
}

interface CutsProps {
	found: Found;
	question: Question;
	kase: Case | null;
	onAsk: (q: Question) => void;
	onCase: () => void;
}

/** What the answer leaves out, plainly, each with the way to have it. */
export function Cuts({ found, question, kase, onAsk, onCase }: CutsProps) {
	const [lifting, setLifting] = useState<Cut | null>(null);
	const { cuts } = found.head;
	return cuts.length === 0 ? null : (
		<ul class="ct-cuts" aria-label={t({ zh: "没有查全", en: "What is left out" })}>
			{cuts.map((cut) => {
				const { what, todo } = cutWord(cut);
				return (
					<li key={`${cut.kind} ${cut.hop} ${cut.site}`}>
						<b>{what}</b>
						<span>{todo}</span>
						{cut.kind === "people" && question.expand < bounds.expand.most && (
							<Button onClick={() => onAsk({ ...question, expand: bounds.expand.most })}>
								{t({ zh: `展开 ${bounds.expand.most} 人`, en: `Follow ${bounds.expand.most}` })}
							</Button>
						)}
						{cut.kind === "listing" && question.limit < bounds.limit.most && (
							<Button onClick={() => onAsk({ ...question, limit: bounds.limit.most })}>
								{t({ zh: `列出 ${bounds.limit.most} 人`, en: `List ${bounds.limit.most}` })}
							</Button>
						)}
						{cut.kind === "days" && kase && (
							<Button onClick={() => setLifting(cut)}>{t({ zh: "申请放宽…", en: "Ask for more…" })}</Button>
						)}
					</li>
				);
			})}
			{lifting && kase && (
				<LiftDialog
					kase={kase}
					want={{ days: Math.min(61, lifting.of) }}
					onClose={() => setLifting(null)}
					onDone={onCase}
				/>
			)}
		</ul>
	);
}
