// One's own account: password, second factor with its recovery codes, sessions.
import "./places.css";
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { printHtml } from "../../desk/print";
import { hold, type Session, session, signOut } from "../../desk/session";
import { Form } from "../../desk/ui/form";
import { confirm, Dialog, toast } from "../../desk/ui/overlay";
import { Button, Card, Chip, Facts, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import { roles, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { NodeLink, Qr, refusal, roleMay, saying } from "./common";

interface Factor {
	on: boolean;
	since: string | null;
	recovery_left: number;
}

const wrongNow = {
	code: {
		zh: "验证码不对或已用过：等下一个 6 位数字再试，并看手机时间准不准",
		en: "The code is wrong or was used: wait for the next one, and see that the phone's clock is right",
	},
	old: { zh: "现在的密码不对，或验证码已用过", en: "The password is wrong, or the code was used" },
	password: { zh: "密码不对，或验证码已用过", en: "The password is wrong, or the code was used" },
	new: { zh: "新密码至少 10 个字符，不能与旧的相同", en: "At least 10 characters, and not the old one" },
};

export default function Account() {
	const factor = useLoad(() => call<Factor>("GET", "/v1/me/totp"));
	const me = session.value;
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "我的账号", en: "My account" })}</h1>
			</header>
			<Card>
				<Facts
					rows={[
						[t({ zh: "姓名", en: "Name" }), me?.name],
						[t({ zh: "账号", en: "Login" }), me?.login],
						[t({ zh: "岗位", en: "Role" }), wordOf(roles, me?.role ?? "")],
						[t({ zh: "负责的网格", en: "Answers for" }), <NodeLink key="n" id={me?.grid ?? ""} />],
						[t({ zh: "本次登录到", en: "Signed in until" }), me && dayAndTime(me.expires)],
					]}
				/>
				<p class="hint">{t(roleMay[me?.role ?? ""] ?? { zh: "", en: "" })}</p>
			</Card>
			<Problem cause={factor.error} retry={() => void factor.reload()} />
			<div class="split">
				{factor.data && <SecondFactor factor={factor.data} reload={factor.reload} />}
				{factor.data && <Password on={factor.data.on} />}
				<Sessions />
			</div>
		</>
	);
}

const codeField = () => ({
	name: "code",
	label: t({
		zh: "手机验证器上的 6 位数字（或恢复码）",
		en: "The 6 digits of your authenticator (or a recovery code)",
	}),
	required: true,
	autocomplete: "one-time-code",
});

function Password({ on }: { on: boolean }) {
	const [turn, setTurn] = useState(0);
	return (
		<Card title={t({ zh: "修改密码", en: "Change password" })}>
			<Form
				key={turn}
				fields={[
					{
						name: "old",
						label: t({ zh: "现在的密码", en: "Password now" }),
						kind: "password",
						required: true,
						autocomplete: "current-password",
					},
					{
						name: "new",
						label: t({ zh: "新密码", en: "New password" }),
						kind: "password",
						required: true,
						autocomplete: "new-password",
						hint: t({ zh: "至少 10 个字符；一句好记的话最好", en: "at least 10 characters; a sentence is best" }),
					},
					{
						name: "again",
						label: t({ zh: "新密码再输一遍", en: "New password again" }),
						kind: "password",
						required: true,
						autocomplete: "new-password",
					},
					...(on ? [codeField()] : []),
				]}
				submitText={t({ zh: "修改密码", en: "Change it" })}
				submit={async (v) => {
					if (v.new !== v.again) {
						throw refusal({ zh: "两遍新密码不一样", en: "the two new passwords differ" }, "again");
					}
					const body = { old: v.old, new: v.new, ...(on ? { code: v.code } : {}) };
					const fresh = await saying(
						call<Omit<Session, "expires"> & { expires_at: string }>("POST", "/v1/me/password", { body }),
						wrongNow,
					);
					const { expires_at, ...who } = fresh;
					hold({ ...who, expires: Date.parse(expires_at) });
					setTurn(turn + 1);
					toast(t({ zh: "密码已改，别处的登录都已退出", en: "Changed; all other sessions have ended" }));
				}}
			/>
		</Card>
	);
}

