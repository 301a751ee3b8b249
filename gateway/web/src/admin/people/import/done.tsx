// What came of an import, and the way on: printing, correcting what was refused.
import { useState } from "preact/hooks";
import { keep } from "../../../desk/call";
import { href } from "../../../desk/router";
import { siteName } from "../../../desk/town";
import { Button, Card, Problem, Progress, useAction } from "../../../desk/ui/parts";
import { t } from "../../../shared/i18n";
import { wire } from "../../../shared/time";
import { printSheets } from "../paper";
import { listed } from "../words";
import { type Book, type Counts, refusedCsv } from "./lines";
import { refusedName } from "./preview";

interface Props {
	book: Book;
	file: string;
	counts: Counts;
	/** Codes. */
	sites: string[];
	/** When the import began, by this computer, UTC ms; resumed: it was paused meanwhile. */
	since: number;
	resumed: boolean;
	seconds: number;
	onAgain: () => void;
}

export function Done({ book, file, counts, sites, since, resumed, seconds, onAgain }: Props) {
	const refused = book.lines.filter((line) => line.verdict === "refused").length;
	return (
		<>
			<Card title={t({ zh: "导入完成", en: "Imported" })}>
				<p class="people-result" role="status">
					{t({
						zh: `新增 ${counts.created} 人，变更 ${counts.changed} 人，搬迁 ${counts.moved} 人，不变 ${counts.unchanged} 人，未导入 ${refused} 行；用时 ${seconds.toFixed(1)} 秒。`,
						en: `${counts.created} new, ${counts.changed} changed, ${counts.moved} moved, ${counts.unchanged} unchanged, ${refused} rows refused; in ${seconds.toFixed(1)} s.`,
					})}
				</p>
				<div class="actions">
					{refused > 0 && (
						<Button onClick={() => keep(refusedCsv(book.lines), refusedName(file), "text/csv")}>
							{t({
								zh: `下载未导入的 ${refused} 行（改好后再导入）`,
								en: `Download the ${refused} refused, to correct them`,
							})}
						</Button>
					)}
					<Button onClick={onAgain}>{t({ zh: "再导入一个文件", en: "Import another file" })}</Button>
				</div>
			</Card>
			{sites.length > 0 && <Print sites={sites} created={counts.created > 0 || resumed} since={since} />}
		</>
	);
}

function Print({ sites, created, since }: { sites: string[]; created: boolean; since: number }) {
	const [done, setDone] = useState<number | null>(null);
	const { busy, error, run } = useAction();
	const print = (codes: string[], query = {}) =>
		run(async () => {
			try {
				await printSheets(codes, query, setDone);
			} finally {
				setDone(null);
			}
		});
	// A little earlier, as this computer's clock may be ahead of the server's.
	const fresh = { since: wire(since - 5 * 60_000) };
	return (
		<Card title={t({ zh: "打印通行证", en: "Print the passes" })}>
			<p>
				{t({ zh: "村居：", en: "Villages and compounds: " })}
				{listed(sites.map(siteName))}
			</p>
			<div class="actions people-print">
				{created && (
					<Button kind="main" busy={busy} onClick={() => void print(sites, fresh)}>
						{t({ zh: "打印新登记家庭的通行证", en: "Print the passes of the new households" })}
					</Button>
				)}
				<Button busy={busy} kind={created ? "plain" : "main"} onClick={() => void print(sites)}>
					{t({ zh: "打印这些村居全部通行证", en: "Print all passes of these sites" })}
				</Button>
				<a href={href("sheets")}>{t({ zh: "按村居分别打印", en: "Print site by site" })}</a>
			</div>
			{done !== null && (
				<Progress done={done} of={sites.length}>
					{t({ zh: `正在准备 ${done} / ${sites.length} 个村居`, en: `Drawing ${done} of ${sites.length} sites` })}
				</Progress>
			)}
			<Problem cause={error} />
		</Card>
	);
}
