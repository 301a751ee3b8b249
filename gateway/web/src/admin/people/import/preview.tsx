// What would become of a list: counted by verdict, each row with its reason.
import { useMemo, useState } from "preact/hooks";
import { keep } from "../../../desk/call";
import { siteName } from "../../../desk/town";
import { Button, Card, Chip } from "../../../desk/ui/parts";
import { type Column, Table } from "../../../desk/ui/table";
import { wordOf } from "../../../desk/words";
import { lang, t } from "../../../shared/i18n";
import { fieldWords, homeText, listed, skippedWords, tail, verdictWords } from "../words";
import { type Book, type Line, place, refusedCsv, type Sheet, type Verdict } from "./lines";

const ORDER: Verdict[] = ["refused", "moves", "new", "changed", "duplicate", "unchanged"];

interface Props {
	book: Book;
	file: string;
	onImport: (moves: boolean) => void;
}

export function Preview({ book, file, onImport }: Props) {
	const counts = useMemo(() => countsOf(book.lines), [book]);
	const [moves, setMoves] = useState(false);
	const going = counts.new + counts.changed + counts.unchanged + (moves ? counts.moves : 0);
	return (
		<>
			<div class="people-go">
				<Button kind="main" onClick={() => onImport(moves)} disabled={going === 0} autofocus>
					{t({ zh: `导入 ${going} 行`, en: `Import ${going} rows` })}
				</Button>
				{counts.moves > 0 && (
					<label>
						<input type="checkbox" checked={moves} onChange={(e) => setMoves(e.currentTarget.checked)} />
						{t({
							zh: `${counts.moves} 人在册住处与表中不同：按搬迁处理（旧通行码作废）`,
							en: `${counts.moves} people are on record with another home: move them (their passes are void)`,
						})}
					</label>
				)}
				{counts.refused > 0 && (
					<Button onClick={() => keep(refusedCsv(book.lines), refusedName(file), "text/csv")}>
						{t({ zh: `下载不能导入的 ${counts.refused} 行`, en: `Download the ${counts.refused} refused` })}
					</Button>
				)}
			</div>
			<Sheets book={book} />
			<Lines lines={book.lines} counts={counts} />
		</>
	);
}

export const refusedName = (file: string) =>
	`${file.replace(/\.[^.]+$/, "")}-${t({ zh: "未导入", en: "refused" })}.csv`;

function countsOf(lines: readonly Line[]): Record<Verdict, number> {
	const counts = { new: 0, changed: 0, moves: 0, unchanged: 0, duplicate: 0, refused: 0 };
	for (const line of lines) {
		counts[line.verdict ?? "new"]++;
	}
	return counts;
}

function Sheets({ book }: { book: Book }) {
	return (
		<Card title={t({ zh: "文件里有什么", en: "What the file holds" })}>
			<ul class="people-sheets">
				{book.sheets.map((sheet) => (
					<SheetFacts key={sheet.name} sheet={sheet} />
				))}
			</ul>
			{book.hidden_sheets.length > 0 && (
				<p>
					{t({ zh: "隐藏的工作表没有读：", en: "Hidden sheets are not read: " })}
					{listed(book.hidden_sheets)}
				</p>
			)}
			{book.hidden_rows > 0 && (
				<p>
					{t({
						zh: `有 ${book.hidden_rows} 行在表格里是隐藏的，也读了进来。`,
						en: `${book.hidden_rows} rows are hidden in the spreadsheet; they are read like the others.`,
					})}
				</p>
			)}
		</Card>
	);
}

function SheetFacts({ sheet }: { sheet: Sheet }) {
	const columns = sheet.columns.map((c) => {
		const word = wordOf(fieldWords, c.field);
		return c.heading === word ? word : `${word}←${c.heading}`;
	});
	const skipped = Object.entries(sheet.skipped).map(([what, n]) => `${wordOf(skippedWords, what)} ${n}`);
	return (
		<li>
			<b>{sheet.name || t({ zh: "表格", en: "List" })}</b> {t({ zh: `${sheet.rows} 人`, en: `${sheet.rows} people` })}
			<small>
				{t({ zh: "列：", en: "columns: " })}
				{listed(columns)}
				{sheet.site && t({ zh: `；村居：${siteName(sheet.site)}`, en: `; village: ${siteName(sheet.site)}` })}
				{skipped.length > 0 && t({ zh: `；略过 ${listed(skipped)}`, en: `; passed over: ${listed(skipped)}` })}
			</small>
		</li>
	);
}

