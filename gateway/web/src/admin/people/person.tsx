// One person: particulars, household, status with its reasons, passes, what was done to
// the record, and what can be done.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName, siteName, staffName, statusWord } from "../../desk/town";
import { Busy, Button, Card, Chip, Empty, Facts, type Loaded, Problem, useLoad } from "../../desk/ui/parts";
import { statusTones, wordOf } from "../../desk/words";
import { lang, t } from "../../shared/i18n";
import { dayAndTime, localDay } from "../../shared/time";
import { Household } from "./household";
import { Passes } from "./passes";
import { RecordActions } from "./record";
import type { Decision, Resident, Work } from "./types";
import { fieldWords, homeText, kindWords, listed, tail } from "./words";
import "./people.css";

/** Roles that the API shows a person in the clear. */
const reading = () => may("enroller", "grid", "medic");

export function Person({ id }: { id: string }) {
	const loaded = useLoad<Resident | null>(
		async () => (reading() ? call<Resident>("GET", `/v1/residents/${encodeURIComponent(id)}`) : null),
		[id],
	);
	const p = loaded.data;
	if (!p && loaded.busy) {
		return <Busy />;
	}
	return (
		<>
			<header class="screenhead">
				<h1>
					{p?.name ?? t({ zh: "居民档案", en: "A resident's record" })}{" "}
					{p && <Chip tone={statusTones[p.status]}>{statusWord(p.status)}</Chip>}
				</h1>
				<a href={href("residents", may("enroller") && p ? { site: p.site } : {})}>
					{p ? t({ zh: `返回${siteName(p.site)}`, en: `Back to ${siteName(p.site)}` }) : t({ zh: "返回", en: "Back" })}
				</a>
			</header>
			<Problem cause={loaded.error} retry={() => void loaded.reload()} />
			{p ? <Clear person={p} loaded={loaded} /> : !loaded.error && <Unseen id={id} />}
			{may("enroller", "leader", "auditor") && !loaded.error && <History id={id} key={loaded.data?.generation} />}
		</>
	);
}

function Clear({ person: p, loaded }: { person: Resident; loaded: Loaded<Resident | null> }) {
	const living = p.kind === "resident" || p.kind === "visitor";
	const alive = living && p.status !== "gone";
	return (
		<>
			{living && <RecordActions person={p} onDone={loaded.reload} />}
			<div class="split">
				<Particulars person={p} />
				<Status person={p} />
			</div>
			{alive && may("enroller", "grid", "medic") && <Passes person={p} onDone={loaded.reload} />}
			{alive && p.kind === "resident" && may("enroller") && <Household person={p} />}
			<Onward id={p.id} />
		</>
	);
}

/** A leader works on records without seeing who it is. */
function Unseen({ id }: { id: string }) {
	return (
		<>
			<Empty>
				{t({
					zh: `档案 ${id}：您的岗位不显示个人资料，可以办理档案事项、查看办理记录。`,
					en: `Record ${id}: your role does not show particulars; the record can be worked on and its history read.`,
				})}
			</Empty>
			<RecordActions person={{ id, kind: "resident" }} onDone={async () => undefined} />
		</>
	);
}

/** Numbers stay hidden until somebody asks. */
function Particulars({ person: p }: { person: Resident }) {
	const [clear, setClear] = useState(false);
	const shown = (text: string) => (clear ? text : tail(text));
	return (
		<Card
			title={t({ zh: "基本信息", en: "Particulars" })}
			extra={
				(p.id_number || p.phone) && (
					<Button aria-pressed={clear} onClick={() => setClear(!clear)}>
						{clear ? t({ zh: "隐藏号码", en: "Hide numbers" }) : t({ zh: "显示号码", en: "Show numbers" })}
					</Button>
				)
			}
		>
			<Facts
				rows={[
					[t({ zh: "姓名", en: "Name" }), p.name],
					[t({ zh: "类别", en: "Kind" }), wordOf(kindWords, p.kind)],
					[
						t({ zh: "证件号", en: "ID number" }),
						p.id_number && <span class="people-number">{shown(p.id_number)}</span>,
					],
					[
						t({ zh: "手机号", en: "Phone" }),
						p.phone ? <span class="people-number">{shown(p.phone)}</span> : t({ zh: "未登记", en: "none" }),
					],
					[t({ zh: "村居", en: "Village or compound" }), siteName(p.site)],
					[t({ zh: "门牌", en: "Door" }), p.door || t({ zh: "未填", en: "none" })],
					[t({ zh: "网格", en: "Grid" }), nodeName(p.grid)],
					[t({ zh: "登记时间", en: "Enrolled" }), localDay(Date.parse(p.created_at))],
					[t({ zh: "档案编号", en: "Record" }), <code key="id">{p.id}</code>],
				]}
			/>
		</Card>
	);
}

