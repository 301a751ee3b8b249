// The pharmacist's screen: a purchase of fever medicine, written down while the buyer waits.

import { useMemo, useState } from "preact/hooks";
import { call } from "../../desk/call";
import { sites } from "../../desk/town";
import { Form, type Values } from "../../desk/ui/form";
import { toast } from "../../desk/ui/overlay";
import { Card } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { type Name, naming } from "../../shared/id";
import { wire } from "../../shared/time";

/** What the screen's fields give, as the server takes it. */
function purchaseOf({ id, at }: Name, v: Values): Record<string, unknown> {
	const document = String(v.id_document).trim();
	const buyer = document
		? { id_document: document }
		: { walk_in: { name: String(v.name).trim(), id_tail: String(v.id_tail).trim(), phone: String(v.phone).trim() } };
	return {
		id,
		site: v.site,
		...buyer,
		medicines: String(v.medicines)
			.split(/[,，、\n]/)
			.map((m) => m.trim())
			.filter((m) => m !== ""),
		for_whom: String(v.for_whom).trim(),
		...(v.temperature === null ? {} : { temperature: v.temperature }),
		at: wire(at),
	};
}

export default function Buyer() {
	const pharmacies = sites.value.filter((s) => s.kind === "pharmacy");
	const [turn, setTurn] = useState(0);
	// The same for every try of one purchase, so that it is written down once.
	const name = useMemo(() => naming(), [turn]);
	const [site, setSite] = useState(pharmacies[0]?.code ?? "");
	return (
		<>
			<h1>{t({ zh: "登记退热药购买", en: "Write a purchase of fever medicine down" })}</h1>
			<Card>
				<Form
					key={turn}
					initial={{ site }}
					fields={[
						{
							name: "site",
							label: t({ zh: "药店", en: "Pharmacy" }),
							kind: "pick",
							required: true,
							options: pharmacies.map((s) => ({ value: s.code, label: s.name || s.code })),
						},
						{
							name: "id_document",
							label: t({ zh: "购买人身份证号", en: "Buyer's ID number" }),
							hint: t({
								zh: "没有带证件：留空，填下面三项",
								en: "Without a document leave it empty and fill the next three",
							}),
						},
						...[
							{ name: "name", label: t({ zh: "购买人姓名", en: "Buyer's name" }) },
							{ name: "id_tail", label: t({ zh: "证件后四位", en: "Last four of the document" }) },
							{ name: "phone", label: t({ zh: "手机号", en: "Phone" }), kind: "tel" as const },
						].map((f) => ({ ...f, when: (v: Values) => v.id_document === "" })),
						{
							name: "medicines",
							label: t({ zh: "药名", en: "Medicines" }),
							required: true,
							hint: t({ zh: "几种药用顿号隔开", en: "Several with commas between" }),
						},
						{
							name: "for_whom",
							label: t({ zh: "给谁用", en: "For whom" }),
							placeholder: t({ zh: "本人", en: "The buyer" }),
						},
						{
							name: "temperature",
							label: t({ zh: "体温 °C", en: "Temperature, °C" }),
							kind: "number",
							min: 30,
							max: 45,
							step: 0.1,
						},
					]}
					submitText={t({ zh: "登记并上报", en: "Write down and report" })}
					onChange={(v) => setSite(String(v.site))}
					submit={async (v) => {
						await call("POST", "/v1/purchases", { body: purchaseOf(name(v), v) });
						toast(t({ zh: "已登记，网格员会上门了解情况", en: "Written down: the grid member will call on them" }));
						setTurn(turn + 1);
					}}
				/>
			</Card>
		</>
	);
}
