// Accounts of the staff: who may do what and where, passwords, badges, second factors.
import "./places.css";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may, session } from "../../desk/session";
import { nodes, reloadTown } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field } from "../../desk/ui/form";
import { Card, Chip, Facts } from "../../desk/ui/parts";
import { Register } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { roles, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { BadgeMaker, BadgesOf } from "./badges";
import {
	codeHint,
	compareZh,
	type FullAccount,
	NodeLink,
	nodeTrail,
	readStaff,
	refusal,
	roleMay,
	saying,
	wholeTown,
	within,
} from "./common";

const path = (login: string, rest = "") => `/v1/staff/${encodeURIComponent(login)}${rest}`;

const filters = (): Field[] => [
	{
		name: "role",
		label: t({ zh: "岗位", en: "Role" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "全部", en: "All" }) },
			...Object.keys(roles).map((value) => ({ value, label: wordOf(roles, value) })),
		],
	},
	{
		name: "state",
		label: t({ zh: "状态", en: "State" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "在用", en: "In use" }) },
			{ value: "disabled", label: t({ zh: "已停用", en: "Disabled" }) },
			{ value: "nofactor", label: t({ zh: "未设两步验证", en: "Without a second factor" }) },
			{ value: "nobadge", label: t({ zh: "没有工牌的值守人员", en: "Guards without a badge" }) },
		],
	},
	{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" },
];

function wanted(a: FullAccount, f: Record<string, string>): boolean {
	const signsIn = a.role !== "guard";
	return (
		(!f.role || a.role === f.role) &&
		a.disabled === (f.state === "disabled") &&
		(!f.node || (a.grid !== "" && within(a.grid, f.node))) &&
		(f.state !== "nofactor" || (signsIn && !a.totp)) &&
		(f.state !== "nobadge" || (!signsIn && !a.badge))
	);
}

const columns = (): Column<FullAccount>[] => [
	{
		key: "name",
		title: t({ zh: "姓名", en: "Name" }),
		width: "1.2fr",
		cell: (a) => a.name || a.login,
		sort: (a) => a.name,
	},
	{ key: "login", title: t({ zh: "账号", en: "Login" }), cell: (a) => a.login, sort: (a) => a.login, wide: true },
	{
		key: "role",
		title: t({ zh: "岗位", en: "Role" }),
		width: "7.5rem",
		cell: (a) => wordOf(roles, a.role),
		sort: (a) => a.role,
	},
	{
		key: "grid",
		title: t({ zh: "负责的网格", en: "Answers for" }),
		width: "1.8fr",
		cell: (a) => (a.grid ? nodeTrail(a.grid) : wholeTown()),
		sort: (a) => (a.grid ? nodeTrail(a.grid) : ""),
		wide: true,
	},
	{
		key: "safe",
		title: t({ zh: "登录方式", en: "Signs in with" }),
		width: "11rem",
		cell: (a) =>
			a.role === "guard" ? (
				<Chip tone={a.badge ? "ok" : "care"}>
					{a.badge ? t({ zh: "工牌", en: "badge" }) : t({ zh: "没有工牌", en: "no badge" })}
				</Chip>
			) : a.totp ? (
				<Chip tone="ok">{t({ zh: "密码+验证码", en: "password + code" })}</Chip>
			) : (
				<Chip>{t({ zh: "只有密码", en: "password only" })}</Chip>
			),
		sort: (a) => (a.role === "guard" ? (a.badge ? 1 : 0) : a.totp ? 3 : 2),
	},
	{
		key: "state",
		title: t({ zh: "状态", en: "State" }),
		width: "5.5rem",
		cell: (a) =>
			a.disabled ? (
				<Chip tone="stop">{t({ zh: "已停用", en: "Disabled" })}</Chip>
			) : (
				<Chip tone="ok">{t({ zh: "在用", en: "In use" })}</Chip>
			),
		wide: true,
	},
];

const accountFields = (): Field[] => [
	{ name: "name", label: t({ zh: "姓名", en: "Name" }), required: true },
	{
		name: "role",
		label: t({ zh: "岗位", en: "Role" }),
		kind: "select",
		required: true,
		options: Object.keys(roles).map((value) => ({
			value,
			label: `${wordOf(roles, value)} — ${t(roleMay[value] ?? { zh: "", en: "" })}`,
		})),
	},
	{
		name: "grid",
		label: t({ zh: "负责的网格", en: "Answers for" }),
		kind: "node",
		hint: t({ zh: "只看得到这个网格及以下；空着是全街道", en: "sees this node and below; empty: the whole town" }),
	},
];

