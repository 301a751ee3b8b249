// Contests: what a household says against a status, to be answered within 48 hours by
// somebody who did not give it.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may, session } from "../../desk/session";
import { staffName, statusWord } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import { Chip, Facts } from "../../desk/ui/parts";
import { dayFields, daysAsked, left, Register, useNow, when } from "../../desk/ui/register";
import { statusTones, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import type { Contest } from "./types";
import { contestStates, grounds, homeOf, optionsOf } from "./words";

export default function Contests() {
	const now = useNow(60_000);
	return (
		<Register<Contest>
			path="contests"
			title={t({ zh: "申诉", en: "Contests" })}
			hint={t({
				zh: "48 小时内答复，住户在手机上看得到；作出原决定的人不能答复自己的决定。",
				en: "Answered within 48 hours, for the household to read; never by whoever gave the status.",
			})}
			filters={[
				{
					name: "state",
					label: t({ zh: "状态", en: "State" }),
					kind: "select",
					options: [
						{ value: "open", label: t({ zh: "待答复", en: "Open" }) },
						{ value: "answered", label: t({ zh: "已答复", en: "Answered" }) },
					],
				},
				...dayFields("answered"),
			]}
			preset={{ state: "open" }}
			load={async (filter, cursor) => {
				const query = {
					state: filter.state,
					limit: 200,
					cursor,
					...(filter.state === "answered" ? daysAsked(filter) : {}),
				};
				const page = await call<{ contests: Contest[]; next: string }>("GET", "/v1/contests", { query });
				return { rows: page.contests, next: page.next };
			}}
			rowKey={(k) => k.id}
			name={(k) => k.person.name}
			text={(k) => `${k.person.name} ${homeOf(k.person)} ${k.text}`}
			tone={(k) => (k.state === "open" && Date.parse(k.due_at) < now ? "h-late" : "")}
			columns={[
				{ key: "who", title: t({ zh: "姓名", en: "Name" }), width: "6rem", cell: (k) => k.person.name },
				{
					key: "due",
					title: t({ zh: "时限", en: "Due" }),
					width: "11rem",
					cell: (k) =>
						k.state === "open" ? (
							<Chip tone={Date.parse(k.due_at) < now ? "stop" : "care"}>{left(k.due_at, now)}</Chip>
						) : (
							<Chip tone={contestStates[k.state]?.tone}>{wordOf(contestStates, k.state)}</Chip>
						),
					sort: (k) => Date.parse(k.due_at),
				},
				{
					key: "about",
					title: t({ zh: "对哪项状态", en: "About" }),
					width: "8rem",
					cell: (k) => <Chip tone={statusTones[k.about.status]}>{statusWord(k.about.status)}</Chip>,
					sort: (k) => k.about.status,
				},
				{ key: "text", title: t({ zh: "住户说", en: "What they say" }), cell: (k) => k.text },
				{
					key: "home",
					title: t({ zh: "住处", en: "Home" }),
					wide: true,
					cell: (k) => homeOf(k.person),
					sort: (k) => homeOf(k.person),
				},
				{
					key: "at",
					title: t({ zh: "提出", en: "Opened" }),
					width: "7.5rem",
					wide: true,
					cell: (k) => when(k.opened_at),
					sort: (k) => Date.parse(k.opened_at),
				},
			]}
			actions={[answer]}
			detail={(k) => (
				<>
					<blockquote class="h-said">{k.text}</blockquote>
					<Facts
						rows={[
							[
								t({ zh: "电话", en: "Phone" }),
								k.person.phone && <a href={`tel:${k.person.phone}`}>{k.person.phone}</a>,
							],
							[t({ zh: "住处", en: "Home" }), homeOf(k.person)],
							[
								t({ zh: "对哪项状态", en: "About" }),
								<Chip tone={statusTones[k.about.status]}>{statusWord(k.about.status)}</Chip>,
							],
							[t({ zh: "依据", en: "Ground" }), wordOf(grounds, k.about.ground)],
							[t({ zh: "证据", en: "Evidence" }), k.about.evidence],
							[t({ zh: "决定人", en: "Given by" }), `${staffName(k.about.by)} ${k.about.by_office}`.trim()],
							[t({ zh: "复核人", en: "Approved by" }), staffName(k.about.second)],
							[t({ zh: "起止", en: "From, until" }), `${when(k.about.since)} – ${when(k.about.until)}`],
							[
								t({ zh: "答复", en: "Answer" }),
								k.answer && `${k.answer} (${staffName(k.answered_by)} ${when(k.answered_at)})`,
							],
						]}
					/>
					{may("medic") && (
						<p class="h-next">
							<a href={href(["status", k.person.id])}>{t({ zh: "更改健康状态", en: "Change the status" })}</a>
						</p>
					)}
				</>
			)}
		/>
	);
}

const answer: Action<Contest> = {
	key: "answer",
	get title() {
		return t({ zh: "答复", en: "Answer" });
	},
	main: true,
	when: (k) => k.state === "open",
	not: (k) =>
		k.about.by === session.value?.login
			? t({ zh: "是您作出的决定，须由同事答复", en: "You gave this status: a colleague has to answer" })
			: "",
	about: () => (
		<p class="hint">
			{t({
				zh: "要改状态的，先在“健康状态”里更改，再答复“已更改”。",
				en: "To change the status, do so first, then answer that it was changed.",
			})}
		</p>
	),
	fields: () => [
		{
			name: "state",
			label: t({ zh: "结论", en: "Outcome" }),
			kind: "select",
			required: true,
			options: optionsOf(contestStates, ["upheld", "changed"]),
		},
		{
			name: "answer",
			label: t({ zh: "给住户的答复", en: "Answer, for the household to read" }),
			kind: "area",
			required: true,
		},
	],
	run: (k, values) => call("POST", `/v1/contests/${k.id}/answer`, { body: values }),
};
