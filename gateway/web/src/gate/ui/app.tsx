// The page: which screen is shown, and the camera's picture beside it.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../../shared/i18n";
import { CarScreen } from "./carscreen";
import { EmergencyScreen } from "./emergency";
import { EnrolScreen, HandOverScreen, NotDurable, RevokedScreen, ShiftScreen } from "./first";
import { Failed, LaneScreen } from "./lanescreen";
import { MenuScreen, NewVersion, StateScreen } from "./menu";
import { type Model, ModelContext, useModel } from "./model";
import { PaperScreen } from "./paper";
import { Key } from "./parts";
import { PlateScreen } from "./platescreen";
import { RecentScreen } from "./recent";
import { SearchScreen } from "./search";
import { settings } from "./settings";
import { SettingsScreen } from "./settingsscreen";
import { StatusBar } from "./statusbar";
import { VerdictScreen } from "./verdict";
import { Viewfinder } from "./viewfinder";
import { VisitorScreen } from "./visitor";
import { WalkInScreen } from "./walkin";
import { CLOCK_DOUBTFUL, PHASES } from "./words";

/** Room for fewer scans than this, and the guard is told. */
const QUEUE_LOW = 2_000;

export function App({ model }: { model: Model }) {
	return (
		<ModelContext.Provider value={model}>
			<Page />
		</ModelContext.Provider>
	);
}

function Page() {
	const model = useModel();
	useEffect(() => {
		document.documentElement.classList.toggle("dark", settings.value.dark);
	}, [settings.value.dark]);
	const { phase } = model.state.value;
	if (model.state.value.elsewhere) {
		return <Elsewhere />;
	}
	if (phase === "loading" && model.state.value.unread) {
		return <Unread />;
	}
	const [content, camera, name] = phase === "ready" ? atGate(model) : beforeGate(phase);
	return (
		<div class={`page ${phase} on-${name}`}>
			{phase === "ready" && !name.startsWith("verdict") && <StatusBar />}
			{phase === "ready" && name === "lane" && <Banner />}
			<Viewfinder where={camera} />
			{content}
			<p class="notice" role="status">
				{model.notice.value && t(model.notice.value)}
			</p>
		</div>
	);
}

type Shown = [content: ComponentChildren, camera: "full" | "inset" | "away", name: string];

function beforeGate(phase: "loading" | "not_enrolled" | "no_shift" | "revoked"): Shown {
	switch (phase) {
		case "loading":
			return [<p class="loading">{t(PHASES.loading)}</p>, "away", "loading"];
		case "not_enrolled":
			return [<EnrolScreen />, "full", "first"];
		case "no_shift":
			return [<ShiftScreen />, "full", "first"];
		case "revoked":
			return [<RevokedScreen />, "away", "verdict"];
	}
}

/** One window runs a gate: this one has been relieved by another. */
function Elsewhere() {
	return (
		<main class="verdict grey device">
			<div class="says" role="alert">
				<h1>{t({ zh: "已在别的窗口打开", en: "Open in another window" })}</h1>
				<p class="reason">
					{t({
						zh: "卡口在另一个窗口里继续工作。要在这里用，请点下面。",
						en: "The gate goes on in another window. Tap below to take it back to this one.",
					})}
				</p>
			</div>
			<div class="follow">
				<Key as="main" focus onPress={() => location.reload()}>
					{t({ zh: "在这里用", en: "Use it here" })}
				</Key>
			</div>
		</main>
	);
}

/** The phone's disk does not answer: that is no new phone, and what waits there is not lost. */
function Unread() {
	const model = useModel();
	return (
		<main class="verdict grey device">
			<div class="says" role="alert">
				<h1>{t({ zh: "读不出本机数据", en: "This phone's storage does not answer" })}</h1>
				<p class="reason">
					{t({
						zh: "登记和待上传的记录还在手机里，没有丢。先再试一次；不行就关掉浏览器重开（不用无痕窗口），或重启手机。",
						en: "The enrolment and what waits to be sent are still on the phone. Try again; else close the browser and open it again (no private window), or restart the phone.",
					})}
				</p>
			</div>
			<div class="follow">
				<Key as="main" focus onPress={() => location.reload()}>
					{t({ zh: "再试一次", en: "Try again" })}
				</Key>
				<Key onPress={() => void model.engine.startInMemory()}>
					{t({ zh: "先不管它，用新登记码登记本机", en: "Go on without it: enrol with a new code" })}
				</Key>
			</div>
		</main>
	);
}

