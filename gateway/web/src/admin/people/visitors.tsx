// Visitors' permits: who may come in, to whom, for how long; who is still inside.

import { call } from "../../desk/call";
import { go, href, route } from "../../desk/router";
import { may } from "../../desk/session";
import { siteName, staffName } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field, Values } from "../../desk/ui/form";
import { Chip, Facts, type Tone } from "../../desk/ui/parts";
import { Register } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { naming } from "../../shared/id";
import { dayAndTime, wire } from "../../shared/time";
import { homeOptions } from "./homes";
import { PermitPass } from "./permitpass";
import type { Pass } from "./types";
import "./people.css";

interface Named {
	id: string;
	name_masked: string;
}

export interface Permit {
	number: number;
	state: "coming" | "in_force" | "ended" | "overstayed";
	person: Named;
	site: string;
	host: Named | null;
	ground: string;
	from: string;
	until: string;
	/** 0: as often as they like. */
	entries: number;
	entries_left: number | null;
	plate: string;
	purpose: string;
	issued_at: string;
	issued_by: string;
	device: string;
	withdrawn_at: string | null;
	withdrawn_by: string;
	/** In the answer about one permit. */
	pass?: Pass | null;
}

const states: Record<Permit["state"], { zh: string; en: string; tone: Tone }> = {
	coming: { zh: "未生效", en: "To come", tone: "info" },
	in_force: { zh: "有效", en: "In force", tone: "ok" },
	ended: { zh: "已结束", en: "Over", tone: "quiet" },
	overstayed: { zh: "超时未离", en: "Overstayed", tone: "stop" },
};

const grounds = {
	family: { zh: "探亲", en: "Family" },
	care: { zh: "照护", en: "Care" },
	service: { zh: "维修、配送", en: "Repair, delivery" },
	official: { zh: "公务", en: "Official business" },
	other: { zh: "其他", en: "Other" },
};

const MOST = 1000; // permits in one answer

export default function Visitors() {
	const asked = route.value.query;
	return (
		<Register<Permit>
			path="visitors"
			title={t({ zh: "访客", en: "Visitors" })}
			hint={about(asked.get("host"), asked.get("person"))}
			filters={filters()}
			load={async (f) => {
				const { permits } = await call<{ permits: Permit[] }>("GET", "/v1/permits", {
					query: { site: f.site, state: f.state, host: f.host, person: f.person },
				});
				return { rows: permits };
			}}
			columns={columns()}
			rowKey={(p) => String(p.number)}
			name={(p) =>
				t({ zh: `访客证 ${p.number} · ${p.person.name_masked}`, en: `Permit ${p.number} · ${p.person.name_masked}` })
			}
			text={(p) => `${p.person.name_masked} ${p.host?.name_masked ?? ""} ${p.plate} ${p.purpose} ${p.number}`}
			tone={(p) => (p.state === "overstayed" ? "stop" : "")}
			one={(id) => call<Permit>("GET", `/v1/permits/${encodeURIComponent(id)}`)}
			detail={(p) => <Detail permit={p} />}
			actions={[withdraw()]}
			create={[issue()]}
			summary={(rows) =>
				rows.length >= MOST && (
					<p class="hint">
						{t({ zh: `只列出前 ${MOST} 条，请按村居筛选`, en: `The first ${MOST} only: choose a site` })}
					</p>
				)
			}
		/>
	);
}

function about(host: string | null, person: string | null) {
	if (host) {
		return t({ zh: "只看来访此人的", en: "Only those who visit one person" });
	}
	return person ? t({ zh: "只看此人的访客证", en: "Only the permits of one person" }) : null;
}

const filters = (): Field[] => [
	{ name: "site", label: t({ zh: "村居", en: "Site" }), kind: "pick", options: homeOptions() },
	{
		name: "state",
		label: t({ zh: "状态", en: "State" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "全部", en: "All" }) },
			...Object.entries(states).map(([value, word]) => ({ value, label: t(word) })),
		],
	},
];

const columns = (): Column<Permit>[] => [
	{ key: "person", title: t({ zh: "访客", en: "Visitor" }), width: "8rem", cell: (p) => p.person.name_masked },
	{
		key: "state",
		title: t({ zh: "状态", en: "State" }),
		width: "7rem",
		cell: (p) => <Chip tone={states[p.state].tone}>{t(states[p.state])}</Chip>,
		sort: (p) => p.state,
	},
	{ key: "site", title: t({ zh: "村居", en: "Site" }), cell: (p) => siteName(p.site), sort: (p) => siteName(p.site) },
	{ key: "host", title: t({ zh: "被访人", en: "Host" }), width: "7rem", cell: (p) => p.host?.name_masked, wide: true },
	{
		key: "ground",
		title: t({ zh: "事由", en: "Ground" }),
		width: "8rem",
		cell: (p) => wordOf(grounds, p.ground),
		sort: (p) => p.ground,
		wide: true,
	},
	{
		key: "until",
		title: t({ zh: "至", en: "Until" }),
		width: "8rem",
		cell: (p) => dayAndTime(Date.parse(p.until)),
		sort: (p) => p.until,
	},
	{ key: "plate", title: t({ zh: "车牌", en: "Plate" }), width: "7rem", cell: (p) => p.plate, wide: true },
];

