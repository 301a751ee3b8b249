// One gate: what is wrong and what to do, the last hour, its phones, the rules in force.
import { useEffect } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName } from "../../desk/town";
import { Busy, Card, Chip, Empty, Facts, Problem, useLoad } from "../../desk/ui/parts";
import { useNow, when } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { clockTime, startOfDay, wire } from "../../shared/time";
import { placeName, since, Troubles } from "./columns";
import { Freshness } from "./freshness";
import { Hour } from "./hour";
import { board, clockOffset } from "./live";
import { DenialItem } from "./news";
import type { BoardGate, Denial } from "./types";
import { advice, gateStates, troubles } from "./words";

interface Rules {
	closed: boolean;
	opens_at: string;
	closes_at: string;
	temperature_on: string;
	fever_line: number;
	residents_only: boolean;
	capacity: number;
	policies: { code: string; name: string }[];
}

interface Device {
	code: string;
	lane: string;
	contact_at: string | null;
	shift: { person: { login: string; name: string }; opened_at: string } | null;
}

interface Detail {
	gate: BoardGate;
	devices: Device[];
	rules: Rules;
	denials: Denial[];
}

const EVERY = 10_000;

export function GateScreen({ code }: { code: string }) {
	const detail = useLoad<Detail>(() => call("GET", `/v1/board/${encodeURIComponent(code)}`), [code]);
	useEffect(() => {
		const timer = setInterval(() => void detail.reload(), EVERY);
		return () => clearInterval(timer);
	}, [detail.reload]);
	const g = board.value.gates.get(code) ?? detail.data?.gate;
	return (
		<>
			<header class="screenhead">
				<a href="#/board">← {t({ zh: "卡口态势", en: "Live board" })}</a>
				<h1>{g ? placeName(g) : code}</h1>
				<Freshness />
			</header>
			<Problem cause={detail.error} retry={() => void detail.reload()} />
			{g ? <Now g={g} /> : !detail.error && <Busy />}
			{detail.data && (
				<div class="split">
					<Phones devices={detail.data.devices} />
					<RulesNow rules={detail.data.rules} site={detail.data.gate.site} />
					<Refused denials={detail.data.denials} code={code} />
				</div>
			)}
		</>
	);
}

function Now({ g }: { g: BoardGate }) {
	const now = useNow(5000) + clockOffset.value;
	const counts = (c: BoardGate["today"]) =>
		t({ zh: `进 ${c.in} · 出 ${c.out} · 劝返 ${c.denied}`, en: `in ${c.in} · out ${c.out} · refused ${c.denied}` });
	return (
		<>
			<Card title={<Troubles g={g} />} extra={<Passages g={g} now={now} />}>
				{g.troubles.length > 0 && (
					<ul class="b-advice">
						{g.troubles.map((name) => (
							<li key={name}>
								<b>{t(troubles[name])}</b>
								{t({ zh: "：", en: ": " })}
								{t(advice[name])}{" "}
								{name === "fever" && <a href="#/fevers">{t({ zh: "发热病例", en: "Fever cases" })}</a>}
							</li>
						))}
					</ul>
				)}
				<Facts
					rows={[
						[t({ zh: "状态", en: "State" }), t(gateStates[g.state])],
						[t({ zh: "今日", en: "Today" }), counts(g.today)],
						[t({ zh: "近1小时", en: "Last hour" }), counts(g.hour)],
						[t({ zh: "近5分钟", en: "Last 5 minutes" }), counts(g.five)],
						[
							t({ zh: "上次登记", en: "Last scan" }),
							g.last_at
								? `${clockTime(Date.parse(g.last_at))} · ${since(g.last_at, now)}`
								: t({ zh: "今日还没有", en: "none today" }),
						],
						[
							t({ zh: "平时此刻", en: "Usual at this time" }),
							g.usual === null
								? t({ zh: "前一周记录太少，不判断静默", en: "too little in the last week to tell" })
								: t({ zh: `每半小时 ${g.usual} 人次`, en: `${g.usual} in half an hour` }),
						],
						[
							t({ zh: "场所内人数", en: "Inside the site" }),
							g.capacity > 0
								? t({ zh: `${g.inside}，上限 ${g.capacity}`, en: `${g.inside} of ${g.capacity}` })
								: g.inside,
						],
						[t({ zh: "管区", en: "Area" }), g.area && nodeName(g.area)],
					]}
				/>
			</Card>
			<Hour passed={g.passed} refused={g.refused} at={board.value.at || Date.now()} />
		</>
	);
}

