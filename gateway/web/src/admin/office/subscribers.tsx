// Subscribers of the exchange: who outside is given what, on which ground, until when.
import { call } from "../../desk/call";
import { nodeName, staffName } from "../../desk/town";
import type { Field, Values } from "../../desk/ui/form";
import { confirm } from "../../desk/ui/overlay";
import { Chip, Empty, Facts } from "../../desk/ui/parts";
import { Register, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { dueIn } from "./words";

interface Subscriber {
	name: string;
	title: string;
	node: string;
	types: string[];
	fields: string[];
	purpose: string;
	ground: string;
	expires_at: string;
	/** It may send changes of statuses. */
	changes: boolean;
	key: string;
	active: boolean;
	created_at: string;
	changed_at: string;
	changed_by: string;
	token?: string;
}

const types = {
	"passgate.scan": { zh: "通行登记", en: "Scans" },
	"passgate.scan.annulled": { zh: "撤销登记", en: "Scans taken back" },
	"passgate.fever.opened": { zh: "发热个案开立", en: "Fever cases opened" },
	"passgate.fever.closed": { zh: "发热个案办结", en: "Fever cases closed" },
	"passgate.status.changed": { zh: "状态变更", en: "Changes of status" },
};

const granted = {
	site: { zh: "场所", en: "Site" },
	gate: { zh: "卡口", en: "Gate" },
	direction: { zh: "进出", en: "Direction" },
	decision: { zh: "判定", en: "Decision" },
	reason: { zh: "原因", en: "Reason" },
	temperature: { zh: "体温", en: "Temperature" },
	fever: { zh: "发热个案", en: "Fever case" },
	outcome: { zh: "结果", en: "Outcome" },
	status: { zh: "状态", en: "Status" },
	ground: { zh: "依据", en: "Ground" },
	until: { zh: "期限", en: "Until" },
	name: { zh: "姓名（须有法律依据）", en: "Name (needs a ground in law)" },
	id_document: { zh: "证件号（须有法律依据）", en: "ID number (needs a ground in law)" },
};

const ticks = (table: Record<string, { zh: string; en: string }>, prefix: string): Field[] =>
	Object.keys(table).map((name) => ({ name: `${prefix}${name}`, label: wordOf(table, name), kind: "check" }));

const fields = (): Field[] => [
	{ name: "title", label: t({ zh: "单位", en: "Who it is" }), required: true },
	{ name: "node", label: t({ zh: "给哪个网格的", en: "Of which part of the grid" }), kind: "node", required: true },
	{ name: "purpose", label: t({ zh: "用途", en: "Purpose" }), required: true },
	{ name: "ground", label: t({ zh: "法律依据", en: "Ground in law" }), kind: "area" },
	{ name: "expires_at", label: t({ zh: "到期", en: "Until" }), kind: "datetime", required: true },
	...ticks(types, "t:"),
	...ticks(granted, "f:"),
	{ name: "changes", label: t({ zh: "可以送来状态变更", en: "May send changes of statuses" }), kind: "check" },
	{
		name: "key",
		label: t({ zh: "对方公钥（Ed25519）", en: "Their public key (Ed25519)" }),
		when: (v) => v.changes === true,
		required: true,
	},
	{ name: "renew_token", label: t({ zh: "换新令牌", en: "Make a new token" }), kind: "check" },
];

/** What was ticked with a prefix. */
export const ticked = (v: Values, prefix: string): string[] =>
	Object.entries(v).flatMap(([name, on]) =>
		name.startsWith(prefix) && on === true ? [name.slice(prefix.length)] : [],
	);

/** Puts one, and shows the token that is told this once. */
async function put(name: string, v: Values): Promise<void> {
	const { title, node, purpose, ground, expires_at, changes, renew_token } = v;
	const made = await call<Subscriber>("PUT", `/v1/subscribers/${encodeURIComponent(name)}`, {
		body: {
			...{ title, node, purpose, ground, expires_at, changes, renew_token },
			key: changes ? v.key : "",
			types: ticked(v, "t:"),
			fields: ticked(v, "f:"),
		},
	});
	if (made.token) {
		await confirm({
			title: t({ zh: "令牌只显示这一次", en: "The token is shown this once" }),
			text: <code class="token">{made.token}</code>,
			yes: t({ zh: "已经抄下", en: "It is written down" }),
		});
	}
}

const typed = (s: Subscriber): Values => ({
	...{ title: s.title, node: s.node, purpose: s.purpose, ground: s.ground, expires_at: s.expires_at },
	...{ changes: s.changes, key: s.key },
	...Object.fromEntries(s.types.map((n) => [`t:${n}`, true])),
	...Object.fromEntries(s.fields.map((n) => [`f:${n}`, true])),
});

export default function Subscribers() {
	return (
		<Register<Subscriber>
			path="subscribers"
			title={t({ zh: "数据交换订阅方", en: "Subscribers of the exchange" })}
			hint={t({
				zh: "谁从街道取数据、取哪些字段、凭什么、到什么时候。停用立即生效。",
				en: "Who is given data, which fields, on which ground, until when. Revoking holds at once.",
			})}
			load={async () => ({
				rows: (await call<{ subscribers: Subscriber[] }>("GET", "/v1/subscribers")).subscribers,
			})}
			one={(name) => call("GET", `/v1/subscribers/${encodeURIComponent(name)}`)}
			rowKey={(s) => s.name}
			name={(s) => s.title || s.name}
			columns={[
				{ key: "title", title: t({ zh: "单位", en: "Who" }), cell: (s) => s.title || s.name, sort: (s) => s.title },
				{
					key: "node",
					title: t({ zh: "网格", en: "Node" }),
					width: "10rem",
					wide: true,
					cell: (s) => nodeName(s.node),
				},
				{ key: "purpose", title: t({ zh: "用途", en: "Purpose" }), wide: true, cell: (s) => s.purpose },
				{
					key: "until",
					title: t({ zh: "到期", en: "Until" }),
					width: "7.5rem",
					cell: (s) => when(s.expires_at),
					sort: (s) => s.expires_at,
				},
				{ key: "state", title: t({ zh: "状态", en: "State" }), width: "6rem", cell: (s) => <Active s={s} /> },
			]}
			detail={(s) => <Detail s={s} />}
			actions={[
				{
					key: "change",
					title: t({ zh: "修改", en: "Change" }),
					roles: [],
					fields,
					initial: typed,
					run: (s, v) => put(s.name, v),
				},
				{
					key: "revoke",
					title: t({ zh: "停用", en: "Revoke" }),
					roles: [],
					danger: true,
					when: (s) => s.active,
					about: () =>
						t({ zh: "令牌立即失效，对方再也取不到数据。", en: "Its token is void at once: it is given nothing more." }),
					run: (s) => call("DELETE", `/v1/subscribers/${encodeURIComponent(s.name)}`),
				},
			]}
			create={[
				{
					key: "new",
					title: t({ zh: "新订阅方", en: "New subscriber" }),
					roles: [],
					main: true,
					fields: () => [
						{ name: "name", label: t({ zh: "代号（小写字母和数字）", en: "Name (a to z, digits)" }), required: true },
						...fields().filter((f) => f.name !== "renew_token"),
					],
					initial: () => ({ expires_at: dueIn(30 * 24), "f:site": true, "f:direction": true, "f:decision": true }),
					run: (_, v) => put(String(v.name), { renew_token: false, ...v }),
				},
			]}
			empty={<Empty>{t({ zh: "没有订阅方：没有数据送出", en: "There are none: nothing is given out" })}</Empty>}
		/>
	);
}

const Active = ({ s }: { s: Subscriber }) => (
	<Chip tone={s.active ? "ok" : "quiet"}>
		{s.active ? t({ zh: "有效", en: "active" }) : t({ zh: "已停用", en: "not active" })}
	</Chip>
);

function Detail({ s }: { s: Subscriber }) {
	return (
		<Facts
			rows={[
				[t({ zh: "代号", en: "Name" }), s.name],
				[t({ zh: "状态", en: "State" }), <Active key="a" s={s} />],
				[t({ zh: "网格", en: "Node" }), nodeName(s.node)],
				[t({ zh: "用途", en: "Purpose" }), s.purpose],
				[t({ zh: "法律依据", en: "Ground in law" }), s.ground],
				[t({ zh: "到期", en: "Until" }), when(s.expires_at)],
				[t({ zh: "取哪些事", en: "Events" }), s.types.map((n) => wordOf(types, n)).join("、")],
				[t({ zh: "取哪些字段", en: "Fields" }), s.fields.map((n) => wordOf(granted, n)).join("、")],
				[t({ zh: "可送状态变更", en: "May send changes" }), s.changes && t({ zh: "是", en: "yes" })],
				[t({ zh: "最后修改", en: "Changed" }), `${when(s.changed_at)} ${staffName(s.changed_by)}`],
			]}
		/>
	);
}
