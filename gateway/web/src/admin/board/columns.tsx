// The table of gates: its columns, and the words in them.
import { href } from "../../desk/router";
import { Chip } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { t } from "../../shared/i18n";
import { Spark } from "./spark";
import type { BoardGate } from "./types";
import { gateStates, troubles } from "./words";

/** The words of a gate's troubles, or how it stands if it has none. */
export function Troubles({ g, most = 9 }: { g: BoardGate; most?: number }) {
	return g.troubles.length > 0 ? (
		<span class="b-chips">
			{g.troubles.slice(0, most).map((name) => (
				<Chip key={name} tone={troubles[name].tone}>
					{t(troubles[name])}
				</Chip>
			))}
			{g.troubles.length > most && <small> +{g.troubles.length - most}</small>}
		</span>
	) : (
		<Chip tone={g.state === "open" ? "ok" : "quiet"}>
			{g.state === "open" ? t({ zh: "正常", en: "As usual" }) : t(gateStates[g.state])}
		</Chip>
	);
}

/** Site and gate; many gates are called after their site already. */
export function placeName(g: { gate: string; name: string; site_name: string }): string {
	const name = g.name || g.gate;
	return name.startsWith(g.site_name) ? name : `${g.site_name} ${name}`;
}

/** "3 分钟" since a time of the wire, "" of none. */
export function since(at: string | null, now: number): string {
	if (!at) {
		return "";
	}
	const minutes = Math.max(0, Math.floor((now - Date.parse(at)) / 60_000));
	if (minutes >= 24 * 60) {
		return when(at);
	}
	if (minutes === 0) {
		return t({ zh: "刚刚", en: "just now" });
	}
	const [h, m] = [Math.floor(minutes / 60), minutes % 60];
	return h > 0 ? t({ zh: `${h} 小时 ${m} 分`, en: `${h} h ${m} min` }) : t({ zh: `${m} 分钟`, en: `${m} min` });
}

/** The columns of the table of gates at a moment (UTC ms). */
export const columns = (now: number): Column<BoardGate>[] => [
	{
		key: "gate",
		title: t({ zh: "卡口", en: "Gate" }),
		width: "1.5fr",
		sort: (g) => `${g.site_name} ${g.name}`,
		cell: (g) => (
			<a href={href(["board", g.gate])} title={g.gate}>
				{placeName(g)}
			</a>
		),
	},
	{
		key: "trouble",
		title: t({ zh: "情况", en: "How it stands" }),
		width: "1.2fr",
		cell: (g) => <Troubles g={g} most={1} />,
	},
	{
		key: "spark",
		title: t({ zh: "近60分钟", en: "60 minutes" }),
		width: "112px",
		wide: true,
		cell: (g) => <Spark passed={g.passed} refused={g.refused} />,
	},
	{
		key: "five",
		title: t({ zh: "5分进/出", en: "5 min in/out" }),
		width: "5.6rem",
		right: true,
		sort: (g) => -(g.five.in + g.five.out),
		cell: (g) => `${g.five.in} / ${g.five.out}`,
	},
	{
		key: "today",
		title: t({ zh: "今日进/出", en: "Today in/out" }),
		width: "6.2rem",
		right: true,
		wide: true,
		sort: (g) => -(g.today.in + g.today.out),
		cell: (g) => `${g.today.in} / ${g.today.out}`,
	},
	{
		key: "denied",
		title: t({ zh: "劝返", en: "Refused" }),
		width: "3.8rem",
		right: true,
		wide: true,
		sort: (g) => -g.today.denied,
		cell: (g) => g.today.denied,
	},
	{
		key: "inside",
		title: t({ zh: "场内", en: "Inside" }),
		width: "4.4rem",
		right: true,
		wide: true,
		sort: (g) => -g.inside,
		cell: (g) => (g.capacity > 0 ? `${g.inside} / ${g.capacity}` : g.inside),
	},
	{
		key: "last",
		title: t({ zh: "距上次", en: "Last scan" }),
		width: "5.4rem",
		right: true,
		wide: true,
		sort: (g) => (g.last_at ? Date.parse(g.last_at) : 0),
		cell: (g) => since(g.last_at, now) || "–",
	},
	{
		key: "contact",
		title: t({ zh: "值守·联系", en: "On shift" }),
		width: "7rem",
		wide: true,
		sort: (g) => (g.contact_at ? Date.parse(g.contact_at) : 0),
		cell: (g) =>
			g.devices === 0
				? t({ zh: "没有手机", en: "No phone" })
				: `${t({ zh: `${g.on_shift} 人`, en: `${g.on_shift} on` })} · ${since(g.contact_at, now) || t({ zh: "未联系", en: "never" })}`,
	},
];
