// What can be done about beds and who waits for one.
import { call } from "../../desk/call";
import { nodeName, nodeOf } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import { t } from "../../shared/i18n";
import type { Bed, Stay } from "./types";
import { bedLeaves, optionsOf } from "./words";

const note = (required = false) => ({ name: "note", label: t({ zh: "备注", en: "Note" }), required });

export function bedActions(): Action<Bed>[] {
	return [
		{
			key: "assign",
			title: t({ zh: "安排入住", en: "Put somebody into it" }),
			roles: ["medic", "leader"],
			when: (b) => b.state === "free",
			main: true,
			fields: () => [
				{ name: "resident", label: t({ zh: "是谁", en: "Whom" }), kind: "person", required: true },
				{ name: "until", label: t({ zh: "计划离开", en: "Until" }), kind: "datetime" },
				note(),
			],
			run: (b, v) => call("POST", `/v1/beds/${b.id}/assign`, { body: { ...v, until: v.until || undefined } }),
		},
		{
			key: "release",
			title: t({ zh: "离床", en: "They have left" }),
			roles: ["medic", "leader"],
			when: (b) => b.state === "occupied",
			main: true,
			fields: () => [
				{
					name: "to",
					label: t({ zh: "去向", en: "Where to" }),
					kind: "select",
					required: true,
					options: optionsOf(bedLeaves),
				},
			],
			run: (b, v) => call("POST", `/v1/beds/${b.id}/release`, { body: { stay: b.stay, ...v } }),
		},
		{
			key: "cleaned",
			title: t({ zh: "已消毒，可用", en: "It can be used" }),
			roles: ["medic", "leader", "grid"],
			when: (b) => b.state === "to_clean" || b.state === "out_of_use",
			main: true,
			fields: () => [note()],
			run: (b, v) => call("POST", `/v1/beds/${b.id}/cleaned`, { body: v }),
		},
		{
			key: "out",
			title: t({ zh: "停用", en: "Out of use" }),
			roles: ["medic", "leader"],
			when: (b) => b.state === "free" || b.state === "to_clean",
			fields: () => [note(true)],
			run: (b, v) => call("POST", `/v1/beds/${b.id}/out-of-use`, { body: v }),
		},
	];
}

/** who is the resident that the address names, "" if none; beds tell which nodes have some. */
export function askForBed(who: string, beds: readonly Bed[]): Action<null> {
	const nodes = [...new Set(beds.map((b) => b.node))];
	return {
		key: "ask",
		title: t({ zh: "申请床位", en: "Ask for a bed" }),
		main: true,
		fields: () => [
			{
				name: "resident",
				label: t({ zh: "是谁", en: "Whom" }),
				kind: "person",
				required: true,
				named: t({ zh: "从上一页选定的人", en: "Whoever was chosen before" }),
			},
			{ name: "node", label: t({ zh: "哪里的床位", en: "Beds of" }), kind: "node", required: true },
			{ name: "until", label: t({ zh: "计划到", en: "Until" }), kind: "datetime" },
			note(),
		],
		initial: () => ({ resident: who, node: nodes[0] ?? "" }),
		run: (_, v) => call("POST", "/v1/beds/waiting", { body: { ...v, until: v.until || undefined } }),
		done: t({ zh: "已列入等候", en: "On the list" }),
	};
}

export function addBed(): Action<null> {
	return {
		key: "add",
		title: t({ zh: "添加床位", en: "Add a bed" }),
		roles: ["leader"],
		fields: () => [
			{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node", required: true },
			{ name: "room", label: t({ zh: "房间", en: "Room" }), required: true },
			{ name: "bed", label: t({ zh: "床号", en: "Bed" }), required: true },
			note(),
		],
		run: (_, v) => call("POST", "/v1/beds", { body: v }),
	};
}

export const cancelWait: Action<Stay> = {
	key: "cancel",
	get title() {
		return t({ zh: "不再需要", en: "Not needed" });
	},
	when: (w) => nodeOf(w.node) !== undefined,
	about: (w) => (
		<p>
			{t({
				zh: `${w.name} 不再等候 ${nodeName(w.node)} 的床位`,
				en: `${w.name} waits no more for a bed of ${nodeName(w.node)}`,
			})}
		</p>
	),
	fields: () => [note()],
	run: (w, v) => call("POST", `/v1/beds/waiting/${w.id}/cancel`, { body: v }),
};
