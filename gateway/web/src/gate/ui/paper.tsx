// Typing back a page of the paper log: the page's code, then row by row, as it was
// written on the day without power.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import type { Engine } from "../types";
import { useModel } from "./model";
import { type Draft, dayOfPage, emptyDraft, paperRow, ROWS, TOLD, wrong } from "./paperrow";
import { Choice, Field, Key, Problem, Sheet } from "./parts";
import { problemText } from "./problems";
import { DIRECTIONS } from "./words";

type Result = Awaited<ReturnType<Engine["typePaper"]>>[number];

export function PaperScreen() {
	const model = useModel();
	return model.page.value === "" ? <PageCode /> : <PageRows page={model.page.value} />;
}

function PageCode() {
	const model = useModel();
	const [code, setCode] = useState("");
	const page = code.trim();
	return (
		<Sheet title={{ zh: "补录纸质登记", en: "Type back the paper log" }} class="withcamera">
			<p>{t({ zh: "扫页角的二维码，或输入页码。", en: "Scan the code in the page's corner, or type it." })}</p>
			<Field
				name="page"
				label={{ zh: "页码（PGL1-…）", en: "Page (PGL1-…)" }}
				value={code}
				max={80}
				onInput={setCode}
			/>
			<Key
				as="main"
				disabled={dayOfPage(page) === ""}
				onPress={() => {
					model.page.value = page;
				}}
			>
				{t({ zh: "开始补录", en: "Begin" })}
			</Key>
		</Sheet>
	);
}

function PageRows({ page }: { page: string }) {
	const model = useModel();
	const [rows, setRows] = useState<Draft[]>([]);
	const [draft, setDraft] = useState(emptyDraft(1, dayOfPage(page) || localDay(model.now())));
	const [results, setResults] = useState<Result[]>([]);
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const leave = () => {
		model.page.value = "";
		model.screens.back();
	};
	const add = () => {
		const others = rows.filter((r) => r.row !== draft.row);
		const next = [...others, draft].sort((a, b) => a.row - b.row);
		setRows(next);
		setResults([]);
		setDraft(emptyDraft(firstFree(next, draft.row), draft.day, draft));
	};
	const send = async (replace: boolean) => {
		setBusy(true);
		setProblem("");
		try {
			const of = rows.map(paperRow);
			setResults(await model.engine.typePaper(page, of, replace));
		} catch (cause) {
			setProblem(problemText(cause));
		} finally {
			setBusy(false);
		}
	};
	const bad = results.filter((r) => r.problem);
	return (
		<Sheet title={{ zh: "补录纸质登记", en: "Type back the paper log" }} onBack={leave} class="paper">
			<p>
				<small>{page}</small>
			</p>
			<Field
				name="day"
				type="date"
				label={{ zh: "日期（过了零点请改）", en: "Day (changes at midnight)" }}
				value={draft.day}
				onInput={(day) => setDraft({ ...draft, day })}
			/>
			<Typed rows={rows} results={results} onEdit={setDraft} />
			{results.length > 0 && (
				<p class={bad.length > 0 ? "note warn" : "note"} role="status">
					{t({
						zh: `已入库 ${results.length - bad.length} 行${bad.length > 0 ? `，${bad.length} 行有问题` : ""}`,
						en: `${results.length - bad.length} rows on record${bad.length > 0 ? `, ${bad.length} with a problem` : ""}`,
					})}
				</p>
			)}
			<Problem text={problem} />
			{rows.length > 0 && (
				<div class="pair">
					{bad.length > 0 && (
						<Key as="danger" disabled={busy} onPress={() => void send(true)}>
							{t({ zh: "用新内容替换", en: "Replace with these" })}
						</Key>
					)}
					<Key as="main" disabled={busy} onPress={() => void send(false)}>
						{busy
							? t({ zh: "提交中…", en: "Sending…" })
							: t({ zh: `提交 ${rows.length} 行`, en: `Send ${rows.length} rows` })}
					</Key>
				</div>
			)}
			<RowForm key={draft.row} draft={draft} onChange={setDraft} onAdd={add} />
		</Sheet>
	);
}

