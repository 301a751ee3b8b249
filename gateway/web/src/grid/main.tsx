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

// A phone is one person's: the session outlives the tab, until it expires.
keepIn({
	load() {
		try {
			const found = JSON.parse(localStorage.getItem(KEY) ?? "null") as Session | null;
			return found && found.expires > Date.now() ? found : null;
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
			{session.value ? <App desk={desk} /> : <Login app={t({ zh: "网格员", en: "Grid member" })} />}
			<Overlays />
		</>
	);
}

async function start(): Promise<void> {
	followLanguage();
	const desk = new Desk(await openStore());
	let who = "";
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
