// The live board: every gate in scope, the troubled ones first, and what is refused and
// raised while one looks. Nothing on it names anybody.
import "./board.css";
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { go, refine, route } from "../../desk/router";
import { Button, Empty, Toolbar } from "../../desk/ui/parts";
import { useNow } from "../../desk/ui/register";
import { Table } from "../../desk/ui/table";
import { lang, t } from "../../shared/i18n";
import { columns } from "./columns";
import { Freshness } from "./freshness";
import { GateScreen } from "./gate";
import { board, clockOffset, useLive } from "./live";
import { Feed } from "./news";
import { byTrouble, type Sum, sum } from "./state";
import type { BoardGate } from "./types";
import { gateStates, troubles } from "./words";

export default function Board() {
	useLive();
	const gate = route.value.path[1];
	return gate === undefined ? <Overview /> : <GateScreen code={gate} />;
}

function Overview() {
	const [wall, setWall] = useState(false);
	const query = route.value.query;
	const [area, which, wanted] = [query.get("area") ?? "", query.get("show") ?? "", query.get("find") ?? ""];
	const ordered = useComputed(() => byTrouble(board.value.gates.values()));
	const inArea = area ? ordered.value.filter((g) => g.area === area) : ordered.value;
	const rows = inArea.filter((g) => shown(g, which) && fits(g, wanted));
	useWall(wall, setWall);
	return (
		<div class={wall ? "b-wall" : "b-board"}>
			<header class="screenhead">
				<h1>{t({ zh: "卡口态势", en: "Live board" })}</h1>
				<Freshness />
				<Button class="b-wallbutton" aria-pressed={wall} onClick={() => setWall(!wall)}>
					{wall ? t({ zh: "退出大屏", en: "Leave the wall" }) : t({ zh: "大屏", en: "Wall screen" })}
				</Button>
			</header>
			{board.value.at === 0 ? (
				<Empty>{t({ zh: "正在读取各卡口…", en: "Reading the gates…" })}</Empty>
			) : (
				<>
					<Totals s={sum(inArea)} />
					<div class="b-split">
						<div>
							<Toolbar>
								<Areas area={area} />
								<Choice which={which} rows={inArea} />
								<label class="field">
									<span>{t({ zh: "找卡口", en: "Find a gate" })}</span>
									<input type="search" value={wanted} onInput={(e) => refine({ find: e.currentTarget.value })} />
								</label>
							</Toolbar>
							<Gates rows={rows} wall={wall} />
						</div>
						<Feed area={area} />
					</div>
				</>
			)}
		</div>
	);
}

const shown = (g: BoardGate, which: string) =>
	which === "" || (which === "trouble" ? g.troubles.length > 0 : g.state === which);

const fits = (g: BoardGate, wanted: string) =>
	`${g.gate} ${g.name} ${g.site_name}`.toLowerCase().includes(wanted.trim().toLowerCase());

/** Fills the screen while on; Escape leaves. */
function useWall(on: boolean, set: (on: boolean) => void) {
	useEffect(() => {
		document.documentElement.classList.toggle("b-walled", on);
		if (!on) {
			return;
		}
		void document.documentElement.requestFullscreen?.().catch(() => undefined);
		const leave = () => document.fullscreenElement === null && set(false);
		const onKey = (e: KeyboardEvent) => e.key === "Escape" && set(false);
		document.addEventListener("fullscreenchange", leave);
		document.addEventListener("keydown", onKey);
		return () => {
			document.removeEventListener("fullscreenchange", leave);
			document.removeEventListener("keydown", onKey);
			document.documentElement.classList.remove("b-walled");
			if (document.fullscreenElement) {
				void document.exitFullscreen();
			}
		};
	}, [on, set]);
}

const number = (n: number) => n.toLocaleString(lang.value === "zh" ? "zh-CN" : "en");