function firstFree(rows: Draft[], after: number): number {
	for (let row = after + 1; row <= ROWS; row++) {
		if (!rows.some((r) => r.row === row)) {
			return row;
		}
	}
	return Math.min(after, ROWS);
}

function Typed(p: { rows: Draft[]; results: Result[]; onEdit: (d: Draft) => void }) {
	if (p.rows.length === 0) {
		return null;
	}
	return (
		<ol class="typedrows">
			{p.rows.map((d) => {
				const result = p.results.find((r) => r.row === d.row);
				return (
					<li key={d.row}>
						<Key class={result?.problem ? "red" : result ? "green" : ""} onPress={() => p.onEdit(d)}>
							<b>{d.row}</b> {d.time} {t(DIRECTIONS[d.direction])} {d.who} {d.temperature}
							{result?.problem && <small>{t(result.problem)}</small>}
							{result && !result.problem && <small>✓</small>}
						</Key>
					</li>
				);
			})}
		</ol>
	);
}

function RowForm(p: { draft: Draft; onChange: (d: Draft) => void; onAdd: () => void }) {
	const d = p.draft;
	const change = (more: Partial<Draft>) => p.onChange({ ...d, ...more });
	const why = wrong(d);
	const begun = d.who !== "" || d.temperature !== "";
	return (
		<form
			class="form row"
			onSubmit={(e) => {
				e.preventDefault();
				if (!why) {
					p.onAdd();
				}
			}}
		>
			<h2>
				{t({ zh: `第 ${d.row} 行`, en: `Row ${d.row}` })} <small>/ {ROWS}</small>
			</h2>
			<div class="pair">
				<Field
					name="time"
					mode="numeric"
					max={5}
					label={{ zh: "时间", en: "Time" }}
					value={d.time}
					focus={d.row > 1}
					onInput={(v) => change({ time: withColon(v) })}
				/>
				<Choice
					label={{ zh: "方向", en: "Direction" }}
					options={[
						["in", DIRECTIONS.in],
						["out", DIRECTIONS.out],
					]}
					value={d.direction}
					onChoose={(direction) => change({ direction })}
				/>
			</div>
			<Field
				name="who"
				label={{ zh: "姓名或证件号", en: "Name or document number" }}
				value={d.who}
				max={40}
				onInput={(who) => change({ who })}
			/>
			<div class="pair">
				<Field
					name="tail"
					optional
					label={{ zh: "后四位", en: "Last four" }}
					value={d.tail}
					max={4}
					onInput={(tail) => change({ tail: tail.toUpperCase() })}
				/>
				<Field
					name="phone"
					optional
					mode="tel"
					label={{ zh: "手机", en: "Mobile" }}
					value={d.phone}
					max={11}
					onInput={(phone) => change({ phone })}
				/>
			</div>
			<div class="pair">
				<Field
					name="temperature"
					optional
					mode="numeric"
					label={{ zh: "体温", en: "Temperature" }}
					value={d.temperature}
					max={4}
					onInput={(v) => change({ temperature: withPoint(v) })}
				/>
				<Field
					name="plate"
					optional
					label={{ zh: "车牌", en: "Plate" }}
					value={d.plate}
					max={12}
					onInput={(plate) => change({ plate })}
				/>
			</div>
			<Choice
				label={{ zh: "当时", en: "At the time" }}
				options={TOLD}
				value={d.told}
				onChoose={(told) => change({ told })}
			/>
			{begun && why && <p class="hint">{t(why)}</p>}
			<button type="submit" class="key main" disabled={why !== null}>
				<span>{t({ zh: "记下这一行", en: "Add this row" })}</span>
			</button>
		</form>
	);
}

/** "0805" is typed faster than "08:05". */
function withColon(v: string): string {
	return /^\d{4}$/.test(v) ? `${v.slice(0, 2)}:${v.slice(2)}` : v;
}

/** "365" is typed faster than "36.5". */
function withPoint(v: string): string {
	return /^\d{3}$/.test(v) ? `${v.slice(0, 2)}.${v.slice(2)}` : v;
}
