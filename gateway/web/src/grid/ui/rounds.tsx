// Rounds of disinfection: one tap when it was done.
import { t } from "../../shared/i18n";
import { clockTime } from "../../shared/time";
import type { Desk } from "../desk";
import type { Round } from "../types";
import { roundKinds, word } from "../words";
import { keyOfRound, type Left } from "../work";

export function Rounds({ desk, left }: { desk: Desk; left: Left }) {
	const siteName = (code: string) => desk.kept.value?.siteNames[code] ?? code;
	const done = (r: Round) =>
		desk.done({
			key: keyOfRound(r),
			what: {
				zh: `${siteName(r.site)} ${roundKinds[r.kind]?.zh ?? r.kind}：已消毒`,
				en: `${siteName(r.site)} ${roundKinds[r.kind]?.en ?? r.kind}: disinfected`,
			},
			path: "/v1/disinfections",
			body: (at, id) => ({ id, site: r.site, kind: r.kind, at }),
		});
	if (left.rounds.length === 0) {
		return <p class="none">{t({ zh: "今天的消毒都已完成", en: "All rounds of today are done" })}</p>;
	}
	return (
		<ul class="rows">
			{left.rounds.map((r) => (
				<li key={keyOfRound(r)} class="row two">
					<span class="who">
						<b>{word(roundKinds, r.kind)}</b>
						<small>
							{siteName(r.site)} · {t({ zh: `第 ${r.round} 次`, en: `round ${r.round}` })} ·{" "}
							{t({ zh: "时限", en: "by" })} {clockTime(Date.parse(r.due_at))}
						</small>
						{r.overdue && <span class="mark bad">{t({ zh: "超时", en: "Overdue" })}</span>}
					</span>
					<button type="button" class="big ok" onClick={() => void done(r)}>
						{t({ zh: "已消毒", en: "Done" })}
					</button>
				</li>
			))}
		</ul>
	);
}
