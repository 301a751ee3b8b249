// One observation: its days, the three people, reports, breaches.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { gateName, siteName, staffName, statusWord } from "../../desk/town";
import { Card, Chip, Facts, useLoad } from "../../desk/ui/parts";
import { Steps, useNow, when } from "../../desk/ui/register";
import { statusTones, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { dayOf, Strip } from "./strip";
import type { DiaryReading, ObservationDetail } from "./types";
import {
	grounds,
	homeOf,
	observationEnds,
	observationPlaces,
	observationStates,
	say,
	symptoms,
	threeParts,
} from "./words";

export function ObservationDetailView({ observation: o }: { observation: ObservationDetail }) {
	const now = useNow(60_000);
	const sees = may("medic", "grid") && o.person !== null;
	const { data } = useLoad<DiaryReading[]>(
		async () =>
			sees
				? (
						await call<{ readings: DiaryReading[] }>("GET", `/v1/residents/${o.person?.id}/readings`, {
							query: { from: o.from },
						})
					).readings
				: o.readings,
		[o.id, o.today],
	);
	const { day, of } = dayOf(o, now);
	return (
		<>
			<Facts
				rows={[
					[
						t({ zh: "进度", en: "Progress" }),
						o.end ? (
							`${wordOf(observationEnds, o.end.how)} ${when(o.end.at)}`
						) : (
							<>
								{t({ zh: `第 ${day} 天，共 ${of} 天`, en: `Day ${day} of ${of}` })}{" "}
								<Chip tone={observationStates[o.state]?.tone}>{wordOf(observationStates, o.state)}</Chip>
							</>
						),
					],
					[t({ zh: "健康状态", en: "Status" }), <Chip tone={statusTones[o.status]}>{statusWord(o.status)}</Chip>],
					[t({ zh: "电话", en: "Phone" }), o.person?.phone && <a href={`tel:${o.person.phone}`}>{o.person.phone}</a>],
					[t({ zh: "住处", en: "Home" }), homeOf(o.person)],
					[t({ zh: "起止", en: "From, until" }), `${when(o.from)} – ${when(o.until)}`],
					[t({ zh: "观察地点", en: "Place" }), wordOf(observationPlaces, o.place)],
					[t({ zh: "依据", en: "Ground" }), say(o.ground_text) || wordOf(grounds, o.ground)],
					[t({ zh: "证据", en: "Evidence" }), o.evidence],
					[t({ zh: "案件", en: "Case" }), o.case && <CaseLink code={o.case} />],
					[
						t({ zh: "解除依据", en: "Why it ended" }),
						o.end && `${wordOf(grounds, o.end.ground)} ${o.end.reason} ${staffName(o.end.by)}`.trim(),
					],
				]}
			/>
			<Strip observation={o} readings={data ?? []} now={now} />
			<Card title={t({ zh: "四个一：包保人员", en: "The three who look after them" })}>
				<Facts
					rows={o.people.map((p) => [
						wordOf(threeParts, p.part),
						<>
							{p.name || p.login} {p.phone && <a href={`tel:${p.phone}`}>{p.phone}</a>}
						</>,
					])}
				/>
			</Card>
			<TodayReadings readings={o.readings} />
			<Reports observation={o} />
			<Breaches observation={o} />
			{may("medic") && o.person && (
				<p class="h-next">
					<a href={href(["status", o.person.id])}>{t({ zh: "健康状态经过", en: "Decisions about the status" })}</a>
					<a href={href("beds", { wait: o.person.id })}>{t({ zh: "申请隔离床位", en: "Ask for an isolation bed" })}</a>
					<a href={href("contests")}>{t({ zh: "申诉", en: "Contests" })}</a>
				</p>
			)}
			<Steps steps={o.steps} word={(state) => wordOf(observationStates, state)} />
		</>
	);
}

function CaseLink({ code }: { code: string }) {
	return may("medic", "leader", "tracer", "auditor") ? <a href={href(["cases", code])}>{code}</a> : code;
}

function TodayReadings({ readings }: { readings: readonly DiaryReading[] }) {
	return readings.length === 0 ? null : (
		<Card title={t({ zh: "今日测温", en: "Readings today" })}>
			<ul class="h-plain">
				{readings.map((r) => (
					<li key={r.id}>
						{when(r.at)} <b>{r.temperature.toFixed(1)} ℃</b>{" "}
						{r.fever && <Chip tone="stop">{t({ zh: "发热", en: "Fever" })}</Chip>}{" "}
						{r.symptoms.map((s) => wordOf(symptoms, s)).join(t({ zh: "、", en: ", " }))} {r.note}
						<small>
							{" "}
							{r.by === "staff"
								? t({ zh: "工作人员代记", en: "by staff" })
								: t({ zh: "本人填报", en: "by the household" })}
						</small>
					</li>
				))}
			</ul>
		</Card>
	);
}

function Reports({ observation: o }: { observation: ObservationDetail }) {
	const told = o.reports.filter((r) => r.text !== "");
	return told.length === 0 ? null : (
		<Card title={t({ zh: "有情况的日报", en: "Reports with something" })}>
			<ul class="h-plain">
				{[...told].reverse().map((r) => (
					<li key={r.day}>
						{r.day}{" "}
						{r.all_well ? (
							<Chip tone="ok">{t({ zh: "平安", en: "well" })}</Chip>
						) : (
							<Chip tone="care">{t({ zh: "有情况", en: "something" })}</Chip>
						)}{" "}
						{r.text}
					</li>
				))}
			</ul>
		</Card>
	);
}

function Breaches({ observation: o }: { observation: ObservationDetail }) {
	return o.breaches_seen.length === 0 ? null : (
		<Card title={t({ zh: `观察期间外出 ${o.breaches_seen.length} 次`, en: `${o.breaches_seen.length} breaches` })}>
			<ul class="h-plain">
				{[...o.breaches_seen].reverse().map((b) => (
					<li key={b.event}>
						<Chip tone="stop">{when(b.at)}</Chip> {gateName(b.gate)} ({siteName(b.site)})
					</li>
				))}
			</ul>
		</Card>
	);
}