function Totals({ s }: { s: Sum }) {
	const cells: [string, ComponentChildren, string, string][] = [
		[
			t({ zh: "有情况的卡口", en: "Gates in trouble" }),
			number(s.troubled),
			t({ zh: `${s.gates} 个，开放 ${s.open}`, en: `of ${s.gates}, ${s.open} open` }),
			s.troubled > 0 ? "bad" : "",
		],
		[
			t({ zh: "今日进入", en: "In today" }),
			number(s.today.in),
			t({ zh: `近5分钟 ${s.five.in}`, en: `${s.five.in} in 5 min` }),
			"",
		],
		[
			t({ zh: "今日外出", en: "Out today" }),
			number(s.today.out),
			t({ zh: `近5分钟 ${s.five.out}`, en: `${s.five.out} in 5 min` }),
			"",
		],
		[
			t({ zh: "今日劝返", en: "Refused today" }),
			number(s.today.denied),
			t({ zh: `近5分钟 ${s.five.denied}`, en: `${s.five.denied} in 5 min` }),
			"",
		],
		[
			t({ zh: "今日发热", en: "Fevers today" }),
			number(s.today.fevers),
			t({ zh: `近1小时 ${s.hour.fevers}`, en: `${s.hour.fevers} in 1 h` }),
			s.hour.fevers > 0 ? "bad" : "",
		],
		[t({ zh: "场所内人数", en: "Inside now" }), number(s.inside), t({ zh: "按登记推算", en: "by the record" }), ""],
	];
	return (
		<dl class="b-totals">
			{cells.map(([name, value, more, tone]) => (
				<div key={name} class={tone}>
					<dt>{name}</dt>
					<dd>
						<b>{value}</b> <small>{more}</small>
					</dd>
				</div>
			))}
		</dl>
	);
}

/** Each management area with how it stands; choosing one narrows the board. */
function Areas({ area }: { area: string }) {
	const gates = [...board.value.gates.values()];
	return (
		<label class="field">
			<span>{t({ zh: "管区", en: "Area" })}</span>
			<select value={area} onChange={(e) => refine({ area: e.currentTarget.value })}>
				<option value="">{t({ zh: "全部", en: "All" })}</option>
				{board.value.areas.map((a) => {
					const s = sum(gates.filter((g) => g.area === a.area));
					const trouble = s.troubled ? t({ zh: ` · ${s.troubled} 个有情况`, en: ` · ${s.troubled} in trouble` }) : "";
					return (
						<option key={a.area} value={a.area}>
							{`${a.name || t({ zh: "未划管区", en: "No area" })} · ${s.gates}${trouble}`}
						</option>
					);
				})}
			</select>
		</label>
	);
}

function Choice({ which, rows }: { which: string; rows: readonly BoardGate[] }) {
	const count = (w: string) => rows.filter((g) => shown(g, w)).length;
	const choices: [string, string][] = [
		["", t({ zh: "全部", en: "All" })],
		["trouble", t({ zh: "有情况", en: "In trouble" })],
		["open", gateStates.open[lang.value]],
		["closed", gateStates.closed[lang.value]],
		["off_hours", gateStates.off_hours[lang.value]],
	];
	return (
		<label class="field">
			<span>{t({ zh: "显示", en: "Show" })}</span>
			<select value={which} onChange={(e) => refine({ show: e.currentTarget.value })}>
				{choices.map(([value, label]) => (
					<option key={value} value={value}>
						{`${label} · ${count(value)}`}
					</option>
				))}
			</select>
		</label>
	);
}

function Gates({ rows, wall }: { rows: readonly BoardGate[]; wall: boolean }) {
	const now = useNow(5000) + clockOffset.value;
	return (
		<Table
			label={t({ zh: "卡口", en: "Gates" })}
			columns={columns(now)}
			rows={rows}
			rowKey={(g) => g.gate}
			rowHeight={wall ? 46 : 36}
			height={wall ? "calc(100vh - 16rem)" : "calc(100vh - 19rem)"}
			tone={(g) => (g.troubles.length > 0 ? `b-${troubles[g.troubles[0] ?? "closed"].tone}` : "")}
			onOpen={(g) => go(["board", g.gate])}
			foot={t({ zh: `${rows.length} 个卡口`, en: `${rows.length} gates` })}
			empty={<Empty>{t({ zh: "没有符合条件的卡口", en: "No gate is like that" })}</Empty>}
		/>
	);
}
