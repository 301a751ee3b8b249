// The daily bulletin: yesterday's first, as a leader reads it in the morning. Each number
// opens the days before it, the nodes that it comes from and the rows that it counted.
import { call, save } from "../../desk/call";
import { printPage } from "../../desk/print";
import { go, href, route } from "../../desk/router";
import { may, session } from "../../desk/session";
import { nodes, staffName } from "../../desk/town";
import { confirm, toast } from "../../desk/ui/overlay";
import { Button, Chip, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { nodeOptions, Pick } from "../../desk/ui/pick";
import { lang, t } from "../../shared/i18n";
import { dayAndTime, localDay } from "../../shared/time";
import { type Bulletin, bars, dayBy, dayWords, groups, type Line, urgent, yesterday } from "./bulletindata";
import { BulletinLine } from "./bulletinline";
import "./bulletin.css";

/** The numbers come from a count of every register: a large town takes its time. */
const COUNTING = 60_000;

export default function BulletinScreen() {
	const node = route.value.query.get("node") || session.value?.grid || "";
	const day = route.value.query.get("day") || yesterday();
	const key = route.value.path[1];
	const { data, error, busy, reload } = useLoad(
		() => call<Bulletin>("GET", "/v1/bulletin", { query: { node, day }, timeout: COUNTING }),
		[node, day],
	);
	const line = data?.lines.find((l) => l.key === key);
	return (
		<div class="bulletin">
			<Head node={node} day={day} now={data} />
			<div class="bnumbers">
				<Problem cause={error} retry={() => void reload()} />
				{!data && busy && <Skeleton />}
				{data && <Numbers now={data} />}
			</div>
			{data && <Doing now={data} reload={reload} />}
			{data && line && <BulletinLine now={data} line={line} />}
		</div>
	);
}

/** Of which day and node; what can be done with the whole. */
function Head({ node, day, now }: { node: string; day: string; now: Bulletin | null }) {
	const today = localDay(Date.now());
	const to = (next: { node?: string; day?: string }) => go("bulletin", { node, day, ...next });
	return (
		<header class="bhead">
			<div class="btitle">
				<h1>{t({ zh: "每日通报", en: "Daily bulletin" })}</h1>
				<p>
					<b>{now?.node_name ?? ""}</b> <span>{dayWords(day, lang.value)}</span>
				</p>
				{now && <Standing now={now} />}
			</div>
			<div class="bchoose">
				<div class="bday">
					<a class="btn" href={href("bulletin", { node, day: dayBy(day, -1) })}>
						<span aria-hidden="true">‹</span>
						<span class="said">{t({ zh: "前一天", en: "The day before" })}</span>
					</a>
					<input
						type="date"
						aria-label={t({ zh: "选择日期", en: "Choose a day" })}
						value={day}
						max={today}
						onChange={(e) => e.currentTarget.value && to({ day: e.currentTarget.value })}
					/>
					{day < today ? (
						<a class="btn" href={href("bulletin", { node, day: dayBy(day, 1) })}>
							<span aria-hidden="true">›</span>
							<span class="said">{t({ zh: "后一天", en: "The day after" })}</span>
						</a>
					) : (
						<a class="btn" href={href("bulletin", { node })}>
							{t({ zh: "昨天", en: "Yesterday" })}
						</a>
					)}
				</div>
				{nodes.value.length > 1 && (
					<Pick
						label={t({ zh: "网格", en: "Part of the grid" })}
						value={node}
						options={nodeOptions()}
						onPick={(next) => next && to({ node: next })}
					/>
				)}
			</div>
		</header>
	);
}

/** Whether the numbers stand. */
function Standing({ now }: { now: Bulletin }) {
	const at = dayAndTime(Date.parse(now.counted_at));
	if (now.published_at) {
		const by = now.published_by === "passgate" ? t({ zh: "系统", en: "the system" }) : staffName(now.published_by);
		return (
			<p>
				<Chip tone="ok">{t({ zh: "已发布", en: "Published" })}</Chip>{" "}
				<small>
					{dayAndTime(Date.parse(now.published_at))} {by}
				</small>
			</p>
		);
	}
	return (
		<p>
			<Chip tone={now.over ? "care" : "info"}>
				{now.over ? t({ zh: "尚未发布", en: "Not published" }) : t({ zh: "当日实时", en: "Live" })}
			</Chip>{" "}
			<small>{t({ zh: `统计至 ${at}`, en: `counted at ${at}` })}</small>
		</p>
	);
}

function Doing({ now, reload }: { now: Bulletin; reload: () => unknown }) {
	const { busy, error, run } = useAction();
	const query = { node: now.node, day: now.day };
	const file = (format: string) => () =>
		run(() => save("/v1/bulletin", `bulletin_${now.node}_${now.day}.${format}`, { query: { ...query, format } }));
	const copy = () =>
		run(async () => {
			const text = await call<string>("GET", "/v1/bulletin", {
				query: { ...query, format: "text" },
				accept: "text/plain",
			});
			await navigator.clipboard.writeText(text);
			toast(t({ zh: "通报文字已复制,可粘贴到微信群", en: "Copied: paste it into the group chat" }));
		});
	const publish = async () => {
		const sure = await confirm({
			title: t({ zh: `发布 ${now.day} 通报?`, en: `Publish the bulletin of ${now.day}?` }),
			text: t({
				zh: `${now.node_name}及下级网格的数字从此固定;之后补报的只记为“更正”。`,
				en: `The numbers of ${now.node_name} and all below it stand from then on; what comes in later is shown as a correction.`,
			}),
			yes: t({ zh: "发布", en: "Publish" }),
		});
		if (sure) {
			await run(async () => {
				await call("POST", "/v1/bulletins", { body: query, timeout: COUNTING });
				toast(t({ zh: "已发布", en: "Published" }));
				await reload();
			});
		}
	};
	return (
		<div class="bdoing">
			<Button busy={busy} onClick={() => void copy()}>
				{t({ zh: "复制文字", en: "Copy text" })}
			</Button>
			<Button busy={busy} onClick={() => void run(() => printPage("/v1/bulletin", { query }))}>
				{t({ zh: "打印", en: "Print" })}
			</Button>
			<Button busy={busy} onClick={() => void file("xlsx")()}>
				Excel
			</Button>
			<Button busy={busy} onClick={() => void file("csv")()}>
				CSV
			</Button>
			{now.over && !now.published_at && may("leader") && (
				<Button kind="main" busy={busy} onClick={() => void publish()}>
					{t({ zh: "发布", en: "Publish" })}
				</Button>
			)}
			<Problem cause={error} />
		</div>
	);
}

function Numbers({ now }: { now: Bulletin }) {
	const alarming = urgent(now.lines);
	return (
		<>
			<section aria-label={t({ zh: "需要处理", en: "To be seen to" })} class="burgent">
				{alarming.length === 0 ? (
					<p class="ballright">{t({ zh: "✓ 没有需要处理的事项", en: "✓ Nothing that somebody has to see to" })}</p>
				) : (
					alarming.map((l) => <Tile key={l.key} line={l} now={now} />)
				)}
			</section>
			<div class="bgroups">
				{groups(now.lines).map((g) => (
					<section class="card" key={g.key} aria-label={t(g.text)}>
						<h2>{t(g.text)}</h2>
						<ul>
							{g.lines.map(({ line, parts }) => (
								<li key={line.key}>
									<Row line={line} now={now} />
									{parts.length > 0 && (
										<ul class="bparts">
											{parts.map((p) => (
												<li key={p.key}>
													<Row line={p} now={now} />
												</li>
											))}
										</ul>
									)}
								</li>
							))}
						</ul>
					</section>
				))}
			</div>
			{now.below.length > 0 && <NodesBelow now={now} />}
		</>
	);
}

/** The address of what is behind a number. */
export const lineHref = (line: Line, now: Pick<Bulletin, "node" | "day">): string =>
	href(["bulletin", line.key], { node: now.node, day: now.day });

/** One number that somebody has to see to. */
function Tile({ line, now }: { line: Line; now: Bulletin }) {
	return (
		<a class="btile" href={lineHref(line, now)}>
			<span>{t(line.text)}</span>
			<strong>
				{line.number.toLocaleString("en-US")}
				<small>{lang.value === "zh" ? line.unit : ""}</small>
			</strong>
			<Change line={line} />
		</a>
	);
}

function Row({ line, now }: { line: Line; now: Bulletin }) {
	const { now: long, before } = bars(line);
	return (
		<a class={`brow ${line.number === 0 ? "zero" : line.urgent ? "urgent" : ""}`} href={lineHref(line, now)}>
			<span class="bname">{t(line.text)}</span>
			<span class="bbars" aria-hidden="true">
				<i class="now" style={{ width: `${long * 100}%` }} />
				<i class="before" style={{ width: `${before * 100}%` }} />
			</span>
			<span class="bnumber">
				<b>{line.number.toLocaleString("en-US")}</b>
				<small>{lang.value === "zh" ? line.unit : ""}</small>
			</span>
			<Change line={line} />
		</a>
	);
}

/** Against the day before; what was corrected after publishing. */
export function Change({ line }: { line: Line }) {
	const said =
		line.yesterday === null ? "" : t({ zh: `前一日 ${line.yesterday}`, en: `the day before: ${line.yesterday}` });
	return (
		<span class="bchange">
			{line.change_text !== "" && <span title={said}>{line.change_text === "=" ? "—" : line.change_text}</span>}
			{line.correction !== 0 && (
				<Chip tone="care">
					{t({ zh: "更正", en: "corr." })} {line.correction > 0 ? "+" : "−"}
					{Math.abs(line.correction)}
				</Chip>
			)}
		</span>
	);
}

/** Columns of the nodes below: as the printed bulletin has them. */
const shown = [
	"in",
	"out",
	"denied",
	"breaches",
	"fevers_opened",
	"observations",
	"readings_missed",
	"homes_missing",
	"dispatches_overdue",
];

function NodesBelow({ now }: { now: Bulletin }) {
	const columns = shown.flatMap((key) => now.lines.find((l) => l.key === key) ?? []);
	return (
		<section class="card bbelow" aria-label={t({ zh: "下级网格", en: "Nodes below" })}>
			<h2>{t({ zh: "下级网格", en: "Nodes below" })}</h2>
			<div class="bscroll">
				<table>
					<thead>
						<tr>
							<th scope="col">{t({ zh: "网格", en: "Node" })}</th>
							{columns.map((l) => (
								<th scope="col" key={l.key}>
									{t(l.text)}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{now.below.map((b) => (
							<tr key={b.node}>
								<th scope="row">
									<a href={href("bulletin", { node: b.node, day: now.day })}>{b.node_name}</a>
								</th>
								{columns.map((l) => {
									const n = b.numbers[l.key] ?? 0;
									return (
										<td key={l.key} class={l.urgent && n > 0 ? "urgent" : ""}>
											{n === 0 ? (
												"0"
											) : (
												<a href={lineHref(l, { node: b.node, day: now.day })}>{n.toLocaleString("en-US")}</a>
											)}
										</td>
									);
								})}
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</section>
	);
}

function Skeleton() {
	return (
		<div class="bwait" role="status">
			{t({ zh: "正在统计…", en: "Counting…" })}
		</div>
	);
}
