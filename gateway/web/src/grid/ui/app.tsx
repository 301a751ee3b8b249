// The grid member's page: four lists of what is left today, and what waits to be sent.
import { useSignal } from "@preact/signals";
import { Problem } from "../../desk/ui/parts";
import { choose, lang, t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { update, updateReady } from "../../shared/update";
import type { Desk } from "../desk";
import { Homes } from "./homes";
import { Outbox } from "./outbox";
import { Readings } from "./readings";
import { Requests } from "./requests";
import { Ring } from "./ring";
import { Rounds } from "./rounds";
import { Undo } from "./undo";

type Part = "readings" | "requests" | "rounds" | "homes" | "outbox";

export function App({ desk }: { desk: Desk }) {
	const part = useSignal<Part>("readings");
	const left = desk.left.value;
	return (
		<div class="grid-page">
			<Head desk={desk} />
			{!desk.durable.value && (
				<p class="strip bad" role="alert">
					{t({
						zh: "这部手机现在存不住数据：没上传的记录，关掉页面就会丢。请尽快联网上传，再重开页面。",
						en: "This phone keeps nothing now: what is not sent is lost with the page. Get online soon, then open the page again.",
					})}{" "}
					<button type="button" class="btn" onClick={() => void desk.reopen()}>
						{t({ zh: "再试一次", en: "Try again" })}
					</button>
				</p>
			)}
			{desk.overtime && (
				<p class="strip" role="status">
					{t({
						zh: "登录已过期，可以继续记；联网后要重新登录，记下的会照样上传。",
						en: "Your session has ended: go on, sign in again once online, and all of it is sent.",
					})}
				</p>
			)}
			{updateReady.value && desk.durable.value && (
				<button type="button" class="strip" onClick={update}>
					{t({ zh: "有新版本，点此更新", en: "A new version is here: tap to change" })}
				</button>
			)}
			<Problem cause={desk.failure.value} retry={() => void desk.refresh()} />
			{(desk.kept.value?.today.truncated || desk.kept.value?.today.homes.truncated) && (
				<p class="strip" role="status">
					{t({
						zh: "清单太长，每类只列出前 500 条；办完这些再刷新。",
						en: "The list is long: the first 500 of each kind are shown; do these, then refresh.",
					})}
				</p>
			)}
			{left ? (
				<>
					<Parts desk={desk} now={part.value} onPick={(next) => (part.value = next)} />
					<main id="main">
						{part.value === "readings" && <Readings desk={desk} left={left} />}
						{part.value === "requests" && <Requests desk={desk} left={left} />}
						{part.value === "rounds" && <Rounds desk={desk} left={left} />}
						{part.value === "homes" && <Homes desk={desk} left={left} />}
						{part.value === "outbox" && <Outbox desk={desk} />}
					</main>
				</>
			) : (
				<main id="main">
					<p class="none" role="status">
						{desk.busy.value
							? t({ zh: "正在取今日清单…", en: "Fetching today's list…" })
							: t({ zh: "手机上没有今日清单，联网后点刷新", en: "No list on this phone: connect and refresh" })}
					</p>
				</main>
			)}
			<Undo desk={desk} />
		</div>
	);
}

function Head({ desk }: { desk: Desk }) {
	const kept = desk.kept.value;
	const left = desk.left.value;
	return (
		<header class="top">
			<Ring reached={left?.reached ?? 0} of={left?.of ?? 0} />
			<div class="state">
				<h1>{t({ zh: "今日网格", en: "Today" })}</h1>
				<p>
					{desk.online.value ? t({ zh: "在线", en: "Online" }) : t({ zh: "离线", en: "Offline" })}
					{kept && ` · ${t({ zh: "清单", en: "list of" })} ${dayAndTime(kept.at)}`}
				</p>
			</div>
			<div class="tools">
				{kept?.office.phone && (
					<a class="tool" href={`tel:${kept.office.phone}`}>
						{t({ zh: "打给街道", en: "Phone the office" })}
					</a>
				)}
				<button type="button" class="tool" disabled={desk.busy.value} onClick={() => void desk.refresh()}>
					{t({ zh: "刷新", en: "Refresh" })}
				</button>
				<button type="button" class="tool" onClick={() => choose(lang.value === "zh" ? "en" : "zh")}>
					{lang.value === "zh" ? "EN" : "中文"}
				</button>
				<button type="button" class="tool" onClick={() => void desk.close()}>
					{t({ zh: "退出", en: "Sign out" })}
				</button>
			</div>
		</header>
	);
}

function Parts({ desk, now, onPick }: { desk: Desk; now: Part; onPick: (part: Part) => void }) {
	const left = desk.left.value;
	const parts: [Part, string, number][] = [
		["readings", t({ zh: "测温", en: "Readings" }), (left?.readings.length ?? 0) + (left?.reports.length ?? 0)],
		["requests", t({ zh: "需求", en: "Requests" }), left?.requests.length ?? 0],
		["rounds", t({ zh: "消毒", en: "Rounds" }), left?.rounds.length ?? 0],
		["homes", t({ zh: "入户", en: "Homes" }), (left?.of ?? 0) - (left?.reached ?? 0)],
		["outbox", t({ zh: "待上传", en: "To send" }), desk.waiting.value + desk.refused.value.length],
	];
	return (
		<nav class="parts" aria-label={t({ zh: "清单", en: "Lists" })}>
			{parts.map(([part, name, count]) => (
				<button
					type="button"
					key={part}
					class={part}
					aria-current={part === now ? "page" : undefined}
					onClick={() => onPick(part)}
				>
					<b>{count}</b>
					{name}
				</button>
			))}
		</nav>
	);
}
