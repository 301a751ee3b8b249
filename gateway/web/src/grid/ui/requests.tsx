// What people under observation ask for: taken on, done.
import { t } from "../../shared/i18n";
import type { Desk } from "../desk";
import type { Request } from "../types";
import { requestKinds, word } from "../words";
import { keyOfRequest, type Left } from "../work";

export function Requests({ desk, left }: { desk: Desk; left: Left }) {
	const turn = (r: Request, to: "take" | "done") =>
		desk.done({
			key: keyOfRequest(r),
			what: {
				zh: `${r.person.door} ${requestKinds[r.kind]?.zh ?? r.kind}:${to === "take" ? "接下" : "办结"}`,
				en: `${r.person.door} ${requestKinds[r.kind]?.en ?? r.kind}: ${to === "take" ? "taken" : "done"}`,
			},
			path: `/v1/requests/${r.id}/${to}`,
			body: () => ({ note: "" }),
		});
	if (left.requests.length === 0) {
		return <p class="none">{t({ zh: "没有待办的需求", en: "No requests are left" })}</p>;
	}
	return (
		<ul class="rows">
			{left.requests.map((r) => (
				<li key={r.id} class="row two">
					<span class="who">
						<b>
							{word(requestKinds, r.kind)} · {r.person.name}
						</b>
						<small>
							{r.person.door} {r.text}
						</small>
						{r.person.phone && !desk.overtime && <a href={`tel:${r.person.phone}`}>{r.person.phone}</a>}
						{r.overdue && <span class="mark bad">{t({ zh: "超时", en: "Overdue" })}</span>}
					</span>
					{r.state === "open" && (
						<button type="button" class="big" onClick={() => void turn(r, "take")}>
							{t({ zh: "接下", en: "Take" })}
						</button>
					)}
					<button type="button" class="big ok" onClick={() => void turn(r, "done")}>
						{t({ zh: "办结", en: "Done" })}
					</button>
				</li>
			))}
		</ul>
	);
}