function atGate(model: Model): Shown {
	const top = model.screens.top.value;
	const l = model.lane.value;
	switch (top) {
		case "lane":
			if (l.step === "verdict" && l.verdict) {
				// The picture stays in a corner where the next code replaces the verdict.
				const inset = model.reading.value ? "inset" : "away";
				return [<VerdictScreen key={l.verdict.id} verdict={l.verdict} />, inset, "verdict"];
			}
			if (l.step === "failed") {
				return [<Failed why={l.failed} />, "away", "over"];
			}
			return [<LaneScreen />, model.keypad.value ? "away" : "full", "lane"];
		case "car":
			return [
				<CarScreen />,
				model.car.value.step === "done" ? "away" : "full",
				model.car.value.step === "done" ? "verdict" : "carpage",
			];
		case "paper":
			return [<PaperScreen />, model.page.value === "" ? "full" : "away", "over"];
		case "plate":
			return [<PlateScreen />, "away", "over"];
		case "search":
			return [<SearchScreen />, "away", "over"];
		case "walk_in":
			return [<WalkInScreen />, "away", "over"];
		case "visitor":
			return [<VisitorScreen />, "away", "over"];
		case "emergency":
			return [<EmergencyScreen />, "away", "over"];
		case "menu":
			return [<MenuScreen />, "away", "over"];
		case "state":
			return [<StateScreen />, "away", "over"];
		case "recent":
			return [<RecentScreen />, "away", "over"];
		case "hand_over":
			return [<HandOverScreen />, "away", "over"];
		case "settings":
			return [<SettingsScreen />, "away", "over"];
	}
}

/** What the guard should know while scanning, calmly: offline, old data, a wrong clock, nothing kept. */
function Banner() {
	const model = useModel();
	const s = model.state.value;
	if (!s.durable) {
		return <NotDurable />;
	}
	if (s.queueLeft !== undefined && s.queueLeft < QUEUE_LOW) {
		return (
			<p class="note warn" role="alert">
				{t({
					zh: `本机只能再存 ${s.queueLeft} 条，请尽快联网上传！`,
					en: `This phone can keep only ${s.queueLeft} more scans: get online soon!`,
				})}
			</p>
		);
	}
	if (s.stale) {
		return (
			<p class="note eye" role="status">
				{t({
					zh: "本机数据太旧，只能看人核对。照常登记，尽快联网。",
					en: "This phone's data is too old: check by eye, keep recording, get online soon.",
				})}
			</p>
		);
	}
	if (s.clockDoubtful) {
		return (
			<p class="note warn" role="status">
				{t(CLOCK_DOUBTFUL)}
			</p>
		);
	}
	if (s.clockWrong) {
		return (
			<p class="note warn" role="status">
				{t({
					zh: `手机时钟${(s.clockOffset ?? 0) > 0 ? "快" : "慢"}了 ${minutes(s.clockOffset)} 分钟，已自动校正；请改为自动设置时间。`,
					en: `The phone's clock is ${minutes(s.clockOffset)} min ${(s.clockOffset ?? 0) > 0 ? "fast" : "slow"}; records are corrected. Set it to automatic.`,
				})}
			</p>
		);
	}
	if (!s.online) {
		return (
			<p class="note" role="status">
				{t({ zh: "离线：照常扫码，联网后自动补传", en: "Offline: keep scanning, it is sent later" })}
			</p>
		);
	}
	return model.idle.value ? <NewVersion /> : null;
}

function minutes(offset: number | null): number {
	return Math.round(Math.abs(offset ?? 0) / 60_000);
}
