// Finding somebody, and where they were.
import { useState } from "preact/hooks";
import { call, keep, save } from "../../desk/call";
import { ground } from "../../desk/ground";
import { go, href, route } from "../../desk/router";
import { siteName } from "../../desk/town";
import { FindPerson } from "../../desk/ui/findperson";
import { Busy, Button, Card, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import type { Named } from "../gates/columns";
import { NeedGround, PeriodPicker } from "../parts";
import { asked, DAY, LONGEST, type Period, periodOf, presets } from "../period";
import type { Trajectory } from "./types";
import { Where } from "./where";
import "./person.css";

interface Case {
	code: string;
	title: string;
	people: (Named & { known_as?: Named })[];
	period_from: string;
	period_to: string;
	caps: { days: number };
}

const caseOf = (code: string) => call<Case>("GET", `/v1/cases/${encodeURIComponent(code)}`);

export default function PersonScreen() {
	const id = route.value.path[1];
	return <NeedGround>{id ? <Person key={id} id={id} /> : <Find />}</NeedGround>;
}

/** The beginning of every search: a name, a document or a phone, or whom the case is about. */
function Find() {
	const code = ground.value?.kase ?? "";
	const { data } = useLoad(() => caseOf(code), [code]);
	return (
		<>
			<h1>{t({ zh: "找人", en: "Find a person" })}</h1>
			<Card>
				<FindPerson onFound={(p) => go(["person", p.id])} />
			</Card>
			{data && data.people.length > 0 && (
				<Card title={t({ zh: `案件 ${data.code} 的人员`, en: `People of case ${data.code}` })}>
					<div class="next">
						{data.people.map((p) => (
							<a key={p.id} href={href(["person", p.id])}>
								{p.name_masked || p.id}
							</a>
						))}
					</div>
				</Card>
			)}
		</>
	);
}

/** The case's period, as far as one question under it may go: its latest days. */
function periodOfCase(kase: Case): Period {
	const to = Date.parse(kase.period_to);
	const from = Math.max(Date.parse(kase.period_from), to - Math.min(kase.caps.days * DAY, LONGEST));
	return { from: Math.min(from, to - DAY), to };
}

function Person({ id }: { id: string }) {
	const code = ground.value?.kase ?? "";
	const kase = useLoad(() => caseOf(code), [code]);
	const given = periodOf(route.value.query);
	const period = given ?? (kase.data ? periodOfCase(kase.data) : null);
	const pick = (p: Period) => go(["person", id], asked(p));
	const days = [1, 3, 7, 14].map((n) => ({
		key: String(n),
		title: t({ zh: `近 ${n} 天`, en: n === 1 ? "1 day" : `${n} days` }),
		period: () => presets.last(n)(Date.now()),
	}));
	const ofCase = kase.data
		? [
				{
					key: "case",
					title: t({ zh: "案件时段", en: "Case's period" }),
					period: () => periodOfCase(kase.data as Case),
				},
			]
		: [];
	return (
		<>
			<Problem cause={kase.error} retry={() => void kase.reload()} />
			{period ? (
				<Trail id={id} period={period}>
					<PeriodPicker value={period} presets={[...ofCase, ...days]} onPick={pick} />
				</Trail>
			) : (
				!kase.error && <Busy />
			)}
		</>
	);
}

function Trail({ id, period, children }: { id: string; period: Period; children: preact.ComponentChildren }) {
	const path = `/v1/residents/${encodeURIComponent(id)}/trajectory`;
	const [now] = useState(() => Date.now());
	const { data, error, busy, reload } = useLoad(
		() => call<Trajectory>("GET", path, { query: asked(period), trace: true }),
		[id, period.from, period.to],
	);
	return (
		<>
			<div class="persontop">
				<h1>
					{data ? data.resident.name_masked || id : id}{" "}
					{data?.resident.known_as && (
						<small>
							{t({ zh: "即 ", en: "is " })}
							<a href={href(["person", data.resident.known_as.id], asked(period))}>
								{data.resident.known_as.name_masked}
							</a>
						</small>
					)}{" "}
					{data?.resident.home && <small>{siteName(data.resident.home)}</small>}
				</h1>
				<div class="next">
					<a href={href(["contacts", id], asked(period))}>{t({ zh: "接触者", en: "Contacts" })}</a>
					<a href={href("person")}>{t({ zh: "找另一人", en: "Somebody else" })}</a>
				</div>
			</div>
			<div class="toolbar">{children}</div>
			<Problem cause={error} retry={() => void reload()} />
			{busy && !data && <Busy />}
			{data && (
				<>
					<Where data={data} period={period} now={now} />
					<Files data={data} path={path} period={period} />
				</>
			)}
		</>
	);
}

function Files({ data, path, period }: { data: Trajectory; path: string; period: Period }) {
	const { busy, error, run } = useAction();
	const name = (extension: string) => `${data.resident.id}_${localDay(period.from)}.${extension}`;
	const fetched = (extension: string, accept: string) =>
		run(() => save(path, name(extension), { query: asked(period), trace: true, accept }));
	return (
		<>
			<div class="toolbar files">
				<span>{t({ zh: "导出", en: "Export" })}</span>
				<Button busy={busy} onClick={() => void fetched("svg", "image/svg+xml")}>
					{t({ zh: "图片 SVG", en: "Picture (SVG)" })}
				</Button>
				<Button busy={busy} onClick={() => void fetched("csv", "text/csv")}>
					{t({ zh: "停留 CSV", en: "Stays (CSV)" })}
				</Button>
				<Button onClick={() => keep(JSON.stringify(data, null, "\t"), name("json"), "application/json")}>JSON</Button>
				<Button onClick={() => print()}>{t({ zh: "打印", en: "Print" })}</Button>
			</div>
			<Problem cause={error} />
		</>
	);
}
