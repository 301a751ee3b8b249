// The grid member's page.
import { effect } from "@preact/signals";
import { render } from "preact";
import "../desk/desk.css";
import { keepIn, type Session, session } from "../desk/session";
import { Login } from "../desk/ui/login";
import { Overlays } from "../desk/ui/overlay";
import { followLanguage, t } from "../shared/i18n";
import { register } from "../shared/update";
import { Desk } from "./desk";
import "./grid.css";
import { openStore } from "./store";
import { App } from "./ui/app";

const KEY = "passgate.grid.session";
/** ms for which a member goes on without a network after the session has ended: the server asks for a login when it is back. */
const OVERTIME = 12 * 3600_000;

// A phone is one person's: the session outlives the tab, until it expires.
keepIn({
	load() {
		try {
			const found = JSON.parse(localStorage.getItem(KEY) ?? "null") as Session | null;
			return found && found.expires + OVERTIME > Date.now() ? found : null;
		} catch {
			return null;
		}
	},
	save(next) {
		try {
			if (next) {
				localStorage.setItem(KEY, JSON.stringify(next));
			} else {
				localStorage.removeItem(KEY);
			}
		} catch {
			// it holds for this visit
		}
	},
});

function Page({ desk }: { desk: Desk }) {
	return (
		<>
			{session.value ? <App desk={desk} /> : <Login app={t({ zh: "网格员", en: "Grid member" })} note={unsent(desk)} />}
			<Overlays />
		</>
	);
}

/** What waits while nobody is signed in is not lost, and they are told. */
function unsent(desk: Desk): string {
	const { count, who } = desk.unsent.value;
	return count === 0
		? ""
		: t({
				zh: `这部手机上还有 ${count} 条没有上传（账号 ${who}），登录后自动上传。`,
				en: `${count} entries of ${who} wait on this phone: they go out after signing in.`,
			});
}

async function start(): Promise<void> {
	followLanguage();
	const desk = new Desk(await openStore());
	let who: string | null = null;
	effect(() => {
		const login = session.value?.login ?? "";
		if (login !== who) {
			who = login;
			void (login ? desk.open() : desk.leave());
		}
	});
	const root = document.getElementById("app");
	if (root) {
		render(<Page desk={desk} />, root);
	}
	window.addEventListener("online", () => void desk.refresh());
	document.addEventListener("visibilitychange", () => {
		if (document.visibilityState === "visible") {
			void desk.refresh();
		}
	});
	await register("/grid-sw.js", "/grid");
}

void start();
