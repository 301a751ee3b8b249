// Who was on shift when the person was scanned: contacts, too, though no pass tells of them.
import { useMemo } from "preact/hooks";
import { gateName, staffName } from "../../desk/town";
import { Empty } from "../../desk/ui/parts";
import { type Column, Table } from "../../desk/ui/table";
import { lang, t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import type { Found } from "./answers";
import type { Guard } from "./types";

export function Guards({ found }: { found: Found }) {
	const columns = useMemo(
		(): Column<Guard>[] => [
			{
				key: "name",
				title: t({ zh: "值守人员", en: "Guard" }),
				sort: (g) => staffName(g.login),
				cell: (g) => staffName(g.login) || t({ zh: "账号已删除", en: "account gone" }),
			},
			{ key: "gates", title: t({ zh: "卡口", en: "Gates" }), cell: (g) => g.gates.map(gateName).join(" · ") },
			{
				key: "scans",
				title: t({ zh: "核验次数", en: "Scans" }),
				width: "7rem",
				right: true,
				sort: (g) => -g.scans,
				cell: (g) => g.scans,
			},
			{
				key: "first",
				title: t({ zh: "首次", en: "First" }),
				width: "8rem",
				sort: (g) => Date.parse(g.first_at),
				cell: (g) => dayAndTime(Date.parse(g.first_at)),
				wide: true,
			},
			{
				key: "last",
				title: t({ zh: "末次", en: "Last" }),
				width: "8rem",
				sort: (g) => Date.parse(g.last_at),
				cell: (g) => dayAndTime(Date.parse(g.last_at)),
			},
		],
		[lang.value],
	);
	return (
		<Table
			label={t({ zh: "值守人员", en: "Guards" })}
			columns={columns}
			rows={found.head.staff}
			rowKey={(g) => g.login}
			empty={<Empty>{t({ zh: "没有值守人员给此人核验过", en: "Nobody on shift scanned this person" })}</Empty>}
		/>
	);
}
