// Giving a task to where the person is: a part of the town, or a subdistrict outside.
import { nodes } from "../../desk/town";
import { Form } from "../../desk/ui/form";
import { toast } from "../../desk/ui/overlay";
import { t } from "../../shared/i18n";
import { type Task, transfer } from "./work";

export function TransferForm({ task, onDone }: { task: Task; onDone: (task: Task) => unknown }) {
	const here = nodes.value.some((n) => n.id === task.person.area) && task.state === "elsewhere";
	return (
		<Form
			fields={[
				{
					name: "where",
					label: t({ zh: "移交给", en: "Give it to" }),
					kind: "select",
					required: true,
					options: [
						{ value: "town", label: t({ zh: "本街道的其他网格", en: "Another part of the town" }) },
						{ value: "outside", label: t({ zh: "其他街道（镇）", en: "A subdistrict outside" }) },
					],
				},
				{
					name: "node",
					label: t({ zh: "网格", en: "Part of the grid" }),
					kind: "node",
					required: true,
					when: (v) => v.where === "town",
				},
				{
					name: "name",
					label: t({ zh: "街道（镇）名称", en: "Name of the subdistrict" }),
					required: true,
					hint: t({
						zh: "这里就此办结，会写进一览表，请电话告知对方",
						en: "Closed here, and named in the line list: tell them by telephone",
					}),
					when: (v) => v.where === "outside",
				},
				{ name: "note", label: t({ zh: "说明", en: "Note" }) },
			]}
			initial={{ where: "town", node: here ? task.person.area : "" }}
			submitText={t({ zh: "移交", en: "Transfer" })}
			submit={async (v) => {
				const to = String(v.where === "outside" ? v.name : v.node);
				const given = await transfer(task.id, to, String(v.note ?? ""));
				toast(t({ zh: "已移交", en: "Transferred" }));
				await onDone(given);
			}}
		/>
	);
}
