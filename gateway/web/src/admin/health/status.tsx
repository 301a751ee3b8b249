// The status of a resident: what it is, who decided what before, and the next decision.
import { call } from "../../desk/call";
import { go, href, route } from "../../desk/router";
import { nodeName, siteName, staffName, statusWord } from "../../desk/town";
import { FindPerson } from "../../desk/ui/findperson";
import { Busy, Card, Chip, Facts, Problem, useLoad } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import { statusTones, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { StatusForm } from "./statusform";
import { StatusMany } from "./statusmany";
import type { Decision, Resident } from "./types";
import { grounds } from "./words";

export default function StatusScreen() {
	const id = route.value.path[1];
	return id === "many" ? <StatusMany /> : id ? <OfOne id={id} key={id} /> : <Search />;
}

function Search() {
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "健康状态", en: "Status of residents" })}</h1>
				<a class="btn" href={href(["status", "many"])}>
					{t({ zh: "多人变更", en: "Of many" })}
				</a>
			</header>
			<Card>
				<FindPerson onFound={(p) => go(["status", p.id])} />
			</Card>
		</>
	);
}

function OfOne({ id }: { id: string }) {
	const { data: who, error, reload } = useLoad(() => call<Resident>("GET", `/v1/residents/${id}`), [id]);
	return (
		<>
			<p>
				<a href={href("status")}>{t({ zh: "← 查找其他人", en: "← Find somebody else" })}</a>
			</p>
			<Problem cause={error} retry={() => void reload()} />
			{!who && !error && <Busy />}
			{who && (
				<>
					<header class="screenhead">
						<h1>
							{who.name} <Chip tone={statusTones[who.status]}>{statusWord(who.status)}</Chip>
						</h1>
						<a href={href(["observations", "new"], { start: who.id })}>
							{t({ zh: "开始医学观察", en: "Begin an observation" })}
						</a>
						<a href={href("beds", { wait: who.id })}>{t({ zh: "申请床位", en: "Ask for a bed" })}</a>
					</header>
					<Facts
						rows={[
							[t({ zh: "电话", en: "Phone" }), who.phone && <a href={`tel:${who.phone}`}>{who.phone}</a>],
							[t({ zh: "住处", en: "Home" }), `${siteName(who.site)} ${who.door}`],
							[t({ zh: "证件", en: "Document" }), who.id_number],
							[t({ zh: "网格", en: "Grid" }), nodeName(who.grid)],
						]}
					/>
					<div class="split">
						<Card title={t({ zh: "新的决定", en: "A new decision" })}>
							<StatusForm people={[who.id]} fever={route.value.query.get("fever") ?? ""} onDone={() => void reload()} />
						</Card>
						<Card title={t({ zh: "以往的决定", en: "Decisions so far" })}>
							<Decisions decisions={who.decisions} />
						</Card>
					</div>
				</>
			)}
		</>
	);
}

/** Decisions about a status, the one in force first. */
export function Decisions({ decisions }: { decisions: readonly Decision[] }) {
	return (
		<ol class="h-decisions">
			{decisions.map((d, i) => (
				<li key={i}>
					<Chip tone={statusTones[d.status]}>{statusWord(d.status)}</Chip> {when(d.since)}
					{d.until && ` – ${when(d.until)}`}
					{i === 0 && <b> {t({ zh: "现行", en: "in force" })}</b>}
					<p>
						{d.ground ? wordOf(grounds, d.ground) : t({ zh: "登记时的状态", en: "By enrolment" })}
						{d.by && ` · ${d.by === "passgate" ? t({ zh: "系统", en: "the system" }) : staffName(d.by)}`}
						{d.second && ` · ${t({ zh: "复核", en: "approved by" })} ${staffName(d.second)}`}
						{d.by_office && ` · ${d.by_office}`}
						{d.evidence && ` · ${d.evidence}`}
					</p>
				</li>
			))}
		</ol>
	);
}
