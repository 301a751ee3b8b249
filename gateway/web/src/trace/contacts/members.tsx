// Who was at several places: a row each, a column for each of the places.

import { useMemo } from "preact/hooks";
import { keep } from "../../desk/call";
import { href } from "../../desk/router";
import { gateName, nodeName, siteName } from "../../desk/town";
import { Button, Card, Empty } from "../../desk/ui/parts";
import { type Column, Table } from "../../desk/ui/table";
import { lang, t } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import { placeText } from "./compare";
import { type Window, windowsQuery } from "./crowd";
import { cell } from "./rows";
import type { Person } from "./types";
import { spanText } from "./words";

export interface Member {
	person: Person;
	/** Places in the question, from 0. */
	windows: number[];
	minutes: number;
}

export interface Crowd {
	windows: Window[];
	people: Member[];
	total: number;
	outside: number;
}

const SHOWN = 8; // windows with a column of their own

export function Members({ answer }: { answer: Crowd }) {
	const columns = useMemo(() => columnsOf(answer), [answer, lang.value]);
	const rows = useMemo(() => answer.people.map((m, i) => ({ ...m, rank: i + 1 })), [answer]);
	return (
		<Card
			title={t({ zh: `交集人群 ${answer.total} 人`, en: `${answer.total} people` })}
			extra={
				<Button onClick={() => keep(csvOf(answer), "crowd.csv", "text/csv;charset=utf-8")} disabled={rows.length === 0}>
					CSV
				</Button>
			}
		>
			{answer.total > rows.length && (
				<p class="ct-over">
					{t({
						zh: `只列出排在前面的 ${rows.length} 人：提高“至少去过几处”，或缩短时间`,
						en: `The first ${rows.length} are listed: ask for more places, or shorter times`,
					})}
				</p>
			)}
			<ol class="ct-places">
				{answer.windows.map((w) => (
					<li key={windowsQuery([w])}>
						{placeText(w, gateName)} {spanText(Date.parse(w.from), Date.parse(w.to))}
					</li>
				))}
			</ol>
			<Table
				label={t({ zh: "交集人群", en: "Who was there" })}
				columns={columns}
				rows={rows}
				rowKey={(m) => m.person.id}
				rowHeight={34}
				height="max(18rem, calc(100vh - 16rem))"
				empty={
					<Empty>
						{t({
							zh: "没有人同时去过这些地方：放宽时间，或减少处数",
							en: "Nobody was: try longer times or fewer places",
						})}
					</Empty>
				}
				foot={t({
					zh: `共 ${rows.length} 人，其中辖区外 ${answer.outside} 人`,
					en: `${rows.length} people, ${answer.outside} from outside`,
				})}
			/>
		</Card>
	);
}

type Row = Member & { rank: number };

const lives = (m: Row) => (m.person.outside ? nodeName(m.person.area) : siteName(m.person.home));

function columnsOf(answer: Crowd): Column<Row>[] {
	const { windows } = answer;
	const [from] = windows.map((w) => w.from).sort();
	const to = lastOf(windows.map((w) => w.to).sort());
	return [
		{
			key: "rank",
			title: t({ zh: "序", en: "No." }),
			width: "3.6rem",
			right: true,
			sort: (m) => m.rank,
			cell: (m) => m.rank,
		},
		{
			key: "name",
			title: t({ zh: "姓名", en: "Name" }),
			width: "7rem",
			sort: (m) => m.person.name_masked,
			cell: (m) =>
				m.person.outside ? <span class="ct-far">{t({ zh: "辖区外", en: "Outside" })}</span> : m.person.name_masked,
		},
		{ key: "home", title: t({ zh: "住处", en: "Lives at" }), sort: lives, cell: lives, wide: true },
		{
			key: "count",
			title: t({ zh: "去过", en: "Places" }),
			width: "5rem",
			right: true,
			sort: (m) => -m.windows.length,
			cell: (m) => m.windows.length,
		},
		{
			key: "minutes",
			title: t({ zh: "分钟", en: "Minutes" }),
			width: "5.5rem",
			right: true,
			sort: (m) => -m.minutes,
			cell: (m) => m.minutes,
		},
		...windows.slice(0, SHOWN).map(
			(w, i): Column<Row> => ({
				key: `at${i}`,
				title: <span title={placeText(w, gateName)}>{i + 1}</span>,
				width: "2.6rem",
				wide: true,
				sort: (m) => (m.windows.includes(i) ? 0 : 1),
				cell: (m) => (m.windows.includes(i) ? <b>✓</b> : ""),
			}),
		),
		...(windows.length > SHOWN
			? [
					{
						key: "more",
						title: t({ zh: "其余", en: "More" }),
						width: "6rem",
						wide: true,
						cell: rest,
					} satisfies Column<Row>,
				]
			: []),
		{
			key: "next",
			title: t({ zh: "再查", en: "Next" }),
			width: "7rem",
			cell: (m) =>
				m.person.outside ? null : (
					<span class="ct-links">
						<a href={href(["person", m.person.id], { from, to })}>{t({ zh: "轨迹", en: "Trail" })}</a>{" "}
						<a href={href(["contacts", m.person.id])}>{t({ zh: "接触者", en: "Contacts" })}</a>
					</span>
				),
		},
	];
}

/** The numbers of the windows that have no column. */
const rest = (m: Row) =>
	m.windows
		.filter((i) => i >= SHOWN)
		.map((i) => i + 1)
		.join(" ");

function csvOf(answer: Crowd): string {
	const lines = answer.people.map((m, i) =>
		[
			i + 1,
			m.person.id,
			m.person.outside,
			m.person.area,
			m.person.name_masked,
			m.person.home,
			m.windows.length,
			m.minutes,
			m.windows.map((w) => w + 1).join(" "),
		]
			.map(cell)
			.join(","),
	);
	return `\ufeff${["rank,person,outside,area,name_masked,home,windows,minutes,at", ...lines].join("\r\n")}\r\n`;
}
