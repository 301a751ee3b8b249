// The frame: top bar, the people on this phone, one of five screens, the way
// between them. The address names the screen and nobody.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { choose, lang, t } from "../../shared/i18n";
import type { Home } from "../home";
import { Activate } from "./activate";
import { CareScreen } from "./care";
import { MoreScreen } from "./more";
import { Icon, type IconName, Note } from "./parts";
import { PassScreen } from "./pass";
import { RecordsScreen } from "./records";
import { StatusScreen } from "./status";

const screens = ["pass", "status", "records", "care", "more", "add"] as const;
type Screen = (typeof screens)[number];

const screen = signal<Screen>(screenOf(location.hash));
window.addEventListener("hashchange", () => {
	screen.value = screenOf(location.hash);
	window.scrollTo(0, 0);
});

function screenOf(hash: string): Screen {
	return screens.find((s) => `#${s}` === hash) ?? "pass";
}

const tabs: [Screen, IconName, { zh: string; en: string }][] = [
	["pass", "code", { zh: "通行码", en: "Pass" }],
	["status", "status", { zh: "状态", en: "Status" }],
	["records", "records", { zh: "记录", en: "Records" }],
	["care", "care", { zh: "服务", en: "Care" }],
	["more", "more", { zh: "设置", en: "More" }],
];

/** code: from the sheet's link, "" without one; sent once. */
export function App({ home, code, codeUsed }: { home: Home; code: string; codeUsed: () => void }) {
	useEffect(() => {
		document.documentElement.classList.toggle("large", home.large.value);
	}, [home.large.value]);
	useEffect(() => {
		document.title = `${t({ zh: "通行码", en: "Pass" })} · passgate`;
	}, [lang.value]);
	if (!home.ready.value) {
		return null;
	}
	const person = home.shown.value;
	const activating = code !== "" || screen.value === "add" || !person;
	return (
		<>
			<TopBar home={home} />
			{home.notice.value && (
				<div class="notes">
					<Note tone="warn" icon="eye">
						{t(home.notice.value)}
					</Note>
				</div>
			)}
			{activating || !person ? (
				<main>
					<Activate
						home={home}
						code={code}
						done={() => {
							codeUsed();
							location.hash = "#pass";
						}}
					/>
				</main>
			) : (
				<>
					{screen.value !== "more" && <People home={home} />}
					<main>
						{screen.value === "pass" && <PassScreen home={home} person={person} />}
						{screen.value === "status" && <StatusScreen home={home} person={person} />}
						{screen.value === "records" && <RecordsScreen home={home} person={person} />}
						{screen.value === "care" && <CareScreen home={home} person={person} />}
						{screen.value === "more" && <MoreScreen home={home} />}
					</main>
					<Tabs />
				</>
			)}
		</>
	);
}

function TopBar({ home }: { home: Home }) {
	const family = home.shown.value?.family;
	return (
		<div class="top">
			<span>{family ? `${family.site} ${family.door}` : t({ zh: "健康易通行", en: "Easy pass" })}</span>
			<button type="button" aria-pressed={home.large.value} onClick={() => home.setLarge(!home.large.value)}>
				<Icon name="big" /> {t({ zh: "大字", en: "Large" })}
			</button>
			<button
				type="button"
				lang={lang.value === "zh" ? "en" : "zh-CN"}
				onClick={() => choose(lang.value === "zh" ? "en" : "zh")}
			>
				{lang.value === "zh" ? "EN" : "中文"}
			</button>
		</div>
	);
}

/** Everybody on this phone; nothing if there is but one. */
function People({ home }: { home: Home }) {
	const shown = home.shown.value?.member.id;
	const bar = useRef<HTMLElement>(null);
	// Whoever is shown, by a swipe say, comes into view.
	useEffect(() => {
		const on = bar.current?.querySelector<HTMLElement>("[aria-pressed=true]");
		if (bar.current && on) {
			bar.current.scrollLeft = on.offsetLeft - (bar.current.clientWidth - on.offsetWidth) / 2;
		}
	}, [shown]);
	return home.people.value.length < 2 ? null : (
		<nav class="people" ref={bar} aria-label={t({ zh: "家人", en: "Family" })}>
			{home.people.value.map(({ member }) => (
				<button type="button" key={member.id} aria-pressed={member.id === shown} onClick={() => home.show(member.id)}>
					{member.name}
				</button>
			))}
		</nav>
	);
}

function Tabs() {
	return (
		<nav class="tabs" aria-label={t({ zh: "页面", en: "Screens" })}>
			{tabs.map(([name, icon, word]) => (
				<a key={name} href={`#${name}`} {...(screen.value === name ? { "aria-current": "page" as const } : {})}>
					<Icon name={icon} />
					<span>{t(word)}</span>
				</a>
			))}
		</nav>
	);
}
