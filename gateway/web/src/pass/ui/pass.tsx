// The pass: name, status, the code as large as it gets, and the running time that
// a screenshot cannot have.
import { useEffect, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { clockTime, clockTimeSeconds, localDay } from "../../shared/time";
import { clockTrouble } from "../clock";
import type { Home, Person } from "../home";
import { changesAt, coveredUntil, passAt, STEP } from "../strip";
import { countdown, second } from "../tick";
import { slotWord, toneOf } from "../words";
import { Icon, Note, Problem, useAction } from "./parts";
import { Qr } from "./qr";
import { useSwipe } from "./swipe";
import { useWakeLock } from "./wake";

export function PassScreen({ home, person }: { home: Home; person: Person }) {
	useWakeLock();
	const swipe = useSwipe((by) => home.turn(by));
	const [full, setFull] = useFullScreen();
	const { member } = person;
	const strip = home.strips.value.get(member.id);
	const pass = passAt(strip, second.value);
	return (
		<div class="pass-screen">
			<section class={`pass tone-${toneOf[member.status] ?? "eye"} ${full ? "full" : ""}`} {...swipe}>
				<Band home={home} person={person} />
				{strip && pass ? (
					<>
						<button
							type="button"
							class="enlarge"
							aria-pressed={full}
							aria-label={t({ zh: "全屏显示", en: "Full screen" })}
							onClick={() => setFull(!full)}
						>
							<Qr text={pass.compact} label={qrLabel(member.name, pass.to)} beside={beside(full, home.large.value)} />
						</button>
						<Proof left={changesAt(strip, pass) - second.value} />
					</>
				) : (
					<NoPass home={home} person={person} />
				)}
			</section>
			<Notes home={home} person={person} until={coveredUntil(strip, second.value)} />
		</div>
	);
}

function qrLabel(name: string, until: number): string {
	return t({
		zh: `${name}的通行码，${clockTime(until)}前有效`,
		en: `Pass of ${name}, valid until ${clockTime(until)}`,
	});
}

/** What has to stay in view above and below the code, CSS px. */
function beside(full: boolean, large: boolean): number {
	const short = window.matchMedia("(orientation: landscape) and (max-height: 560px)").matches;
	if (short) {
		return full ? 0 : 190;
	}
	return full ? 180 : large ? 396 : 330;
}

/** Full screen within the page: a tap goes there and back, Escape goes back. */
function useFullScreen(): [boolean, (full: boolean) => void] {
	const [full, setFull] = useState(false);
	useEffect(() => {
		const onKey = (e: KeyboardEvent) => e.key === "Escape" && setFull(false);
		window.addEventListener("keydown", onKey);
		return () => window.removeEventListener("keydown", onKey);
	}, []);
	return [full, setFull];
}

function Band({ home, person: { member, family } }: { home: Home; person: Person }) {
	const tone = toneOf[member.status] ?? "eye";
	return (
		<header class="band">
			<Icon name={tone === "care" ? "caution" : tone} />
			<div>
				<h1 class={member.name.length > 8 ? "long" : ""}>{member.name}</h1>
				<p>
					{t(member.status_text)}
					{home.families.value.length > 1 ? ` · ${family.site}` : ""}
				</p>
			</div>
		</header>
	);
}

/** Time of day, running, and how long until the next code. */
function Proof({ left }: { left: number }) {
	const part = Math.min(1, Math.max(0, left / STEP));
	const length = 2 * Math.PI * 21;
	return (
		<div class="proof">
			<div class="now">
				<time>{clockTimeSeconds(second.value)}</time>
				<small>{localDay(second.value)}</small>
				<i class="sweep" />
			</div>
			<div class="ring">
				<svg viewBox="0 0 48 48" aria-hidden="true">
					<circle cx="24" cy="24" r="21" class="track" />
					<circle
						cx="24"
						cy="24"
						r="21"
						class="left"
						stroke-dasharray={length}
						stroke-dashoffset={length * (1 - part)}
					/>
				</svg>
				<b>{countdown(left)}</b>
				<small>{t({ zh: "后换新码", en: "to next code" })}</small>
			</div>
		</div>
	);
}

/** Without a code: why, and how to get in all the same. */
function NoPass({ home, person: { member, family } }: { home: Home; person: Person }) {
	if (member.status === "gone") {
		return (
			<p class="no-pass">
				{t({
					zh: "此人已不在这里登记，没有通行码。如有误，请打社区电话。",
					en: "This person is no longer registered here, so there is no pass. If that is wrong, phone your community.",
				})}
			</p>
		);
	}
	if (home.online.value !== false) {
		return <p class="no-pass">{t({ zh: "正在取码……", en: "Fetching the code…" })}</p>;
	}
	return (
		<div class="no-pass">
			<p>
				<b>
					{clockTrouble(home.clock.value, Date.now()) === "moved"
						? t({
								zh: "手机时间不对，选不出现在的码。",
								en: "The phone's time is wrong: the code for now cannot be picked.",
							})
						: t({
								zh: "存的码已用完，需要联网取新码。",
								en: "The stored codes have run out: new ones need a network.",
							})}
				</b>
			</p>
			<p>
				{t({
					zh: "到了门口也不用急：请值守人员按姓名或门牌查找，或出示纸质码、身份证。",
					en: "At the gate you need not worry: ask the guard to search for your name or door, or show a paper pass or ID card.",
				})}
			</p>
			<p class="door">
				{member.name} · {family.site} {family.door}
			</p>
			<button type="button" class="primary" onClick={() => home.refresh(true)}>
				{t({ zh: "重新连接", en: "Try to connect" })}
			</button>
		</div>
	);
}

/** What is to be said below the code, most urgent first. */
function Notes({ home, person, until }: { home: Home; person: Person; until: number }) {
	const { offset } = home.clock.value;
	const trouble = clockTrouble(home.clock.value, Date.now());
	const { busy, failure, run } = useAction();
	const due = person.member.observed?.readings_due ?? [];
	return (
		<div class="notes">
			{trouble === "moved" && (
				<Note tone="warn" icon="clock">
					{t({
						zh: "手机时间被改过。请在系统设置中打开「自动设置时间」，或联网一次。",
						en: "The phone's time was changed. Turn on “automatic time” in its settings, or go online once.",
					})}
				</Note>
			)}
			{trouble === "off" && (
				<Note tone="warn" icon="clock">
					{wrongBy(offset)}
				</Note>
			)}
			{home.online.value === false && until > 0 && (
				<Note icon="cut">
					{t({
						zh: `没有网络，通行码照常可用到 ${untilWord(until)}。`,
						en: `No network. The code goes on working until ${untilWord(until)}.`,
					})}
				</Note>
			)}
			{due.length > 0 && (
				<Note tone="warn" icon="care">
					<a href="#care">
						{t({
							zh: `今天${due.map((s) => slotWord[s].zh).join("、")}的体温还没填，点这里填写`,
							en: `Today's ${due.map((s) => slotWord[s].en.toLowerCase()).join(" and ")} temperature is missing: enter it here`,
						})}
					</a>
				</Note>
			)}
			{!home.durable.value && (
				<Note tone="warn" icon="eye">
					{t({
						zh: "这个窗口不能存数据（无痕模式？）：关闭后要重新激活。请换普通窗口打开。",
						en: "This window cannot store anything (private mode?): once closed, it has to be activated again. Use a normal window.",
					})}
				</Note>
			)}
			<p class="hint">
				<Icon name="sun" />
				{t({
					zh: "扫不出来？把屏幕调到最亮，离卡口手机一掌远。",
					en: "Not read? Turn the brightness up and hold it a hand away.",
				})}
			</p>
			<Problem cause={failure} />
			<button type="button" class="renew" disabled={busy} onClick={() => run(() => home.renew(person))}>
				{busy
					? t({ zh: "正在取码……", en: "Fetching…" })
					: t({ zh: "值守人员说码已作废？重新取码", en: "Told that it is revoked? Fetch a new code" })}
			</button>
		</div>
	);
}

function wrongBy(offset: number): string {
	const minutes = Math.round(Math.abs(offset) / 60_000);
	return offset > 0
		? t({
				zh: `手机时间快了 ${minutes} 分钟，通行码已按标准时间校正。请在系统设置中打开「自动设置时间」。`,
				en: `The phone's clock is ${minutes} minutes fast. The code is corrected; turn on “automatic time” in the phone's settings.`,
			})
		: t({
				zh: `手机时间慢了 ${minutes} 分钟，通行码已按标准时间校正。请在系统设置中打开「自动设置时间」。`,
				en: `The phone's clock is ${minutes} minutes slow. The code is corrected; turn on “automatic time” in the phone's settings.`,
			});
}

/** "18:05", with the day in front unless it is today. */
function untilWord(ms: number): string {
	const day = localDay(ms);
	return day === localDay(second.value) ? clockTime(ms) : `${day.slice(5)} ${clockTime(ms)}`;
}
