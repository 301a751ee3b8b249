// Every movement of a stock, the last first.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { nodeName, siteName, staffName } from "../../desk/town";
import { all } from "../../desk/ui/pages";
import { Busy, Facts, Problem, useLoad } from "../../desk/ui/parts";
import { dayFields, daysAsked, newID, Register, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { items } from "./supplies";
import type { Item } from "./supplymoves";
import { idField, StateChip } from "./words";

interface Entry {
	id: string;
	node: string;
	item: string;
	movement: string;
	state: "booked" | "taken_back";
	delta: number;
	/** What the stock is from then on. */
	after: number;
	at: string;
	by: string;
	from: string;
	to: { node: string; site: string; staff: string; resident: string | null; name: string; door: string };
	other_node: string;
	received_by: string;
	reason: string;
}

const movements = {
	in: { zh: "入库", en: "in" },
	out: { zh: "发放", en: "handed out" },
	transfer: { zh: "调拨", en: "transfer" },
	correction: { zh: "盘点更正", en: "correction" },
	take_back: { zh: "冲销", en: "taken back" },
};

/** From whom, or to whom, in words. */
function other(e: Entry): string {
	if (e.from) {
		return e.from;
	}
	if (e.other_node) {
		return nodeName(e.other_node);
	}
	return e.to.site ? siteName(e.to.site) : e.to.staff ? staffName(e.to.staff) : `${e.to.name} ${e.to.door}`.trim();
}

export default function Movements() {
	const known = useLoad(items);
	if (!known.data) {
		return known.error ? <Problem cause={known.error} retry={() => void known.reload()} /> : <Busy />;
	}
	return <List known={known.data} />;
}

function List({ known }: { known: Item[] }) {
	const name = (code: string) => known.find((i) => i.code === code)?.name ?? code;
	const unit = (code: string) => known.find((i) => i.code === code)?.unit ?? "";
	return (
		<Register<Entry>
			path="movements"
			title={t({ zh: "物资出入库", en: "Movements of supplies" })}
			links={
				<a class="btn" href={href("supplies")}>
					{t({ zh: "库存", en: "Stocks" })}
				</a>
			}
			filters={[
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node" },
				{
					name: "item",
					label: t({ zh: "物资", en: "Item" }),
					kind: "select",
					options: [
						{ value: "", label: t({ zh: "全部", en: "All" }) },
						...known.map((i) => ({ value: i.code, label: i.name })),
					],
				},
				...dayFields(),
			]}
			load={async (f, cursor) => {
				const page = (from: string | undefined) =>
					call<{ movements: Entry[]; next: string }>("GET", "/v1/supplies/movements", {
						query: { node: f.node, cursor: from, limit: f.item ? 1000 : 200, ...daysAsked(f) },
					}).then((a) => ({ rows: a.movements, next: a.next }));
				return f.item ? { rows: (await all(page)).filter((e) => e.item === f.item) } : page(cursor);
			}}
			rowKey={(e) => e.id}
			name={(e) => `${wordOf(movements, e.movement)} · ${name(e.item)}`}
			text={(e) => `${name(e.item)} ${other(e)} ${e.received_by} ${e.reason}`}
			columns={[
				{
					key: "at",
					title: t({ zh: "时间", en: "When" }),
					width: "7.5rem",
					cell: (e) => when(e.at),
					sort: (e) => e.at,
				},
				{ key: "item", title: t({ zh: "物资", en: "Item" }), cell: (e) => name(e.item), sort: (e) => e.item },
				{
					key: "move",
					title: t({ zh: "事项", en: "What" }),
					width: "6.5rem",
					wide: true,
					cell: (e) => wordOf(movements, e.movement),
					sort: (e) => e.movement,
				},
				{
					key: "delta",
					title: t({ zh: "数量", en: "Number" }),
					width: "6rem",
					right: true,
					cell: (e) => `${e.delta > 0 ? "+" : "−"}${Math.abs(e.delta)} ${unit(e.item)}`,
					sort: (e) => e.delta,
				},
				{ key: "other", title: t({ zh: "来自/发给", en: "From or to" }), wide: true, cell: other, sort: other },
				{
					key: "node",
					title: t({ zh: "仓库", en: "Store" }),
					wide: true,
					width: "9rem",
					cell: (e) => nodeName(e.node),
				},
				{ key: "by", title: t({ zh: "经手", en: "By" }), wide: true, width: "6rem", cell: (e) => staffName(e.by) },
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					wide: true,
					width: "6rem",
					cell: (e) => <StateChip state={e.state} />,
				},
			]}
			detail={(e) => (
				<Facts
					rows={[
						[t({ zh: "仓库", en: "Store" }), nodeName(e.node)],
						[t({ zh: "数量", en: "Number" }), `${e.delta} ${unit(e.item)}`],
						[t({ zh: "之后结存", en: "Left afterwards" }), `${e.after} ${unit(e.item)}`],
						[t({ zh: "来自/发给", en: "From or to" }), other(e)],
						[t({ zh: "签收人", en: "Received by" }), e.received_by],
						[t({ zh: "原因", en: "Why" }), e.reason],
						[t({ zh: "经手", en: "By" }), staffName(e.by)],
						[t({ zh: "时间", en: "When" }), when(e.at)],
						[t({ zh: "状态", en: "State" }), <StateChip key="s" state={e.state} />],
					]}
				/>
			)}
			actions={[
				{
					key: "back",
					title: t({ zh: "冲销", en: "Take it back" }),
					roles: ["leader", "grid", "enroller"],
					danger: true,
					when: (e) => e.state === "booked" && e.movement !== "take_back",
					about: () => (
						<p>
							{t({
								zh: "登错了才冲销：库存恢复到登记之前，两笔都留在流水里。",
								en: "For what was booked wrongly: the stock is as before, and both entries stay on record.",
							})}
						</p>
					),
					fields: () => [idField, { name: "reason", label: t({ zh: "原因", en: "Why" }), required: true }],
					initial: () => ({ id: newID("supply") }),
					run: (e, v) =>
						call("POST", "/v1/supplies/movements", {
							body: { id: v.id, movement: "take_back", of: e.id, reason: v.reason },
						}),
				},
			]}
		/>
	);
}
