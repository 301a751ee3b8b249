// What happens at the gates while one looks: refusals, which name nobody, and alarms.
import { href } from "../../desk/router";
import { gateName, gateOf, nodePath, reasonWord, siteName, siteOf } from "../../desk/town";
import { Card, Chip, Empty } from "../../desk/ui/parts";
import { directions, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { clockTimeSeconds } from "../../shared/time";
import { placeName } from "./columns";
import { board } from "./live";
import type { News } from "./state";
import type { Denial } from "./types";

const SHOWN = 40;

export function Feed({ area }: { area: string }) {
	const list = board.value.news.filter((n) => area === "" || inArea(n, area)).slice(0, SHOWN);
	return (
		<aside class="b-feed" aria-label={t({ zh: "劝返与告警", en: "Refusals and alarms" })}>
			<Card
				title={t({ zh: "劝返与告警", en: "Refusals and alarms" })}
				extra={<a href="#/alarms">{t({ zh: "全部告警", en: "All alarms" })}</a>}
			>
				{list.length === 0 && (
					<Empty>{t({ zh: "近15分钟没有劝返", en: "Nobody was refused in the last 15 minutes" })}</Empty>
				)}
				<ol>
					{list.map((n) =>
						"alarm" in n ? (
							<li key={n.alarm.id}>
								<time>{clockTimeSeconds(n.at)}</time>{" "}
								<Chip tone={n.alarm.level === "urgent" ? "stop" : "care"}>
									{n.alarm.level === "urgent" ? t({ zh: "紧急", en: "Urgent" }) : t({ zh: "告警", en: "Alarm" })}
								</Chip>{" "}
								<a href={href(["alarms", n.alarm.id])}>{t(n.alarm.text)}</a> <small>{n.alarm.node_name}</small>
							</li>
						) : (
							<DenialItem key={`${n.denial.gate} ${n.denial.at} ${n.denial.reason}`} d={n.denial} named />
						),
					)}
				</ol>
			</Card>
		</aside>
	);
}

function inArea(n: News, area: string): boolean {
	const node = "alarm" in n ? n.alarm.node : (siteOf(gateOf(n.denial.gate)?.site ?? "")?.grid ?? "");
	return nodePath(node).some((p) => p.id === area);
}

/** A refusal in a list; named tells at which gate. */
export function DenialItem({ d, named = false }: { d: Denial; named?: boolean }) {
	const site = gateOf(d.gate)?.site;
	return (
		<li>
			<time>{clockTimeSeconds(Date.parse(d.at))}</time>{" "}
			{named && (
				<a href={href(["board", d.gate])}>
					{placeName({ gate: d.gate, name: gateName(d.gate), site_name: site ? siteName(site) : "" })}
				</a>
			)}{" "}
			<small>{wordOf(directions, d.direction)}</small> {reasonWord(d.reason)}
		</li>
	);
}
