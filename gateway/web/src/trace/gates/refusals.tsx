// Refusals that name nobody: forged, foreign and damaged codes, unknown documents.
import { useEffect, useState } from "preact/hooks";
import { lines } from "../../desk/call";
import { reasonWord, staffName } from "../../desk/town";
import { Busy, Button, Empty, Problem } from "../../desk/ui/parts";
import { Table } from "../../desk/ui/table";
import { directions, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { clockTimeSeconds, dayAndTime, localDay } from "../../shared/time";
import { saveOrSay } from "../parts";
import { asked, type Period } from "../period";
import type { Row } from "./columns";
import { PassageDrawer } from "./passage";

/** More than anybody reads: the file has them all. */
const MOST = 20_000;

export function Refusals({ gate, period }: { gate: string; period: Period }) {
	const [rows, setRows] = useState<Row[]>([]);
	const [done, setDone] = useState(false);
	const [error, setError] = useState<unknown>(null);
	const [turn, setTurn] = useState(0);
	const [reason, setReason] = useState("");
	const [open, setOpen] = useState<Row | null>(null);
	const path = `/v1/gates/${encodeURIComponent(gate)}/refusals`;
	useEffect(() => {
		const stop = new AbortController();
		const all: Row[] = [];
		setError(null);
		setDone(false);
		lines<Row>(path, { query: asked(period), signal: stop.signal }, (more) => {
			all.push(...more);
			setRows(all.slice(0, MOST));
			if (all.length >= MOST) {
				stop.abort();
			}
		})
			.catch((cause: unknown) => !stop.signal.aborted && setError(cause))
			.finally(() => setDone(true));
		return () => stop.abort();
	}, [path, period.from, period.to, turn]);
	const reasons = new Map<string, number>();
	for (const row of rows) {
		reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + 1);
	}
	const shown = reason === "" ? rows : rows.filter((row) => row.reason === reason);
	return (
		<>
			<Problem cause={error} retry={() => setTurn(turn + 1)} />
			<ul class="numbers" aria-label={t({ zh: "原因", en: "Reasons" })}>
				{[...reasons].map(([why, n]) => (
					<li key={why}>
						<button type="button" aria-pressed={reason === why} onClick={() => setReason(reason === why ? "" : why)}>
							<b>{n}</b> {reasonWord(why)}
						</button>
					</li>
				))}
				<li>
					<Button
						onClick={() =>
							void saveOrSay(path, `${gate}_refusals_${localDay(period.from)}.csv`, {
								query: { ...asked(period), format: "csv" },
							})
						}
					>
						{t({ zh: "导出 CSV", en: "Export CSV" })}
					</Button>
				</li>
			</ul>
			{!done && <Busy />}
			{done && (
				<Table
					label={t({ zh: "无身份拒绝", en: "Refusals of nobody known" })}
					rows={shown}
					rowKey={(_, i) => i}
					rowHeight={34}
					onOpen={setOpen}
					columns={[
						{
							key: "at",
							title: t({ zh: "时间", en: "Time" }),
							width: "9rem",
							sort: (r) => r.occurred_at,
							cell: (r) =>
								`${dayAndTime(Date.parse(r.occurred_at))}:${clockTimeSeconds(Date.parse(r.occurred_at)).slice(6)}`,
						},
						{
							key: "direction",
							title: t({ zh: "方向", en: "Way" }),
							width: "4.5rem",
							cell: (r) => wordOf(directions, r.direction),
						},
						{
							key: "reason",
							title: t({ zh: "原因", en: "Reason" }),
							sort: (r) => r.reason,
							cell: (r) => reasonWord(r.reason),
						},
						{ key: "lane", title: t({ zh: "道口", en: "Lane" }), width: "7rem", wide: true, cell: (r) => r.lane },
						{
							key: "staff",
							title: t({ zh: "值守", en: "On shift" }),
							width: "8rem",
							wide: true,
							cell: (r) => staffName(r.staff),
						},
					]}
					empty={
						<Empty>{t({ zh: "这段时间没有无身份的拒绝", en: "No refusals of nobody known in this period" })}</Empty>
					}
					foot={
						rows.length >= MOST
							? t({
									zh: "只显示前 20,000 条：请缩短时段或导出",
									en: "Only the first 20,000: choose a shorter period, or export",
								})
							: t({ zh: `共 ${shown.length} 条`, en: `${shown.length} in all` })
					}
				/>
			)}
			{open && <PassageDrawer row={open} gate={gate} onClose={() => setOpen(null)} />}
		</>
	);
}
