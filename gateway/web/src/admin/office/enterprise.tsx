// One enterprise: the way of its application, its profile, its people, what was decided.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { nodeName } from "../../desk/town";
import { confirm } from "../../desk/ui/overlay";
import { Busy, Button, Card, Chip, Facts, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { left, Steps, useNow, when } from "../../desk/ui/register";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { Due } from "./dispatches";
import { type Application, current, type Employee, lacks, type OneEnterprise, type Profile } from "./enterprisetypes";
import { StateChip, stateWord } from "./words";

export function EnterpriseDetail({ e, reload }: { e: OneEnterprise; reload: () => unknown }) {
	const a = current(e);
	return (
		<>
			{a && <Way a={a} />}
			<Lacking p={e.profile} />
			<Facts
				rows={[
					[t({ zh: "复工状态", en: "State" }), <StateChip key="s" state={e.state} />],
					[t({ zh: "批准至", en: "Until" }), when(e.valid_until)],
					[
						t({ zh: "出入口", en: "Gates" }),
						<Chip key="g" tone={e.gates_closed ? "stop" : "ok"}>
							{e.gates_closed ? t({ zh: "已关闭", en: "closed" }) : t({ zh: "开放", en: "open" })}
						</Chip>,
					],
					[t({ zh: "类别", en: "Kind" }), wordOf(siteKinds, e.kind)],
					[t({ zh: "网格", en: "Node" }), nodeName(e.node)],
					[t({ zh: "负责人", en: "Contact" }), `${e.profile.contact} ${e.profile.phone}`.trim()],
					[
						t({ zh: "防控方案", en: "Plan" }),
						`${e.profile.plan_on_file ? t({ zh: "已备案", en: "on file" }) : t({ zh: "未备案", en: "not on file" })} ${e.profile.plan_note}`,
					],
					[t({ zh: "口罩", en: "Masks" }), String(e.profile.masks)],
					[t({ zh: "体温枪", en: "Thermometers" }), String(e.profile.thermometers)],
					[t({ zh: "在岗上限", en: "Most at work" }), e.profile.staff_limit > 0 && String(e.profile.staff_limit)],
					[
						t({ zh: "检查", en: "Inspections" }),
						<span key="i">
							<a href={href("inspections", { site: e.site })}>{t({ zh: "检查记录", en: "Visits" })}</a>{" "}
							<a href={href("findings", { site: e.site })}>{t({ zh: "隐患", en: "Findings" })}</a>
						</span>,
					],
				]}
			/>
			<People e={e} reload={reload} />
			{e.applications.map((one) => (
				<Card
					key={one.id}
					title={t({ zh: `申请 ${when(one.opened_at)}`, en: `Application of ${when(one.opened_at)}` })}
					extra={<StateChip state={one.state} />}
				>
					<p class="said">{one.measures}</p>
					<Facts
						rows={[
							[t({ zh: "返岗人数", en: "People" }), String(one.headcount)],
							[t({ zh: "开工日期", en: "First day" }), one.start],
							[t({ zh: "批准至", en: "Until" }), when(one.valid_until)],
							[t({ zh: "依据或理由", en: "Ground" }), one.ground],
						]}
					/>
					<Steps steps={one.steps} word={stateWord} />
				</Card>
			))}
			<Steps steps={e.steps} word={stateWord} />
		</>
	);
}

/** The way of an application, with where it is. */
function Way({ a }: { a: Application }) {
	const now = useNow();
	const end = ["refused", "suspended"].includes(a.state) ? a.state : "approved";
	const way = a.state === "returned" ? ["draft", "returned", "submitted", end] : ["draft", "submitted", end];
	const at = way.indexOf(a.state);
	return (
		<ol class="way" aria-label={t({ zh: "申请进度", en: "How far the application is" })}>
			{way.map((state, i) => (
				<li
					key={state}
					class={i < at ? "past" : i === at ? `now ${state}` : ""}
					aria-current={i === at ? "step" : undefined}
				>
					<b>{stateWord(state)}</b>
					<small>
						{when([...a.steps].reverse().find((s) => s.state === state)?.at)}
						{i === at && a.due_at && <br />}
						{i === at && a.due_at && <Due late={a.overdue}>{left(a.due_at, now)}</Due>}
					</small>
				</li>
			))}
		</ol>
	);
}

const needs: Partial<Record<keyof Profile, { zh: string; en: string }>> = {
	contact: { zh: "负责人和电话", en: "a contact with a phone number" },
	plan_on_file: { zh: "防控方案备案", en: "an epidemic plan on file" },
	masks: { zh: "口罩", en: "masks" },
	thermometers: { zh: "体温枪", en: "thermometers" },
};

function Lacking({ p }: { p: Profile }) {
	const missing = lacks(p);
	return missing.length === 0 ? null : (
		<p class="lacks">
			{t({ zh: "提交申请前还缺：", en: "Lacking before it can apply: " })}
			{missing.map((key) => t(needs[key] ?? { zh: key, en: key })).join(t({ zh: "、", en: ", " }))}
		</p>
	);
}

/** Who works there, when asked for: names are on record as read. */
function People({ e, reload }: { e: OneEnterprise; reload: () => unknown }) {
	const [open, setOpen] = useState(false);
	return (
		<Card
			title={t({ zh: `员工 ${e.staff} 人`, en: `${e.staff} people work there` })}
			extra={
				e.staff > 0 && (
					<Button aria-expanded={open} onClick={() => setOpen(!open)}>
						{open ? t({ zh: "收起", en: "Hide" }) : t({ zh: "查看名单", en: "Show them" })}
					</Button>
				)
			}
		>
			{open ? <PeopleList e={e} reload={reload} /> : null}
		</Card>
	);
}

function PeopleList({ e, reload }: { e: OneEnterprise; reload: () => unknown }) {
	const at = `/v1/enterprises/${encodeURIComponent(e.site)}/staff`;
	const list = useLoad(() => call<{ staff: Employee[] }>("GET", at), [e.site, e.staff]);
	const { busy, error, run } = useAction();
	const leave = async (p: Employee) => {
		const sure = await confirm({
			title: t({ zh: `${p.name} 已离职？`, en: `${p.name} works there no more?` }),
			danger: true,
		});
		if (sure) {
			await run(async () => {
				await call("DELETE", `${at}/${p.id}`);
				await reload();
			});
		}
	};
	if (!list.data) {
		return list.error ? <Problem cause={list.error} retry={() => void list.reload()} /> : <Busy />;
	}
	return (
		<>
			<Problem cause={error} />
			<ul class="plans">
				{list.data.staff
					.filter((p) => p.state === "works")
					.map((p) => (
						<li key={p.id} class="person">
							<span>
								<b>{p.name}</b> {p.job} <small>{p.phone || p.id_document}</small>
							</span>
							<Button busy={busy} onClick={() => void leave(p)}>
								{t({ zh: "离职", en: "Left" })}
							</Button>
						</li>
					))}
			</ul>
		</>
	);
}
