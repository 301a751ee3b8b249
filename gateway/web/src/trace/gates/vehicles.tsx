// Where a car passed and who sat in it.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { gateName, siteName } from "../../desk/town";
import { Busy, Button, Empty, Problem, useLoad } from "../../desk/ui/parts";
import { Table } from "../../desk/ui/table";
import { directions, wordOf } from "../../desk/words";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { NeedGround, PeriodPicker, PersonLink } from "../parts";
import { around, asked, DAY, HOUR, presets } from "../period";
import type { Named } from "./columns";
import { Decision } from "./passagetable";
import { type VehicleQuery, vehicleQuery } from "./vehiclequery";
import "./gates.css";

interface Passage {
	occurred_at: string;
	gate: string;
	site: string;
	direction: string;
	decision: string;
	annulled: boolean;
	person: Named & { known_as?: Named };
	plate: string;
	vehicle: string;
}

export default function Vehicles() {
	const query = vehicleQuery.value;
	const [plate, setPlate] = useState(query?.plate ?? "");
	const [unchecked, setUnchecked] = useState(query?.unchecked ?? false);
	const [period, setPeriod] = useState(query?.period ?? presets.last(7)(Date.now()));
	const ask = (p = period) => {
		if (plate.trim() !== "") {
			vehicleQuery.value = { plate: plate.trim(), unchecked, period: p };
		}
	};
	const days = [1, 3, 7, 14].map((n) => ({
		key: String(n),
		title: t({ zh: `近 ${n} 天`, en: n === 1 ? "1 day" : `${n} days` }),
		period: () => presets.last(n)(Date.now()),
	}));
	return (
		<>
			<h1>{t({ zh: "车辆", en: "Vehicles" })}</h1>
			<NeedGround>
				<form
					class="toolbar"
					onSubmit={(e) => {
						e.preventDefault();
						ask();
					}}
				>
					<label class="field">
						<span>{t({ zh: "车牌号", en: "Number plate" })}</span>
						<input
							required
							autocomplete="off"
							maxLength={20}
							value={plate}
							onInput={(e) => setPlate(e.currentTarget.value)}
						/>
					</label>
					<label class="tick">
						<input type="checkbox" checked={unchecked} onChange={(e) => setUnchecked(e.currentTarget.checked)} />
						{t({ zh: "特殊号牌，按原样查", en: "a plate of another form, as it was seen" })}
					</label>
					<Button type="submit" kind="main">
						{t({ zh: "查询", en: "Search" })}
					</Button>
					<PeriodPicker
						value={period}
						presets={days}
						onPick={(p) => {
							setPeriod(p);
							ask(p);
						}}
					/>
				</form>
				{query && <Found query={query} />}
			</NeedGround>
		</>
	);
}

function Found({ query }: { query: VehicleQuery }) {
	const { data, error, busy, reload } = useLoad(
		() =>
			call<{ passages: Passage[]; truncated: boolean }>("POST", "/v1/vehicles/search", {
				body: { plate: query.plate, plate_unchecked: query.unchecked, ...asked(query.period) },
				trace: true,
			}),
		[query],
	);
	if (error) {
		const form = error instanceof ApiError && error.field === "plate";
		return (
			<>
				<Problem cause={error} {...(form ? {} : { retry: () => void reload() })} />
				{form && (
					<p>
						{t({
							zh: "请按 鲁A12345 的样式填写；军警、外籍等号牌请勾选“特殊号牌”。",
							en: "Write it like 鲁A12345; for plates of another form tick the box.",
						})}
					</p>
				)}
			</>
		);
	}
	if (busy || !data) {
		return <Busy />;
	}
	const cars = new Map<string, number>();
	for (const p of data.passages) {
		cars.set(p.vehicle, (cars.get(p.vehicle) ?? 0) + 1);
	}
	return (
		<Table
			label={t({ zh: "车辆通行", en: "Passages of the car" })}
			rows={data.passages}
			rowKey={(_, i) => i}
			rowHeight={34}
			columns={[
				{
					key: "at",
					title: t({ zh: "时间", en: "Time" }),
					width: "8rem",
					sort: (p) => p.occurred_at,
					cell: (p) => dayAndTime(Date.parse(p.occurred_at)),
				},
				{
					key: "gate",
					title: t({ zh: "卡口（前后 15 分钟）", en: "Gate (15 min around)" }),
					sort: (p) => p.gate,
					cell: (p) => (
						<a href={href(["gates", p.gate], asked(around(Date.parse(p.occurred_at), HOUR / 4)))}>
							{siteName(p.site)} {gateName(p.gate)}
						</a>
					),
				},
				{
					key: "direction",
					title: t({ zh: "方向", en: "Way" }),
					width: "4.5rem",
					cell: (p) => wordOf(directions, p.direction),
				},
				{
					key: "person",
					title: t({ zh: "车上的人", en: "Who sat in it" }),
					sort: (p) => p.person.name_masked,
					cell: (p) => (
						<PersonLink
							id={p.person.known_as?.id ?? p.person.id}
							name={p.person.known_as?.name_masked ?? p.person.name_masked}
							period={around(Date.parse(p.occurred_at), DAY)}
						/>
					),
				},
				{
					key: "others",
					title: t({ zh: "同车人数", en: "In the car" }),
					width: "6rem",
					right: true,
					wide: true,
					sort: (p) => cars.get(p.vehicle) ?? 1,
					cell: (p) => cars.get(p.vehicle) ?? 1,
				},
				{
					key: "decision",
					title: t({ zh: "判定", en: "Decision" }),
					width: "7rem",
					cell: (p) => <Decision row={{ ...p, annulment: false }} />,
				},
				{
					key: "plate",
					title: t({ zh: "登记的车牌", en: "Plate as recorded" }),
					width: "9rem",
					wide: true,
					cell: (p) => p.plate,
				},
			]}
			empty={
				<Empty>
					{t({
						zh: "这段时间内您负责的卡口没有这辆车的记录",
						en: "Not seen in this period at gates that you answer for",
					})}
				</Empty>
			}
			foot={
				data.truncated
					? t({ zh: "只列出前 1,000 条：请缩短时段", en: "Only the first 1,000: choose a shorter period" })
					: t({ zh: `共 ${data.passages.length} 条`, en: `${data.passages.length} in all` })
			}
		/>
	);
}
