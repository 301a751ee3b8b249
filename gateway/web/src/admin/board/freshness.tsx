// How old what the board shows is. A board that stands still must not look like a quiet town.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Chip, type Tone } from "../../desk/ui/parts";
import { problemText } from "../../desk/words";
import { t } from "../../shared/i18n";
import { clockTimeSeconds } from "../../shared/time";
import { board, clockOffset, link } from "./live";

const LATE = 5; // s
const STALE = 30;

export function Freshness() {
	const now = useSignal(Date.now());
	useEffect(() => {
		const timer = setInterval(() => {
			now.value = Date.now();
		}, 1000);
		return () => clearInterval(timer);
	}, []);
	const { at } = board.value;
	const { state, error } = link.value;
	const age = at === 0 ? 0 : Math.max(0, Math.round((now.value + clockOffset.value - at) / 1000));
	const [tone, word] = standing(at, age, state === "live");
	return (
		<span class="b-fresh">
			<Chip tone={tone}>{word}</Chip> {at !== 0 && <time>{clockTimeSeconds(at)}</time>}
			{state === "waiting" && (
				<small role="status">
					{" "}
					{error
						? `${problemText(error)} · ${t({ zh: "自动重连", en: "trying again" })}`
						: t({ zh: "正在连接…", en: "Connecting…" })}
				</small>
			)}
			{state === "live" && age >= STALE && (
				<small>
					{" "}
					{t({
						zh: "服务器在线，但暂时读不到数据库：卡口照常放行，恢复后补记",
						en: "The server is there but cannot read its database: gates go on, and it is recorded later",
					})}
				</small>
			)}
		</span>
	);
}

/** In one word, how far what is shown can be trusted. */
function standing(at: number, age: number, live: boolean): [Tone, string] {
	switch (true) {
		case at === 0:
			return [live ? "care" : "stop", t({ zh: "尚无数据", en: "Nothing yet" })];
		case age >= STALE:
			return ["stop", t({ zh: `已 ${age} 秒没有更新`, en: `${age} s without news` })];
		case age >= LATE:
			return ["care", t({ zh: `${age} 秒前的数据`, en: `${age} s old` })];
		case !live:
			return ["care", t({ zh: "重连中", en: "Connecting" })];
	}
	return ["ok", t({ zh: "实时", en: "Live" })];
}
