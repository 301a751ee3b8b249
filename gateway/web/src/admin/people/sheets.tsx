// Paper passes of a village or compound: how many, for how long, whose, and print.
import { useMemo, useState } from "preact/hooks";
import { lines } from "../../desk/call";
import { href, refine, route } from "../../desk/router";
import { nodeName, type Site, siteName } from "../../desk/town";
import { type Field, Form } from "../../desk/ui/form";
import { Busy, Card, Empty, Facts, Problem, Toolbar, useLoad } from "../../desk/ui/parts";
import { type Column, Table } from "../../desk/ui/table";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { localDay, startOfDay, wire } from "../../shared/time";
import { byDoor, homeSites } from "./homes";
import { pagesOf, printSheets } from "./paper";
import type { Resident } from "./types";
import "./people.css";

export default function Sheets() {
	const site = route.value.query.get("site") ?? "";
	const [wanted, setWanted] = useState("");
	const shown = useMemo(() => {
		const text = wanted.trim().toLowerCase();
		return homeSites().filter((s) => `${s.name} ${s.code} ${nodeName(s.grid)}`.toLowerCase().includes(text));
	}, [wanted]);
	return (
		<>
			<h1>{t({ zh: "打印通行证", en: "Print passes" })}</h1>
			<Toolbar>
				<label class="field">
					<span>{t({ zh: "查找村居", en: "Find a village or compound" })}</span>
					<input type="search" autocomplete="off" value={wanted} onInput={(e) => setWanted(e.currentTarget.value)} />
				</label>
			</Toolbar>
			<div class="people-print-sites">
				<Table
					label={t({ zh: "村居", en: "Villages and compounds" })}
					columns={columns()}
					rows={shown}
					rowKey={(s) => s.code}
					onOpen={(s) => refine({ site: s.code })}
					tone={(s) => (s.code === site ? "chosen" : "")}
				/>
				{site ? (
					<OneSite key={site} site={site} />
				) : (
					<Empty>
						{t({ zh: "选一个村居，查看人数并打印", en: "Choose a site to see how many people it has, and to print" })}
					</Empty>
				)}
			</div>
		</>
	);
}

const columns = (): Column<Site>[] => [
	{
		key: "name",
		title: t({ zh: "村居", en: "Site" }),
		cell: (s) => <a href={href("sheets", { site: s.code })}>{s.name}</a>,
		sort: (s) => s.name,
	},
	{ key: "kind", title: t({ zh: "类别", en: "Kind" }), width: "6rem", cell: (s) => wordOf(siteKinds, s.kind) },
	{
		key: "node",
		title: t({ zh: "网格", en: "Grid" }),
		cell: (s) => nodeName(s.grid),
		sort: (s) => nodeName(s.grid),
		wide: true,
	},
];

interface Count {
	people: number;
	homes: number;
	/** Without a door: the guard asks for the document's tail instead. */
	doorless: number;
	pages: number;
}

async function count(site: string): Promise<Count> {
	const doors = new Map<string, number>();
	let doorless = 0;
	let people = 0;
	await lines<Resident>("/v1/residents", { query: { site } }, (rows) => {
		for (const p of rows.filter((p) => p.status !== "gone")) {
			people++;
			if (p.door) {
				doors.set(p.door, (doors.get(p.door) ?? 0) + 1);
			} else {
				doorless++;
			}
		}
	});
	const homes = [...doors].sort(([a], [b]) => byDoor(a, b)).map(([, n]) => n);
	const pages = pagesOf([...new Array<number>(doorless).fill(1), ...homes]);
	return { people, homes: doors.size + doorless, doorless, pages };
}

function OneSite({ site }: { site: string }) {
	const { data, error, reload } = useLoad(() => count(site), [site]);
	const fields: Field[] = [
		{
			name: "days",
			label: t({ zh: "有效天数", en: "Good for days" }),
			kind: "number",
			min: 1,
			max: 60,
			required: true,
		},
		{
			name: "since",
			label: t({ zh: "只打印此日起新登记的家庭", en: "Only households enrolled since" }),
			kind: "day",
			hint: t({ zh: "不填打印全部", en: "Empty: everybody" }),
		},
	];
	return (
		<Card
			title={siteName(site)}
			extra={<a href={href("residents", { site })}>{t({ zh: "居民名单", en: "Its residents" })}</a>}
		>
			<Problem cause={error} retry={() => void reload()} />
			{!data && !error && <Busy />}
			{data && (
				<Facts
					rows={[
						[t({ zh: "人数", en: "People" }), data.people],
						[t({ zh: "户数", en: "Homes" }), data.homes],
						[t({ zh: "未填门牌", en: "Without a door" }), data.doorless || null],
						[t({ zh: "约需 A4 纸", en: "Sheets of A4, about" }), data.pages],
					]}
				/>
			)}
			<Form
				fields={fields}
				initial={{ days: 28 }}
				submitText={t({ zh: "打印", en: "Print" })}
				submit={(v) =>
					printSheets([site], {
						days: Number(v.days),
						...(v.since ? { since: wire(startOfDay(Date.parse(`${v.since}T12:00:00+08:00`))) } : {}),
					})
				}
			/>
			<p>
				<small>
					{t({
						zh: `按门牌顺序，一户一份，附本户激活码。自 ${localDay(Date.now())} 起有效。`,
						en: `In the order of doors, a part for each household with its activation code. Good from ${localDay(Date.now())} on.`,
					})}
				</small>
			</p>
		</Card>
	);
}
