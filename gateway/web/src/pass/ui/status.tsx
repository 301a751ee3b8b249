// Status: what it is, what it means at a gate, who gave it and until when, and the
// way to contest it.
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import type { Home, Person } from "../home";
import type { Member } from "../types";
import { meaningOf, toneOf } from "../words";
import { ContestPart } from "./contest";
import { CallLink, Icon, Note } from "./parts";

export function StatusScreen({ home, person }: { home: Home; person: Person }) {
	const { member, family } = person;
	const tone = toneOf[member.status] ?? "eye";
	return (
		<article class="screen">
			<h1>{member.name}</h1>
			<div class={`status-block tone-${tone}`}>
				<Icon name={tone === "care" ? "caution" : tone} />
				<b>{t(member.status_text)}</b>
			</div>
			<p class="meaning">{t(meaningOf[member.status] ?? meaningOf.gone)}</p>
			{home.online.value === false && (
				<Note icon="cut">
					{t({
						zh: "没有网络，这是上次联网时的状态。",
						en: "No network: this is the status when there last was one.",
					})}
				</Note>
			)}
			<Facts member={member} />
			{family.live && <ContestPart home={home} person={person} key={member.id} />}
			<CallLink name={family.office.name} phone={family.office.phone} />
		</article>
	);
}

/** Ground, time and author, as far as there are any. */
function Facts({ member }: { member: Member }) {
	const rows: [string, string][] = [];
	if (member.ground_text && t(member.ground_text)) {
		rows.push([t({ zh: "依据", en: "Ground" }), t(member.ground_text)]);
	}
	if (member.since) {
		rows.push([t({ zh: "开始", en: "Since" }), dayAndTime(Date.parse(member.since))]);
	}
	if (member.until) {
		rows.push([t({ zh: "到期", en: "Until" }), dayAndTime(Date.parse(member.until))]);
	}
	if (member.by_office) {
		rows.push([t({ zh: "认定单位", en: "Decided by" }), member.by_office]);
	}
	return rows.length === 0 ? null : (
		<dl class="facts">
			{rows.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>{value}</dd>
				</div>
			))}
		</dl>
	);
}
