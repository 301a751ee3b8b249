// How a call ended: four buttons, by the keys 1 to 4. What an outcome needs beside it
// (why, when again, which status) is asked for when it is chosen.
import { useEffect, useRef, useState } from "preact/hooks";
import { may, session } from "../../desk/session";
import { localInput, parseLocal } from "../../desk/time";
import { FieldInput } from "../../desk/ui/form";
import { Button, Problem, useAction } from "../../desk/ui/parts";
import { newID } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { wire } from "../../shared/time";
import { AnswersForm, noAnswers } from "./answers";
import { outcomes } from "./words";
import { finish, type Outcome, type Task } from "./work";

const DAY = 86_400_000;
/** Until when a contact stays at home: two weeks from the last meeting, or from now if that is nearly over. */
export function untilFirst(task: Task, now: number): number {
	const from = task.last_met ? Date.parse(task.last_met) : now;
	const until = from + 14 * DAY;
	return until > now + DAY ? until : now + 14 * DAY;
}

const pauses = [30, 120, 1440]; // minutes
const usual = 120; // what the server takes without being told

interface Props {
	task: Task;
	/** The outcomes that are offered. */
	only?: readonly Outcome[];
	/** Takes the keys 1 to 4 of the whole page. */
	keys?: boolean;
	onDone: (task: Task) => unknown;
}

export function OutcomeForm({ task, only, keys = false, onDone }: Props) {
	const offered = outcomes.filter((o) => !only || only.includes(o.key));
	const [chosen, setChosen] = useState<Outcome | null>(null);
	const [note, setNote] = useState("");
	const [answers, setAnswers] = useState(task.answers ?? noAnswers);
	const [pause, setPause] = useState(usual);
	const [status, setStatus] = useState("quarantine");
	const [until, setUntil] = useState(() => wire(untilFirst(task, Date.now())));
	const [three, setThree] = useState<Three | null>(null);
	const sent = useRef({ key: "", id: "", at: 0 }); // the same ID and time for the same outcome, so that sending again is safe
	const noteBox = useRef<HTMLTextAreaElement>(null);
	const { busy, error, run } = useAction();
	const send = (outcome: Outcome) => {
		const key = JSON.stringify([outcome, note, answers, pause, status, until, three]);
		if (sent.current.key !== key) {
			sent.current = { key, id: newID("call"), at: Date.now() };
		}
		const { id, at } = sent.current;
		const again = outcome === "unreachable" && task.state !== "visit" && pause !== usual;
		return run(async () => {
			const done = await finish(task.id, {
				id,
				outcome,
				note: note.trim(),
				...(outcome === "unreachable" ? {} : { answers }),
				...(again ? { again_at: wire(at + pause * 60_000) } : {}),
				...(outcome === "ordered"
					? { order: { status, until, ...(three && status !== "yellow" ? { ...three, place: "home" } : {}) } }
					: {}),
			});
			await onDone(done);
		});
	};
	const choose = (outcome: Outcome) => {
		if (busy) {
			return;
		}
		setChosen(outcome);
		if (outcome !== "ordered" && (outcome !== "refused" || note.trim() !== "")) {
			void send(outcome);
		}
	};
	useEffect(() => {
		if (chosen === "refused") {
			noteBox.current?.focus();
		}
	}, [chosen]);
	useOutcomeKeys(keys, (n) => {
		const o = offered[n - 1];
		if (o) {
			choose(o.key);
		}
	});
	return (
		<div class="call-outcome">
			<AnswersForm value={answers} onChange={setAnswers} />
			<label class="field">
				<span>{t({ zh: "备注", en: "Note" })}</span>
				<textarea ref={noteBox} rows={2} maxLength={300} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
			</label>
			<div class="call-buttons">
				{offered.map((o, i) => (
					<Button
						key={o.key}
						kind={o.key === "called" ? "main" : "plain"}
						busy={busy}
						aria-expanded={o.key === "ordered" ? chosen === "ordered" : undefined}
						aria-keyshortcuts={keys ? String(i + 1) : undefined}
						onClick={() => choose(o.key)}
					>
						{keys && <kbd>{i + 1}</kbd>} {t(o)} <small>{t(o.hint)}</small>
					</Button>
				))}
				{offered.some((o) => o.key === "unreachable") && task.state !== "visit" && (
					<label class="field">
						<span>{t({ zh: "未接通时再打", en: "No answer: again in" })}</span>
						<select value={pause} onChange={(e) => setPause(Number(e.currentTarget.value))}>
							{pauses.map((m) => (
								<option key={m} value={m}>
									{m === 1440
										? t({ zh: "明天此时", en: "a day" })
										: m === 30
											? t({ zh: "半小时后", en: "half an hour" })
											: t({ zh: "2 小时后", en: "2 hours" })}
								</option>
							))}
						</select>
					</label>
				)}
			</div>
			{chosen === "refused" && note.trim() === "" && (
				<p class="call-hint" role="status">
					{t({ zh: "请写明对方怎么说，再按“拒绝配合”", en: "Write what they said, then press Refused" })}
				</p>
			)}
			{chosen === "ordered" && (
				<form
					class="call-order"
					onSubmit={(e) => {
						e.preventDefault();
						void send("ordered");
					}}
				>
					<StatusField value={status} onPick={setStatus} />
					<label class="field">
						<span>{t({ zh: "到期", en: "Until" })}</span>
						<input
							type="datetime-local"
							required
							value={localInput(until)}
							onInput={(e) => setUntil(parseLocal(e.currentTarget.value))}
						/>
					</label>
					{may("leader") && status !== "yellow" && <AtOnce value={three} onChange={setThree} />}
					<Button type="submit" kind="main" busy={busy}>
						{three && status !== "yellow"
							? t({ zh: "开始医学观察", en: "Begin the observation" })
							: t({ zh: "提交，待第二人审批", en: "Propose: a second person approves" })}
					</Button>
				</form>
			)}
			<Problem cause={error} />
		</div>
	);
}

