// A new household: its members one after another, at one door.

import { useRef, useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href, route } from "../../desk/router";
import { siteName } from "../../desk/town";
import { Form, type Values } from "../../desk/ui/form";
import { toast } from "../../desk/ui/overlay";
import { Button, Card, Empty, Problem, useAction } from "../../desk/ui/parts";
import { Pick } from "../../desk/ui/pick";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import { homeOptions } from "./homes";
import { printSheets } from "./paper";

interface Member {
	id: string;
	name: string;
	created: boolean;
	changed: boolean;
}

export function NewHome() {
	const [site, setSite] = useState(route.value.query.get("site") ?? "");
	const [door, setDoor] = useState("");
	const [members, setMembers] = useState<Member[]>([]);
	const box = useRef<HTMLDivElement>(null);
	const { busy, error, run } = useAction();
	const last = lastOf(members);
	const enrol = async (v: Values) => {
		if (site === "") {
			throw new ApiError(0, "site", t({ zh: "请先选村居", en: "Choose the village or compound first" }));
		}
		const body = { name: v.name, id_number: v.id_number, phone: v.phone, site, door: door.trim() };
		const got = await call<{ id: string; created: boolean; changed: boolean }>("POST", "/v1/residents", { body });
		const name = String(v.name);
		setMembers((now) => [...now.filter((m) => m.id !== got.id), { ...got, name }]);
		toast(
			got.created
				? t({ zh: `已登记 ${name}`, en: `${name} is enrolled` })
				: t({ zh: `${name} 已在册${got.changed ? "，已更新" : ""}`, en: `${name} was on record already` }),
		);
		requestAnimationFrame(() => box.current?.querySelector<HTMLInputElement>("input[type=text]")?.focus());
	};
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "登记一户", en: "Enrol a household" })}</h1>
				<a href={href("residents")}>{t({ zh: "返回居民", en: "Back to residents" })}</a>
			</header>
			<div class="split">
				<Card title={t({ zh: "住处", en: "The home" })}>
					<div class="form">
						<Pick
							label={t({ zh: "村居", en: "Village or compound" })}
							value={site}
							options={homeOptions()}
							onPick={(code) => {
								setSite(code);
								setMembers([]);
							}}
							required
						/>
						<label class="field">
							<span>{t({ zh: "门牌（如 3-2-501）", en: "Door (such as 3-2-501)" })}</span>
							<input
								type="text"
								maxLength={60}
								value={door}
								onInput={(e) => {
									setDoor(e.currentTarget.value);
									setMembers([]);
								}}
							/>
							<small>
								{t({
									zh: "同一村居、同一门牌的人是一户；不填门牌的人各为一户。",
									en: "Who has the same site and door is one household; without a door, each is one of their own.",
								})}
							</small>
						</label>
					</div>
				</Card>
				<div ref={box}>
					<Card
						title={
							members.length === 0
								? t({ zh: "第一位成员", en: "The first member" })
								: t({ zh: `第 ${members.length + 1} 位成员`, en: `Member ${members.length + 1}` })
						}
					>
						<Form
							key={members.length}
							fields={[
								{ name: "name", label: t({ zh: "姓名", en: "Name" }), required: true },
								{
									name: "id_number",
									label: t({ zh: "证件号", en: "ID number" }),
									required: true,
									hint: t({ zh: "18 位身份证号，或其他证件号", en: "18 characters, or another document" }),
								},
								{ name: "phone", label: t({ zh: "手机号", en: "Phone" }), kind: "tel" },
							]}
							submit={enrol}
							submitText={t({ zh: "登记，下一位", en: "Enrol, then the next" })}
						/>
					</Card>
				</div>
			</div>
			<Card
				title={t({ zh: `本户 ${siteName(site)} ${door}`, en: `This household: ${siteName(site)} ${door}` })}
				extra={
					last && (
						<Button busy={busy} kind="main" onClick={() => void run(() => printSheets([site], { resident: last.id }))}>
							{t({ zh: "打印本户通行证", en: "Print this household's passes" })}
						</Button>
					)
				}
			>
				<Problem cause={error} />
				{members.length === 0 ? (
					<Empty>{t({ zh: "还没有登记成员", en: "Nobody is enrolled yet" })}</Empty>
				) : (
					<ul class="people-members">
						{members.map((m) => (
							<li key={m.id}>
								<a href={href(["residents", m.id])}>{m.name}</a>{" "}
								<small>
									{m.created ? t({ zh: "新登记", en: "new" }) : t({ zh: "已在册", en: "was on record already" })}
								</small>
							</li>
						))}
					</ul>
				)}
			</Card>
		</>
	);
}