const passwordField = (): Field => ({
	name: "password",
	label: t({ zh: "初始密码", en: "First password" }),
	required: true,
	hint: t({
		zh: "至少 10 个字符，当面告诉本人，请其登录后在“我的账号”里改掉",
		en: "at least 10 characters; told in person, and changed under My account",
	}),
});

type Typed = Record<string, unknown>;

/** What the server asks for where a session left open must not be enough: see openapi.yaml, putStaff. */
const proofFields = (when: (v: Typed) => boolean = () => true): Field[] => [
	{
		name: "own_password",
		label: t({ zh: "您自己的密码", en: "Your own password" }),
		kind: "password",
		required: true,
		autocomplete: "current-password",
		when,
	},
	{
		name: "code",
		label: t({ zh: "您的 6 位验证码（设了两步验证才填）", en: "Your 6 digits, if you have a second factor" }),
		autocomplete: "one-time-code",
		when,
	},
];

/** Twelve characters that are easy to read out: no 0, 1, l, o. */
export function freshPassword(): string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789";
	return [...crypto.getRandomValues(new Uint8Array(12))].map((b) => letters[b % letters.length]).join("");
}

const put = (a: Pick<FullAccount, "login" | "name" | "role" | "grid" | "disabled">, typed: Typed = {}) => {
	const { login, name, role, grid, disabled } = a;
	const secrets = ["password", "own_password", "code"].filter((k) => typed[k]).map((k) => [k, String(typed[k])]);
	const body = { name, role, grid, disabled, ...Object.fromEntries(secrets) };
	return saying(call("PUT", path(login), { body }), {
		password: { zh: "密码至少 10 个字符", en: "at least 10 characters" },
		own_password: { zh: "您自己的密码不对，或验证码已用过", en: "Your own password is wrong, or the code was used" },
		code: { zh: "请填您的 6 位验证码", en: "Give the 6 digits of your authenticator" },
		role: { zh: "这是最后一个管理员：先设另一个", en: "this is the last administrator: make another one first" },
		login: { zh: "账号为 1 至 40 位字母、数字、- 或 _", en: "1 to 40 letters, digits, - or _" },
	});
};

const isMe = (a: FullAccount): boolean => a.login === session.value?.login;

const ends = (a: FullAccount, zh: string, en: string) => (
	<p>{t({ zh: `${a.name}（${a.login}）：${zh}`, en: `${a.name} (${a.login}): ${en}` })}</p>
);

const actions = (): Action<FullAccount>[] => [
	{
		key: "edit",
		title: t({ zh: "修改", en: "Change" }),
		roles: [],
		main: true,
		submit: t({ zh: "保存", en: "Save" }),
		fields: (a) => [
			...accountFields(),
			...(a.role === "guard" ? [{ ...passwordField(), required: false, when: (v: Typed) => v.role !== "guard" }] : []),
			...proofFields((v) => (v.role === "admin" && a.role !== "admin") || (a.role === "guard" && v.role !== "guard")),
		],
		initial: (a) => ({ name: a.name, role: a.role, grid: a.grid }),
		about: () => (
			<p class="hint">
				{t({ zh: "换了岗位或网格，此人要重新登录。", en: "Another role or grid ends the account's sessions." })}
			</p>
		),
		run: (a, v) => put({ ...a, name: String(v.name), role: String(v.role), grid: String(v.grid ?? "") }, v),
	},
	{
		key: "password",
		title: t({ zh: "重设密码", en: "Reset password" }),
		roles: [],
		when: (a) => a.role !== "guard" && !isMe(a),
		fields: () => [passwordField(), ...proofFields()],
		initial: () => ({ password: freshPassword() }),
		about: (a) => ends(a, "旧密码立即失效，已登录的都退出。", "the old password is void at once and all sessions end."),
		danger: true,
		run: (a, v) => put(a, v),
		done: t({ zh: "密码已重设", en: "The password is reset" }),
	},
	{
		key: "totp",
		title: t({ zh: "解除两步验证", en: "Reset second factor" }),
		roles: [],
		danger: true,
		when: (a) => a.totp && !isMe(a),
		about: (a) =>
			ends(
				a,
				"手机和恢复码都丢了才解除。先当面核对本人；解除后只凭密码登录，已登录的都退出。",
				"only if phone and recovery codes are lost. Make sure that it is them; afterwards the password is enough, and all sessions end.",
			),
		run: (a) => call("DELETE", path(a.login, "/totp")),
	},
	{
		key: "disable",
		title: t({ zh: "停用账号", en: "Disable" }),
		roles: [],
		danger: true,
		when: (a) => !a.disabled && !isMe(a),
		about: (a) =>
			ends(
				a,
				"立即退出，不能再登录，工牌也不能上岗。记录保留。",
				"signed out at once, signs in no more, nor does the badge open shifts. Records stay.",
			),
		run: (a) => put({ ...a, disabled: true }),
	},
	{
		key: "enable",
		title: t({ zh: "启用账号", en: "Enable" }),
		roles: [],
		when: (a) => a.disabled,
		run: (a) => put({ ...a, disabled: false }),
	},
	{
		key: "nobadge",
		title: t({ zh: "收回工牌", en: "Withdraw badge" }),
		roles: ["leader"],
		danger: true,
		when: (a) => a.badge,
		about: (a) =>
			ends(a, "工牌立即作废；正在进行的班次不受影响。", "the badge is void at once; a shift that runs goes on."),
		run: (a) => call("DELETE", path(a.login, "/badge")),
	},
];

