// The table of passages: only the rows in sight are on the page, the worker has them all.
import { useMemo } from "preact/hooks";
import { flagWord, reasonWord, staffName } from "../../desk/town";
import { Busy, Chip, Empty } from "../../desk/ui/parts";
import { Table } from "../../desk/ui/table";
import { decisions, directions, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { clockTimeSeconds, dayAndTime, localDay } from "../../shared/time";
import { PersonLink } from "../parts";
import { around, DAY, type Period } from "../period";
import type { Row, SortKey } from "./columns";
import type { Feed } from "./feed";

export const count = (n: number) => n.toLocaleString("en-US");

interface TableProps {
	feed: Feed;
	period: Period;
	onOpen: (row: Row) => void;
	onOrder: (by: { key: SortKey; down: boolean }) => void;
}

export function PassageTable({ feed, period, onOpen, onOrder }: TableProps) {
	void feed.brought.value; // drawn again when rows have been brought
	const view = feed.view.value;
	const oneDay = localDay(period.from) === localDay(period.to - 1);
	const columns = useMemo(() => columnsOf(oneDay), [oneDay]);
	const look = useMemo(() => (from: number, to: number) => feed.look(from, to), [feed]);
	const order = useMemo(
		() => (by: { key: string; down: boolean } | null) =>
			onOrder(by ? { key: by.key as SortKey, down: by.down } : { key: "at", down: false }),
		[onOrder],
	);
	if (!view) {
		return feed.error.value ? null : <Busy />;
	}
	return (
		<Table
			label={t({ zh: "通行记录", en: "Passages" })}
			columns={columns}
			rows={view.rows}
			rowKey={(_, i) => i}
			rowHeight={34}
			onOpen={onOpen}
			onSight={look}
			onOrder={order}
			tone={(row) => (row.annulled || row.annulment ? "void" : row.decision === "pass" ? "" : "stopped")}
			empty={<Empty>{t({ zh: "没有符合条件的记录", en: "No passage fits" })}</Empty>}
			foot={t({
				zh: `显示 ${count(view.rows.length)} 条，共读取 ${count(view.loaded)} 条`,
				en: `${count(view.rows.length)} shown of ${count(view.loaded)} loaded`,
			})}
		/>
	);
}

const any = () => ""; // the worker orders them

function columnsOf(oneDay: boolean) {
	const at = (row: Row) => Date.parse(row.occurred_at);
	return [
		{
			key: "at",
			title: t({ zh: "时间", en: "Time" }),
			width: oneDay ? "6.2rem" : "9rem",
			sort: any,
			cell: (row: Row) =>
				oneDay ? clockTimeSeconds(at(row)) : `${dayAndTime(at(row))}:${clockTimeSeconds(at(row)).slice(6)}`,
		},
		{
			key: "direction",
			title: t({ zh: "方向", en: "Way" }),
			width: "4.2rem",
			sort: any,
			cell: (row: Row) => wordOf(directions, row.direction),
		},
		{
			key: "name",
			title: t({ zh: "人员", en: "Person" }),
			sort: any,
			cell: (row: Row) =>
				row.person && (
					<>
						<PersonLink id={row.person.id} name={row.person.name_masked} period={around(at(row), DAY)} />
						{row.person.known_as && (
							<>
								{" = "}
								<PersonLink id={row.person.known_as.id} name={row.person.known_as.name_masked} />
							</>
						)}
					</>
				),
		},
		{
			key: "decision",
			title: t({ zh: "判定", en: "Decision" }),
			width: "6.5rem",
			sort: any,
			cell: (row: Row) => <Decision row={row} />,
		},
		{
			key: "reason",
			title: t({ zh: "原因", en: "Reason" }),
			width: "10rem",
			sort: any,
			wide: true,
			cell: (row: Row) => (row.reason === "ok" ? "" : reasonWord(row.reason)),
		},
		{
			key: "temperature",
			title: "°C",
			width: "4.2rem",
			right: true,
			sort: any,
			cell: (row: Row) => row.temperature?.toFixed(1) ?? "",
		},
		{
			key: "flags",
			title: t({ zh: "标记", en: "Flags" }),
			wide: true,
			cell: (row: Row) => row.flags.map(flagWord).join(t({ zh: "、", en: ", " })),
		},
		{
			key: "plate",
			title: t({ zh: "车牌", en: "Plate" }),
			width: "7rem",
			sort: any,
			wide: true,
			cell: (row: Row) => row.plate,
		},
		{
			key: "lane",
			title: t({ zh: "道口", en: "Lane" }),
			width: "5rem",
			sort: any,
			wide: true,
			cell: (row: Row) => row.lane,
		},
		{
			key: "staff",
			title: t({ zh: "值守", en: "On shift" }),
			width: "6rem",
			sort: any,
			wide: true,
			cell: (row: Row) => staffName(row.staff),
		},
	];
}

export function Decision({ row }: { row: Pick<Row, "decision" | "annulled" | "annulment"> }) {
	if (row.annulled || row.annulment) {
		return (
			<Chip>{row.annulment ? t({ zh: "撤销", en: "Taken back" }) : t({ zh: "已撤销", en: "Was taken back" })}</Chip>
		);
	}
	return <Chip tone={decisions[row.decision]?.tone}>{wordOf(decisions, row.decision)}</Chip>;
}
