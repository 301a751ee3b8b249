// What waits for whoever is signed in: counted from the lists of their role, side by side;
// a list that cannot be read says so on its own tile.
import { useState } from "preact/hooks";
import { href } from "../../desk/router";
import { may, session } from "../../desk/session";
import { Button, Chip, useLoad } from "../../desk/ui/parts";
import { problemText } from "../../desk/words";
import { lang, t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import { dayWords } from "./bulletindata";
import { type Tile, tiles } from "./todaytiles";
import "./today.css";

export default function Today() {
	const [turn, setTurn] = useState(0);
	const mine = tiles().filter((tile) => may(...tile.roles));
	return (
		<>
			<header class="screenhead">
				<h1>
					{t({
						zh: `${session.value?.name ?? ""}，今天等您办的事`,
						en: `What waits for you, ${session.value?.name ?? ""}`,
					})}
				</h1>
				<small>{dayWords(localDay(Date.now()), lang.value)}</small>
				<Button onClick={() => setTurn(turn + 1)}>{t({ zh: "刷新", en: "Refresh" })}</Button>
			</header>
			<div class="today">
				{mine.map((tile) => (
					<TodayTile key={tile.key} tile={tile} turn={turn} />
				))}
			</div>
			<Shortcuts />
		</>
	);
}

function TodayTile({ tile, turn }: { tile: Tile; turn: number }) {
	const { data, error } = useLoad(tile.count, [tile.key, turn]);
	const tone = !data ? "" : data.late > 0 ? "late" : data.n > 0 ? "some" : "none";
	return (
		<a class={`ttile ${tone}`} href={tile.href} aria-busy={!data && !error}>
			<span class="tname">{tile.title}</span>
			{error ? (
				<span class="tbad">{problemText(error)}</span>
			) : (
				<>
					<strong>{data ? `${data.n.toLocaleString("en-US")}${data.more ? "+" : ""}` : "…"}</strong>
					<small>{tile.verb}</small>
					{data && data.late > 0 && (
						<Chip tone="stop">{t({ zh: `${data.late} 项紧急`, en: `${data.late} urgent` })}</Chip>
					)}
				</>
			)}
		</a>
	);
}

/** What roles begin most often. */
function Shortcuts() {
	const all = [
		{
			roles: ["leader", "grid", "enroller", "auditor", "inspector", "medic"],
			to: "hotline/new",
			text: { zh: "登记来电", en: "Take a call down" },
		},
		{ roles: ["inspector", "leader"], to: "inspections/new", text: { zh: "登记检查", en: "Write an inspection down" } },
		{ roles: ["enroller"], to: "import", text: { zh: "导入名册", en: "Import a workbook" } },
		{ roles: ["leader", "grid"], to: "notices", text: { zh: "写通知", en: "Write a notice" } },
		{ roles: ["leader"], to: "policies", text: { zh: "发布政策", en: "Policies" } },
	] as const;
	const mine = all.filter((s) => may(...s.roles));
	return mine.length === 0 ? null : (
		<div class="shortcuts">
			{mine.map((s) => (
				<a key={s.to} class="btn" href={href(s.to)}>
					{t(s.text)}
				</a>
			))}
		</div>
	);
}
