// A gate in a period: who passed, and the refusals that name nobody.
import { useEffect } from "preact/hooks";
import { go, refine, route } from "../../desk/router";
import { gateOf, reloadTown, siteName } from "../../desk/town";
import { Empty, Tabs } from "../../desk/ui/parts";
import { gateOptions, Pick } from "../../desk/ui/pick";
import { t } from "../../shared/i18n";
import { NeedGround, PeriodPicker } from "../parts";
import { asked, type Period, periodOf, presets } from "../period";
import "./gates.css";
import { Passages } from "./passages";
import { Refusals } from "./refusals";

const usual = () =>
	[
		["hour", t({ zh: "本小时", en: "This hour" }), presets.hour],
		["today", t({ zh: "今天", en: "Today" }), presets.today],
		["yesterday", t({ zh: "昨天", en: "Yesterday" }), presets.yesterday],
		["last", t({ zh: "近 24 小时", en: "Last 24 h" }), presets.last(1)],
	].map(([key, title, of]) => ({
		key: key as string,
		title: title as string,
		period: () => (of as (now: number) => Period)(Date.now()),
	}));

export default function GateScreen() {
	const gate = gateOf(route.value.path[1] ?? "");
	const period = periodOf(route.value.query) ?? presets.today(Date.now());
	const tab = route.value.query.get("tab") ?? "passages";
	const to = (code: string, p: Period) => go(["gates", code], { ...asked(p), tab: tab === "passages" ? "" : tab });
	return (
		<>
			<h1>
				{gate ? `${siteName(gate.site)} · ${gate.name || gate.code}` : t({ zh: "卡口通行", en: "Who passed a gate" })}
			</h1>
			<div class="toolbar">
				<Pick
					label={t({ zh: "卡口（可按场所查找）", en: "Gate (also by its site)" })}
					value={gate?.code ?? ""}
					options={gateOptions()}
					onPick={(code) => code !== "" && to(code, period)}
				/>
				<PeriodPicker value={period} presets={usual()} onPick={(p) => to(gate?.code ?? "", p)} />
			</div>
			<NeedGround>
				{gate ? (
					<>
						<Tabs
							now={tab}
							onPick={(key) => refine({ tab: key === "passages" ? "" : key })}
							tabs={[
								{ key: "passages", title: t({ zh: "通行记录", en: "Passages" }) },
								{ key: "refusals", title: t({ zh: "无身份拒绝", en: "Refusals of nobody known" }) },
							]}
						/>
						{tab === "refusals" ? (
							<Refusals key={`${gate.code} ${period.from} ${period.to}`} gate={gate.code} period={period} />
						) : (
							<Passages gate={gate.code} period={period} />
						)}
					</>
				) : (
					<NoGate code={route.value.path[1] ?? ""} />
				)}
			</NeedGround>
		</>
	);
}

/** No gate is chosen, or one that the list has not: it may have been opened since the list was loaded. */
function NoGate({ code }: { code: string }) {
	useEffect(() => {
		if (code !== "") {
			void reloadTown();
		}
	}, [code]);
	return (
		<Empty>
			{code === ""
				? t({ zh: "请选择一个卡口", en: "Choose a gate" })
				: t({
						zh: `没有卡口 ${code}，或不在您负责的网格内：请另选一个`,
						en: `There is no gate ${code}, or it lies outside your part of the grid: choose another one`,
					})}
		</Empty>
	);
}