/** The rows, by verdict and by what is typed. */
function Lines({ lines, counts }: { lines: readonly Line[]; counts: Record<Verdict, number> }) {
	const [only, setOnly] = useState<Verdict | null>(counts.refused > 0 ? "refused" : null);
	const [wanted, setWanted] = useState("");
	const shown = useMemo(() => {
		const text = wanted.trim().toLowerCase();
		return lines.filter(
			(line) =>
				(only === null || line.verdict === only) &&
				(text === "" ||
					`${line.name} ${line.door} ${line.site} ${line.sheet} ${line.row}`.toLowerCase().includes(text)),
		);
	}, [lines, only, wanted]);
	return (
		<section>
			<fieldset class="people-verdicts" aria-label={t({ zh: "按结果筛选", en: "Filter by verdict" })}>
				<button type="button" aria-pressed={only === null} onClick={() => setOnly(null)}>
					{t({ zh: "全部", en: "All" })} <b>{lines.length}</b>
				</button>
				{ORDER.map((v) => (
					<button
						type="button"
						key={v}
						class={verdictWords[v].tone}
						aria-pressed={only === v}
						disabled={counts[v] === 0}
						onClick={() => setOnly(only === v ? null : v)}
					>
						{t(verdictWords[v])} <b>{counts[v]}</b>
					</button>
				))}
				<input
					type="search"
					aria-label={t({ zh: "按姓名、门牌查找", en: "Find by name or door" })}
					placeholder={t({ zh: "姓名、门牌、行号", en: "Name, door, row" })}
					value={wanted}
					onInput={(e) => setWanted(e.currentTarget.value)}
				/>
			</fieldset>
			<Table
				label={t({ zh: "预览", en: "Preview" })}
				columns={columns()}
				rows={shown}
				rowHeight={only === "refused" ? 54 : 40}
				rowKey={(line) => `${line.sheet}\u0000${line.row}`}
				foot={t({ zh: `显示 ${shown.length} / ${lines.length} 行`, en: `${shown.length} of ${lines.length} rows` })}
			/>
		</section>
	);
}

const columns = (): Column<Line>[] => [
	{ key: "row", title: t({ zh: "行", en: "Row" }), width: "6.5rem", cell: place, sort: (l) => l.row, wide: true },
	{
		key: "verdict",
		title: t({ zh: "结果", en: "Verdict" }),
		width: "6.5rem",
		cell: (l) => l.verdict && <Chip tone={verdictWords[l.verdict].tone}>{t(verdictWords[l.verdict])}</Chip>,
		sort: (l) => ORDER.indexOf(l.verdict ?? "new"),
	},
	{ key: "name", title: t({ zh: "姓名", en: "Name" }), width: "6rem", cell: (l) => l.name, sort: (l) => l.name },
	{ key: "why", title: t({ zh: "说明", en: "What and why" }), cell: (l) => <Why line={l} /> },
	{
		key: "site",
		title: t({ zh: "村居", en: "Site" }),
		width: "7rem",
		cell: (l) => siteName(l.site),
		sort: (l) => l.site,
		wide: true,
	},
	{
		key: "door",
		title: t({ zh: "门牌", en: "Door" }),
		width: "8rem",
		cell: (l) => l.door,
		sort: (l) => l.door,
		wide: true,
	},
	{ key: "id", title: t({ zh: "证件号", en: "ID number" }), width: "6rem", cell: (l) => tail(l.id_number), wide: true },
];

function Why({ line }: { line: Line }) {
	const text = whyText(line);
	return text ? (
		<span class="people-why" title={text}>
			{text}
		</span>
	) : null;
}

function whyText(line: Line): string {
	switch (line.verdict) {
		case "refused": {
			const field = line.field ? `${wordOf(fieldWords, line.field)}${t({ zh: "：", en: ": " })}` : "";
			return field + (line.why?.[lang.value] ?? "");
		}
		case "moves":
			return `${homeText(line.from)} → ${homeText(line.to)}`;
		case "changed":
			return t({ zh: "更新", en: "New: " }) + listed(line.fields.map((f) => wordOf(fieldWords, f)));
		case "duplicate":
			return t({ zh: `与 ${line.of} 行相同`, en: `the same as row ${line.of}` });
		default:
			return "";
	}
}