function StatusField({ value, onPick }: { value: string; onPick: (status: string) => void }) {
	const first = useRef<HTMLSelectElement>(null);
	useEffect(() => first.current?.focus(), []);
	return (
		<label class="field">
			<span>{t({ zh: "状态", en: "Status" })}</span>
			<select ref={first} value={value} onChange={(e) => onPick(e.currentTarget.value)}>
				<option value="quarantine">{t({ zh: "隔离（居家）", en: "Quarantine" })}</option>
				<option value="observation">{t({ zh: "医学观察", en: "Observation" })}</option>
				<option value="yellow">{t({ zh: "黄码", en: "Yellow" })}</option>
			</select>
		</label>
	);
}

interface Three {
	leader: string;
	cadre: string;
	medic: string;
}

/** A leader may begin the observation at once, and says who looks after the person. */
function AtOnce({ value, onChange }: { value: Three | null; onChange: (next: Three | null) => void }) {
	const who = (name: keyof Three, label: string, ...roles: string[]) => (
		<FieldInput
			field={{ name, label, kind: "staff", roles, required: true }}
			value={value?.[name] ?? ""}
			onValue={(login) => value && onChange({ ...value, [name]: String(login ?? "") })}
		/>
	);
	return (
		<>
			<FieldInput
				field={{
					name: "at_once",
					label: t({
						zh: "不经审批，立即开始居家医学观察",
						en: "Begin an observation at home at once, without a second person",
					}),
					kind: "check",
				}}
				value={value !== null}
				onValue={(on) => onChange(on ? { leader: session.value?.login ?? "", cadre: "", medic: "" } : null)}
			/>
			{value && who("leader", t({ zh: "包保领导", en: "Leader" }), "leader")}
			{value && who("cadre", t({ zh: "包保网格员", en: "Grid member" }), "grid")}
			{value && who("medic", t({ zh: "包保医务人员", en: "Medic" }), "medic")}
		</>
	);
}

/** Digits press the buttons: anywhere but where something is typed, and with Alt there as well. */
function useOutcomeKeys(on: boolean, press: (digit: number) => void): void {
	const latest = useRef(press);
	latest.current = press;
	useEffect(() => {
		if (!on) {
			return;
		}
		const key = (e: KeyboardEvent) => {
			const digit = /^Digit([1-4])$/.exec(e.code)?.[1];
			const at = e.target instanceof Element ? e.target : null;
			const typing = at?.matches("textarea, select, input:not([type=checkbox])") ?? false;
			// A key that is held down is one answer, not one for each person who comes up.
			if (!digit || e.repeat || e.ctrlKey || e.metaKey || at?.closest("dialog") || (typing && !e.altKey)) {
				return;
			}
			e.preventDefault();
			latest.current(Number(digit));
		};
		document.addEventListener("keydown", key);
		return () => document.removeEventListener("keydown", key);
	}, [on]);
}
