// The last 50, newest first: each can be taken back within 15 minutes, and says
// what the server made of it.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { clockTimeSeconds } from "../../shared/time";
import type { RecentScan, Text } from "../types";
import { Icon } from "./icons";
import { useModel } from "./model";
import { Key, Problem, Sheet } from "./parts";
import { problemText } from "./problems";
import { degrees } from "./temperature";
import { DIRECTIONS, flagText, verdictWord } from "./words";

/** A scan can be taken back for so long (ms). */
const UNDO_FOR = 15 * 60_000;

const STATES: Record<RecentScan["state"], Text> = {
	stored: { zh: "已存本机", en: "Kept on this phone" },
	waiting: { zh: "待上传", en: "To be sent" },
	sending: { zh: "上传中", en: "Being sent" },
	done: { zh: "", en: "" },
	conflict: { zh: "与中心不一致", en: "Conflict" },
	refused: { zh: "中心未接受", en: "Not accepted by the server" },
};

export function RecentScreen() {
	const model = useModel();
	const list = model.engine.recent.value;
	const [open, setOpen] = useState("");
	const chosen = list.find((r) => r.verdict.id === open);
	if (chosen) {
		return <OneScan scan={chosen} onBack={() => setOpen("")} />;
	}
	return (
		<Sheet title={{ zh: "最近 50 条", en: "Last 50" }}>
			{list.length === 0 && <p class="hint">{t({ zh: "还没有记录", en: "Nothing yet" })}</p>}
			<ol class="recent">
				{list.map((r) => (
					<li key={r.verdict.id} class={r.annulled === "" ? "" : "annulled"}>
						<Key class={r.verdict.color} onPress={() => setOpen(r.verdict.id)}>
							<Icon name={r.verdict.decision === "remeasure" ? "again" : r.verdict.color} />
							<span class="who">
								<b>{r.subjectWord}</b>
								<small>
									{t(DIRECTIONS[r.verdict.direction])} · {t(verdictWord(r.verdict))}
									{r.temperature !== undefined && ` · ${degrees(Math.round(r.temperature * 10))}`}
								</small>
							</span>
							<span class="when">
								<time>{clockTimeSeconds(r.verdict.occurredAt)}</time>
								<small class={r.state}>{stateWords(r)}</small>
							</span>
						</Key>
					</li>
				))}
			</ol>
		</Sheet>
	);
}

function stateWords(r: RecentScan): string {
	if (r.annulled === "done") {
		return t({ zh: "已撤销", en: "Taken back" });
	}
	return r.annulled === "waiting" ? t({ zh: "撤销待传", en: "Undo to be sent" }) : t(STATES[r.state]);
}

function OneScan({ scan: r, onBack }: { scan: RecentScan; onBack: () => void }) {
	const model = useModel();
	const [problem, setProblem] = useState("");
	const v = r.verdict;
	const undoable = r.annulled === "" && r.state !== "refused" && model.now() - v.occurredAt < UNDO_FOR;
	const undo = async () => {
		setProblem("");
		try {
			await model.engine.annul(v.id);
			onBack();
			model.say({ zh: "已撤销", en: "Taken back" });
		} catch (cause) {
			setProblem(problemText(cause));
		}
	};
	const acknowledge = async () => {
		try {
			await model.engine.acknowledge(v.id);
			onBack();
		} catch (cause) {
			setProblem(problemText(cause));
		}
	};
	return (
		<Sheet title={{ zh: "一条记录", en: "One scan" }} onBack={onBack}>
			<p class={`banner ${v.color}`}>
				<Icon name={v.decision === "remeasure" ? "again" : v.color} size={44} /> <b>{t(verdictWord(v))}</b>
			</p>
			<dl class="facts">
				<dt>{t({ zh: "何人", en: "Who" })}</dt>
				<dd>{r.subjectWord}</dd>
				<dt>{t({ zh: "时间", en: "Time" })}</dt>
				<dd>
					{clockTimeSeconds(v.occurredAt)} {t(DIRECTIONS[v.direction])}
				</dd>
				<dt>{t({ zh: "体温", en: "Temperature" })}</dt>
				<dd>{r.temperature === undefined ? "—" : `${degrees(Math.round(r.temperature * 10))} °C`}</dd>
				<dt>{t({ zh: "理由", en: "Reason" })}</dt>
				<dd>{[t(v.text), ...v.flags.map((f) => t(flagText(f)))].join(" · ")}</dd>
				<dt>{t({ zh: "判定", en: "Decided by" })}</dt>
				<dd>
					{v.by === "offline"
						? t({ zh: "本机（离线）", en: "this phone, offline" })
						: t({ zh: "中心", en: "the server" })}
				</dd>
				<dt>{t({ zh: "状态", en: "State" })}</dt>
				<dd>{stateWords(r) || t({ zh: "已入库", en: "On record" })}</dd>
			</dl>
			{r.problem && <p class="note warn">{t(r.problem)}</p>}
			{(r.state === "conflict" || r.state === "refused") && !r.seen && (
				<Key as="main" onPress={() => void acknowledge()}>
					{t({ zh: "知道了，不再提醒", en: "I have seen it" })}
				</Key>
			)}
			<Problem text={problem} />
			{undoable ? (
				<Key as="danger" icon="undo" onPress={() => void undo()}>
					{t({ zh: "撤销这一条", en: "Take it back" })}
				</Key>
			) : (
				<p class="hint">
					{r.annulled === "" ? t({ zh: "超过 15 分钟，不能撤销", en: "It can be taken back for 15 minutes only" }) : ""}
				</p>
			)}
		</Sheet>
	);
}
