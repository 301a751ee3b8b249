// What is around every screen: where one can go, who is signed in, the language.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { choose, lang, type Text, t } from "../../shared/i18n";
import { href, route } from "../router";
import { may, type Role, session, signOut } from "../session";
import { nodeName, reloadTown, townFailure, townReady } from "../town";
import { roles, wordOf } from "../words";
import { Login } from "./login";
import { Overlays } from "./overlay";
import { Busy, Button, Empty, Problem } from "./parts";

/** A screen of a page: "#/PATH" and all below it. */
export interface Screen {
	path: string;
	title: Text;
	/** Heading in the navigation under which it stands. */
	group: Text;
	/** Who may open it, besides admins: those whom the API lets in. */
	roles: readonly Role[];
	view: ComponentType;
	/** Reached from other screens only. */
	hidden?: boolean;
}

interface ShellProps {
	app: Text;
	screens: readonly Screen[];
	/** Path that opens first; the first screen that one may open, if left out or not allowed. */
	home?: () => string;
	/** Stands above every screen. */
	top?: ComponentType;
}

/** The page: the login for who is not signed in, else the screen of the address. */
export function Shell(props: ShellProps) {
	useEffect(() => {
		document.title = `${t(props.app)} · passgate`;
	}, [lang.value]);
	return (
		<>
			{session.value ? <Desk {...props} /> : <Login app={t(props.app)} />}
			<Overlays />
		</>
	);
}

function Desk({ app, screens, home, top: Top }: ShellProps) {
	const [open, setOpen] = useState(false);
	const allowed = screens.filter((s) => may(...s.roles));
	const first = allowed.find((s) => s.path === home?.()) ?? allowed.find((s) => !s.hidden);
	const asked = route.value.path[0];
	const now = asked === undefined ? first : screens.find((s) => s.path === asked);
	useEffect(() => setOpen(false), [route.value]);
	return (
		<div class="desk">
			<button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
				{t({ zh: "跳到内容", en: "Skip to the content" })}
			</button>
			<header class="bar">
				<Button
					class="menu"
					aria-expanded={open}
					aria-controls="nav"
					aria-label={t({ zh: "菜单", en: "Menu" })}
					onClick={() => setOpen(!open)}
				>
					☰
				</Button>
				<strong>{t(app)}</strong>
				<Who />
			</header>
			<Nav screens={allowed} now={now} open={open} />
			<main id="main" tabIndex={-1}>
				{Top && <Top />}
				{townReady.value ? (
					<View screen={now} />
				) : townFailure.value ? (
					<Problem cause={townFailure.value} retry={() => void reloadTown()} />
				) : (
					<Busy />
				)}
			</main>
		</div>
	);
}

function View({ screen }: { screen: Screen | undefined }) {
	if (!screen) {
		return <Empty>{t({ zh: "没有这个页面", en: "There is no such page" })}</Empty>;
	}
	if (!may(...screen.roles)) {
		return <Empty>{t({ zh: "您的岗位不能打开这个页面", en: "Your role may not open this page" })}</Empty>;
	}
	return <screen.view key={screen.path} />;
}

function Nav({ screens, now, open }: { screens: readonly Screen[]; now: Screen | undefined; open: boolean }) {
	const groups = new Map<string, Screen[]>();
	for (const s of screens) {
		if (!s.hidden) {
			groups.set(t(s.group), [...(groups.get(t(s.group)) ?? []), s]);
		}
	}
	return (
		<nav id="nav" class={open ? "open" : ""} aria-label={t({ zh: "页面", en: "Pages" })}>
			{[...groups].map(([group, list]) => (
				<section key={group}>
					<h2>{group}</h2>
					{list.map((s) => (
						<a key={s.path} href={href(s.path)} aria-current={s === now ? "page" : undefined}>
							{t(s.title)}
						</a>
					))}
				</section>
			))}
		</nav>
	);
}

function Who() {
	const who = session.value;
	return (
		<div class="who">
			<span>
				{who?.name}{" "}
				<small>
					{wordOf(roles, who?.role ?? "")} · {nodeName(who?.grid ?? "")}
				</small>
			</span>
			<Button onClick={() => choose(lang.value === "zh" ? "en" : "zh")}>{lang.value === "zh" ? "EN" : "中文"}</Button>
			<Button onClick={signOut}>{t({ zh: "退出", en: "Sign out" })}</Button>
		</div>
	);
}
