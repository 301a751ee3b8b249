// Gates whose temperatures cannot be trusted on a day, why, and what to do.
import "./places.css";
import { call } from "../../desk/call";
import { href, refine, route } from "../../desk/router";
import { Card, Chip, Empty, Facts, Problem, Toolbar, useLoad } from "../../desk/ui/parts";
import { directions, wordOf } from "../../desk/words";
import { lang, type Text, t } from "../../shared/i18n";
import { localDay } from "../../shared/time";

interface Suspect {
	kind: "drift" | "constant";
	text: Text;
	gate: string;
	gate_name: string;
	site: string;
	site_name: string;
	method: string;
	direction: string;
	readings: number;
	median: number;
	neighbours: number;
	neighbours_median: number | null;
	mode: number;
	mode_share: number;
}

const kinds: Record<Suspect["kind"], Text> = {
	drift: { zh: "体温计偏差", en: "Thermometer is off" },
	constant: { zh: "读数雷同", en: "One value for all" },
};

const methods: Record<string, Text> = {
	forehead: { zh: "额温", en: "forehead" },
	wrist: { zh: "腕温", en: "wrist" },
	ear: { zh: "耳温", en: "ear" },
	armpit: { zh: "腋温", en: "armpit" },
};

export default function Suspects() {
	const day = route.value.query.get("day") || localDay(Date.now());
	const { data, error, busy, reload } = useLoad(
		() => call<{ day: string; suspects: Suspect[] }>("GET", "/v1/gates/suspect", { query: { day } }),
		[day],
	);
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "可疑测温", en: "Suspect readings" })}</h1>
			</header>
			<p class="hint">
				{t({
					zh: "同一天内与邻近卡口相差明显、或者几乎人人同一读数的卡口。漏掉一个发热的人，比多跑一趟代价大。",
					en: "Gates that read otherwise than their neighbours that day, or the same for nearly everybody. A missed fever costs more than a visit.",
				})}
			</p>
			<Toolbar>
				<label class="field">
					<span>{t({ zh: "日期", en: "Day" })}</span>
					<input type="date" required value={day} onInput={(e) => refine({ day: e.currentTarget.value })} />
				</label>
			</Toolbar>
			<Problem cause={error} retry={() => void reload()} />
			{data?.suspects.length === 0 && (
				<Empty>{t({ zh: "这一天没有可疑的卡口", en: "No gate is suspect on this day" })}</Empty>
			)}
			<div aria-busy={busy}>
				{data?.suspects.map((s) => (
					<One key={`${s.gate} ${s.kind} ${s.method} ${s.direction}`} suspect={s} />
				))}
			</div>
		</>
	);
}

function One({ suspect: s }: { suspect: Suspect }) {
	return (
		<Card
			title={<a href={href(["gates", s.gate])}>{s.gate_name || s.gate}</a>}
			extra={<Chip tone={s.kind === "drift" ? "stop" : "care"}>{t(kinds[s.kind])}</Chip>}
		>
			<p class="pl-todo">
				<b>{t({ zh: "怎么办：", en: "What to do: " })}</b>
				{s.text[lang.value]}
			</p>
			<Facts
				rows={[
					[
						t({ zh: "场所", en: "Site" }),
						<a key="s" href={href(["sites", s.site])}>
							{s.site_name}
						</a>,
					],
					[
						t({ zh: "方法与方向", en: "Method and way" }),
						`${wordOf(methods, s.method)} · ${wordOf(directions, s.direction)}`,
					],
					[t({ zh: "读数", en: "Readings" }), s.readings],
					[t({ zh: "中位数", en: "Median" }), `${s.median.toFixed(2)} ℃`],
					[
						t({ zh: "邻近卡口中位数", en: "Median of neighbours" }),
						s.neighbours_median === null
							? ""
							: t({
									zh: `${s.neighbours_median.toFixed(2)} ℃（${s.neighbours} 个卡口）`,
									en: `${s.neighbours_median.toFixed(2)} °C (${s.neighbours} gates)`,
								}),
					],
					[
						t({ zh: "最多的读数", en: "Most frequent" }),
						t({
							zh: `${s.mode.toFixed(1)} ℃，占 ${Math.round(100 * s.mode_share)}%`,
							en: `${s.mode.toFixed(1)} °C, ${Math.round(100 * s.mode_share)} %`,
						}),
					],
				]}
			/>
		</Card>
	);
}
