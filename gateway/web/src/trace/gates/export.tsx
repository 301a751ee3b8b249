// Passages as files: the server's own, or just the rows on the screen.
import { keep, save } from "../../desk/call";
import { Dialog } from "../../desk/ui/overlay";
import { Button, Problem, useAction } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import { asked, type Period } from "../period";
import type { Filter } from "./columns";
import type { Feed } from "./feed";

/** What the server can filter by itself. */
function serverFilter(filter: Filter) {
	const { direction, decision, reason, min, max } = filter;
	return {
		direction,
		decision,
		reason,
		temperature_min: min,
		temperature_max: max,
		temperature: filter.unmeasured ? "none" : undefined,
	};
}

export function Export({
	feed,
	gate,
	period,
	filter,
	onClose,
}: {
	feed: Feed;
	gate: string;
	period: Period;
	filter: Filter;
	onClose: () => void;
}) {
	const { busy, error, run } = useAction();
	const mine = (["flag", "name", "plate", "lane", "staff", "vehicle", "stopped"] as const).some((key) => filter[key]);
	const name = (extension: string) => `${gate}_${localDay(period.from)}.${extension}`;
	const file = (format: string) =>
		run(async () => {
			const query = { ...asked(period), ...serverFilter(filter), format };
			await save(`/v1/gates/${encodeURIComponent(gate)}/events`, name(format), { query, trace: true, accept: "*/*" });
		});
	return (
		<Dialog title={t({ zh: "导出通行记录", en: "Export the passages" })} onClose={onClose}>
			<p>
				{t({
					zh: "由服务器导出本时段的记录，带人员编号、不带姓名；方向、判定、原因和体温的筛选同样生效。导出记入审计。",
					en: "The server exports this period with IDs and without names; the filters of way, decision, reason and temperature hold. It goes on record.",
				})}
			</p>
			<p class="next">
				{["csv", "xlsx", "parquet"].map((format) => (
					<Button key={format} kind="main" busy={busy} onClick={() => void file(format)}>
						{format.toUpperCase()}
					</Button>
				))}
			</p>
			{mine && (
				<p>
					{t({
						zh: "姓名、车牌、道口、标记、值守等筛选只在本页生效。要导出屏幕上的这些行（带掩码姓名）：",
						en: "Filters of name, plate, lane, flags and staff hold on this page only. To export just the rows on the screen, with masked names:",
					})}
				</p>
			)}
			<p class="next">
				<Button onClick={() => void run(async () => keep(await feed.csv(), name("shown.csv")))}>
					{t({ zh: "屏幕上的行（CSV）", en: "The rows on the screen (CSV)" })}
				</Button>
			</p>
			<Problem cause={error} />
		</Dialog>
	);
}
