// Who was inside a site at a moment.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { go, href, route } from "../../desk/router";
import { localInput, parseLocal } from "../../desk/time";
import { gateName, siteName, siteOf } from "../../desk/town";
import { Busy, Button, Empty, Problem, useLoad } from "../../desk/ui/parts";
import { Pick, siteOptions } from "../../desk/ui/pick";
import { Table } from "../../desk/ui/table";
import { t } from "../../shared/i18n";
import { dayAndTime, wire } from "../../shared/time";
import { NeedGround, PersonLink, saveOrSay } from "../parts";
import { around, asked, DAY, moment } from "../period";
import { span } from "./passage";

interface Occupant {
	person: { id: string; outside: boolean; area: string; name_masked: string; kind: string; home: string };
	since: string;
	gate: string;
}

interface Answer {
	at: string;
	people: Occupant[];
	total: number;
	outside: number;
}

export default function Inside() {
	const site = siteOf(route.value.path[1] ?? "");
	const given = moment(route.value.query.get("at"));
	const [now] = useState(() => Date.now());
	const at = Number.isNaN(given) ? now : given;
	const ask = (code: string, when: number) => go(["inside", code], { at: wire(when) });
	return (
		<>
			<h1>
				{site
					? t({ zh: `${site.name} · 在场人员`, en: `Inside ${site.name}` })
					: t({ zh: "在场人员", en: "Who was inside" })}
			</h1>
			<div class="toolbar">
				<Pick
					label={t({ zh: "场所", en: "Site" })}
					value={site?.code ?? ""}
					options={siteOptions()}
					onPick={(code) => code !== "" && ask(code, at)}
				/>
				<label class="field">
					<span>{t({ zh: "时刻", en: "At" })}</span>
					<input
						type="datetime-local"
						value={localInput(wire(at))}
						onChange={(e) => {
							const when = Date.parse(parseLocal(e.currentTarget.value));
							if (site && !Number.isNaN(when)) {
								ask(site.code, when);
							}
						}}
					/>
				</label>
				{site && <Button onClick={() => ask(site.code, Date.now())}>{t({ zh: "现在", en: "Now" })}</Button>}
			</div>
			<NeedGround>
				{site ? <Occupants site={site.code} at={at} /> : <Empty>{t({ zh: "请选择场所", en: "Choose a site" })}</Empty>}
			</NeedGround>
		</>
	);
}

function Occupants({ site, at }: { site: string; at: number }) {
	const path = `/v1/sites/${encodeURIComponent(site)}/inside/people`;
	const options = { query: { at: wire(at) }, trace: true, timeout: 60_000 };
	const { data, error, reload } = useLoad(() => call<Answer>("GET", path, options), [site, at]);
	if (error || !data) {
		return error ? <Problem cause={error} retry={() => void reload()} /> : <Busy />;
	}
	return (
		<>
			<div class="toolbar">
				<b>{t({ zh: `${dayAndTime(at)} 在场 ${data.total} 人`, en: `${data.total} inside at ${dayAndTime(at)}` })}</b>
				{data.outside > 0 && (
					<span>
						{t({
							zh: `其中 ${data.outside} 人住在您负责的网格之外，只显示编号和管区`,
							en: `${data.outside} of them live outside your part of the grid: ID and area only`,
						})}
					</span>
				)}
				<Button onClick={() => void saveOrSay(path, `inside_${site}.csv`, { ...options, accept: "text/csv" })}>
					{t({ zh: "导出 CSV", en: "Export CSV" })}
				</Button>
			</div>
			<Table
				label={t({ zh: "在场人员", en: "Who was inside" })}
				rows={data.people}
				rowKey={(o) => o.person.id}
				rowHeight={34}
				columns={[
					{
						key: "person",
						title: t({ zh: "人员", en: "Person" }),
						sort: (o) => o.person.name_masked || o.person.id,
						cell: (o) =>
							o.person.outside ? (
								<span>
									{o.person.id} <small>{o.person.area}</small>
								</span>
							) : (
								<PersonLink id={o.person.id} name={o.person.name_masked} period={around(at, DAY)} />
							),
					},
					{
						key: "home",
						title: t({ zh: "住处", en: "Home" }),
						sort: (o) => siteName(o.person.home),
						cell: (o) => siteName(o.person.home),
					},
					{
						key: "since",
						title: t({ zh: "进入时间", en: "Since" }),
						width: "8rem",
						sort: (o) => o.since,
						cell: (o) => dayAndTime(Date.parse(o.since)),
					},
					{
						key: "stay",
						title: t({ zh: "已停留", en: "For" }),
						width: "7rem",
						right: true,
						wide: true,
						sort: (o) => -Date.parse(o.since),
						cell: (o) => span(at - Date.parse(o.since)),
					},
					{
						key: "gate",
						title: t({ zh: "从哪个卡口", en: "By gate" }),
						wide: true,
						sort: (o) => o.gate,
						cell: (o) => (
							<a href={href(["gates", o.gate], asked(around(Date.parse(o.since), 15 * 60_000)))}>{gateName(o.gate)}</a>
						),
					},
				]}
				empty={<Empty>{t({ zh: "当时没有人在场内", en: "Nobody was inside then" })}</Empty>}
			/>
		</>
	);
}
