// By which ways others are told of alarms: robots of group chats, and other programs.
import "./board.css";
import { call } from "../../desk/call";
import type { Action } from "../../desk/ui/actions";
import type { Field, Values } from "../../desk/ui/form";
import { Button, Card, Chip, Facts, Problem, type Tone, useAction, useLoad } from "../../desk/ui/parts";
import { Register, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { type Text, t } from "../../shared/i18n";

interface Channel {
	name: string;
	kind: string;
	host: string;
	signed: boolean;
	node: string;
	node_name: string;
	scope: "subtree" | "node";
	/** None: all. */
	kinds: string[];
	level: "" | "urgent" | "today";
	tested: { state: string; at: string; error: string } | null;
}

interface Dead {
	id: string;
	level: string;
	alarms: number;
	test: boolean;
	died_at: string;
	attempts: number;
	error: string;
}

const kinds: Record<string, Text> = {
	wecom: { zh: "企业微信群机器人", en: "WeCom group robot" },
	dingtalk: { zh: "钉钉群机器人", en: "DingTalk group robot" },
	feishu: { zh: "飞书群机器人", en: "Feishu group robot" },
	webhook: { zh: "其他系统（Webhook）", en: "Another program (webhook)" },
};

const levels: Record<string, Text> = {
	"": { zh: "全部", en: "All" },
	urgent: { zh: "仅紧急", en: "Urgent only" },
	today: { zh: "仅今日", en: "For today only" },
};

const scopes: Record<Channel["scope"], Text> = {
	subtree: { zh: "本级及以下的告警", en: "Alarms of the node and below" },
	node: { zh: "仅通知到本级负责人的", en: "Those that the node's own head is told" },
};

const tests: Record<string, Text & { tone: Tone }> = {
	sending: { zh: "发送中", en: "On its way", tone: "info" },
	sent: { zh: "已送达", en: "Delivered", tone: "ok" },
	dead: { zh: "未送达", en: "Not delivered", tone: "stop" },
	dropped: { zh: "已取消", en: "Dropped", tone: "quiet" },
};

const optionsOf = (words: Record<string, Text>) =>
	Object.entries(words).map(([value, text]) => ({ value, label: t(text) }));

const fields = (isNew: boolean): Field[] => [
	...(isNew
		? [
				{
					name: "name",
					label: t({ zh: "名称", en: "Name" }),
					required: true,
					hint: t({ zh: "小写字母、数字和连字符", en: "Small letters, digits and hyphens" }),
				},
			]
		: []),
	{ name: "kind", label: t({ zh: "方式", en: "Way" }), kind: "select", required: true, options: optionsOf(kinds) },
	{
		name: "url",
		label: t({ zh: "地址", en: "Address" }),
		required: isNew,
		placeholder: "https://",
		autocomplete: "off",
		hint: isNew
			? t({ zh: "机器人的完整地址，保存后不再显示", en: "The robot's whole address; it is not shown again" })
			: t({ zh: "不填则不变", en: "Empty: as it was" }),
	},
	{
		name: "secret",
		label: t({ zh: "密钥", en: "Secret" }),
		kind: "password",
		autocomplete: "new-password",
		when: (v) => v.kind !== "wecom",
		hint: t({
			zh: "钉钉、飞书：机器人的加签密钥；Webhook:whsec_ 开头。修改时不填则不变",
			en: "What the robot shows for signing; whsec_… for a webhook. Empty when changing: as it was",
		}),
	},
	{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node", required: true },
	{ name: "scope", label: t({ zh: "范围", en: "Scope" }), kind: "select", required: true, options: optionsOf(scopes) },
	{ name: "level", label: t({ zh: "级别", en: "Level" }), kind: "select", options: optionsOf(levels) },
];

/** What is sent of the form; what was left empty stays as it was. */
function bodyOf(v: Values, before: readonly string[]) {
	const { kind, node, scope, level } = v;
	const secret = v.kind !== "wecom" && v.secret ? { secret: v.secret } : {};
	return { kind, node, scope, level, kinds: before, ...(v.url ? { url: v.url } : {}), ...secret };
}

const at = (name: string, rest = "") => `/v1/channels/${encodeURIComponent(name)}${rest}`;

const create = (): Action<null>[] => [
	{
		key: "new",
		title: t({ zh: "新建推送", en: "New way" }),
		main: true,
		fields: () => fields(true),
		initial: () => ({ kind: "wecom", scope: "subtree", level: "urgent" }),
		run: (_, v) => call("PUT", at(String(v.name)), { body: bodyOf(v, []) }),
	},
];

const actions = (): Action<Channel>[] => [
	{
		key: "test",
		title: t({ zh: "发送测试", en: "Send a test" }),
		main: true,
		run: (c) => call("POST", at(c.name, "/test"), { body: {} }),
		done: t({ zh: "测试消息已排队，几秒后点“刷新”看结果", en: "Queued: look again in a few seconds" }),
	},
	{
		key: "change",
		title: t({ zh: "修改", en: "Change" }),
		fields: () => fields(false),
		initial: (c) => ({ kind: c.kind, node: c.node, scope: c.scope, level: c.level }),
		run: (c, v) => call("PUT", at(c.name), { body: bodyOf(v, c.kinds) }),
	},
	{
		key: "drop",
		title: t({ zh: "停用", en: "Take out of use" }),
		danger: true,
		about: () =>
			t({
				zh: "地址和密钥将被删除，排队中的消息不再发送。",
				en: "Its address and secret are forgotten; what waits is not sent.",
			}),
		run: async (c) => {
			await call("DELETE", at(c.name));
			location.hash = "#/channels";
		},
	},
];

export default function Channels() {
	return (
		<Register<Channel>
			path="channels"
			title={t({ zh: "告警推送", en: "Ways of telling" })}
			hint={t({
				zh: "群里只发告警的种类、地点和数量，不发任何个人信息。",
				en: "Chats are told kinds, places and counts, and nothing of a person.",
			})}
			load={async () => ({ rows: (await call<{ channels: Channel[] }>("GET", "/v1/channels")).channels })}
			one={(name) => call("GET", at(name))}
			rowKey={(c) => c.name}
			name={(c) => c.name}
			create={create()}
			actions={actions()}
			columns={[
				{ key: "name", title: t({ zh: "名称", en: "Name" }), cell: (c) => c.name, sort: (c) => c.name },
				{ key: "kind", title: t({ zh: "方式", en: "Way" }), cell: (c) => wordOf(kinds, c.kind), sort: (c) => c.kind },
				{ key: "host", title: t({ zh: "服务器", en: "Host" }), wide: true, cell: (c) => c.host },
				{ key: "node", title: t({ zh: "网格", en: "Grid" }), cell: (c) => c.node_name },
				{ key: "level", title: t({ zh: "级别", en: "Level" }), wide: true, cell: (c) => wordOf(levels, c.level) },
			]}
			detail={(c) => <Detail c={c} />}
		/>
	);
}

function Detail({ c }: { c: Channel }) {
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "方式", en: "Way" }), wordOf(kinds, c.kind)],
					[t({ zh: "服务器", en: "Host" }), c.host],
					[t({ zh: "加签", en: "Signed" }), c.signed ? t({ zh: "是", en: "yes" }) : t({ zh: "否", en: "no" })],
					[t({ zh: "网格", en: "Grid" }), c.node_name],
					[t({ zh: "范围", en: "Scope" }), t(scopes[c.scope])],
					[t({ zh: "级别", en: "Level" }), wordOf(levels, c.level)],
					[
						t({ zh: "最近测试", en: "Last test" }),
						c.tested && (
							<>
								<Chip tone={tests[c.tested.state]?.tone}>{wordOf(tests, c.tested.state)}</Chip> {when(c.tested.at)}{" "}
								{c.tested.error}
							</>
						),
					],
				]}
			/>
			<DeadMessages name={c.name} />
		</>
	);
}

