// One status for many people, named by their IDs.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { Button, Card, Chip, useLoad } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { type Outcome, StatusForm } from "./statusform";
import type { Case } from "./types";

/** How many the API takes at once. */
const MOST = 2000;

/** The IDs in a pasted text, each once, and how many of its lines hold none. */
export function idsIn(text: string): { ids: string[]; without: number } {
	const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
	const ids = new Set<string>();
	let without = 0;
	for (const line of lines) {
		const found = line.toLowerCase().match(/\b[0-9a-f]{16}\b/g);
		for (const id of found ?? []) {
			ids.add(id);
		}
		without += found ? 0 : 1;
	}
	return { ids: [...ids], without };
}

export function StatusMany() {
	const [text, setText] = useState("");
	const [outcome, setOutcome] = useState<Outcome | null>(null);
	const { ids, without } = idsIn(text);
	return (
		<>
			<p>
				<a href={href("status")}>{t({ zh: "← 健康状态", en: "← Status of residents" })}</a>
			</p>
			<h1>{t({ zh: "多人变更状态", en: "One status for many" })}</h1>
			<div class="split">
				<Card title={t({ zh: "人员", en: "People" })}>
					<label class="field">
						<span>
							{t({
								zh: "粘贴人员编号（16 位），每行一人；整行表格也可以",
								en: "Paste their IDs (16 characters), one a line; rows of a table do",
							})}
						</span>
						<textarea rows={10} value={text} spellcheck={false} onInput={(e) => setText(e.currentTarget.value)} />
					</label>
					<p role="status">
						<b>{t({ zh: `${ids.length} 人`, en: `${ids.length} people` })}</b>{" "}
						{without > 0 && (
							<Chip tone="care">{t({ zh: `${without} 行没有编号`, en: `${without} lines without an ID` })}</Chip>
						)}{" "}
						{ids.length > 20 && ids.length <= MOST && (
							<Chip tone="info">
								{t({ zh: "超过 20 人，须另一人审批", en: "More than 20: it takes a second person" })}
							</Chip>
						)}
						{ids.length > MOST && (
							<Chip tone="stop">
								{t({ zh: `一次最多 ${MOST} 人，请分批`, en: `At most ${MOST} at once: do it in parts` })}
							</Chip>
						)}
					</p>
					<OfCase onIDs={(more) => setText([...ids, ...more].join("\n"))} />
				</Card>
				<Card title={t({ zh: "决定", en: "The decision" })}>
					<StatusForm many people={ids} onDone={setOutcome} />
					{outcome?.changed !== undefined && (
						<p role="status">
							{t({ zh: `已变更 ${outcome.changed} 人`, en: `${outcome.changed} changed` })}
							{outcome.failed &&
								outcome.failed.length > 0 &&
								t({ zh: `，${outcome.failed.length} 人未变更：`, en: `, ${outcome.failed.length} not:` })}
						</p>
					)}
					<ul class="h-plain">
						{outcome?.failed?.map((f) => (
							<li key={f.resident}>
								<a href={href(["status", f.resident])}>{f.resident}</a> {f.detail}
							</li>
						))}
					</ul>
				</Card>
			</div>
		</>
	);
}

/** Takes the people of a case over. */
function OfCase({ onIDs }: { onIDs: (ids: string[]) => void }) {
	const { data } = useLoad(() => call<{ cases: Case[] }>("GET", "/v1/cases", { query: { state: "open" } }));
	return (
		<>
			{data?.cases
				.filter((k) => k.people.length > 0)
				.slice(0, 6)
				.map((k) => (
					<Button key={k.code} onClick={() => onIDs(k.people.map((p) => p.id))}>
						{t({
							zh: `加入案件 ${k.code} 的 ${k.people.length} 人`,
							en: `Add the ${k.people.length} of case ${k.code}`,
						})}
					</Button>
				))}
		</>
	);
}
