// "This is wrong": the resident's words, the office's 48 hours, its answer.
import { useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { newId } from "../../shared/id";
import { dayAndTime } from "../../shared/time";
import type { Home, Person } from "../home";
import { countdown, second } from "../tick";
import type { Contest } from "../types";
import { Note, Problem, useAction } from "./parts";

/** Most characters of a contest. */
const LONGEST = 500;

export function ContestPart({ home, person }: { home: Home; person: Person }) {
	const { member } = person;
	const last = member.contest ?? null;
	const [writing, setWriting] = useState(false);
	const contestable = member.status !== "green" && member.status !== "recovered";
	if (!contestable && !last) {
		return null;
	}
	return (
		<section class="contest">
			<h2>{t({ zh: "申诉", en: "Contest this" })}</h2>
			{last && <Shown contest={last} />}
			{contestable && last?.state !== "open" && !writing && (
				<>
					<p>
						{t({
							zh: "觉得不对？写下来，由另一个人复核，48 小时内答复。",
							en: "Is this wrong? Write it down: somebody else looks at it and answers within 48 hours.",
						})}
					</p>
					<button type="button" class="wide" onClick={() => setWriting(true)}>
						{last ? t({ zh: "再次申诉", en: "Contest again" }) : t({ zh: "我要申诉", en: "Contest this status" })}
					</button>
				</>
			)}
			{writing && <Write home={home} person={person} done={() => setWriting(false)} />}
		</section>
	);
}

function Shown({ contest }: { contest: Contest }) {
	const left = Date.parse(contest.due_at) - second.value;
	return (
		<div class="answer">
			<blockquote>{contest.text}</blockquote>
			<p>
				<small>{t({ zh: "提交于 ", en: "Sent " }) + dayAndTime(Date.parse(contest.opened_at))}</small>
			</p>
			{contest.state !== "open" ? (
				<p>
					<b>
						{contest.state === "changed"
							? t({ zh: "申诉成立，状态已更改", en: "You were right: the status was changed" })
							: t({ zh: "复核后维持原状态", en: "Looked at again: the status stays" })}
					</b>
					<br />
					{contest.answer}
					{contest.answered_at && <small class="when"> {dayAndTime(Date.parse(contest.answered_at))}</small>}
				</p>
			) : left > 0 ? (
				<p class="clock" role="timer">
					{t({ zh: "离答复期限还有 ", en: "Time left to answer: " })}
					<b>{countdown(left)}</b>
				</p>
			) : (
				<Note tone="warn" icon="clock">
					{t({
						zh: "已过 48 小时还没有答复，上级已收到提醒。您也可以打下面的电话催问。",
						en: "48 hours have passed without an answer; those above were alerted. You can phone the number below as well.",
					})}
				</Note>
			)}
		</div>
	);
}

function Write({ home, person, done }: { home: Home; person: Person; done: () => void }) {
	const [text, setText] = useState("");
	const id = useRef(newId()); // frozen, so that sending again after a lost answer opens one contest
	const { busy, failure, run } = useAction();
	const submit = async (e: Event) => {
		e.preventDefault();
		const sent = await run(async () => {
			await home.my.contest(person.family.token, id.current, person.member.id, text.trim());
			await home.refresh(true);
		});
		if (sent) {
			done();
		}
	};
	return (
		<form onSubmit={submit}>
			<label for="contest">{t({ zh: "哪里不对？有什么证明？", en: "What is wrong? What shows it?" })}</label>
			<textarea
				id="contest"
				rows={5}
				maxLength={LONGEST}
				required
				value={text}
				placeholder={t({
					zh: "例：我 1 月 20 日以后没有离开过本县。",
					en: "For example: I have not left the county since 20 January.",
				})}
				onInput={(e) => setText(e.currentTarget.value)}
			/>
			<Problem cause={failure} />
			<div class="pair">
				<button type="button" onClick={done} disabled={busy}>
					{t({ zh: "取消", en: "Cancel" })}
				</button>
				<button type="submit" class="primary" disabled={busy || text.trim() === ""}>
					{busy ? t({ zh: "正在提交……", en: "Sending…" }) : t({ zh: "提交申诉", en: "Send" })}
				</button>
			</div>
		</form>
	);
}
