// What is asked of whoever puts nodes into the grid or changes them.
import { call } from "../../desk/call";
import { type Node, nodeOf } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field } from "../../desk/ui/form";
import { type Text, t } from "../../shared/i18n";
import { codeHint, refusal, saying } from "./common";

const levels: Record<number, Text> = {
	1: { zh: "街道", en: "subdistrict" },
	2: { zh: "管区", en: "management area" },
	3: { zh: "社区、村、小区", en: "community, village, compound" },
	4: { zh: "网格", en: "micro-grid" },
};

/** The name of a level of the grid, 1 to 4. */
export const levelWord = (level: number): string => t(levels[level] ?? { zh: String(level), en: String(level) });

const fields = (): Field[] => [
	{ name: "name", label: t({ zh: "名称", en: "Name" }), required: true },
	{
		name: "head",
		label: t({ zh: "负责人", en: "Head" }),
		kind: "staff",
		hint: t({ zh: "告警和任务先送到这里", en: "alarms and tasks come here first" }),
	},
	{
		name: "phone",
		label: t({ zh: "值班电话", en: "Phone on duty" }),
		kind: "tel",
		hint: t({
			zh: "卡口扣留人员时拨打，空着就用上级网格的",
			en: "called when a gate holds somebody; empty: that of the node above",
		}),
	},
];

const code = (): Field => ({
	name: "id",
	label: t({ zh: "编号", en: "Code" }),
	required: true,
	hint: codeHint(),
});

const put = (id: string, body: Record<string, unknown>) =>
	saying(call("PUT", `/v1/grid/${encodeURIComponent(id)}`, { body }), {
		phone: { zh: "至多 20 位数字、空格和横线", en: "at most 20 digits, blanks and dashes" },
		parent: {
			zh: "上级须是更高一级的网格，且不能在它自己下面",
			en: "the node above is of a higher level and not below it",
		},
		id: { zh: "编号为 1 至 40 位字母、数字、- 或 _", en: "1 to 40 letters, digits, - or _" },
	});

/** What may be done with a node. */
export const actions = (): Action<Node>[] => [
	{
		key: "edit",
		title: t({ zh: "修改", en: "Change" }),
		roles: [],
		main: true,
		submit: t({ zh: "保存", en: "Save" }),
		fields: (n) => [
			...fields(),
			...(n.parent
				? [{ name: "parent", label: t({ zh: "上级", en: "Above it" }), kind: "node" as const, required: true }]
				: []),
		],
		initial: (n) => ({ name: n.name, head: n.head, phone: n.phone, parent: n.parent }),
		run: (n, v) => put(n.id, { level: n.level, parent: v.parent ?? "", name: v.name, head: v.head, phone: v.phone }),
	},
	{
		key: "add",
		title: t({ zh: "在下面新增", en: "Add below" }),
		roles: [],
		when: (n) => n.level < 4,
		fields: (n) => [
			code(),
			{
				name: "level",
				label: t({ zh: "级别", en: "Level" }),
				kind: "select",
				required: true,
				options: [n.level, n.level + 1]
					.filter((l) => l > 1 && (l > n.level || l === 3))
					.reverse()
					.map((l) => ({ value: String(l), label: levelWord(l) })),
			},
			...fields(),
		],
		run: (n, v) => {
			if (nodeOf(String(v.id))) {
				throw refusal({ zh: `编号 ${v.id} 已有网格`, en: `${v.id} is a node already` }, "id");
			}
			return put(String(v.id), { parent: n.id, level: Number(v.level), name: v.name, head: v.head, phone: v.phone });
		},
	},
];

/** The node above all others, without which there is nothing to put anything below. */
export const first = (): Action<null>[] => [
	{
		key: "first",
		title: t({ zh: "建立街道", en: "Set up the subdistrict" }),
		roles: [],
		main: true,
		fields: () => [code(), ...fields()],
		run: (_, v) => put(String(v.id), { parent: "", level: 1, name: v.name, head: v.head, phone: v.phone }),
	},
];