function Detail({ permit: p }: { permit: Permit }) {
	const times =
		p.entries === 0
			? t({ zh: "不限次数", en: "as often as they like" })
			: t({ zh: `${p.entries} 次，剩 ${p.entries_left} 次`, en: `${p.entries}, ${p.entries_left} left` });
	return (
		<>
			{p.pass && <PermitPass pass={p.pass} name={p.person.name_masked} site={siteName(p.site)} />}
			<Facts
				rows={[
					[
						t({ zh: "状态", en: "State" }),
						<Chip key="s" tone={states[p.state].tone}>
							{t(states[p.state])}
						</Chip>,
					],
					[t({ zh: "访客", en: "Visitor" }), personLink(p.person)],
					[t({ zh: "被访人", en: "Host" }), p.host && personLink(p.host)],
					[t({ zh: "村居", en: "Site" }), siteName(p.site)],
					[t({ zh: "事由", en: "Ground" }), wordOf(grounds, p.ground)],
					[
						t({ zh: "时间", en: "From, until" }),
						`${dayAndTime(Date.parse(p.from))} – ${dayAndTime(Date.parse(p.until))}`,
					],
					[t({ zh: "进入次数", en: "Entries" }), times],
					[t({ zh: "车牌", en: "Plate" }), p.plate],
					[t({ zh: "说明", en: "Purpose" }), p.purpose],
					[
						t({ zh: "签发", en: "Issued" }),
						`${dayAndTime(Date.parse(p.issued_at))} ${staffName(p.issued_by)} ${p.device}`,
					],
					[
						t({ zh: "撤销", en: "Withdrawn" }),
						p.withdrawn_at && `${dayAndTime(Date.parse(p.withdrawn_at))} ${staffName(p.withdrawn_by)}`,
					],
				]}
			/>
		</>
	);
}

function personLink(p: Named) {
	return may("enroller", "grid") ? <a href={href(["residents", p.id])}>{p.name_masked}</a> : p.name_masked;
}

function withdraw(): Action<Permit> {
	return {
		key: "withdraw",
		title: t({ zh: "撤销", en: "Withdraw" }),
		danger: true,
		when: (p) => p.state === "coming" || p.state === "in_force",
		about: () => t({ zh: "此证立即失效，不能再进入。", en: "It lets nobody in from the next scan on." }),
		run: (p) => call("POST", `/v1/permits/${p.number}/withdraw`, { body: {} }),
	};
}

/** A new one after each permit: the same visitor may come again. */
let nameRequest = naming();

function issue(): Action<null> {
	return {
		key: "issue",
		title: t({ zh: "签发访客证", en: "Issue a permit" }),
		main: true,
		fields: () => issueFields(),
		initial: () => ({
			site: route.value.query.get("site") ?? "",
			host: route.value.query.get("host") ?? "",
			until: wire(Date.now() + 4 * 3600_000),
		}),
		submit: t({ zh: "签发", en: "Issue" }),
		run: async (_, v) => {
			const made = await call<Permit>("POST", "/v1/permits", { body: bodyOf(v, nameRequest(v).id) });
			nameRequest = naming();
			go(["visitors", String(made.number)], Object.fromEntries(route.value.query));
		},
	};
}

function issueFields(): Field[] {
	return [
		{ name: "name", label: t({ zh: "访客姓名", en: "Visitor's name" }), required: true },
		{
			name: "id_number",
			label: t({ zh: "证件号", en: "ID number" }),
			hint: t({ zh: "证件号和手机号至少填一项", en: "This or the phone" }),
		},
		{ name: "phone", label: t({ zh: "手机号", en: "Phone" }), kind: "tel" },
		{
			name: "site",
			label: t({ zh: "村居", en: "Village or compound" }),
			kind: "pick",
			options: homeOptions(),
			required: true,
		},
		{
			name: "ground",
			label: t({ zh: "事由", en: "Ground" }),
			kind: "select",
			required: true,
			options: Object.entries(grounds).map(([value, word]) => ({ value, label: t(word) })),
		},
		{
			name: "host",
			label: t({ zh: "被访人（公务可不填）", en: "Host (not needed on official business)" }),
			kind: "person",
		},
		{
			name: "from",
			label: t({ zh: "从", en: "From" }),
			kind: "datetime",
			hint: t({ zh: "不填即现在", en: "Now if left out" }),
		},
		{ name: "until", label: t({ zh: "至", en: "Until" }), kind: "datetime", required: true },
		{ name: "often", label: t({ zh: "期间可多次进入", en: "May come in as often as they like" }), kind: "check" },
		{ name: "plate", label: t({ zh: "车牌", en: "Plate" }) },
		{
			name: "plate_unchecked",
			label: t({ zh: "特殊号牌，不校验格式", en: "The plate has a form of its own" }),
			kind: "check",
			when: (v) => Boolean(v.plate),
		},
		{ name: "purpose", label: t({ zh: "说明", en: "Purpose" }) },
	];
}

function bodyOf(v: Values, id: string): object {
	const visitor = Object.fromEntries(
		(["name", "id_number", "phone"] as const).map((k) => [k, String(v[k] ?? "").trim()]).filter(([, text]) => text),
	);
	const rest = Object.fromEntries(
		(["site", "ground", "host", "from", "until", "plate", "plate_unchecked", "purpose"] as const)
			.map((k) => [k, v[k]])
			.filter(([, value]) => value),
	);
	return { id, visitor, ...rest, entries: v.often ? 0 : 1 };
}
