// A report while somebody is on the phone: one screen, all by keyboard, what is said first.
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../desk/call";
import { go, href } from "../../desk/router";
import { session } from "../../desk/session";
import { type Field, Form, type Values } from "../../desk/ui/form";
import { toast } from "../../desk/ui/overlay";
import { Card } from "../../desk/ui/parts";
import { newID } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { channels, kinds } from "./hotlinewords";
import { idField, optionsOf } from "./words";

export function NewReport() {
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => box.current?.querySelector("textarea")?.focus(), []);
	return (
		<div ref={box}>
			<header class="screenhead">
				<h1>{t({ zh: "登记来电", en: "Take a call down" })}</h1>
				<a class="btn" href={href("hotline")}>
					{t({ zh: "返回", en: "Back" })}
				</a>
			</header>
			<Card>
				<Form
					fields={newFields()}
					initial={{ id: newID("report"), channel: "phone", kind: "help", node: session.value?.grid ?? "" }}
					submitText={t({ zh: "登记", en: "Take it down" })}
					submit={async (values) => {
						const { id } = await call<{ id: string }>("POST", "/v1/reports", { body: bodyOf(values) });
						toast(t({ zh: `已登记，编号 ${id.slice(-6)}`, en: `Taken down, number ${id.slice(-6)}` }));
						go("hotline");
					}}
				/>
			</Card>
		</div>
	);
}

/** In the order in which a caller tells it: all by keyboard, what is said first. */
const newFields = (): Field[] => [
	idField,
	{
		name: "text",
		label: t({ zh: "说了什么", en: "What is said" }),
		kind: "area",
		required: true,
		rows: 4,
	},
	{
		name: "kind",
		label: t({ zh: "类别", en: "Kind" }),
		kind: "select",
		required: true,
		options: optionsOf(kinds),
	},
	{
		name: "channel",
		label: t({ zh: "来源", en: "By" }),
		kind: "select",
		required: true,
		options: optionsOf(channels),
	},
	{ name: "about_site", label: t({ zh: "涉及场所", en: "About which site" }), kind: "site" },
	{
		name: "node",
		label: t({ zh: "发生在哪个网格", en: "Where" }),
		kind: "node",
		required: true,
		when: (v: Values) => !v.about_site,
	},
	{ name: "anonymous", label: t({ zh: "不愿留名", en: "Wants to stay unknown" }), kind: "check" },
	{ name: "name", label: t({ zh: "来电人", en: "Caller" }), when: (v: Values) => !v.anonymous },
	{ name: "phone", label: t({ zh: "电话", en: "Phone" }), kind: "tel", when: (v: Values) => !v.anonymous },
	{ name: "unnamed", label: t({ zh: "涉及工作人员", en: "About staff" }), kind: "check" },
	{
		name: "staff",
		label: t({ zh: "是谁", en: "Who" }),
		kind: "staff",
		hint: t({ zh: "不知道是谁就留空，由审计员核实", en: "Leave it empty if nobody knows: an auditor finds out" }),
		when: (v: Values) => Boolean(v.unnamed),
	},
];

/** The report as the API takes it. */
export function bodyOf(v: Values): object {
	return {
		id: v.id,
		channel: v.channel,
		kind: v.kind,
		text: v.text,
		node: v.about_site ? "" : v.node,
		caller: { name: v.name ?? "", phone: v.phone ?? "", anonymous: Boolean(v.anonymous) },
		about_site: v.about_site,
		about_staff: v.unnamed && v.staff ? [v.staff] : [],
		about_unnamed_staff: Boolean(v.unnamed) && !v.staff,
	};
}
