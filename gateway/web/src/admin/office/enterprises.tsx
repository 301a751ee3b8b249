// Enterprises and shops: how they are equipped, and the way to resume work.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { nodeName } from "../../desk/town";
import { Chip } from "../../desk/ui/parts";
import { Register, when } from "../../desk/ui/register";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { EnterpriseDetail } from "./enterprise";
import { enterpriseActions } from "./enterpriseactions";
import type { Enterprise, OneEnterprise } from "./enterprisetypes";
import { StateChip, stateOptions } from "./words";

/** What a leader decides stands first, then what waits for the enterprise. */
const order = ["applying", "suspended", "lapsed", "refused", "none", "approved"];

export default function Enterprises() {
	return (
		<Register<Enterprise, OneEnterprise>
			path="enterprises"
			title={t({ zh: "企业复工", en: "Enterprises" })}
			hint={t({
				zh: "先登记负责人、防控方案、口罩和体温枪，再申请、审批；批准和暂停都留痕。",
				en: "Contact, plan, masks and thermometers first; then the application and its decision, all on record.",
			})}
			links={
				<a class="btn" href={href("findings")}>
					{t({ zh: "隐患整改", en: "Findings" })}
				</a>
			}
			filters={[
				{
					name: "state",
					label: t({ zh: "复工状态", en: "State" }),
					kind: "select",
					options: [{ value: "", label: t({ zh: "全部", en: "All" }) }, ...stateOptions(...order)],
				},
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node" },
			]}
			load={async (f, cursor) => {
				const a = await call<{ enterprises: Enterprise[]; next: string }>("GET", "/v1/enterprises", {
					query: { state: f.state, node: f.node, cursor, limit: 1000 },
				});
				return { rows: a.enterprises.sort((x, y) => order.indexOf(x.state) - order.indexOf(y.state)), next: a.next };
			}}
			one={(site) => call("GET", `/v1/enterprises/${encodeURIComponent(site)}`)}
			rowKey={(e) => e.site}
			name={(e) => e.name}
			text={(e) => `${e.name} ${e.site} ${e.profile.contact}`}
			columns={[
				{ key: "name", title: t({ zh: "单位", en: "Enterprise" }), cell: (e) => e.name, sort: (e) => e.name },
				{
					key: "state",
					title: t({ zh: "复工状态", en: "State" }),
					width: "8rem",
					cell: (e) => <StateChip state={e.state} />,
					sort: (e) => order.indexOf(e.state),
				},
				{
					key: "until",
					title: t({ zh: "批准至", en: "Until" }),
					width: "7.5rem",
					wide: true,
					cell: (e) => when(e.valid_until),
					sort: (e) => e.valid_until ?? "",
				},
				{
					key: "kind",
					title: t({ zh: "类别", en: "Kind" }),
					width: "5rem",
					wide: true,
					cell: (e) => wordOf(siteKinds, e.kind),
					sort: (e) => e.kind,
				},
				{
					key: "contact",
					title: t({ zh: "负责人", en: "Contact" }),
					width: "7rem",
					wide: true,
					cell: (e) => e.profile.contact || "—",
				},
				{
					key: "gates",
					title: t({ zh: "出入口", en: "Gates" }),
					width: "5.5rem",
					wide: true,
					cell: (e) =>
						e.gates_closed ? (
							<Chip tone="stop">{t({ zh: "已关闭", en: "closed" })}</Chip>
						) : (
							t({ zh: "开放", en: "open" })
						),
				},
				{
					key: "node",
					title: t({ zh: "网格", en: "Node" }),
					width: "10rem",
					wide: true,
					cell: (e) => nodeName(e.node),
					sort: (e) => nodeName(e.node),
				},
			]}
			detail={(e, reload) => <EnterpriseDetail e={e} reload={reload} />}
			actions={enterpriseActions()}
		/>
	);
}
