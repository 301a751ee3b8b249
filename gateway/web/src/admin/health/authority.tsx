// Decisions of the authority about people who are not on record yet.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName, statusWord } from "../../desk/town";
import { Chip, Facts } from "../../desk/ui/parts";
import { Register, when } from "../../desk/ui/register";
import { statusTones, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import type { WaitingChange } from "./types";
import { grounds } from "./words";

const tail = (c: WaitingChange) => `…${c.id_document.slice(-4)}`;

export default function Authority() {
	return (
		<Register<WaitingChange>
			path="authority"
			title={t({ zh: "上级决定待落实", en: "Orders that wait" })}
			hint={t({
				zh: "上级平台对尚未在册人员的状态决定。登记此人后一分钟内自动落实，28 天后失效。",
				en: "What the city decided about people who are not on record. It is applied within a minute of their enrolment and given up after 28 days.",
			})}
			filters={[{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" }]}
			load={async (filter) => {
				const { changes } = await call<{ changes: WaitingChange[] }>("GET", "/v1/authority/changes", {
					query: { node: filter.node },
				});
				return { rows: changes };
			}}
			rowKey={(c) => c.id}
			name={(c) => `${t({ zh: "证件尾号", en: "Document" })} ${tail(c)}`}
			columns={[
				{ key: "who", title: t({ zh: "证件尾号", en: "Document" }), width: "7rem", cell: tail },
				{
					key: "status",
					title: t({ zh: "决定", en: "Decision" }),
					width: "8rem",
					cell: (c) => <Chip tone={statusTones[c.status]}>{statusWord(c.status)}</Chip>,
					sort: (c) => c.status,
				},
				{
					key: "ground",
					title: t({ zh: "依据", en: "Ground" }),
					cell: (c) => wordOf(grounds, c.ground),
					sort: (c) => c.ground,
				},
				{
					key: "author",
					title: t({ zh: "作出人", en: "By" }),
					width: "8rem",
					cell: (c) => c.author,
					sort: (c) => c.author,
				},
				{
					key: "at",
					title: t({ zh: "决定时间", en: "Decided" }),
					width: "8rem",
					wide: true,
					cell: (c) => when(c.decided_at),
					sort: (c) => Date.parse(c.decided_at),
				},
				{
					key: "since",
					title: t({ zh: "等待自", en: "Waits since" }),
					width: "8rem",
					wide: true,
					cell: (c) => when(c.since),
					sort: (c) => Date.parse(c.since),
				},
				{ key: "node", title: t({ zh: "网格", en: "Grid" }), wide: true, cell: (c) => nodeName(c.node) },
			]}
			detail={(c) => (
				<>
					<Facts
						rows={[
							[t({ zh: "证件号", en: "Document" }), c.id_document],
							[t({ zh: "决定", en: "Decision" }), <Chip tone={statusTones[c.status]}>{statusWord(c.status)}</Chip>],
							[t({ zh: "依据", en: "Ground" }), wordOf(grounds, c.ground)],
							[t({ zh: "证据", en: "Evidence" }), c.evidence],
							[t({ zh: "作出人", en: "By" }), `${c.author} · ${c.subscriber}`],
							[t({ zh: "决定时间", en: "Decided" }), when(c.decided_at)],
							[t({ zh: "网格", en: "Grid" }), nodeName(c.node)],
						]}
					/>
					{may("enroller") ? (
						<p class="h-next">
							<a href={href("residents")}>{t({ zh: "登记此人", en: "Enrol them" })}</a>
						</p>
					) : (
						<p class="hint">
							{t({ zh: "请登记员登记此人，决定随即生效。", en: "Have an enroller enrol them: it is in force then." })}
						</p>
					)}
				</>
			)}
		/>
	);
}