function SecondFactor({ factor, reload }: { factor: Factor; reload: () => Promise<void> }) {
	const [adding, setAdding] = useState(false);
	const [removing, setRemoving] = useState(false);
	const done = async () => {
		setAdding(false);
		setRemoving(false);
		await reload();
	};
	return (
		<Card
			title={t({ zh: "两步验证", en: "Second factor" })}
			extra={
				<Chip tone={factor.on ? "ok" : "care"}>
					{factor.on ? t({ zh: "已开启", en: "on" }) : t({ zh: "未开启", en: "off" })}
				</Chip>
			}
		>
			<p class="hint">
				{t({
					zh: "登录时除密码外再输手机验证器上的 6 位数字：密码被人看去也登不进来。微信小程序里的验证器、手机自带或应用商店的身份验证器都可以。",
					en: "Signing in takes 6 digits of an authenticator app as well: a password that somebody saw is not enough.",
				})}
			</p>
			{factor.on ? (
				<>
					<Facts
						rows={[
							[t({ zh: "开启于", en: "Since" }), when(factor.since)],
							[
								t({ zh: "恢复码剩余", en: "Recovery codes left" }),
								factor.recovery_left > 2
									? factor.recovery_left
									: t({
											zh: `${factor.recovery_left}（快用完了：关闭后重新开启可得新的）`,
											en: `${factor.recovery_left} (few: turn it off and on for new ones)`,
										}),
							],
						]}
					/>
					<Button onClick={() => setRemoving(true)}>{t({ zh: "关闭两步验证", en: "Turn it off" })}</Button>
				</>
			) : (
				<Button kind="main" onClick={() => setAdding(true)}>
					{t({ zh: "开启两步验证", en: "Turn it on" })}
				</Button>
			)}
			{adding && <AddFactor onDone={done} />}
			{removing && <RemoveFactor onDone={done} onClose={() => setRemoving(false)} />}
		</Card>
	);
}

