// What can be done to somebody's record; what voids passes or cannot be taken back says so.

import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { go } from "../../desk/router";
import { may } from "../../desk/session";
import { type Action, Actions } from "../../desk/ui/actions";
import { confirm } from "../../desk/ui/overlay";
import { Button } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import { homeOptions } from "./homes";
import { Merge } from "./merge";
import type { Resident } from "./types";

/** The record, with what is known of it: a leader sees no particulars. */
export type Known = Pick<Resident, "id" | "kind"> & Partial<Resident>;

const path = (p: Known, what: string) => `/v1/residents/${encodeURIComponent(p.id)}/${what}`;

const reason = () => ({
	name: "reason",
	label: t({ zh: "原因", en: "Reason" }),
	required: true,
	hint: t({ zh: "记入审计，不写个人信息", en: "It goes on record: no personal data" }),
});

const office = ["enroller", "leader"] as const;

export function RecordActions({ person, onDone }: { person: Known; onDone: () => Promise<void> }) {
	const [merging, setMerging] = useState(false);
	const here = person.status !== "gone";
	const resident = person.kind === "resident" && here;
	const rare = [...(resident ? [endExemption(), gone()] : []), erase()].filter((a) => may(...(a.roles ?? [])));
	return (
		<div class="people-actions">
			{resident && <Actions dialog row={person} actions={[move(), correct(person), exempt()]} onDone={onDone} />}
			{resident && may(...office) && (
				<Button onClick={() => setMerging(true)}>{t({ zh: "合并重复档案", en: "Merge a second record" })}</Button>
			)}
			{rare.length > 0 && (
				<details>
					<summary>{t({ zh: "更多", en: "More" })}</summary>
					<Actions dialog row={person} actions={rare} onDone={onDone} />
				</details>
			)}
			{merging && <Merge person={person} onClose={() => setMerging(false)} onDone={onDone} />}
		</div>
	);
}

function move(): Action<Known> {
	return {
		key: "move",
		title: t({ zh: "搬迁", en: "Move" }),
		roles: office,
		about: () => (
			<p>
				{t({
					zh: "换村居后旧通行码作废，需重新打印。居家管控、发热未结的人要等解除后才能搬。",
					en: "In another village or compound the passes are void and have to be printed anew. Who has to stay at home does not move until that is over.",
				})}
			</p>
		),
		fields: () => [
			{
				name: "site",
				label: t({ zh: "新村居", en: "New village or compound" }),
				kind: "pick",
				options: homeOptions(),
				required: true,
			},
			{ name: "door", label: t({ zh: "门牌", en: "Door" }) },
		],
		initial: (p) => ({ site: p.site ?? "" }),
		submit: t({ zh: "搬到这里", en: "Move them there" }),
		run: async (p, v) => {
			const got = await call<{ id: string }>("POST", path(p, "move"), { body: { site: v.site, door: v.door } });
			if (got.id !== p.id) {
				go(["residents", got.id]); // they go on under a new ID
			}
		},
	};
}

function correct(person: Known): Action<Known> {
	return {
		key: "correct",
		title: t({ zh: "更正", en: "Correct" }),
		roles: office,
		about: () => (
			<p>
				{t({
					zh: "只填要改的项。改姓名或证件号后旧通行码作废。证件号已属于另一份档案时，请改用合并。",
					en: "Fill in only what changes. Another name or document voids the passes. If the document is on another record, merge the two.",
				})}
			</p>
		),
		fields: () => [
			{ name: "name", label: t({ zh: "姓名", en: "Name" }), placeholder: person.name ?? "" },
			{ name: "id_number", label: t({ zh: "证件号", en: "ID number" }) },
			{ name: "phone", label: t({ zh: "手机号", en: "Phone" }), kind: "tel" },
			reason(),
		],
		run: async (p, v) => {
			const given = Object.fromEntries(Object.entries(v).filter(([, value]) => value !== ""));
			await call("POST", path(p, "correct"), { body: given });
		},
	};
}

