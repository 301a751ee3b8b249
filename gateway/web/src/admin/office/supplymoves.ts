// What moves a stock, as forms: handed out, obtained, to another node, after counting.
import { call } from "../../desk/call";
import type { Action } from "../../desk/ui/actions";
import type { Field, Values } from "../../desk/ui/form";
import { newID } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { idField } from "./words";

export interface Item {
	code: string;
	name: string;
	unit: string;
}

interface Place {
	node: string;
	items: Item[];
}

const node = (label: string, name = "node"): Field => ({ name, label, kind: "node", required: true });
const quantity: () => Field = () => ({
	name: "quantity",
	label: t({ zh: "数量", en: "How many" }),
	kind: "number",
	required: true,
	min: 1,
});
const item = (p: Place): Field => ({
	name: "item",
	label: t({ zh: "物资", en: "Item" }),
	kind: "pick",
	required: true,
	options: p.items.map((i) => ({ value: i.code, label: i.name, hint: i.unit })),
});
const move = (movement: string) => (_: Place, v: Values) =>
	call("POST", "/v1/supplies/movements", { body: bodyOf(movement, v) });
const begin = (p: Place): Values => ({ id: newID("supply"), node: p.node, to_kind: "site" });

/** A movement as the API takes it: of what the form holds, what belongs to this one. */
export function bodyOf(movement: string, v: Values): object {
	const body = { id: v.id, movement, node: v.node, item: v.item, quantity: v.quantity };
	switch (movement) {
		case "in":
			return { ...body, from: v.from };
		case "transfer":
			return { ...body, to: { node: v.to_node } };
		case "out":
			return { ...body, to: { [String(v.to_kind)]: v[`to_${v.to_kind}`] }, received_by: v.received_by };
	}
	return { ...body, reason: v.reason };
}

const booking = ["leader", "grid", "enroller"] as const;

export const moving: Action<Place>[] = [
	{
		key: "out",
		get title() {
			return t({ zh: "发放", en: "Hand out" });
		},
		roles: booking,
		main: true,
		fields: (p) => [
			idField,
			item(p),
			quantity(),
			node(t({ zh: "从哪个仓库", en: "From the store of" })),
			{
				name: "to_kind",
				label: t({ zh: "发给", en: "To" }),
				kind: "select",
				required: true,
				options: [
					{ value: "site", label: t({ zh: "场所（卡口、企业）", en: "A site" }) },
					{ value: "staff", label: t({ zh: "工作人员", en: "Staff" }) },
					{ value: "resident", label: t({ zh: "居民", en: "A resident" }) },
				],
			},
			{
				name: "to_site",
				label: t({ zh: "场所", en: "Site" }),
				kind: "site",
				required: true,
				when: (v) => v.to_kind === "site",
			},
			{
				name: "to_staff",
				label: t({ zh: "工作人员", en: "Staff" }),
				kind: "staff",
				required: true,
				when: (v) => v.to_kind === "staff",
			},
			{
				name: "to_resident",
				label: t({ zh: "居民", en: "Resident" }),
				kind: "person",
				required: true,
				when: (v) => v.to_kind === "resident",
			},
			{ name: "received_by", label: t({ zh: "签收人", en: "Received by" }) },
		],
		initial: begin,
		run: move("out"),
	},
	{
		key: "in",
		get title() {
			return t({ zh: "入库", en: "Book in" });
		},
		roles: booking,
		fields: (p) => [
			idField,
			item(p),
			quantity(),
			node(t({ zh: "哪个仓库", en: "Store of" })),
			{ name: "from", label: t({ zh: "来自", en: "From" }), required: true },
		],
		initial: begin,
		run: move("in"),
	},
	{
		key: "transfer",
		get title() {
			return t({ zh: "调拨", en: "Transfer" });
		},
		roles: booking,
		fields: (p) => [
			idField,
			item(p),
			quantity(),
			node(t({ zh: "从", en: "From" })),
			node(t({ zh: "到", en: "To" }), "to_node"),
		],
		initial: begin,
		run: move("transfer"),
	},
	{
		key: "correction",
		get title() {
			return t({ zh: "盘点更正", en: "Correct after counting" });
		},
		roles: booking,
		fields: (p) => [
			idField,
			item(p),
			{
				name: "quantity",
				label: t({ zh: "多出（+）或短少（-）", en: "More (+) or less (-)" }),
				kind: "number",
				required: true,
			},
			node(t({ zh: "哪个仓库", en: "Store of" })),
			{ name: "reason", label: t({ zh: "原因", en: "Why" }), required: true },
		],
		initial: begin,
		run: move("correction"),
	},
	{
		key: "line",
		get title() {
			return t({ zh: "警戒线", en: "Line" });
		},
		roles: ["leader", "grid"],
		fields: (p) => [
			item(p),
			node(t({ zh: "哪个仓库", en: "Store of" })),
			{
				name: "low",
				label: t({ zh: "少于多少就提醒", en: "Too little below" }),
				kind: "number",
				required: true,
				min: 0,
				hint: t({ zh: "0 为不提醒", en: "0: no line" }),
			},
		],
		initial: begin,
		run: (_, v) => call("PUT", "/v1/supplies/lines", { body: { node: v.node, item: v.item, low: v.low } }),
	},
	{
		key: "item",
		get title() {
			return t({ zh: "新物资", en: "New item" });
		},
		roles: ["leader"],
		fields: () => [
			{
				name: "name",
				label: t({ zh: "名称", en: "Name" }),
				required: true,
				placeholder: t({ zh: "一次性口罩", en: "Masks" }),
			},
			{
				name: "unit",
				label: t({ zh: "单位", en: "Unit" }),
				required: true,
				placeholder: t({ zh: "只", en: "pieces" }),
			},
			{
				name: "code",
				label: t({ zh: "代码", en: "Code" }),
				required: true,
				hint: t({ zh: "小写字母、数字、- 或 _", en: "a to z, digits, - or _" }),
			},
		],
		run: (_, v) =>
			call("PUT", `/v1/supplies/items/${encodeURIComponent(String(v.code))}`, { body: { name: v.name, unit: v.unit } }),
	},
];
