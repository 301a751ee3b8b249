// What can be done about an enterprise and its application.
import { call } from "../../desk/call";
import { may } from "../../desk/session";
import type { Action } from "../../desk/ui/actions";
import type { Field, Values } from "../../desk/ui/form";
import { confirm, toast } from "../../desk/ui/overlay";
import { newID } from "../../desk/ui/register";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import { type Application, current, type Enterprise, lacks, type OneEnterprise } from "./enterprisetypes";
import { dueIn, idField } from "./words";

const at = (e: Enterprise) => `/v1/enterprises/${encodeURIComponent(e.site)}`;
const is = (e: OneEnterprise, ...states: string[]) => states.includes(current(e)?.state ?? "");
const deciding = ["inspector", "leader"] as const;

const ground = (label: string): Field => ({ name: "ground", label, kind: "area", required: true });

/** Takes one step of the application; the gates follow if a leader says so. */
const turn = (verb: string) => async (e: OneEnterprise, body: object) => {
	const a = await call<Application>("POST", `/v1/applications/${current(e)?.id}/${verb}`, { body });
	if (a.policy && may("leader")) {
		const offer = a.policy;
		if (
			await confirm({ title: t(offer.text), danger: verb === "suspend", yes: t({ zh: "立即执行", en: "Do it now" }) })
		) {
			await call(offer.method, offer.path, { body: offer.body });
			toast(t({ zh: "出入口规则已生效", en: "The gates follow" }));
		}
	}
};

const terms = (): Field[] => [
	{
		name: "measures",
		label: t({ zh: "防控措施", en: "What is done against infection" }),
		kind: "area",
		required: true,
	},
	{
		name: "headcount",
		label: t({ zh: "返岗人数", en: "People who come to work" }),
		kind: "number",
		min: 1,
		required: true,
	},
	{ name: "start", label: t({ zh: "开工日期", en: "First day of work" }), kind: "day", required: true },
];

export const enterpriseActions = (): Action<OneEnterprise>[] => [
	{
		key: "approve",
		title: t({ zh: "批准复工", en: "Approve" }),
		roles: ["leader"],
		main: true,
		when: (e) => is(e, "submitted"),
		fields: () => [
			{ name: "valid_until", label: t({ zh: "批准至", en: "Until" }), kind: "datetime", required: true },
			ground(t({ zh: "依据", en: "Ground" })),
		],
		initial: () => ({ valid_until: dueIn(30 * 24) }),
		run: turn("approve"),
	},
	{
		key: "return",
		title: t({ zh: "退回补正", en: "Return" }),
		roles: deciding,
		when: (e) => is(e, "submitted"),
		fields: () => [ground(t({ zh: "要补什么", en: "What has to be mended" }))],
		run: turn("return"),
	},
	{
		key: "refuse",
		title: t({ zh: "不批准", en: "Refuse" }),
		roles: ["leader"],
		danger: true,
		when: (e) => is(e, "submitted"),
		fields: () => [ground(t({ zh: "理由", en: "Why" }))],
		run: turn("refuse"),
	},
	{
		key: "submit",
		title: t({ zh: "提交审批", en: "Hand it in" }),
		main: true,
		when: (e) => is(e, "draft", "returned"),
		not: (e) => (lacks(e.profile).length > 0 ? t({ zh: "先补全防控条件", en: "Complete the profile first" }) : ""),
		fields: terms,
		initial: (e) => {
			const a = current(e);
			return { measures: a?.measures ?? "", headcount: a?.headcount ?? null, start: a?.start ?? "" };
		},
		run: (e, mended: Values) => turn("submit")(e, { note: "", mended }),
	},
	{
		key: "suspend",
		title: t({ zh: "暂停复工", en: "Suspend" }),
		roles: deciding,
		danger: true,
		when: (e) => is(e, "approved"),
		fields: () => [ground(t({ zh: "为什么暂停", en: "Why" }))],
		run: turn("suspend"),
	},
	{
		key: "resume",
		title: t({ zh: "恢复复工", en: "Resume" }),
		roles: ["leader"],
		main: true,
		when: (e) => is(e, "suspended"),
		fields: () => [ground(t({ zh: "依据", en: "Ground" }))],
		run: turn("resume"),
	},
	{
		key: "apply",
		title: t({ zh: "新申请", en: "New application" }),
		when: (e) => e.application === null,
		fields: () => [idField, ...terms()],
		initial: () => ({ id: newID("apply"), start: localDay(Date.now() + 86_400_000) }),
		run: (e, v) => call("POST", `${at(e)}/applications`, { body: v }),
	},
	{
		key: "profile",
		title: t({ zh: "防控条件", en: "Profile" }),
		fields: () => [
			{ name: "contact", label: t({ zh: "负责人", en: "Contact" }), required: true },
			{ name: "phone", label: t({ zh: "电话", en: "Phone" }), kind: "tel", required: true },
			{ name: "plan_on_file", label: t({ zh: "防控方案已备案", en: "Epidemic plan on file" }), kind: "check" },
			{ name: "plan_note", label: t({ zh: "方案备注", en: "About the plan" }) },
			{ name: "masks", label: t({ zh: "口罩（只）", en: "Masks" }), kind: "number", min: 0, required: true },
			{
				name: "thermometers",
				label: t({ zh: "体温枪（支）", en: "Thermometers" }),
				kind: "number",
				min: 0,
				required: true,
			},
			{
				name: "staff_limit",
				label: t({ zh: "在岗人数上限", en: "Most people at work" }),
				kind: "number",
				min: 0,
				required: true,
				hint: t({ zh: "0 为不另设上限", en: "0: no limit of its own" }),
			},
			{ name: "note", label: t({ zh: "改了什么", en: "What was changed" }) },
		],
		initial: (e) => ({ ...e.profile }),
		run: (e, v) => call("PUT", at(e), { body: v }),
	},
	{
		key: "employ",
		title: t({ zh: "登记员工", en: "Add staff" }),
		fields: () => [
			{
				name: "resident",
				label: t({ zh: "本街道居民", en: "A resident" }),
				kind: "person",
				when: (v) => !v.id_document,
			},
			{
				name: "id_document",
				label: t({ zh: "或证件号（外来员工）", en: "Or ID number (from elsewhere)" }),
				when: (v) => !v.resident,
			},
			{ name: "name", label: t({ zh: "姓名", en: "Name" }), when: (v) => Boolean(v.id_document) },
			{ name: "phone", label: t({ zh: "电话", en: "Phone" }), kind: "tel", when: (v) => Boolean(v.id_document) },
			{ name: "job", label: t({ zh: "岗位", en: "Job" }) },
		],
		run: employ,
	},
];

/** Writes one person down; what the server refuses of them is thrown, as for any form. */
async function employ(e: OneEnterprise, v: Values): Promise<void> {
	const person = {
		resident: v.resident ?? "",
		id_document: v.id_document ?? "",
		name: v.name ?? "",
		phone: v.phone ?? "",
		job: v.job ?? "",
	};
	const { results } = await call<{ results: { code: string; field: string; detail: string }[] }>(
		"POST",
		`${at(e)}/staff`,
		{
			body: { people: [person] },
		},
	);
	const bad = results[0];
	if (bad?.code) {
		throw new ApiError(422, bad.code, bad.detail, bad.field);
	}
}
