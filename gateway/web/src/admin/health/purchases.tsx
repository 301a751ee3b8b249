// Purchases of fever medicine: each is a visit within 12 hours, then closed.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import { Chip, Facts } from "../../desk/ui/parts";
import { left, Register, Steps, useNow, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { loadRecords, recordFilters } from "./records";
import type { Purchase } from "./types";
import { homeOf, optionsOf, purchaseOutcomes, purchaseStates, symptoms } from "./words";

const buyer = (p: Purchase) =>
	p.buyer.resident?.name || p.buyer.name || p.buyer.id_tail || t({ zh: "（未登记）", en: "(not on record)" });
const comma = () => t({ zh: "、", en: ", " });

export default function Purchases() {
	const now = useNow(60_000);
	return (
		<Register<Purchase>
			path="purchases"
			title={t({ zh: "退热药购买", en: "Fever medicine" })}
			hint={t({
				zh: "药店登记后 12 小时内上门，上门后 24 小时内办结；七天内再买的标出。",
				en: "A visit within 12 hours, closed within 24 after it; who bought before within 7 days is marked.",
			})}
			filters={recordFilters(purchaseStates, t({ zh: "全部未办结", en: "All that are open" }))}
			load={loadRecords<Purchase>("purchases")}
			rowKey={(p) => p.id}
			name={buyer}
			text={(p) => `${buyer(p)} ${homeOf(p.buyer.resident)} ${p.site_name} ${p.medicines.join(" ")}`}
			tone={(p) => (p.overdue ? "h-late" : "")}
			columns={[
				{ key: "who", title: t({ zh: "购药人", en: "Buyer" }), width: "7rem", cell: buyer },
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "6.5rem",
					cell: (p) => <Chip tone={purchaseStates[p.state]?.tone}>{wordOf(purchaseStates, p.state)}</Chip>,
					sort: (p) => p.state,
				},
				{
					key: "due",
					title: t({ zh: "时限", en: "Due" }),
					width: "11.5rem",
					cell: (p) =>
						p.state === "closed" ? (
							wordOf(purchaseOutcomes, p.outcome)
						) : (
							<Chip tone={Date.parse(p.due_at) < now ? "stop" : "care"}>{left(p.due_at, now)}</Chip>
						),
					sort: (p) => Date.parse(p.due_at),
				},
				{
					key: "temp",
					title: t({ zh: "体温", en: "Temp." }),
					width: "4.5rem",
					right: true,
					cell: (p) => (p.temperature ? p.temperature.toFixed(1) : "—"),
					sort: (p) => p.temperature ?? 0,
				},
				{ key: "what", title: t({ zh: "药品", en: "Medicine" }), wide: true, cell: (p) => p.medicines.join(comma()) },
				{ key: "for", title: t({ zh: "给谁用", en: "For" }), width: "6rem", wide: true, cell: (p) => p.for_whom },
				{
					key: "again",
					title: t({ zh: "再次", en: "Again" }),
					width: "6rem",
					wide: true,
					cell: (p) =>
						p.repeated ? (
							<Chip tone="stop">{t({ zh: `第 ${p.earlier.length + 1} 次`, en: `${p.earlier.length + 1} times` })}</Chip>
						) : (
							""
						),
					sort: (p) => p.earlier.length,
				},
				{
					key: "home",
					title: t({ zh: "住处", en: "Home" }),
					wide: true,
					cell: (p) => homeOf(p.buyer.resident),
					sort: (p) => homeOf(p.buyer.resident),
				},
				{
					key: "at",
					title: t({ zh: "购买", en: "Bought" }),
					width: "7.5rem",
					wide: true,
					cell: (p) => when(p.at),
					sort: (p) => Date.parse(p.at),
				},
			]}
			actions={[visit, close]}
			detail={(p) => <Detail purchase={p} />}
		/>
	);
}

function Detail({ purchase: p }: { purchase: Purchase }) {
	const phone = p.buyer.resident?.phone || p.buyer.phone;
	const who = p.buyer.resident;
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "状态", en: "State" }), wordOf(purchaseStates, p.state)],
					[t({ zh: "电话", en: "Phone" }), phone && <a href={`tel:${phone}`}>{phone}</a>],
					[t({ zh: "住处", en: "Home" }), homeOf(who) || t({ zh: "不在册", en: "not on record" })],
					[t({ zh: "证件", en: "Document" }), p.buyer.id_document || p.buyer.id_tail],
					[t({ zh: "药店", en: "Pharmacy" }), p.site_name],
					[t({ zh: "购买时间", en: "Bought" }), when(p.at)],
					[t({ zh: "药品", en: "Medicine" }), p.medicines.join(comma())],
					[t({ zh: "给谁用", en: "For" }), p.for_whom],
					[t({ zh: "体温", en: "Temperature" }), p.temperature ? `${p.temperature.toFixed(1)} ℃` : ""],
					[t({ zh: "症状", en: "Symptoms" }), p.symptoms.map((s) => wordOf(symptoms, s)).join(comma())],
					[t({ zh: "网格", en: "Grid" }), nodeName(p.node)],
					[
						t({ zh: "结果", en: "Outcome" }),
						p.outcome && `${wordOf(purchaseOutcomes, p.outcome)} ${p.ref} ${when(p.closed_at)}`,
					],
					[
						t({ zh: "七天内更早的购买", en: "Bought before, within 7 days" }),
						p.earlier.length > 0 &&
							p.earlier.map((id, i) => (
								<a key={id} href={href(["purchases", id])}>
									{t({ zh: `第 ${i + 1} 次`, en: `no. ${i + 1}` })}{" "}
								</a>
							)),
					],
				]}
			/>
			{may("medic") && who && (
				<p class="h-next">
					<a href={href(["status", who.id])}>{t({ zh: "健康状态", en: "Status" })}</a>
					<a href={href(["observations", "new"], { start: who.id })}>
						{t({ zh: "开始医学观察", en: "Begin an observation" })}
					</a>
				</p>
			)}
			<Steps steps={p.steps} word={(state) => wordOf(purchaseStates, state)} />
		</>
	);
}

const visit: Action<Purchase> = {
	key: "visit",
	get title() {
		return t({ zh: "已上门", en: "Visited" });
	},
	roles: ["grid", "medic"],
	main: true,
	when: (p) => p.state === "reported",
	fields: () => [{ name: "note", label: t({ zh: "见到的情况", en: "What was seen" }), kind: "area" }],
	run: (p, values) => call("POST", `/v1/purchases/${p.id}/visit`, { body: values }),
};

const close: Action<Purchase> = {
	key: "close",
	get title() {
		return t({ zh: "办结", en: "Close" });
	},
	when: (p) => p.state !== "closed",
	fields: (p) => [
		{
			name: "outcome",
			label: t({ zh: "结果", en: "Outcome" }),
			kind: "select",
			required: true,
			options: optionsOf(purchaseOutcomes, p.state === "visited" ? undefined : ["unreachable"]),
			hint: p.state === "visited" ? "" : t({ zh: "其他结果须先上门", en: "Any other outcome takes a visit first" }),
		},
		{
			name: "ref",
			label: t({ zh: "转到的记录编号", en: "Record that it led to" }),
			when: (v) => v.outcome === "fever_case" || v.outcome === "observation",
		},
		{ name: "note", label: t({ zh: "备注", en: "Note" }) },
	],
	run: (p, values) => call("POST", `/v1/purchases/${p.id}/close`, { body: values }),
};
