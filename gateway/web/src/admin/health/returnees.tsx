// People who come back from outside the province.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Values } from "../../desk/ui/form";
import { Chip, Facts } from "../../desk/ui/parts";
import { Register, Steps, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { naming } from "../../shared/id";
import { wire } from "../../shared/time";
import { loadRecords, recordFilters } from "./records";
import type { Returnee } from "./types";
import { homeOf, optionsOf, returneeOutcomes, returneeStates } from "./words";

export default function Returnees() {
	return (
		<Register<Returnee>
			path="returnees"
			title={t({ zh: "返乡登记", en: "People who come back" })}
			hint={t({
				zh: "到达即按住处的规定开始医学观察；途中的人先登记，到卡口按常规进家。",
				en: "By the rules of the home an observation begins on arrival; who is on the way is registered before.",
			})}
			filters={recordFilters(returneeStates, t({ zh: "全部未结束", en: "All that are not closed" }))}
			load={loadRecords<Returnee>("returnees")}
			rowKey={(r) => r.id}
			name={(r) => r.person?.name ?? t({ zh: "（不在您的网格）", en: "(not in your grid)" })}
			text={(r) => `${r.person?.name ?? ""} ${homeOf(r.person)} ${r.from_province} ${r.transport}`}
			columns={[
				{ key: "who", title: t({ zh: "姓名", en: "Name" }), width: "6rem", cell: (r) => r.person?.name ?? "—" },
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "8rem",
					cell: (r) => <Chip tone={returneeStates[r.state]?.tone}>{wordOf(returneeStates, r.state)}</Chip>,
					sort: (r) => r.state,
				},
				{
					key: "from",
					title: t({ zh: "来自", en: "From" }),
					width: "8rem",
					cell: (r) => r.from_province,
					sort: (r) => r.from_province,
				},
				{
					key: "at",
					title: t({ zh: "到达", en: "Arrival" }),
					width: "7.5rem",
					cell: (r) => when(r.arrived_at),
					sort: (r) => Date.parse(r.arrived_at),
				},
				{
					key: "by",
					title: t({ zh: "车次航班", en: "Transport" }),
					width: "7rem",
					wide: true,
					cell: (r) => r.transport,
				},
				{
					key: "home",
					title: t({ zh: "住处", en: "Home" }),
					wide: true,
					cell: (r) => homeOf(r.person),
					sort: (r) => homeOf(r.person),
				},
				{
					key: "node",
					title: t({ zh: "网格", en: "Grid" }),
					wide: true,
					cell: (r) => nodeName(r.node),
					sort: (r) => nodeName(r.node),
				},
				{
					key: "days",
					title: t({ zh: "观察", en: "Observation" }),
					width: "7rem",
					wide: true,
					cell: (r) =>
						r.days === 0 ? t({ zh: "仅登记", en: "registered only" }) : t({ zh: `${r.days} 天`, en: `${r.days} days` }),
					sort: (r) => r.days,
				},
			]}
			create={[register]}
			actions={[close]}
			detail={(r) => (
				<>
					<Facts
						rows={[
							[t({ zh: "状态", en: "State" }), wordOf(returneeStates, r.state)],
							[
								t({ zh: "电话", en: "Phone" }),
								r.person?.phone && <a href={`tel:${r.person.phone}`}>{r.person.phone}</a>,
							],
							[t({ zh: "住处", en: "Home" }), homeOf(r.person)],
							[t({ zh: "来自", en: "From" }), r.from_province],
							[t({ zh: "到达", en: "Arrival" }), when(r.arrived_at)],
							[t({ zh: "车次航班", en: "Transport" }), r.transport],
							[
								t({ zh: "医学观察", en: "Observation" }),
								r.observation && may("grid", "medic", "leader") ? (
									<a href={href(["observations", r.observation])}>
										{t({ zh: `查看 ${r.days} 天观察`, en: `Open its ${r.days} days` })}
									</a>
								) : r.days === 0 ? (
									t({ zh: "仅登记", en: "registered only" })
								) : (
									""
								),
							],
							[
								t({ zh: "结果", en: "Outcome" }),
								r.outcome && `${wordOf(returneeOutcomes, r.outcome)} ${when(r.closed_at)}`,
							],
						]}
					/>
					<Steps steps={r.steps} word={(state) => wordOf(returneeStates, state)} />
				</>
			)}
		/>
	);
}

const unknown = (v: Values) => v.known !== true;

const nameReturnee = naming("ret-");

const register: Action<null> = {
	key: "register",
	get title() {
		return t({ zh: "登记返乡人员", en: "Register somebody" });
	},
	main: true,
	fields: () => [
		{ name: "known", label: t({ zh: "已在册的居民", en: "On record here" }), kind: "check" },
		{
			name: "resident",
			label: t({ zh: "是谁", en: "Who it is" }),
			kind: "person",
			required: true,
			when: (v) => v.known === true,
		},
		{ name: "name", label: t({ zh: "姓名", en: "Name" }), required: true, when: unknown },
		{ name: "id_number", label: t({ zh: "身份证号", en: "ID number" }), required: true, when: unknown },
		{ name: "phone", label: t({ zh: "手机号", en: "Phone" }), kind: "tel", when: unknown },
		{
			name: "site",
			label: t({ zh: "住在哪个村或小区", en: "Village or compound" }),
			kind: "site",
			required: true,
			when: unknown,
		},
		{ name: "door", label: t({ zh: "门牌", en: "Door" }), required: true, when: unknown },
		{ name: "from_province", label: t({ zh: "从哪里来", en: "From where" }), required: true },
		{
			name: "arrived_at",
			label: t({ zh: "到达时间", en: "Arrival" }),
			kind: "datetime",
			required: true,
			hint: t({ zh: "还没到的填预计时间", en: "As planned, of who is on the way" }),
		},
		{ name: "transport", label: t({ zh: "车次航班", en: "Transport" }) },
	],
	initial: () => ({ known: true, arrived_at: wire(Date.now()) }),
	run: async (_, { known, ...values }) => {
		await call("POST", "/v1/returnees", { body: { id: nameReturnee(values).id, ...values } });
	},
};

const close: Action<Returnee> = {
	key: "close",
	get title() {
		return t({ zh: "结束", en: "Close" });
	},
	when: (r) => r.state !== "closed",
	not: (r) =>
		r.state === "observed"
			? t({ zh: "观察中：解除观察时自动结束", en: "Under observation: its release closes this" })
			: "",
	fields: () => [
		{
			name: "outcome",
			label: t({ zh: "结果", en: "Outcome" }),
			kind: "select",
			required: true,
			options: optionsOf(returneeOutcomes),
		},
		{ name: "note", label: t({ zh: "备注", en: "Note" }) },
	],
	run: (r, values) => call("POST", `/v1/returnees/${r.id}/close`, { body: values }),
};
