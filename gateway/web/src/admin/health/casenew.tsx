// Opening a tracing case.
import { call } from "../../desk/call";
import { go, href, route } from "../../desk/router";
import { Form } from "../../desk/ui/form";
import { Card } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import type { Case } from "./types";
import { caseKinds, optionsOf } from "./words";

export function NewCase() {
	const person = route.value.query.get("person") ?? "";
	return (
		<>
			<p>
				<a href={href("cases")}>{t({ zh: "← 全部案件", en: "← All cases" })}</a>
			</p>
			<h1>{t({ zh: "立流调案件", en: "Open a tracing case" })}</h1>
			<Card>
				<Form
					submitText={t({ zh: "立案", en: "Open it" })}
					initial={{ kind: person ? "confirmed" : "cluster", person }}
					fields={[
						{
							name: "kind",
							label: t({ zh: "类型", en: "Kind" }),
							kind: "select",
							required: true,
							options: optionsOf(caseKinds),
						},
						{
							name: "title",
							label: t({ zh: "案由", en: "Title" }),
							required: true,
							hint: t({ zh: "不写姓名：审计和流调员都会看到", en: "Without names: tracers and the audit see it" }),
						},
						{
							name: "person",
							label: t({ zh: "病例本人（聚集性案件可不填）", en: "Whose infection it is (nobody for a cluster)" }),
							kind: "person",
							named: t({ zh: "从上一页选定的人", en: "Whoever was chosen before" }),
						},
						{
							name: "onset_at",
							label: t({ zh: "首次出现症状", en: "First symptoms" }),
							kind: "datetime",
							hint: t({ zh: "追踪时段从此前两天起", en: "Meetings count from two days before" }),
						},
						{ name: "sampled_at", label: t({ zh: "首次阳性采样", en: "First positive sample" }), kind: "datetime" },
						{ name: "isolated_at", label: t({ zh: "隔离时间", en: "Isolated" }), kind: "datetime" },
						{
							name: "grid",
							label: t({
								zh: "由哪个网格负责（不填：本人住处）",
								en: "Part of the grid that answers for it (their home's, if empty)",
							}),
							kind: "node",
						},
					]}
					submit={async (values) => {
						const made = await call<Case>("POST", "/v1/cases", { body: values });
						go(["cases", made.code]);
					}}
				/>
			</Card>
		</>
	);
}
