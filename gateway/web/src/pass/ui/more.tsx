// Settings of this phone: language, type, households and their phones, signing out.
import { useState } from "preact/hooks";
import { ApiError } from "../../shared/api";
import { choose, lang, t } from "../../shared/i18n";
import { dayAndTime, localDay } from "../../shared/time";
import { update, updateReady } from "../../shared/update";
import type { Home, LiveFamily } from "../home";
import type { PhoneInfo } from "../types";
import { Icon, Problem, Sheet, useAction } from "./parts";

export function MoreScreen({ home }: { home: Home }) {
	return (
		<article class="screen">
			<h1>{t({ zh: "设置", en: "Settings" })}</h1>
			{updateReady.value && (
				<button type="button" class="primary wide" onClick={update}>
					{t({ zh: "有新版本，点这里更换", en: "There is a new version: change to it" })}
				</button>
			)}
			<section>
				<Choice
					label={t({ zh: "字号", en: "Type size" })}
					options={[
						[t({ zh: "普通", en: "Normal" }), !home.large.value, () => home.setLarge(false)],
						[t({ zh: "大字", en: "Large" }), home.large.value, () => home.setLarge(true)],
					]}
				/>
				<Choice
					label={t({ zh: "语言", en: "Language" })}
					options={[
						["中文", lang.value === "zh", () => choose("zh")],
						["English", lang.value === "en", () => choose("en")],
					]}
				/>
			</section>
			{home.families.value.map((f) => (
				<FamilyPart home={home} family={f} key={f.token} />
			))}
			<a class="button wide" href="#add">
				<Icon name="add" /> {t({ zh: "添加另一户（如父母家）", en: "Add another household (parents, say)" })}
			</a>
			<p class="help">
				{t({
					zh: "这部手机只存全家人的姓名、状态和 24 小时的码，退出即清除。码里没有姓名和证件号，外人也无法凭码跟踪您。",
					en: "This phone keeps only the family's names, status and codes for 24 hours; signing out wipes them. A code holds no name or ID number, and nobody outside can follow you by it.",
				})}
			</p>
		</article>
	);
}

function Choice({ label, options }: { label: string; options: [string, boolean, () => void][] }) {
	return (
		<fieldset class="choice">
			<legend>{label}</legend>
			<div class="switch">
				{options.map(([word, on, pick]) => (
					<button type="button" key={word} aria-pressed={on} onClick={pick}>
						{word}
					</button>
				))}
			</div>
		</fieldset>
	);
}

function FamilyPart({ home, family }: { home: Home; family: LiveFamily }) {
	const [leaving, setLeaving] = useState<PhoneInfo | "this" | null>(null);
	const others = family.live?.phones.filter((p) => !p.this) ?? [];
	return (
		<section class="family">
			<h2>
				{family.site} {family.door}
			</h2>
			<p>{family.members.map((m) => m.name).join(t({ zh: "、", en: ", " }))}</p>
			{others.length > 0 && (
				<>
					<h3>{t({ zh: "本户的其他手机", en: "Other phones of the household" })}</h3>
					<ul class="phones">
						{others.map((p) => (
							<li key={p.id}>
								<div>
									<b>{p.name || t({ zh: "手机", en: "Phone" })}</b>
									<small>
										{t({ zh: "激活于 ", en: "Activated " })}
										{dayAndTime(Date.parse(p.activated_at))}
										{t({ zh: "，最近使用 ", en: ", last used " })}
										{localDay(Date.parse(p.last_seen)).slice(5)}
									</small>
								</div>
								<button type="button" onClick={() => setLeaving(p)}>
									{t({ zh: "退出", en: "Sign out" })}
								</button>
							</li>
						))}
					</ul>
					<p class="help">
						{t({
							zh: "手机丢了？在这里让它退出，它就取不到新码；已存的码最迟 24 小时后失效。要马上作废，请打社区电话。",
							en: "Lost a phone? Sign it out here: it gets no more codes, and those it has end within 24 hours. To void them at once, phone your community.",
						})}
					</p>
				</>
			)}
			<button type="button" class="wide danger" onClick={() => setLeaving("this")}>
				{t({ zh: "本手机退出这一户", en: "Sign this phone out of this household" })}
			</button>
			{leaving && <Leave home={home} family={family} phone={leaving} done={() => setLeaving(null)} />}
		</section>
	);
}

function Leave({
	home,
	family,
	phone,
	done,
}: {
	home: Home;
	family: LiveFamily;
	phone: PhoneInfo | "this";
	done: () => void;
}) {
	const { busy, failure, run } = useAction();
	const unreached = failure instanceof ApiError && (failure.status === 0 || failure.status >= 500);
	const leave = async () => {
		if (await run(() => (phone === "this" ? home.signOut(family) : home.signOutOther(family, phone.id)))) {
			done();
		}
	};
	return (
		<Sheet title={t({ zh: "确定退出？", en: "Sign out?" })} onClose={done}>
			<p>
				{phone === "this"
					? t({
							zh: `「${family.site} ${family.door}」的码会从这部手机清除。再用时要激活码。`,
							en: `The codes of “${family.site} ${family.door}” are wiped from this phone. To use it again you need the activation code.`,
						})
					: t({ zh: "那部手机不能再取新码。", en: "That phone gets no more codes." })}
			</p>
			<Problem cause={failure} />
			{phone === "this" && unreached && (
				<>
					<p>
						{t({
							zh: "也可以先在这部手机上清除；以后请社区更换激活码，让它在服务器上也退出。",
							en: "You can wipe this phone all the same; ask your community to replace the activation code, which signs it out at the server as well.",
						})}
					</p>
					<button type="button" class="wide" onClick={() => home.forget(family).then(done)}>
						{t({ zh: "只在本手机清除", en: "Wipe this phone only" })}
					</button>
				</>
			)}
			<div class="pair">
				<button type="button" onClick={done} disabled={busy}>
					{t({ zh: "取消", en: "Cancel" })}
				</button>
				<button type="button" class="danger" onClick={leave} disabled={busy}>
					{busy ? t({ zh: "正在退出……", en: "Signing out…" }) : t({ zh: "退出", en: "Sign out" })}
				</button>
			</div>
		</Sheet>
	);
}
