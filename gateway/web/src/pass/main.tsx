// The residents' page.
import { signal } from "@preact/signals";
import { render } from "preact";
import { measureOffset } from "../shared/clock";
import { followLanguage, t } from "../shared/i18n";
import { register } from "../shared/update";
import { codeInFragment } from "./code";
import { EVERY, Home } from "./home";
import { residents } from "./my";
import "./pass.css";
import "./css/print.css";
import { openStore } from "./store";
import { run } from "./tick";
import { App } from "./ui/app";

const code = signal("");

/** Takes the code of the sheet's link out of the address at once: nobody finds it in a history. */
function takeCode(): void {
	const found = codeInFragment(location.hash);
	if (found !== "") {
		code.value = found;
		history.replaceState(null, "", location.pathname + location.search);
	}
}

takeCode();
window.addEventListener("hashchange", takeCode);

async function start(): Promise<void> {
	followLanguage();
	const root = document.getElementById("app");
	const slow = setTimeout(() => root && render(<Opening />, root), 1_000);
	const home = new Home(residents(), await openStore(), () => measureOffset(2));
	await home.start();
	clearTimeout(slow);
	run(
		() => home.now(),
		() => void home.refresh(true),
	);
	if (root) {
		render(<Page home={home} />, root);
	}
	void home.refresh();
	const look = () => {
		if (document.visibilityState === "visible") {
			void home.refresh();
		}
	};
	document.addEventListener("visibilitychange", look);
	window.addEventListener("online", () => void home.refresh(true));
	setInterval(look, EVERY);
	await register("/pass-sw.js", "/pass");
}

/** While a slow disk is waited for: nobody is to think that they have to activate again. */
function Opening() {
	return (
		<main>
			<p role="status">{t({ zh: "正在打开…", en: "Opening…" })}</p>
		</main>
	);
}

function Page({ home }: { home: Home }) {
	return (
		<App
			home={home}
			code={code.value}
			codeUsed={() => {
				code.value = "";
			}}
		/>
	);
}

void start();
