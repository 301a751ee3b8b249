// Signing in: login, password, and the code of the second factor once the server asks.
import { useState } from "preact/hooks";
import { ApiError } from "../../shared/api";
import { choose, lang, t } from "../../shared/i18n";
import { signIn } from "../session";
import { Button, Problem, useAction } from "./parts";

/** note: what else whoever signs in should know. */
export function Login({ app, note = "" }: { app: string; note?: string }) {
	const [login, setLogin] = useState("");
	const [password, setPassword] = useState("");
	const [code, setCode] = useState("");
	const [asked, setAsked] = useState(false);
	const { busy, error, run } = useAction();
	const submit = () =>
		run(async () => {
			try {
				await signIn(login.trim(), password, code.replace(/ /g, "") || undefined);
			} catch (cause) {
				if (cause instanceof ApiError && cause.code === "code_required") {
					setAsked(true);
					return;
				}
				if (cause instanceof ApiError && cause.status === 401) {
					throw new ApiError(401, "wrong_login", "");
				}
				throw cause;
			}
		});
	return (
		<main class="login">
			<form
				class="form card"
				onSubmit={(e) => {
					e.preventDefault();
					void submit();
				}}
			>
				<h1>
					{app} <small>passgate</small>
				</h1>
				{note !== "" && <p role="status">{note}</p>}
				<label class="field">
					<span>{t({ zh: "账号", en: "Login" })}</span>
					<input
						name="login"
						required
						autocomplete="username"
						autocapitalize="none"
						spellcheck={false}
						value={login}
						onInput={(e) => setLogin(e.currentTarget.value)}
					/>
				</label>
				<label class="field">
					<span>{t({ zh: "密码", en: "Password" })}</span>
					<input
						name="password"
						type="password"
						required
						autocomplete="current-password"
						value={password}
						onInput={(e) => setPassword(e.currentTarget.value)}
					/>
				</label>
				{asked && (
					<label class="field">
						<span>
							{t({
								zh: "手机验证器上的 6 位数字（或恢复码）",
								en: "The 6 digits of your authenticator (or a recovery code)",
							})}
						</span>
						<input
							name="code"
							required
							autofocus
							inputMode="text"
							autocomplete="one-time-code"
							value={code}
							onInput={(e) => setCode(e.currentTarget.value)}
						/>
					</label>
				)}
				<Problem cause={error} />
				<div class="actions">
					<Button onClick={() => choose(lang.value === "zh" ? "en" : "zh")}>
						{lang.value === "zh" ? "English" : "中文"}
					</Button>
					<Button type="submit" kind="main" busy={busy}>
						{t({ zh: "登录", en: "Sign in" })}
					</Button>
				</div>
			</form>
		</main>
	);
}