/** The secret as a QR, then a code as proof, then the recovery codes, once. */
function AddFactor({ onDone }: { onDone: () => Promise<void> }) {
	const secret = useLoad(() => call<{ secret: string; uri: string }>("POST", "/v1/me/totp", { body: {} }));
	const [codes, setCodes] = useState<string[] | null>(null);
	const title = t({ zh: "开启两步验证", en: "Turn on the second factor" });
	if (codes) {
		return (
			<Dialog title={t({ zh: "恢复码", en: "Recovery codes" })} onClose={() => void onDone()}>
				<Recovery codes={codes} onDone={onDone} />
			</Dialog>
		);
	}
	return (
		<Dialog title={title} onClose={() => void onDone()}>
			<Problem cause={secret.error} retry={() => void secret.reload()} />
			{secret.data && (
				<div class="pl-once">
					<p>{t({ zh: "① 用手机验证器扫这个码，或手工输入密钥", en: "1. Scan this with the app, or type the key" })}</p>
					<Qr text={secret.data.uri} label={t({ zh: "两步验证密钥", en: "Key of the second factor" })} />
					<code class="pl-code">{secret.data.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>
					<p>{t({ zh: "② 输入它显示的 6 位数字", en: "2. Type the 6 digits that it shows" })}</p>
					<Form
						fields={[
							{
								name: "password",
								label: t({ zh: "登录密码", en: "Your password" }),
								kind: "password",
								required: true,
								autocomplete: "current-password",
							},
							{
								name: "code",
								label: t({ zh: "6 位数字", en: "6 digits" }),
								required: true,
								autocomplete: "one-time-code",
							},
						]}
						submitText={t({ zh: "开启", en: "Turn it on" })}
						submit={async (v) => {
							const body = { password: v.password, code: v.code };
							const made = call<{ recovery_codes: string[] }>("POST", "/v1/me/totp/confirm", { body });
							setCodes((await saying(made, wrongNow)).recovery_codes);
						}}
					/>
				</div>
			)}
		</Dialog>
	);
}

function Recovery({ codes, onDone }: { codes: string[]; onDone: () => Promise<void> }) {
	const who = session.value;
	const title = t({ zh: "两步验证恢复码", en: "Recovery codes" });
	const note = t({
		zh: "手机丢了，用其中一个代替验证码登录，每个只能用一次。请收在安全的地方。",
		en: "Without the phone, one of these signs in in place of the code, each once. Keep them safe.",
	});
	const print = () =>
		void printHtml(
			`<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>${title}</title><style>@page { size: A5; margin: 15mm } body { font: 12pt sans-serif } li { font: 16pt monospace; margin: 3mm 0 }</style></head><body><h1>${title}</h1><p>passgate · ${who?.login ?? ""}</p><ol>${codes.map((c) => `<li>${c}</li>`).join("")}</ol><p>${note}</p></body></html>`,
		);
	return (
		<div class="pl-once">
			<p class="pl-done">✓ {t({ zh: "两步验证已开启", en: "The second factor is on" })}</p>
			<p>
				<b>{t({ zh: "恢复码只显示这一次。", en: "These are shown this once." })}</b> {note}
			</p>
			<ol class="pl-codes">
				{codes.map((c) => (
					<li key={c}>
						<code>{c}</code>
					</li>
				))}
			</ol>
			<div class="actions">
				<Button kind="main" onClick={print}>
					{t({ zh: "打印", en: "Print" })}
				</Button>
				<Button onClick={() => void onDone()}>{t({ zh: "我已收好", en: "I have kept them" })}</Button>
			</div>
		</div>
	);
}

function RemoveFactor({ onDone, onClose }: { onDone: () => Promise<void>; onClose: () => void }) {
	return (
		<Dialog title={t({ zh: "关闭两步验证", en: "Turn off the second factor" })} onClose={onClose}>
			<Form
				fields={[
					{
						name: "password",
						label: t({ zh: "密码", en: "Password" }),
						kind: "password",
						required: true,
						autocomplete: "current-password",
					},
					codeField(),
				]}
				danger
				onCancel={onClose}
				submitText={t({ zh: "关闭", en: "Turn it off" })}
				submit={async (v) => {
					await saying(call("POST", "/v1/me/totp/remove", { body: { password: v.password, code: v.code } }), wrongNow);
					await onDone();
				}}
			/>
		</Dialog>
	);
}

function Sessions() {
	const { busy, error, run } = useAction();
	const end = () =>
		run(async () => {
			const given = await confirm({
				title: t({ zh: "在所有设备上退出", en: "Sign out everywhere" }),
				text: (
					<p>
						{t({
							zh: "您在所有电脑和手机上的登录 1 秒内都失效，包括这里。",
							en: "All your sessions on all computers and phones end within a second, this one too.",
						})}
					</p>
				),
				yes: t({ zh: "全部退出", en: "Sign out" }),
				danger: true,
			});
			if (given) {
				await call("POST", "/v1/me/signout", { body: {} });
				signOut();
			}
		});
	return (
		<Card title={t({ zh: "登录", en: "Sessions" })}>
			<p class="hint">
				{t({
					zh: "关掉标签页就退出本机；怀疑账号被人用了，就在所有设备上退出并改密码。",
					en: "Closing the tab signs out here. If you suspect that somebody uses your account, sign out everywhere and change the password.",
				})}
			</p>
			<Problem cause={error} />
			<Button kind="danger" busy={busy} onClick={() => void end()}>
				{t({ zh: "在所有设备上退出", en: "Sign out everywhere" })}
			</Button>
		</Card>
	);
}
