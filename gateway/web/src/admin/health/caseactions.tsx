// What can be done about a tracing case.
import { call } from "../../desk/call";
import type { Action } from "../../desk/ui/actions";
import { t } from "../../shared/i18n";
import { wire } from "../../shared/time";
import type { Case } from "./types";
import { caseOutcomes, optionsOf } from "./words";

const DAY = 86_400_000;
const isOpen = (k: Case) => k.closed_at === null;

export function caseActions(): Action<Case>[] {
	const reason = {
		name: "reason",
		label: t({ zh: "理由（4 至 200 字）", en: "Reason (4 to 200 characters)" }),
		required: true,
	};
	return [
		{
			key: "people",
			title: t({ zh: "加人", en: "Add somebody" }),
			roles: ["medic", "leader", "tracer"],
			when: isOpen,
			about: () => (
				<p class="hint">
					{t({
						zh: "其通行记录随案件保留，不按期清除。",
						en: "Their events are kept with the case's, beyond retention.",
					})}
				</p>
			),
			fields: () => [{ name: "person", label: t({ zh: "是谁", en: "Whom" }), kind: "person", required: true }],
			run: (k, v) => call("POST", `/v1/cases/${k.code}/people`, { body: { people: [v.person] } }),
		},
		{
			key: "lift",
			title: t({ zh: "申请放宽", en: "Ask for more" }),
			roles: ["medic", "leader", "tracer"],
			when: isOpen,
			about: () => (
				<p class="hint">
					{t({
						zh: "另一位负责人批准后生效，最长 14 天。",
						en: "In force when another leader approves it, for at most 14 days.",
					})}
				</p>
			),
			fields: () => [
				{ name: "people", label: t({ zh: "人数上限", en: "People" }), kind: "number", min: 0, max: 5000 },
				{ name: "days", label: t({ zh: "一次最多天数", en: "Days in one question" }), kind: "number", min: 0, max: 61 },
				{ name: "hops", label: t({ zh: "接触层级", en: "Hops" }), kind: "number", min: 0, max: 3 },
				reason,
				{ name: "until", label: t({ zh: "有效至", en: "Until" }), kind: "datetime", required: true },
			],
			initial: () => ({ until: wire(Date.now() + 3 * DAY) }),
			run: (k, v) =>
				call("POST", `/v1/cases/${k.code}/lifts`, {
					body: { ...v, people: v.people ?? 0, days: v.days ?? 0, hops: v.hops ?? 0 },
				}),
		},
		{
			key: "grant",
			title: t({ zh: "申请跨网格", en: "Ask about another part" }),
			roles: ["medic", "leader", "tracer"],
			when: isOpen,
			about: () => (
				<p class="hint">
					{t({
						zh: "由那里的负责人批准，最长 7 天，只对申请人有效。",
						en: "Approved by a leader of that part, for whoever asks, for at most 7 days.",
					})}
				</p>
			),
			fields: () => [
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node", required: true },
				reason,
				{ name: "until", label: t({ zh: "有效至", en: "Until" }), kind: "datetime", required: true },
			],
			initial: () => ({ until: wire(Date.now() + 3 * DAY) }),
			run: (k, v) => call("POST", `/v1/cases/${k.code}/grants`, { body: v }),
		},
		{
			key: "close",
			title: t({ zh: "结案", en: "Close the case" }),
			roles: ["medic", "leader"],
			when: isOpen,
			danger: true,
			about: () => (
				<p class="hint">
					{t({
						zh: "结案后不能再以此查询；证据再留 14 天。",
						en: "Nothing is asked under it any more; its evidence is kept for 14 more days.",
					})}
				</p>
			),
			fields: () => [
				{
					name: "outcome",
					label: t({ zh: "结论", en: "Outcome" }),
					kind: "select",
					required: true,
					options: optionsOf(caseOutcomes),
				},
			],
			run: (k, v) => call("POST", `/v1/cases/${k.code}/close`, { body: v }),
		},
	];
}
