// One fever case: its procedure from the first reading to the closing, each step with
// what was written down, or the form to write it, or by when it is due.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { nodePath, siteName, siteOf, staffName } from "../../desk/town";
import { type Action, Actions } from "../../desk/ui/actions";
import { Busy, Card, Chip, Facts, Problem, useLoad } from "../../desk/ui/parts";
import { left, useNow, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { lang, t } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import { clockTime } from "../../shared/time";
import { closeAction, codeAction, handoverAction, reportAction, screeningAction } from "./feversteps";
import { type HospitalCode, ShowCode } from "./hospitalcode";
import type { Fever, FeverReport } from "./types";
import { feverOutcomes, feverSteps, handoverWays, maskedName, screeningResults } from "./words";

export function FeverScreen({ id }: { id: string }) {
	const { data: fever, error, reload } = useLoad(() => call<Fever>("GET", `/v1/fevers/${id}`), [id]);
	const [code, setCode] = useState<HospitalCode | null>(null);
	return (
		<>
			<p>
				<a href={href("fevers")}>{t({ zh: "← 全部发热病例", en: "← All fever cases" })}</a>
			</p>
			<Problem cause={error} retry={() => void reload()} />
			{!fever && !error && <Busy />}
			{fever && (
				<>
					<Head fever={fever} />
					{code && <ShowCode code={code} onClose={() => setCode(null)} />}
					<Procedure
						fever={fever}
						onDone={(given) => {
							const made = given as Partial<HospitalCode>;
							if (made.code && made.page) {
								setCode(made as HospitalCode);
							}
							return reload();
						}}
					/>
				</>
			)}
		</>
	);
}

function Head({ fever }: { fever: Fever }) {
	const now = useNow();
	const { procedure: p } = fever;
	const person = (fever.person.known_as ?? fever.person).id;
	const late = p.due_at !== null && Date.parse(p.due_at) < now;
	return (
		<>
			<header class="screenhead">
				<h1>
					{t({ zh: "发热病例：", en: "Fever case: " })}
					{fever.contact?.name || maskedName(fever.person)}
				</h1>
				{fever.state === "closed" ? (
					<Chip>{wordOf(feverOutcomes, fever.outcome)}</Chip>
				) : (
					<Chip tone={late ? "stop" : "care"}>
						{wordOf(feverSteps, p.next_step)} · {left(p.due_at, now)}
					</Chip>
				)}
			</header>
			<Facts
				rows={[
					[
						t({ zh: "电话", en: "Phone" }),
						fever.contact?.phone && <a href={`tel:${fever.contact.phone}`}>{fever.contact.phone}</a>,
					],
					[t({ zh: "住处", en: "Home" }), `${siteName(fever.home)} ${fever.contact?.door ?? ""}`.trim()],
					[t({ zh: "测温地点", en: "Measured at" }), fever.site_name || siteName(fever.site)],
					[t({ zh: "立案", en: "Opened" }), when(fever.opened_at)],
					[
						t({ zh: "结案", en: "Closed" }),
						fever.closed_at && `${when(fever.closed_at)} ${staffName(fever.closed_by)}`,
					],
					[t({ zh: "结案说明", en: "Note" }), fever.note],
				]}
			/>
			{may("medic") && (
				<p class="h-next">
					<a href={href(["status", person])}>{t({ zh: "健康状态", en: "Status" })}</a>
					<a href={href(["observations", "new"], { start: person })}>
						{t({ zh: "开始医学观察", en: "Begin an observation" })}
					</a>
					<a href={href("beds")}>{t({ zh: "隔离床位", en: "Isolation beds" })}</a>
					<a href={href(["cases", "new"], { person })}>{t({ zh: "立流调案件", en: "Open a tracing case" })}</a>
				</p>
			)}
		</>
	);
}

interface StepView {
	key: string;
	title: ComponentChildren;
	/** UTC, of what was written down; null: not yet. */
	at: string | null;
	body?: ComponentChildren;
	action?: readonly Action<Fever>[];
}

function Procedure({ fever, onDone }: { fever: Fever; onDone: (given: unknown) => unknown }) {
	const now = useNow();
	const { procedure: p } = fever;
	return (
		<ol class="h-procedure" aria-label={t({ zh: "处置流程", en: "Procedure" })}>
			{stepsOf(fever).map((s, i) => {
				const next = s.key === p.next_step;
				const late = next && p.due_at !== null && Date.parse(p.due_at) < now;
				return (
					<li
						key={s.key}
						class={s.at ? "done" : late ? "late" : next ? "next" : "later"}
						aria-current={next ? "step" : undefined}
					>
						<span class="h-mark" aria-hidden="true">
							{s.at ? "✓" : i + 1}
						</span>
						<div>
							<h2>
								{s.title}
								{s.at ? (
									<small>
										{when(s.at)}
										{i > 1 && ` · ${since(fever.opened_at, s.at)}`}
									</small>
								) : next ? (
									<Chip tone={late ? "stop" : "care"}>
										{left(p.due_at, now)} ({p.due_at && clockTime(Date.parse(p.due_at))})
									</Chip>
								) : (
									<small>
										{fever.state === "open"
											? t({ zh: "尚未进行", en: "Not yet" })
											: t({ zh: "未进行", en: "Left out" })}
									</small>
								)}
							</h2>
							{s.body}
							{s.action && fever.state === "open" && <Actions row={fever} actions={s.action} onDone={onDone} />}
						</div>
					</li>
				);
			})}
		</ol>
	);
}

function stepsOf(fever: Fever): StepView[] {
	const { procedure: p } = fever;
	const last = lastOf(p.screenings);
	const screened = last !== undefined && last.result !== "inconclusive";
	return [
		{
			key: "first",
			title: <Measured name={t({ zh: "第一次测温", en: "First reading" })} celsius={fever.first.temperature} />,
			at: fever.first.at,
		},
		{
			key: "second",
			title: (
				<Measured
					name={t({ zh: "复测，立案", en: "Second reading: case opened" })}
					celsius={fever.second.temperature}
				/>
			),
			at: fever.second.at,
		},
		{
			key: "report_community",
			title: wordOf(feverSteps, "report_community"),
			at: p.community?.at ?? null,
			body: p.community && <Report report={p.community} />,
			action: p.community ? [] : [reportAction("community", communityOf(fever))],
		},
		{
			key: "report_subdistrict",
			title: wordOf(feverSteps, "report_subdistrict"),
			at: p.subdistrict?.at ?? null,
			body: p.subdistrict && <Report report={p.subdistrict} />,
			action: p.community && !p.subdistrict ? [reportAction("subdistrict", townOf(fever))] : [],
		},
		{
			key: "handover",
			title: wordOf(feverSteps, "handover"),
			at: p.handover?.at ?? null,
			body: p.handover && <HandedOver fever={fever} />,
			action: p.handover ? [] : [handoverAction()],
		},
		{
			key: "screening",
			title: wordOf(feverSteps, "screening"),
			at: screened ? last.at : null,
			body: <Results fever={fever} />,
			action: p.handover && !screened ? [screeningAction(), codeAction()] : [],
		},
		{
			key: "closing",
			title: wordOf(feverSteps, "closing"),
			at: fever.closed_at,
			body: fever.closed_at && <p>{wordOf(feverOutcomes, fever.outcome)}</p>,
			action: [closeAction()],
		},
	];
}

/** Who is told first: the community around the gate. */
function communityOf(fever: Fever): string {
	return nodePath(siteOf(fever.site)?.grid ?? "")[0]?.name ?? "";
}

function townOf(fever: Fever): string {
	return lastOf(nodePath(siteOf(fever.site)?.grid ?? ""))?.name ?? "";
}

/** How long after the case was opened something was done. */
function since(opened: string, at: string): string {
	const minutes = Math.max(0, Math.round((Date.parse(at) - Date.parse(opened)) / 60_000));
	const text = minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
	return lang.value === "zh"
		? `立案后 ${minutes < 120 ? `${minutes} 分钟` : `${(minutes / 60).toFixed(1)} 小时`}`
		: `${text} after it was opened`;
}

function Measured({ name, celsius }: { name: string; celsius: number }) {
	return (
		<>
			{name} <b class="temp">{celsius.toFixed(1)} ℃</b>
		</>
	);
}

function Report({ report }: { report: FeverReport }) {
	return (
		<p>
			{staffName(report.by)} → <b>{report.to}</b>
			{report.note && ` · ${report.note}`}
		</p>
	);
}

function HandedOver({ fever }: { fever: Fever }) {
	const h = fever.procedure.handover;
	return h ? (
		<p>
			{staffName(h.by)} · {wordOf(handoverWays, h.how)} {h.plate} → <b>{h.hospital}</b>
			{h.crew && ` · ${t({ zh: "接车人员", en: "taken over by" })} ${h.crew}`}
			{h.note && ` · ${h.note}`}
		</p>
	) : null;
}

function Results({ fever }: { fever: Fever }) {
	const { procedure: p } = fever;
	return (
		<>
			{p.screenings.map((r, i) => (
				<p key={i}>
					<Chip tone={screeningResults[r.result]?.tone}>{wordOf(screeningResults, r.result)}</Chip> {when(r.at)}{" "}
					{r.by === "hospital" ? t({ zh: "医院凭码回报", en: "told by the hospital's code" }) : staffName(r.by)}
					{r.sampled_at && ` · ${t({ zh: "采样", en: "sampled" })} ${when(r.sampled_at)}`}
					{r.doctor && ` · ${r.doctor}`}
					{r.note && ` · ${r.note}`}
				</p>
			))}
			{p.link_until && (
				<p class="hint">
					{t({
						zh: `已有一个医院回报码，有效至 ${when(p.link_until)}；再生成会使它作废`,
						en: `The hospital has a code until ${when(p.link_until)}; a new one voids it`,
					})}
				</p>
			)}
			{lastOf(p.screenings)?.result === "positive" && may("medic") && (
				<Card>
					<a href={href(["status", (fever.person.known_as ?? fever.person).id], { fever: fever.id })}>
						{t({ zh: "依据医院阳性结果转红码", en: "Turn red by the hospital's result" })}
					</a>
				</Card>
			)}
		</>
	);
}