function Status({ person: p }: { person: Resident }) {
	const decisions = p.decisions ?? [];
	return (
		<Card
			title={t({ zh: "状态与依据", en: "Status and why" })}
			extra={may("medic") && <a href={href(["status", p.id])}>{t({ zh: "变更状态", en: "Change it" })}</a>}
		>
			<ol class="people-decisions">
				{decisions.map((d, i) => (
					<li key={d.since} class={i === 0 ? "now" : ""}>
						<Chip tone={statusTones[d.status]}>{statusWord(d.status)}</Chip>{" "}
						{d.ground_text[lang.value] || t({ zh: "登记时", en: "by enrolment" })}
						<small>
							{dayAndTime(Date.parse(d.since))}
							{d.until &&
								t({ zh: `，至 ${dayAndTime(Date.parse(d.until))}`, en: `, until ${dayAndTime(Date.parse(d.until))}` })}
							{d.by && ` · ${author(d)}`}
						</small>
					</li>
				))}
			</ol>
		</Card>
	);
}

function author(d: Decision): string {
	if (d.by === "passgate") {
		return t({ zh: "到期自动转换", en: "ended by itself" });
	}
	const second = d.second ? t({ zh: `，${staffName(d.second)} 复核`, en: `, approved by ${staffName(d.second)}` }) : "";
	return `${d.by_office} ${staffName(d.by)}${second}`;
}

const workWords = {
	moved: { zh: "搬迁", en: "Moved" },
	corrected: { zh: "更正", en: "Corrected" },
	merged: { zh: "合并", en: "Merged" },
	gone: { zh: "迁出或死亡", en: "Gone" },
};

function History({ id }: { id: string }) {
	const { data, error, reload } = useLoad(
		() => call<{ work: Work[] }>("GET", `/v1/residents/${encodeURIComponent(id)}/work`),
		[id],
	);
	return (
		<Card title={t({ zh: "档案办理记录", en: "What was done to the record" })}>
			<Problem cause={error} retry={() => void reload()} />
			{data?.work.length === 0 && <Empty>{t({ zh: "没有办理过", en: "Nothing yet" })}</Empty>}
			<ol class="people-work">
				{data?.work.map((w) => (
					<li key={`${w.at} ${w.what}`}>
						<b>{t(workWords[w.what])}</b> <WorkText work={w} />
						<small>
							{dayAndTime(Date.parse(w.at))} · {staffName(w.by)}
							{w.reason && ` · ${w.reason}`}
						</small>
					</li>
				))}
			</ol>
		</Card>
	);
}

function WorkText({ work: w }: { work: Work }) {
	switch (w.what) {
		case "moved":
			return <span>{`${homeText(w.from)} → ${homeText(w.to)}`}</span>;
		case "corrected":
			return <span>{listed(w.fields.map((f) => wordOf(fieldWords, f)))}</span>;
		case "merged":
			return <span>{t({ zh: `并入档案 ${w.before}`, en: `record ${w.before} went into it` })}</span>;
		default:
			return <span>{w.date}</span>;
	}
}

/** Where else this person leads. */
function Onward({ id }: { id: string }) {
	const permits = may("enroller", "grid", "leader");
	return permits ? (
		<p>
			<a href={href("visitors", { host: id })}>{t({ zh: "来访此人的访客", en: "Who visits this person" })}</a>{" "}
			<a href={href("visitors", { person: id })}>{t({ zh: "此人自己的访客证", en: "This person's own permits" })}</a>
		</p>
	) : null;
}
