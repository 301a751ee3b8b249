// What was done and is not with the server yet, and what it would not take.
import { t } from "../../shared/i18n";
import { clockTime } from "../../shared/time";
import type { Desk } from "../desk";

export function Outbox({ desk }: { desk: Desk }) {
	const entries = desk.entries.value.filter((e) => e.state !== "sent");
	if (entries.length === 0) {
		return <p class="none">{t({ zh: "都已上传", en: "Everything is with the server" })}</p>;
	}
	return (
		<ul class="rows">
			{entries.map((e) => (
				<li key={e.seq} class="row two">
					<span class="who">
						<b>{t(e.what)}</b>
						<small>
							{clockTime(e.at)} ·{" "}
							{e.state === "refused"
								? t({ zh: `没有被接受：${e.why}`, en: `refused: ${e.why}` })
								: t({ zh: "联网后自动上传", en: "goes out by itself" })}
						</small>
					</span>
					{e.state === "refused" && (
						<button type="button" class="big" onClick={() => void desk.dismiss(e)}>
							{t({ zh: "知道了", en: "I have seen it" })}
						</button>
					)}
				</li>
			))}
		</ul>
	);
}