function exempt(): Action<Known> {
	return {
		key: "exempt",
		title: t({ zh: "免限出行", en: "Exempt from outings' limit" }),
		roles: ["enroller", "medic"],
		about: () => (
			<p>
				{t({
					zh: "到期前此人出门不计入本户次数，最长 90 天；新的一次代替原来的。",
					en: "Until then their exits do not count as outings, 90 days at most; it takes the place of an earlier one.",
				})}
			</p>
		),
		fields: () => [
			{
				name: "ground",
				label: t({ zh: "理由", en: "Ground" }),
				kind: "select",
				required: true,
				options: [
					{ value: "medical", label: t({ zh: "就医（透析、孕检等）", en: "Medical (dialysis, pregnancy)" }) },
					{ value: "work", label: t({ zh: "保供、防控等工作", en: "Work the town cannot do without" }) },
				],
			},
			{ name: "until", label: t({ zh: "有效至", en: "Until" }), kind: "datetime", required: true },
		],
		run: (p, v) => call("PUT", path(p, "exemption"), { body: v }),
	};
}

function endExemption(): Action<Known> {
	return {
		key: "unexempt",
		title: t({ zh: "取消免限", en: "End the exemption" }),
		roles: ["enroller", "medic"],
		danger: true,
		about: () =>
			t({
				zh: "此人出门重新计入本户次数；本来没有免限的，不受影响。",
				en: "Their exits count again. Without an exemption nothing changes.",
			}),
		run: (p) => call("DELETE", path(p, "exemption")),
	};
}

function gone(): Action<Known> {
	return {
		key: "gone",
		title: t({ zh: "迁出或死亡", en: "Moved away or died" }),
		roles: office,
		danger: true,
		about: () => (
			<p>
				{t({
					zh: "此人不再计入本户，通行码作废；误登由医务人员更正状态恢复。",
					en: "They are in no household any more and their passes are void; a medic takes it back if it was wrong.",
				})}
			</p>
		),
		fields: () => [
			{
				name: "ground",
				label: t({ zh: "情形", en: "What happened" }),
				kind: "select",
				required: true,
				options: [
					{ value: "moved_away", label: t({ zh: "迁出本街道", en: "Left the town" }) },
					{ value: "deceased", label: t({ zh: "死亡", en: "Died" }) },
				],
			},
			{ name: "date", label: t({ zh: "日期", en: "Date" }), kind: "day", required: true },
			reason(),
		],
		initial: () => ({ date: localDay(Date.now()) }),
		run: (p, v) => call("POST", path(p, "gone"), { body: v }),
	};
}

function erase(): Action<Known> {
	return {
		key: "erase",
		title: t({ zh: "删除个人信息", en: "Erase" }),
		roles: ["enroller"],
		danger: true,
		when: (p) => p.kind === "resident" || p.kind === "visitor",
		about: () => (
			<p>
				{t({
					zh: "应本人要求删除姓名、证件号、手机号和住处，无法恢复。流调或发热未结的档案不能删除。",
					en: "Removes name, document, phone and home at the person's request; there is no way back. Evidence of an open case stays.",
				})}
			</p>
		),
		fields: () => [reason()],
		submit: t({ zh: "下一步", en: "Next" }),
		done: t({ zh: "已处理", en: "Settled" }),
		run: async (p, v) => {
			const sure = await confirm({
				title: t({ zh: `确定永久删除 ${p.name ?? p.id} 的个人信息？`, en: `Erase ${p.name ?? p.id} for good?` }),
				text: t({ zh: "删除后无法恢复。", en: "There is no way back." }),
				yes: t({ zh: "永久删除", en: "Erase for good" }),
				danger: true,
			});
			if (sure) {
				await call("POST", path(p, "erase"), { body: v });
			}
		},
	};
}
