// The numbers of a bulletin: what somebody has to see to, all groups, the nodes below.
import { href } from "../../desk/router";
import { Chip } from "../../desk/ui/parts";
import { lang, t } from "../../shared/i18n";
import { type Bulletin, bars, groups, type Line, urgent } from "./bulletindata";

export function Numbers({ now }: { now: Bulletin }) {
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
const lineHref = (line: Line, now: Pick<Bulletin, "node" | "day">): string =>
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
