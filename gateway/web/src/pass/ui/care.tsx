// What the community does for a household: the diary of those under observation,
// and requests with what became of them.
import { useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { newId } from "../../shared/id";
import { dayAndTime } from "../../shared/time";
import type { Home, Person } from "../home";
import type { RequestKind, ServiceRequest } from "../types";
import { requestWord } from "../words";
import { Diary } from "./diary";
import { CallLink, Problem, Sheet, useAction, useLoad } from "./parts";

const kinds = Object.keys(requestWord) as RequestKind[];

export function CareScreen({ home, person }: { home: Home; person: Person }) {
	const { member, family } = person;
	const [asking, setAsking] = useState<RequestKind | null>(null);
	const { value, failure, reload } = useLoad(family.token, () => home.my.requests(family.token));
	return (
		<article class="screen">
			<h1>{member.name}</h1>
			{member.observed && <Diary home={home} person={person} observed={member.observed} key={member.id} />}
			<section>
				<h2>{t({ zh: "需要帮忙？", en: "Need a hand?" })}</h2>
				<div class="kinds">
					{kinds.map((kind) => (
						<button type="button" key={kind} onClick={() => setAsking(kind)}>
							{t(requestWord[kind])}
						</button>
					))}
				</div>
				<CallLink name={family.office.name} phone={family.office.phone} />
			</section>
			<section>
				<h2>{t({ zh: "本户的请求", en: "Your household's requests" })}</h2>
				<Problem cause={failure} />
				{value?.requests.length === 0 && <p class="empty">{t({ zh: "还没有。", en: "None so far." })}</p>}
				<ul class="requests">
					{value?.requests.map((r) => (
						<RequestRow request={r} name={family.members.find((m) => m.id === r.resident)?.name ?? ""} key={r.id} />
					))}
				</ul>
			</section>
			{asking && (
				<Ask
					home={home}
					person={person}
					kind={asking}
					done={(sent) => {
						setAsking(null);
						if (sent) {
							reload();
						}
					}}
				/>
			)}
		</article>
	);
}

const steps = [
	["open", { zh: "已提交", en: "Sent" }],
	["taken", { zh: "已接单", en: "Taken" }],
	["done", { zh: "已办好", en: "Done" }],
] as const;

function RequestRow({ request: r, name }: { request: ServiceRequest; name: string }) {
	const reached = steps.findIndex(([state]) => state === r.state);
	const times = [r.opened_at, r.taken_at, r.done_at];
	return (
		<li>
			<b>
				{t(requestWord[r.kind] ?? requestWord.other)}
				{name ? ` · ${name}` : ""}
			</b>
			{r.text && <p>{r.text}</p>}
			<ol class="steps">
				{steps.map(([state, word], i) => (
					<li key={state} class={i <= reached ? "reached" : ""} {...(i === reached ? { "aria-current": "step" } : {})}>
						{t(word)}
						{i <= reached && times[i] ? <small> {dayAndTime(Date.parse(times[i] ?? ""))}</small> : null}
					</li>
				))}
			</ol>
			{r.note && (
				<p class="reply">
					{t({ zh: "回复：", en: "Reply: " })}
					{r.note}
				</p>
			)}
		</li>
	);
}

function Ask({
	home,
	person,
	kind,
	done,
}: {
	home: Home;
	person: Person;
	kind: RequestKind;
	done: (sent: boolean) => void;
}) {
	const [text, setText] = useState("");
	const id = useRef(newId()); // frozen, so that sending again makes one request
	const { busy, failure, run } = useAction();
	const needsText = kind === "other" || kind === "shopping" || kind === "medicine";
	const submit = async (e: Event) => {
		e.preventDefault();
		const sent = await run(async () => {
			await home.my.addRequest(person.family.token, id.current, person.member.id, kind, text.trim());
		});
		if (sent) {
			done(true);
		}
	};
	return (
		<Sheet title={`${t(requestWord[kind])} · ${person.member.name}`} onClose={() => done(false)}>
			<form onSubmit={submit}>
				<label for="request">
					{needsText
						? t({ zh: "要什么，多少？", en: "What, and how much?" })
						: t({ zh: "想说明的（可不填）", en: "Anything to add (optional)" })}
				</label>
				<textarea id="request" rows={4} maxLength={300} value={text} onInput={(e) => setText(e.currentTarget.value)} />
				<Problem cause={failure} />
				<button type="submit" class="primary wide" disabled={busy || (needsText && text.trim() === "")}>
					{busy ? t({ zh: "正在提交……", en: "Sending…" }) : t({ zh: "提交给网格员", en: "Send to the grid member" })}
				</button>
			</form>
		</Sheet>
	);
}
