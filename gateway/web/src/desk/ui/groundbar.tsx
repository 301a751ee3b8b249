// Case and reason, asked for before anything about people is asked of the server, and
// always in sight afterwards.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { call } from "../call";
import { ground, stand } from "../ground";
import { session } from "../session";
import { Button, Problem, useLoad } from "./parts";

interface Case {
	code: string;
	title: string;
	opened_by: string;
}

export function GroundBar() {
	const now = ground.value;
	const [open, setOpen] = useState(now === null);
	if (now && !open) {
		return (
			<div class="ground">
				<span>
					{t({ zh: "依据", en: "Ground" })} <b>{now.kase}</b> · {now.reason}
				</span>
				<Button onClick={() => setOpen(true)}>{t({ zh: "更换", en: "Change" })}</Button>
			</div>
		);
	}
	return <Choose onDone={() => setOpen(false)} />;
}

function Choose({ onDone }: { onDone: () => void }) {
	const { data, error, reload } = useLoad(() =>
		call<{ cases: Case[] }>("GET", "/v1/cases", { query: { state: "open" } }),
	);
	const cases = (data?.cases ?? []).filter((c) => c.opened_by !== session.value?.login); // as the server has it
	const [kase, setKase] = useState(ground.value?.kase ?? "");
	const [reason, setReason] = useState(ground.value?.reason ?? "");
	const code = (cases.some((c) => c.code === kase) ? kase : cases[0]?.code) ?? "";
	return (
		<form
			class="ground form"
			onSubmit={(e) => {
				e.preventDefault();
				stand({ kase: code, reason: reason.trim() });
				onDone();
			}}
		>
			<p>
				{t({
					zh: "先说明依据：每次查询都会连同案件和理由记入审计，被查询的人也能看到。",
					en: "First the ground: every question goes on record with its case and reason, and the person asked about can see it.",
				})}
			</p>
			<Problem cause={error} retry={() => void reload()} />
			<label class="field">
				<span>{t({ zh: "案件", en: "Case" })}</span>
				<select required value={code} onChange={(e) => setKase(e.currentTarget.value)}>
					{cases.map((c) => (
						<option key={c.code} value={c.code}>
							{c.code} {c.title}
						</option>
					))}
				</select>
				{data && cases.length === 0 && (
					<small>
						{t({
							zh: "没有可用的未结案件：请另一位医务人员或负责人立案（自己立的案件不能自己据以查询）",
							en: "No case is open that somebody else opened: ask a medic or a leader for one",
						})}
					</small>
				)}
			</label>
			<label class="field">
				<span>{t({ zh: "理由", en: "Reason" })}</span>
				<input
					required
					minLength={4}
					maxLength={200}
					value={reason}
					onInput={(e) => setReason(e.currentTarget.value)}
				/>
			</label>
			<div class="actions">
				<Button type="submit" kind="main" disabled={code === ""}>
					{t({ zh: "开始", en: "Begin" })}
				</Button>
			</div>
		</form>
	);
}
