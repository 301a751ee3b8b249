// What is recorded of a member: their own passages by day, and who has read them.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { clockTime, dayAndTime, localDay, startOfDay } from "../../shared/time";
import type { Home, Person } from "../home";
import type { HistoryEvent, Read } from "../types";
import { decisionWord } from "../words";
import { Icon, Problem, useLoad } from "./parts";

const DAY = 86_400_000;
/** Days a question may span. */
const SPAN = 14;

export function RecordsScreen({ home, person }: { home: Home; person: Person }) {
	const [part, setPart] = useState<"history" | "readers">("history");
	return (
		<article class="screen">
			<h1>{person.member.name}</h1>
			<div class="switch">
				<button type="button" aria-pressed={part === "history"} onClick={() => setPart("history")}>
					{t({ zh: "出入记录", en: "Passages" })}
				</button>
				<button type="button" aria-pressed={part === "readers"} onClick={() => setPart("readers")}>
					{t({ zh: "谁看过", en: "Who has read" })}
				</button>
			</div>
			{part === "history" ? (
				<History home={home} person={person} key={person.member.id} />
			) : (
				<Readers home={home} person={person} key={person.member.id} />
			)}
			<button type="button" class="wide" onClick={() => window.print()}>
				{t({ zh: "打印", en: "Print" })}
			</button>
		</article>
	);
}

function History({ home, person: { family, member } }: { home: Home; person: Person }) {
	const [back, setBack] = useState(0); // spans of 14 days before this one
	const end = startOfDay(home.now()) + DAY - back * SPAN * DAY;
	const from = end - SPAN * DAY;
	const { value, failure, reload } = useLoad(`${member.id} ${back}`, () =>
		home.my.history(family.token, member.id, from, Math.min(end, home.now())),
	);
	const days = byDay(value?.events ?? []);
	return (
		<>
			<p class="span">
				{localDay(from).slice(5)} – {localDay(end - 1).slice(5)}
			</p>
			<div class="pair">
				<button type="button" onClick={() => setBack(back + 1)} disabled={back > 3}>
					{t({ zh: "更早", en: "Earlier" })}
				</button>
				<button type="button" onClick={() => setBack(back - 1)} disabled={back === 0}>
					{t({ zh: "更近", en: "Later" })}
				</button>
			</div>
			<Problem cause={failure} />
			{failure !== null && <Retry reload={reload} />}
			{!value && !failure && <p class="help">{t({ zh: "正在读取……", en: "Loading…" })}</p>}
			{value && days.length === 0 && (
				<p class="empty">{t({ zh: "这些天没有出入记录。", en: "No passages in these days." })}</p>
			)}
			{days.map(([day, events]) => (
				<section class="day" key={day}>
					<h2>{dayWord(day, home.now())}</h2>
					<ul>
						{events.map((e) => (
							<Passage event={e} key={e.id + e.occurred_at} />
						))}
					</ul>
				</section>
			))}
		</>
	);
}

function Passage({ event: e }: { event: HistoryEvent }) {
	const refused = e.decision !== "pass";
	return (
		<li class={`passage ${e.annulled ? "annulled" : ""}`}>
			<time>{clockTime(Date.parse(e.occurred_at))}</time>
			<Icon name={e.direction} />
			<div>
				<b>
					{e.direction === "in" ? t({ zh: "进", en: "In" }) : t({ zh: "出", en: "Out" })} · {e.gate || e.site}
				</b>
				{e.temperature ? <span class="temperature"> {e.temperature.toFixed(1)} °C</span> : null}
				{refused || e.annulled ? (
					<p class={refused ? "refused" : ""}>
						{e.annulled
							? t({ zh: "已由值守人员撤销", en: "Taken back by the guard" })
							: `${t(decisionWord[e.decision])} — ${t(e.text)}`}
					</p>
				) : null}
			</div>
		</li>
	);
}

function Readers({ home, person: { family, member } }: { home: Home; person: Person }) {
	const { value, failure, reload } = useLoad(member.id, () => home.my.readers(family.token, member.id));
	return (
		<>
			<p class="help">
				{t({
					zh: "工作人员每次查看您的资料都会留下记录，不能删改。这里写单位和职责，不写姓名。",
					en: "Whenever staff read your data it is recorded and cannot be altered. Offices and roles are named here, people are not.",
				})}
			</p>
			<Problem cause={failure} />
			{failure !== null && <Retry reload={reload} />}
			{!value && !failure && <p class="help">{t({ zh: "正在读取……", en: "Loading…" })}</p>}
			{value?.reads.length === 0 && (
				<p class="empty">{t({ zh: "还没有人查看过。", en: "Nobody has read it so far." })}</p>
			)}
			<ul class="reads">
				{value?.reads.map((r) => (
					<ReadRow read={r} key={`${r.at} ${r.role} ${r.what.en}`} />
				))}
			</ul>
		</>
	);
}

function ReadRow({ read: r }: { read: Read }) {
	const ground = r.ground ? t(r.ground) : "";
	return (
		<li>
			<time>{dayAndTime(Date.parse(r.at))}</time>
			<div>
				<b>
					{r.office} · {t(r.role_text)}
				</b>
				<p>
					{t(r.what)}
					{ground ? ` — ${ground}` : ""}
				</p>
			</div>
		</li>
	);
}

function Retry({ reload }: { reload: () => void }) {
	return (
		<button type="button" class="wide" onClick={reload}>
			{t({ zh: "再试一次", en: "Try again" })}
		</button>
	);
}

/** Latest day first, within it the latest passage first. */
function byDay(events: readonly HistoryEvent[]): [string, HistoryEvent[]][] {
	const days = new Map<string, HistoryEvent[]>();
	for (const e of [...events].sort((a, b) => Date.parse(b.occurred_at) - Date.parse(a.occurred_at))) {
		const day = localDay(Date.parse(e.occurred_at));
		days.set(day, [...(days.get(day) ?? []), e]);
	}
	return [...days];
}

const weekdays = { zh: "日一二三四五六", en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] };

function dayWord(day: string, now: number): string {
	if (day === localDay(now)) {
		return t({ zh: "今天", en: "Today" });
	}
	if (day === localDay(now - DAY)) {
		return t({ zh: "昨天", en: "Yesterday" });
	}
	const n = new Date(`${day}T00:00:00Z`).getUTCDay();
	return t({ zh: `${day.slice(5)} 周${weekdays.zh[n]}`, en: `${weekdays.en[n]} ${day.slice(5)}` });
}
