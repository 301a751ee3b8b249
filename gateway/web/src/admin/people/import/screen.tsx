// Import of a clerk's list: drop the file, look at what would become of it, import, print.
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Card, Problem, Progress } from "../../../desk/ui/parts";
import { Pick } from "../../../desk/ui/pick";
import { ApiError } from "../../../shared/api";
import { t } from "../../../shared/i18n";
import "../people.css";
import { homeOptions } from "../homes";
import { Done } from "./done";
import { Drop } from "./drop";
import { type Book, type Counts, goes, goesOn, importLines, previewLines, readBook } from "./lines";
import { Preview } from "./preview";

type Stage =
	| { at: "file" }
	| { at: "reading"; file: File }
	| { at: "looking"; book: Book; file: File; done: number; begun: number }
	| { at: "preview"; book: Book; file: File }
	| { at: "importing"; book: Book; file: File; done: number; begun: number; moves: boolean }
	| {
			at: "done";
			book: Book;
			file: File;
			counts: Counts;
			sites: string[];
			since: number;
			resumed: boolean;
			seconds: number;
	  };

export default function Import() {
	const [stage, setStage] = useState<Stage>({ at: "file" });
	const [error, setError] = useState<unknown>(null);
	const stop = useRef(new AbortController());
	/** What is given up is to be gone on with. */
	const paused = useRef(false);
	useEffect(() => () => stop.current.abort(), []);
	const guarded = stage.at === "importing";
	useEffect(() => {
		if (guarded) {
			const ask = (e: BeforeUnloadEvent) => e.preventDefault();
			window.addEventListener("beforeunload", ask);
			return () => window.removeEventListener("beforeunload", ask);
		}
		return undefined;
	}, [guarded]);

	const first = useRef<{ book: Book; begun: number } | null>(null);
	/** Does something to the rows; a failure leads back to the stage from which it can be done again. */
	const attempt = async (back: Stage, work: (signal: AbortSignal) => Promise<void>) => {
		stop.current.abort();
		stop.current = new AbortController();
		paused.current = false;
		const { signal } = stop.current;
		setError(null);
		try {
			await work(signal);
		} catch (cause) {
			if (signal.aborted && !paused.current) {
				return; // somebody went elsewhere
			}
			setError(signal.aborted ? null : cause);
			setStage(back);
		}
	};
	const pause = () => {
		paused.current = true;
		stop.current.abort();
	};
	const read = (file: File, site = "") =>
		attempt({ at: "reading", file }, async (signal) => {
			setStage({ at: "reading", file });
			const book = await readBook(file, site);
			goesOn(signal);
			const begun = Date.now();
			let done = 0;
			setStage({ at: "looking", book, file, done, begun });
			await previewLines(book.lines, {
				signal,
				onDone(rows) {
					done += rows;
					setStage({ at: "looking", book, file, done, begun });
				},
			});
			setStage({ at: "preview", book, file });
		});
	const bring = (book: Book, file: File, moves: boolean) =>
		attempt({ at: "preview", book, file }, async (signal) => {
			const begun = Date.now();
			// An import that goes on after a pause began with its first part.
			first.current = first.current?.book === book ? first.current : { book, begun };
			const since = first.current.begun;
			let done = 0;
			setStage({ at: "importing", book, file, done, begun, moves });
			const result = await importLines(book.lines, moves, {
				signal,
				onDone(rows) {
					done += rows;
					setStage({ at: "importing", book, file, done, begun, moves });
				},
			});
			setStage({
				at: "done",
				book,
				file,
				...result,
				since,
				resumed: since < begun,
				seconds: (Date.now() - begun) / 1000,
			});
		});
	const again = () => {
		stop.current.abort();
		setError(null);
		setStage({ at: "file" });
	};
	const needsSite = stage.at === "reading" && error instanceof ApiError && error.field === "site";

	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "导入名册", en: "Import a list" })}</h1>
				{stage.at !== "file" && stage.at !== "importing" && (
					<Button onClick={again}>{t({ zh: "换一个文件", en: "Another file" })}</Button>
				)}
			</header>
			{needsSite ? (
				<WhichSite onSite={(site) => void read(stage.file, site)} />
			) : (
				<Problem cause={error} {...(stage.at === "reading" ? { retry: () => void read(stage.file) } : {})} />
			)}
			{stage.at === "file" && <Drop onFile={(file) => void read(file)} />}
			{stage.at === "reading" && !error && (
				<Progress done={0}>{t({ zh: `正在读取 ${stage.file.name}…`, en: `Reading ${stage.file.name}…` })}</Progress>
			)}
			{stage.at === "looking" && (
				<Rate
					word={t({ zh: "正在与名册核对", en: "Comparing with the register" })}
					done={stage.done}
					of={stage.book.lines.filter(goes).length}
					begun={stage.begun}
				/>
			)}
			{stage.at === "preview" && (
				<Preview
					book={stage.book}
					file={stage.file.name}
					onImport={(moves) => void bring(stage.book, stage.file, moves)}
				/>
			)}
			{stage.at === "importing" && (
				<Card title={t({ zh: "正在导入", en: "Importing" })}>
					<Rate
						word={t({ zh: "已导入", en: "Imported" })}
						done={stage.done}
						of={stage.book.lines.filter(goes).length}
						begun={stage.begun}
					/>
					<p>
						{t({
							zh: "中断也不要紧：已导入的不会重复，再次导入同一文件即可接着做。",
							en: "If it is cut off, import the file again: what went in is not changed.",
						})}
					</p>
					<Button onClick={pause}>{t({ zh: "暂停", en: "Pause" })}</Button>
				</Card>
			)}
			{stage.at === "done" && <Done {...stage} file={stage.file.name} onAgain={again} />}
		</>
	);
}

/** How far, how fast, and how long it will take. */
function Rate({ word, done, of, begun }: { word: string; done: number; of: number; begun: number }) {
	const seconds = Math.max(0.1, (Date.now() - begun) / 1000);
	const rate = Math.round(done / seconds);
	const rest = rate > 0 ? Math.ceil((of - done) / rate) : null;
	const how =
		rest === null ? "" : t({ zh: `，${rate} 行/秒，还需约 ${rest} 秒`, en: `, ${rate} rows/s, about ${rest} s left` });
	return (
		<Progress done={done} of={of}>
			{`${word} ${done} / ${of}${how}`}
		</Progress>
	);
}

function WhichSite({ onSite }: { onSite: (site: string) => void }) {
	const [site, setSite] = useState("");
	return (
		<Card title={t({ zh: "这些人住在哪个村居？", en: "In which village or compound do these people live?" })}>
			<p>
				{t({
					zh: "表里没有村居一列，工作表也不是以村居命名。请选择；没有写明村居的行都归入它。",
					en: "No column says, and the sheet is not named after one. Choose it: all rows that name none belong to it.",
				})}
			</p>
			<form
				class="form"
				onSubmit={(e) => {
					e.preventDefault();
					onSite(site);
				}}
			>
				<Pick
					label={t({ zh: "村居", en: "Village or compound" })}
					value={site}
					options={homeOptions()}
					onPick={setSite}
					required
				/>
				<div class="actions">
					<Button type="submit" kind="main" disabled={site === ""}>
						{t({ zh: "继续", en: "Go on" })}
					</Button>
				</div>
			</form>
		</Card>
	);
}
