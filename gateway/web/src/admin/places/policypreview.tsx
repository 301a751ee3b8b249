// What a policy would do at the moment at which it begins, site by site.
import { href } from "../../desk/router";
import { Chip } from "../../desk/ui/parts";
import { Table } from "../../desk/ui/table";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { lineTitle, type Rules, sayRule, shownRules } from "./rules";

export interface Preview {
	residents: number;
	/** In sites that would close or be overfull. */
	inside: number;
	gates: number;
	sites: PreviewSite[];
}

export interface PreviewSite {
	code: string;
	name: string;
	kind: string;
	gates: string[];
	changes: { field: string; old: unknown; new: unknown }[];
	residents: number;
	inside: number;
	closes: boolean;
	overfull: boolean;
}

/** What changes at a site, before and after, in words. */
export function changes(site: PreviewSite): string {
	const before: Rules = Object.fromEntries(site.changes.map((c) => [c.field, c.old]));
	const after: Rules = Object.fromEntries(site.changes.map((c) => [c.field, c.new]));
	return shownRules(after)
		.map((name) => {
			const [from, to] = [sayRule(name, before[name], before), sayRule(name, after[name], after)];
			return `${lineTitle(name)}${t({ zh: "：", en: ": " })}${from} → ${to}`;
		})
		.join(t({ zh: "；", en: "; " }));
}

export function PreviewTable({ preview }: { preview: Preview }) {
	const closing = preview.sites.filter((s) => s.closes).length;
	const over = preview.sites.filter((s) => s.overfull).length;
	const unchanged = preview.sites.filter((s) => s.changes.length === 0).length;
	return (
		<>
			<p class="pl-sums">
				<b>
					{t({
						zh: `${preview.sites.length} 个场所、${preview.gates} 个卡口、${preview.residents} 名住户`,
						en: `${preview.sites.length} sites, ${preview.gates} gates, ${preview.residents} residents`,
					})}
				</b>
				{closing > 0 && <Chip tone="stop">{t({ zh: `${closing} 处关停`, en: `${closing} close` })}</Chip>}
				{over > 0 && <Chip tone="care">{t({ zh: `${over} 处超员`, en: `${over} overfull` })}</Chip>}
				{preview.inside > 0 && (
					<Chip tone="care">
						{t({ zh: `其中场内现有 ${preview.inside} 人`, en: `${preview.inside} people are inside those` })}
					</Chip>
				)}
				{unchanged > 0 && <Chip>{t({ zh: `${unchanged} 处本来就是这样`, en: `${unchanged} are so already` })}</Chip>}
			</p>
			<Table<PreviewSite>
				label={t({ zh: "受影响的场所", en: "Sites that it touches" })}
				height="24rem"
				rows={preview.sites}
				rowKey={(s) => s.code}
				columns={[
					{
						key: "name",
						title: t({ zh: "场所", en: "Site" }),
						width: "1fr",
						cell: (s) => <a href={href(["sites", s.code])}>{s.name}</a>,
						sort: (s) => s.name,
					},
					{
						key: "kind",
						title: t({ zh: "类别", en: "Kind" }),
						width: "6.5rem",
						cell: (s) => wordOf(siteKinds, s.kind),
						sort: (s) => s.kind,
						wide: true,
					},
					{
						key: "changes",
						title: t({ zh: "原来 → 改后", en: "Before → after" }),
						width: "3fr",
						cell: (s) => (
							<span title={changes(s)}>
								{s.closes && <Chip tone="stop">{t({ zh: "关停", en: "closes" })}</Chip>}
								{s.overfull && <Chip tone="care">{t({ zh: "超员", en: "overfull" })}</Chip>}{" "}
								{changes(s) || t({ zh: "不变", en: "no change" })}
							</span>
						),
						sort: (s) => s.changes.length,
					},
					{
						key: "residents",
						title: t({ zh: "住户", en: "Residents" }),
						width: "6.5rem",
						right: true,
						cell: (s) => s.residents,
						sort: (s) => s.residents,
						wide: true,
					},
					{
						key: "inside",
						title: t({ zh: "场内", en: "Inside" }),
						width: "6.5rem",
						right: true,
						cell: (s) => s.inside,
						sort: (s) => s.inside,
						wide: true,
					},
				]}
			/>
		</>
	);
}
