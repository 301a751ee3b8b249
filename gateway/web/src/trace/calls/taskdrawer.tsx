// One task with all that became of it and what can be done about it.
import { go, href } from "../../desk/router";
import { may, session } from "../../desk/session";
import { nodeName, siteName, staffName } from "../../desk/town";
import { type Action, Actions } from "../../desk/ui/actions";
import { Drawer } from "../../desk/ui/overlay";
import { Busy, Chip, Facts, Problem, useLoad } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { hopWord } from "../contacts/words";
import { Before } from "./mycall";
import { OutcomeForm } from "./outcome";
import { TransferForm } from "./transfer";
import { stateWords, symptomWords, whyText } from "./words";
import { assign, nextCall, release, type Task, task } from "./work";

const at = (time: string | null) => (time ? dayAndTime(Date.parse(time)) : "");

export function TaskDrawer({
	task: row,
	onClose,
	onChange,
}: {
	task: Task;
	onClose: () => void;
	onChange: () => void;
}) {
	const { data, error, reload } = useLoad(() => task(row.id), [row.id]);
	const name =
		row.person.name_masked ||
		t({ zh: `${nodeName(row.person.area)} 居民`, en: `Somebody of ${nodeName(row.person.area)}` });
	return (
		<Drawer title={name} onClose={onClose}>
			<Problem cause={error} retry={() => void reload()} />
			{data ? <Inside task={data} onChange={onChange} /> : !error && <Busy />}
		</Drawer>
	);
}

function Inside({ task: c, onChange }: { task: Task; onChange: () => void }) {
	const visits = c.state === "visit" && !c.person.outside;
	const refused = c.state === "refused" && may("leader") && !c.person.outside;
	return (
		<div class="call-drawer">
			<p>
				<Chip tone={stateWords[c.state].tone}>{t(stateWords[c.state])}</Chip> {whyText(c)}
			</p>
			<Facts
				rows={[
					[t({ zh: "住处", en: "Lives at" }), c.person.outside ? nodeName(c.person.area) : siteName(c.person.home)],
					[t({ zh: "层次", en: "Hop" }), hopWord(c.hop)],
					[t({ zh: "暴露值", en: "Exposure" }), c.exposure],
					[t({ zh: "谁在办", en: "In whose hands" }), c.owner && staffName(c.owner)],
					[t({ zh: "保留到", en: "Theirs until" }), at(c.lease_until)],
					[t({ zh: "再打时间", en: "Called again" }), at(c.again_at)],
					[t({ zh: "移交给", en: "Given to" }), c.to && nodeName(c.to)],
					[t({ zh: "未接通", en: "No answer" }), c.tries > 0 && c.tries],
					[t({ zh: "查看号码", en: "Number shown" }), c.shown > 0 && t({ zh: `${c.shown} 次`, en: `${c.shown} ×` })],
					[t({ zh: "列入时间", en: "Added" }), at(c.added_at)],
					[
						t({ zh: "症状", en: "Symptoms" }),
						c.answers &&
							(c.answers.symptoms.map((s) => t(symptomWords[s] ?? { zh: s, en: s })).join(" ") ||
								t({ zh: "无", en: "none" })),
					],
					[t({ zh: "起病", en: "Since" }), c.answers?.onset],
					[t({ zh: "现住", en: "Is at" }), c.answers?.place_now],
					[t({ zh: "出行安排", en: "Travels" }), c.answers?.travels_on],
				]}
			/>
			{!c.person.outside && (
				<p class="call-links">
					<a href={href(["person", c.person.id])}>{t({ zh: "行动轨迹", en: "Timeline" })}</a>
					{c.indexes.map((id) => (
						<a key={id} href={href(["contacts", id])}>
							{t({ zh: "所接触病例的名单", en: "The list they are from" })}
						</a>
					))}
					{c.proposal && <a href={`/admin#/proposals/${c.proposal}`}>{t({ zh: "状态审批", en: "Proposed status" })}</a>}
					{c.observation && (
						<a href={`/admin#/observations/${c.observation}`}>{t({ zh: "医学观察", en: "Observation" })}</a>
					)}
				</p>
			)}
			{c.results.length > 0 && <Before task={c} />}
			{(visits || refused) && (
				<section class="card" aria-label={t({ zh: "登记结果", en: "Write down what came of it" })}>
					<OutcomeForm
						task={c}
						only={refused ? ["called", "ordered"] : ["called", "unreachable", "ordered"]}
						onDone={onChange}
					/>
				</section>
			)}
			{c.state === "elsewhere" ? (
				<TransferForm task={c} onDone={onChange} />
			) : (
				<Actions row={c} actions={actions()} onDone={onChange} dialog />
			)}
		</div>
	);
}

function actions(): Action<Task>[] {
	const open = (c: Task) => ["open", "calling", "again", "visit", "refused"].includes(c.state);
	const mine = (c: Task) => c.owner !== "" && (c.owner === session.value?.login || may("leader"));
	return [
		{
			key: "assign",
			title: t({ zh: "指派…", en: "Assign…" }),
			roles: ["leader"],
			when: (c) => open(c) && !c.person.outside,
			fields: () => [
				{
					name: "login",
					label: t({ zh: "给谁", en: "To whom" }),
					kind: "staff",
					roles: ["tracer", "leader"],
					required: true,
				},
			],
			submit: t({ zh: "指派", en: "Assign" }),
			run: (c, v) => assign(c.id, String(v.login)),
			done: t({ zh: "已指派，对方按“下一个电话”时先接到", en: "Assigned: they get it with their next call" }),
		},
		{
			key: "mine",
			title: t({ zh: "我来打", en: "Call them myself" }),
			roles: ["leader"],
			when: (c) => c.state === "refused" && !c.person.outside,
			run: async (c) => {
				await assign(c.id, session.value?.login ?? "");
				await nextCall(c.case);
				go(["calls", c.case, "now"]);
			},
			done: t({ zh: "已转到“打电话”", en: "It is under Call now" }),
		},
		{
			key: "release",
			title: t({ zh: "放回名单", en: "Put back" }),
			when: (c) => ["open", "calling"].includes(c.state) && mine(c),
			ask: true,
			run: (c) => release(c.id),
			done: t({ zh: "已放回名单", en: "Put back" }),
		},
	];
}
