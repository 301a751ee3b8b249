// One passage in full, and what one would ask next.
import { href } from "../../desk/router";
import { actionWord, flagWord, gateOf, reasonWord, siteName, staffName } from "../../desk/town";
import { Drawer } from "../../desk/ui/overlay";
import { Button, Facts } from "../../desk/ui/parts";
import { directions, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { clockTimeSeconds, dayAndTime } from "../../shared/time";
import { mayTrace } from "../parts";
import { around, asked, DAY, HOUR } from "../period";
import type { Filter, Row } from "./columns";
import { Decision } from "./passagetable";
import { lookFor } from "./vehiclequery";

export const methods: Record<string, { zh: string; en: string }> = {
	forehead: { zh: "额温", en: "forehead" },
	wrist: { zh: "腕温", en: "wrist" },
	ear: { zh: "耳温", en: "ear" },
	armpit: { zh: "腋温", en: "armpit" },
};

const ways: Record<string, { zh: string; en: string }> = {
	pass: { zh: "通行码", en: "pass" },
	resident: { zh: "手工查找", en: "found by hand" },
	id_document: { zh: "证件", en: "document" },
	walk_in: { zh: "现场登记", en: "written down at the gate" },
};

const moment = (wire: string) => `${dayAndTime(Date.parse(wire))}:${clockTimeSeconds(Date.parse(wire)).slice(6)}`;

interface Props {
	row: Row;
	gate: string;
	/** Shows just these rows of the window. */
	onFilter?: (filter: Filter) => void;
	onClose: () => void;
}

export function PassageDrawer({ row, gate, onFilter, onClose }: Props) {
	const at = Date.parse(row.occurred_at);
	const late = Date.parse(row.recorded_at) - at;
	const filter = (f: Filter) => {
		onFilter?.(f);
		onClose();
	};
	return (
		<Drawer
			title={`${row.person?.name_masked ?? t({ zh: "无身份", en: "Nobody known" })} · ${moment(row.occurred_at)}`}
			onClose={onClose}
		>
			<Facts
				rows={[
					[t({ zh: "判定", en: "Decision" }), <Decision key="d" row={row} />],
					[t({ zh: "原因", en: "Reason" }), reasonWord(row.reason)],
					[t({ zh: "处置", en: "What the guard was told" }), row.action && actionWord(row.action)],
					[t({ zh: "方向", en: "Way" }), wordOf(directions, row.direction)],
					[t({ zh: "卡口", en: "Gate" }), `${siteName(gateOf(gate)?.site ?? "")} ${gateOf(gate)?.name ?? gate}`],
					[t({ zh: "道口", en: "Lane" }), row.lane],
					[
						t({ zh: "体温", en: "Temperature" }),
						row.temperature === null
							? ""
							: `${row.temperature.toFixed(1)} °C ${wordOf(methods, row.temperature_method)}`,
					],
					[t({ zh: "标记", en: "Flags" }), row.flags.map(flagWord).join(t({ zh: "、", en: ", " }))],
					[t({ zh: "识别方式", en: "Known by" }), wordOf(ways, row.who)],
					[t({ zh: "值守", en: "On shift" }), row.staff && staffName(row.staff)],
					[t({ zh: "车牌", en: "Plate" }), row.plate],
					[t({ zh: "事由", en: "Purpose" }), row.purpose],
					[t({ zh: "紧急放行", en: "Emergency" }), row.override],
					[
						t({ zh: "记录时间", en: "Recorded" }),
						late > 2000 ? `${moment(row.recorded_at)} (${t({ zh: "晚", en: "late by" })} ${span(late)})` : "",
					],
					[
						t({ zh: "设备", en: "Device" }),
						row.source === "paper" ? t({ zh: "纸质登记补录", en: "typed from paper" }) : row.device,
					],
				]}
			/>
			<h3>{t({ zh: "接着查", en: "Next" })}</h3>
			<div class="next">
				{row.person && mayTrace() && <PersonNext id={row.person.known_as?.id ?? row.person.id} at={at} />}
				{row.person && onFilter && (
					<Button onClick={() => filter({ name: row.person?.id ?? "" })}>
						{t({ zh: "此人在本表的全部记录", en: "All rows of this person here" })}
					</Button>
				)}
				{row.vehicle && onFilter && (
					<Button onClick={() => filter({ vehicle: row.vehicle })}>
						{t({ zh: "同车人员", en: "Others in the same car" })}
					</Button>
				)}
				{row.plate && (
					<a href={href("vehicles")} onClick={() => lookFor(row.plate, at)}>
						{t({ zh: "这辆车去过哪里", en: "Where this car has been" })}
					</a>
				)}
				<a href={href(["gates", gate], asked(around(at, HOUR / 4)))} onClick={() => filter({})}>
					{t({ zh: "本卡口前后 15 分钟", en: "This gate, 15 min around" })}
				</a>
				{mayTrace() && (
					<a href={href(["inside", gateOf(gate)?.site ?? ""], { at: row.occurred_at })}>
						{t({ zh: "当时谁在场内", en: "Who was inside then" })}
					</a>
				)}
			</div>
		</Drawer>
	);
}

/** Where somebody was and whom they met. */
export function PersonNext({ id, at }: { id: string; at: number }) {
	return (
		<>
			<a href={href(["person", id], asked(around(at, DAY)))}>{t({ zh: "此人轨迹", en: "Where they were" })}</a>
			<a href={href(["contacts", id], asked(around(at, DAY)))}>{t({ zh: "此人的接触者", en: "Whom they met" })}</a>
		</>
	);
}

/** "40 秒", "3 分钟", "2.5 h". */
export function span(ms: number): string {
	if (ms < 60_000) {
		const seconds = Math.max(0, Math.round(ms / 1000));
		return t({ zh: `${seconds} 秒`, en: `${seconds} s` });
	}
	const minutes = Math.round(ms / 60_000);
	return minutes < 120
		? t({ zh: `${minutes} 分钟`, en: `${minutes} min` })
		: t({ zh: `${(minutes / 60).toFixed(1)} 小时`, en: `${(minutes / 60).toFixed(1)} h` });
}