const create = (): Action<null>[] => [
	{
		key: "new",
		title: t({ zh: "新增账号", en: "New account" }),
		roles: [],
		main: true,
		fields: () => [
			{
				name: "login",
				label: t({ zh: "账号", en: "Login" }),
				required: true,
				hint: codeHint(),
			},
			...accountFields(),
			{ ...passwordField(), when: (v) => v.role !== "guard" },
			...proofFields((v) => v.role === "admin"),
		],
		initial: () => ({ role: "grid", password: freshPassword() }),
		run: async (_, v) => {
			const login = String(v.login);
			if ((await readStaff()).some((a) => a.login === login)) {
				throw refusal({ zh: `账号 ${login} 已有人用`, en: `${login} is taken` }, "login");
			}
			const account = { name: String(v.name), role: String(v.role), grid: String(v.grid ?? "") };
			await put({ login, ...account, disabled: false }, v.role === "guard" ? {} : v);
		},
	},
];

export default function Staff() {
	return (
		<>
			{may("leader") && (
				<div class="pl-corner">
					<BadgesOf />
				</div>
			)}
			<Register<FullAccount>
				path="staff"
				title={t({ zh: "工作人员", en: "Staff" })}
				filters={filters()}
				load={async (filter) => ({
					rows: (await readStaff()).filter((a) => wanted(a, filter)).sort((a, b) => compareZh.compare(a.name, b.name)),
				})}
				columns={columns()}
				rowKey={(a) => a.login}
				name={(a) => a.name || a.login}
				text={(a) => `${a.name} ${a.login} ${nodeTrail(a.grid)}`}
				actions={actions()}
				create={create()}
				detail={(a, reload) => (
					<Detail
						account={a}
						reload={async () => {
							await reload();
							await reloadTown();
						}}
					/>
				)}
			/>
		</>
	);
}

function Detail({ account: a, reload }: { account: FullAccount; reload: () => Promise<void> }) {
	const heads = nodes.value.filter((n) => n.head === a.login);
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "账号", en: "Login" }), a.login],
					[t({ zh: "岗位", en: "Role" }), wordOf(roles, a.role)],
					[t({ zh: "负责的网格", en: "Answers for" }), <NodeLink key="n" id={a.grid} />],
					[
						t({ zh: "状态", en: "State" }),
						a.disabled ? t({ zh: "已停用", en: "Disabled" }) : t({ zh: "在用", en: "In use" }),
					],
					[
						t({ zh: "两步验证", en: "Second factor" }),
						a.role === "guard" ? "" : a.totp ? t({ zh: "已设", en: "on" }) : t({ zh: "未设", en: "off" }),
					],
					[t({ zh: "工牌", en: "Badge" }), a.badge ? t({ zh: "有", en: "has one" }) : t({ zh: "没有", en: "none" })],
					[
						t({ zh: "担任负责人", en: "Heads" }),
						heads.length > 0 &&
							heads.map((n) => (
								<a key={n.id} class="pl-link" href={href(["grid", n.id])}>
									{n.name}
								</a>
							)),
					],
				]}
			/>
			<Card title={t({ zh: "这个岗位能做什么", en: "What this role may do" })}>
				<p>{t(roleMay[a.role] ?? { zh: "", en: "" })}</p>
			</Card>
			{may("leader") && !a.disabled && <BadgeMaker account={a} onMade={reload} />}
			{isMe(a) && (
				<p>
					<a href={href("account")}>
						{t({ zh: "到“我的账号”改密码、设两步验证", en: "Password and second factor: My account" })}
					</a>
				</p>
			)}
		</>
	);
}
