// One call at a time: who, why, what to say, how it ended; then the next one comes.
import { useEffect, useRef, useState } from "preact/hooks";
import { ground, stand } from "../../desk/ground";
import { href } from "../../desk/router";
import { session } from "../../desk/session";
import { nodePath, siteName, staffName } from "../../desk/town";
import { Dialog, toast } from "../../desk/ui/overlay";
import { Busy, Button, Chip, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { lang, t } from "../../shared/i18n";
import { clockTime, dayAndTime } from "../../shared/time";
import { hopWord } from "../contacts/words";
import { OutcomeForm } from "./outcome";
import { TransferForm } from "./transfer";
import { outcomes, script, spoken, stateWords, whyText } from "./words";
import { type Counts, type Hand, inHand, nextCall, release, showNumber, type Task } from "./work";

interface Props {
	kase: string;
	counts: Counts;
	/** Told after every step, so that the counts are of now. */
	onStep: () => void;
}

export function MyCall({ kase, counts, onStep }: Props) {
	const first = useLoad(inHand);
	const [hand, setHand] = useState<Hand | null>(null);
	const { busy, error, run } = useAction();
	const [done, setDone] = useState(0);
	const now = hand ?? first.data;
	const next = () =>
		run(async () => {
			setHand(await nextCall(kase));
			onStep();
		});
	if (!now) {
		return first.error ? <Problem cause={first.error} retry={() => void first.reload()} /> : <Busy />;
	}
	if (!now.call) {
		return (
			<Idle
				counts={counts}
				again={now.again_at}
				asked={hand !== null}
				busy={busy}
				error={error}
				done={done}
				onNext={next}
			/>
		);
	}
	return (
		<Calling
			key={now.call.id}
			task={now.call}
			elsewhere={now.call.case !== kase}
			onDone={async (task) => {
				setDone((n) => n + 1);
				toast(`${task.person.name_masked} · ${t(stateWords[task.state])}`);
				if (!(await next())) {
					setHand({ call: null, again_at: null });
				}
			}}
			onLeave={() => {
				setHand({ call: null, again_at: null });
				onStep();
			}}
		/>
	);
}

interface IdleProps {
	counts: Counts;
	again: string | null;
	asked: boolean;
	busy: boolean;
	error: unknown;
	done: number;
	onNext: () => void;
}

/** Nothing in hand: the button by which the work begins. */
function Idle({ counts, again, asked, busy, error, done, onNext }: IdleProps) {
	const button = useRef<HTMLButtonElement>(null);
	useEffect(() => button.current?.focus(), []);
	return (
		<section class="call-idle">
			<p>
				{counts.open > 0
					? t({ zh: `还有 ${counts.open} 人待联系`, en: `${counts.open} still to be called` })
					: again
						? t({
								zh: `现在没有要打的电话；${clockTime(Date.parse(again))} 起有未接通的要再打`,
								en: `Nobody to call now; from ${clockTime(Date.parse(again))} on somebody comes back`,
							})
						: t({ zh: "没有要打的电话", en: "Nobody is left to call" })}
				{done > 0 && ` · ${t({ zh: `本次已处理 ${done} 人`, en: `${done} done since you began` })}`}
			</p>
			{(counts.open > 0 || !asked) && (
				<button type="button" ref={button} class="btn main" disabled={busy} onClick={onNext}>
					{t({ zh: "下一个电话", en: "Next call" })} ↵
				</button>
			)}
			<Problem cause={error} />
		</section>
	);
}

interface CallingProps {
	task: Task;
	/** It is of another case than the one on the screen. */
	elsewhere: boolean;
	onDone: (task: Task) => unknown;
	onLeave: () => void;
}

function Calling({ task: c, elsewhere, onDone, onLeave }: CallingProps) {
	const [giving, setGiving] = useState(false);
	const { busy, error, run } = useAction();
	return (
		<div class="call-now">
			<section class="card" aria-label={t({ zh: "当前电话", en: "The call" })}>
				{elsewhere && <Chip tone="care">{t({ zh: `案件 ${c.case} 的电话`, en: `A call of the case ${c.case}` })}</Chip>}
				<h2 class="call-who">
					{c.person.name_masked}
					<small>
						{siteName(c.person.home) || c.node_name} ·{" "}
						<a href={href(["person", c.person.id])}>{t({ zh: "轨迹", en: "Timeline" })}</a>
					</small>
				</h2>
				<p class="call-why">
					<Chip tone={c.hop === 1 ? "stop" : "care"}>{hopWord(c.hop)}</Chip> {whyText(c)} ·{" "}
					{t({ zh: `暴露值 ${c.exposure}`, en: `exposure ${c.exposure}` })}
				</p>
				<PhoneNumber task={c} />
				{c.results.length > 0 && <Before task={c} />}
				<Script task={c} />
			</section>
			<section class="card" aria-label={t({ zh: "结果", en: "Outcome" })}>
				<OutcomeForm task={c} keys onDone={onDone} />
				<Problem cause={error} />
				<div class="call-else">
					{c.lease_until && (
						<small>
							{t({
								zh: `为您保留到 ${clockTime(Date.parse(c.lease_until))}，过后别人可以接手`,
								en: `Yours until ${clockTime(Date.parse(c.lease_until))}; then others may take it`,
							})}
						</small>
					)}
					<Button
						busy={busy}
						onClick={() =>
							void run(async () => {
								await release(c.id);
								onLeave();
							})
						}
					>
						{t({ zh: "放回名单", en: "Put back" })}
					</Button>
					<Button onClick={() => setGiving(true)}>{t({ zh: "移交…", en: "Transfer…" })}</Button>
				</div>
				{giving && (
					<Dialog title={t({ zh: "移交", en: "Transfer" })} onClose={() => setGiving(false)}>
						<TransferForm task={c} onDone={onLeave} />
					</Dialog>
				)}
			</section>
		</div>
	);
}

/** The number, once it is asked for. The reason is that of the ground; without one it is asked for here. */
function PhoneNumber({ task: c }: { task: Task }) {
	const [shown, setShown] = useState<{ phone: string; name: string } | null>(null);
	const [reason, setReason] = useState(t({ zh: "密切接触者电话随访", en: "Call to a contact" }));
	const { busy, error, run } = useAction();
	const button = useRef<HTMLButtonElement>(null);
	useEffect(() => button.current?.focus(), []);
	const show = () =>
		run(async () => {
			if (!ground.value) {
				stand({ kase: c.case, reason: reason.trim() });
			}
			setShown(await showNumber(c.id));
		});
	if (shown) {
		return (
			<p class="call-number" role="status">
				<b>{shown.phone ? spoken(shown.phone) : t({ zh: "没有登记号码", en: "No number is on record" })}</b>{" "}
				{shown.name}
				{!shown.phone && (
					<small>
						{t({
							zh: "请按“未接通”，三次后由网格员上门",
							en: "Press No answer: after three times a grid member goes there",
						})}
					</small>
				)}
			</p>
		);
	}
	return (
		<form
			class="call-show"
			onSubmit={(e) => {
				e.preventDefault();
				void show();
			}}
		>
			{!ground.value && (
				<label class="field">
					<span>{t({ zh: "查看理由", en: "Reason" })}</span>
					<input
						required
						minLength={4}
						maxLength={200}
						value={reason}
						onInput={(e) => setReason(e.currentTarget.value)}
					/>
				</label>
			)}
			<button type="submit" ref={button} class="btn main" disabled={busy}>
				{t({ zh: "显示号码", en: "Show the number" })}
			</button>
			<small>
				{t({ zh: "每次查看都记入审计，本人可以看到", en: "Each time is on record, and the person can see it" })}
				{c.shown > 0 && t({ zh: `；已查看 ${c.shown} 次`, en: `; ${c.shown} × so far` })}
			</small>
			<Problem cause={error} />
		</form>
	);
}

/** What became of the calls before. */
export function Before({ task: c }: { task: Task }) {
	return (
		<ol class="call-before" aria-label={t({ zh: "以前的联系", en: "Calls before" })}>
			{c.results.map((r) => (
				<li key={r.at}>
					{dayAndTime(Date.parse(r.at))} {t(outcomes.find((o) => o.key === r.outcome) ?? stateWords.called)}{" "}
					{staffName(r.by)}
					{r.note && `:${r.note}`}
				</li>
			))}
		</ol>
	);
}

function Script({ task }: { task: Task }) {
	const path = nodePath(session.value?.grid || task.node);
	const office = path[path.length - 1]?.name ?? "";
	return (
		<details class="call-script" open>
			<summary>{t({ zh: "怎么说", en: "What to say" })}</summary>
			<ol>
				{script(task, office).map((line) => (
					<li key={line.en}>
						<span lang="zh-CN">{line.zh}</span>
						{lang.value === "en" && <small lang="en">{line.en}</small>}
					</li>
				))}
			</ol>
		</details>
	);
}