/** To the rows behind the counts, for who may ask where people were. */
function Passages({ g, now }: { g: BoardGate; now: number }) {
	if (!may("leader", "tracer", "auditor")) {
		return null;
	}
	const query = new URLSearchParams({ from: wire(startOfDay(now)), to: wire(startOfDay(now) + 86_400_000) });
	return (
		<a href={`/trace#/gates/${encodeURIComponent(g.gate)}?${query}`}>
			{t({ zh: "今日通行明细（流调）", en: "Who passed today (tracing)" })}
		</a>
	);
}

function Phones({ devices }: { devices: readonly Device[] }) {
	const now = useNow(5000) + clockOffset.value;
	return (
		<Card
			title={t({ zh: "值守手机", en: "Phones" })}
			extra={may("leader") && <a href="#/devices">{t({ zh: "卡口手机", en: "Phones of gates" })}</a>}
		>
			{devices.length === 0 && (
				<Empty>{t({ zh: "这个卡口没有启用的手机", en: "No phone is in use at this gate" })}</Empty>
			)}
			<ul class="b-list">
				{devices.map((d) => (
					<li key={d.code}>
						<b>{d.lane || d.code}</b>{" "}
						{d.shift ? (
							<Chip tone="ok">
								{d.shift.person.name || d.shift.person.login} · {when(d.shift.opened_at)}{" "}
								{t({ zh: "上岗", en: "on shift" })}
							</Chip>
						) : (
							<Chip>{t({ zh: "无人值守", en: "Nobody on shift" })}</Chip>
						)}{" "}
						<small>
							{d.contact_at
								? t({ zh: `上次联系 ${since(d.contact_at, now)}`, en: `last called: ${since(d.contact_at, now)}` })
								: t({ zh: "还没有联系过", en: "has not called yet" })}
						</small>
					</li>
				))}
			</ul>
		</Card>
	);
}

const measured = (on: string) =>
	({
		in: t({ zh: "进门测温", en: "On the way in" }),
		out: t({ zh: "出门测温", en: "On the way out" }),
		both: t({ zh: "进出都测温", en: "Both ways" }),
		none: t({ zh: "不测温", en: "Not taken" }),
	})[on] ?? on;

function RulesNow({ rules, site }: { rules: Rules; site: string }) {
	return (
		<Card
			title={t({ zh: "现行规则", en: "Rules in force" })}
			extra={<a href={href(["sites", site])}>{t({ zh: "场所", en: "Site" })}</a>}
		>
			<Facts
				rows={[
					[
						t({ zh: "开放时间", en: "Hours" }),
						rules.closed
							? t({ zh: "关闭", en: "Closed" })
							: rules.opens_at
								? `${rules.opens_at}–${rules.closes_at}`
								: t({ zh: "全天", en: "All day" }),
					],
					[t({ zh: "测温", en: "Temperature" }), measured(rules.temperature_on)],
					[t({ zh: "发热线", en: "Fever line" }), `${rules.fever_line.toFixed(1)} ℃`],
					[t({ zh: "外来人员", en: "Others" }), rules.residents_only && t({ zh: "不得进入", en: "are not let in" })],
					[t({ zh: "人数上限", en: "Capacity" }), rules.capacity || ""],
					[
						t({ zh: "管控措施", en: "Policies" }),
						rules.policies.length > 0 && rules.policies.map((p) => p.name).join(t({ zh: "、", en: ", " })),
					],
				]}
			/>
		</Card>
	);
}

function Refused({ denials, code }: { denials: readonly Denial[]; code: string }) {
	return (
		<Card title={t({ zh: "近15分钟劝返", en: "Refused in the last 15 minutes" })}>
			{denials.length === 0 && <Empty>{t({ zh: "没有", en: "Nobody" })}</Empty>}
			<ol class="b-list">
				{denials.map((d, i) => (
					<DenialItem key={`${code} ${d.at} ${i}`} d={d} />
				))}
			</ol>
		</Card>
	);
}
