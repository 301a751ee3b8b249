// Notices: written once, for the leaflet, the group chat and the loudspeaker.
import { call } from "../../desk/call";
import { printPage } from "../../desk/print";
import { session } from "../../desk/session";
import { nodeName } from "../../desk/town";
import { Card, Empty, Facts } from "../../desk/ui/parts";
import { dayFields, daysAsked, newID, Register, type Step, Steps, when } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { dueIn, idField, noteField, optional, StateChip, stateWord } from "./words";

interface Notice {
	id: string;
	node: string;
	/** Name of the node. */
	office: string;
	title: string;
	text: string;
	chat_text: string;
	loudspeaker_text: string;
	valid_from: string;
	valid_until: string;
	/** "above" of one that holds here from a node above: it is changed there. */
	state: "published" | "withdrawn" | "over" | "above";
	steps: Step[];
}

const writers = ["leader", "grid"] as const;
const own = (n: Notice) => n.state !== "above";

export default function Notices() {
	return (
		<Register<Notice>
			path="notices"
			title={t({ zh: "通知公告", en: "Notices" })}
			hint={t({
				zh: "写一次，可张贴、发微信群、上大喇叭；居民手机通行证页上也看得到。每个网格同时最多 8 条。",
				en: "Written once: as a leaflet, for the group chat and for the loudspeaker; residents see it beside their pass. At most 8 at a node at a time.",
			})}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "", label: t({ zh: "发布中", en: "Published" }) },
						{ value: "ended", label: t({ zh: "已结束", en: "Ended" }) },
					],
				},
				{ name: "node", label: t({ zh: "网格", en: "Part of the grid" }), kind: "node" },
				...dayFields("ended"),
			]}
			load={async (f, cursor) => {
				const days = f.state === "ended" ? daysAsked(f, 30) : {};
				const a = await call<{ notices: Notice[]; from_above: Notice[]; next: string }>("GET", "/v1/notices", {
					query: { state: f.state, node: f.node, cursor, limit: 200, ...days },
				});
				const above = cursor || f.state ? [] : a.from_above.map((n) => ({ ...n, state: "above" as const, steps: [] }));
				return { rows: [...a.notices, ...above], next: a.next };
			}}
			rowKey={(n) => n.id}
			name={(n) => n.title}
			text={(n) => `${n.title} ${n.text} ${n.office}`}
			columns={[
				{ key: "title", title: t({ zh: "标题", en: "Title" }), cell: (n) => n.title, sort: (n) => n.title },
				{
					key: "office",
					title: t({ zh: "发布单位", en: "By" }),
					width: "10rem",
					wide: true,
					cell: (n) => n.office,
					sort: (n) => n.office,
				},
				{
					key: "until",
					title: t({ zh: "有效至", en: "Until" }),
					width: "7.5rem",
					cell: (n) => when(n.valid_until),
					sort: (n) => n.valid_until,
				},
				{
					key: "state",
					title: t({ zh: "状态", en: "State" }),
					width: "7rem",
					wide: true,
					cell: (n) => (own(n) ? <StateChip state={n.state} /> : t({ zh: "上级发布", en: "from above" })),
				},
			]}
			detail={(n) => <Detail n={n} />}
			actions={[
				{
					key: "print",
					title: t({ zh: "打印张贴", en: "Print the leaflet" }),
					main: true,
					run: (n) => printPage(`/v1/notices/${n.id}/leaflet`),
					done: t({ zh: "已交给打印", en: "Sent to print" }),
				},
				{
					key: "chat",
					title: t({ zh: "复制微信文字", en: "Copy for the chat" }),
					run: (n) => navigator.clipboard.writeText(n.chat_text),
					done: t({ zh: "已复制，可粘贴到微信群", en: "Copied: paste it into the chat" }),
				},
				{
					key: "loud",
					title: t({ zh: "复制广播稿", en: "Copy for the loudspeaker" }),
					run: (n) => navigator.clipboard.writeText(n.loudspeaker_text),
					done: t({ zh: "已复制", en: "Copied" }),
				},
				{
					key: "withdraw",
					title: t({ zh: "撤回", en: "Withdraw" }),
					roles: writers,
					danger: true,
					when: (n) => n.state === "published",
					fields: () => [noteField(t({ zh: "为什么撤回", en: "Why" }), false)],
					run: (n, v) => call("POST", `/v1/notices/${n.id}/withdraw`, { body: v }),
				},
			]}
			create={[
				{
					key: "new",
					title: t({ zh: "写通知", en: "Write a notice" }),
					roles: writers,
					main: true,
					fields: () => [
						idField,
						{ name: "title", label: t({ zh: "标题", en: "Title" }), required: true },
						{ name: "text", label: t({ zh: "正文", en: "Text" }), kind: "area", rows: 6, required: true },
						{
							name: "loudspeaker_text",
							label: t({ zh: "广播稿", en: "For the loudspeaker" }),
							kind: "area",
							hint: t({ zh: "不填就读标题和正文", en: "Title and text are read if this is empty" }),
						},
						{
							name: "node",
							label: t({ zh: "发给哪个网格", en: "For which part of the grid" }),
							kind: "node",
							required: true,
						},
						{ name: "valid_until", label: t({ zh: "有效至", en: "Valid until" }), kind: "datetime", required: true },
					],
					initial: () => ({ id: newID("notice"), node: session.value?.grid ?? "", valid_until: dueIn(7 * 24) }),
					submit: t({ zh: "发布", en: "Publish" }),
					run: (_, v) => call("POST", "/v1/notices", { body: optional(v) }),
				},
			]}
			empty={<Empty>{t({ zh: "没有发布中的通知", en: "No notice is published" })}</Empty>}
		/>
	);
}

function Detail({ n }: { n: Notice }) {
	return (
		<>
			<Card title={t({ zh: "张贴与微信", en: "Leaflet and chat" })}>
				<p class="said">{n.chat_text}</p>
			</Card>
			<Card title={t({ zh: "大喇叭", en: "Loudspeaker" })}>
				<p class="said">{n.loudspeaker_text}</p>
			</Card>
			<Facts
				rows={[
					[t({ zh: "发布单位", en: "By" }), nodeName(n.node)],
					[t({ zh: "生效", en: "From" }), when(n.valid_from)],
					[t({ zh: "有效至", en: "Until" }), when(n.valid_until)],
				]}
			/>
			<Steps steps={n.steps} word={stateWord} />
		</>
	);
}
