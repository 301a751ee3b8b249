// One line at the top: which gate, whether it is connected, how old its data is,
// what waits to be sent. Tapping it says more.
import { useEffect, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { clockTime } from "../../shared/time";
import type { GateState, Text } from "../types";
import { useModel } from "./model";
import { Key } from "./parts";

export function StatusBar() {
	const model = useModel();
	const s = model.state.value;
	const now = useSeconds();
	const level = !s.online || s.stale ? "offline" : s.clockWrong || s.conflicts > 0 || !s.durable ? "care" : "online";
	return (
		<header class={`status ${level}`}>
			<Key icon="menu" as="quiet" label={t({ zh: "菜单", en: "Menu" })} onPress={() => model.screens.open("menu")} />
			<button type="button" class="where" onClick={() => model.screens.open("state")}>
				<b>{s.gate?.name ?? "—"}</b>
				<small>
					<span>{t(connection(s, model.now()))}</span>
					{s.waiting > 0 && <span>{t({ zh: `待传 ${s.waiting}`, en: `${s.waiting} to send` })}</span>}
					{s.conflicts > 0 && <span>{t({ zh: `不一致 ${s.conflicts}`, en: `${s.conflicts} conflicts` })}</span>}
					<time>{clockTime(now - (s.clockOffset ?? 0))}</time>
				</small>
			</button>
			<Key icon="siren" as="danger" class="tall" onPress={() => model.screens.open("emergency")}>
				{t({ zh: "紧急", en: "SOS" })}
			</Key>
		</header>
	);
}

/** Online, or offline with the age of what the phone knows. */
export function connection(s: GateState, now: number): Text {
	if (s.stale) {
		const age = ago(s.syncedAt === null ? null : now - s.syncedAt);
		return { zh: `数据过旧 ${age.zh}`, en: `Old data, ${age.en}` };
	}
	if (s.online) {
		return { zh: "在线", en: "Online" };
	}
	const age = ago(s.syncedAt === null ? null : now - s.syncedAt);
	return { zh: `离线 · 数据 ${age.zh}`, en: `Offline · data ${age.en}` };
}

/** How long ago, roughly. ms; null: never. */
export function ago(ms: number | null): Text {
	if (ms === null) {
		return { zh: "从未更新", en: "never updated" };
	}
	const minutes = Math.max(0, Math.floor(ms / 60_000));
	if (minutes < 1) {
		return { zh: "刚刚", en: "just now" };
	}
	if (minutes < 60) {
		return { zh: `${minutes} 分钟前`, en: `${minutes} min old` };
	}
	const hours = Math.floor(minutes / 60);
	return hours < 48
		? { zh: `${hours} 小时前`, en: `${hours} h old` }
		: { zh: `${Math.floor(hours / 24)} 天前`, en: `${Math.floor(hours / 24)} days old` };
}

/** The phone's time, renewed every few seconds. */
export function useSeconds(every = 5_000): number {
	const [now, tick] = useState(Date.now());
	useEffect(() => {
		const timer = setInterval(() => tick(Date.now()), every);
		return () => clearInterval(timer);
	}, [every]);
	return now;
}