/** What could not be delivered within a day, and sending it again. */
function DeadMessages({ name }: { name: string }) {
	const list = useLoad<{ dead: Dead[] }>(() => call("GET", at(name, "/dead")), [name]);
	const { busy, error, run } = useAction();
	const dead = list.data?.dead ?? [];
	if (dead.length === 0) {
		return <Problem cause={list.error} retry={() => void list.reload()} />;
	}
	const again = () =>
		run(async () => {
			await call("POST", at(name, "/retry"), { body: {} });
			await list.reload();
		});
	return (
		<Card
			title={t({ zh: "未送达的消息", en: "Not delivered" })}
			extra={
				<Button busy={busy} onClick={() => void again()}>
					{t({ zh: "全部重发", en: "Send all again" })}
				</Button>
			}
		>
			<Problem cause={error} />
			<ul class="b-list">
				{dead.map((d) => (
					<li key={d.id}>
						{when(d.died_at)}{" "}
						{d.test ? t({ zh: "测试消息", en: "a test" }) : t({ zh: `${d.alarms} 条告警`, en: `${d.alarms} alarms` })}
						<br />
						<small>
							{t({ zh: `试了 ${d.attempts} 次：`, en: `${d.attempts} attempts: ` })}
							{d.error}
						</small>
					</li>
				))}
			</ul>
		</Card>
	);
}
