// What is behind one number of the bulletin: its last days, the nodes that it comes
// from, and the rows that it counted.
import { call } from "../../desk/call";
import { go, href } from "../../desk/router";
import { nodeOf, siteName } from "../../desk/town";
import { Drawer } from "../../desk/ui/overlay";
import { Pages, usePages } from "../../desk/ui/pages";
import { Busy, Chip, Empty, Problem, useLoad } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { lang, t } from "../../shared/i18n";
import { clockTime, localDay } from "../../shared/time";

import { type Bulletin, type BulletinRow, dayBy, dayWords, type Line } from "./bulletindata";
import { Change } from "./bulletinnumbers";
import { refHref, stateTone, stateWord } from "./words";

const DAYS = 7;

export function BulletinLine({ now, line }: { now: Bulletin; line: Line }) {
	const close = () => go("bulletin", { node: now.node, day: now.day });
	return (
		<Drawer title={t(line.text)} onClose={close}>
			<div class="bline">
				<p class="bbig">
					<strong>{line.number.toLocaleString("en-US")}</strong> {lang.value === "zh" && line.unit}{" "}
					<Change line={line} />
					<br />
					<small>
						{now.node_name} · {dayWords(now.day, lang.value)}
					</small>
				</p>
				{line.opens ? (
					<Rows key={`${line.key} ${now.node} ${now.day}`} now={now} line={line} />
				) : (
					<Empty>
						{line.group === "gates"
							? t({
									zh: "通行人次只给总数：谁通过了卡口，须依案件在流调页查询",
									en: "A number only: who passed a gate is asked under an open case, on the tracer's page",
								})
							: t({ zh: "这个数字只给总数，明细由相应岗位查看", en: "A number only: its rows are for other roles" })}
					</Empty>
				)}
				<Where now={now} line={line} />
				<LastDays now={now} line={line} />
			</div>
		</Drawer>
	);
}

function Rows({ now, line }: { now: Bulletin; line: Line }) {
	const query = { node: now.node, day: now.day, line: line.key };
	const list = usePages<BulletinRow>(
		async (cursor) => {
			const page = await call<{ rows: BulletinRow[]; next: string }>("GET", "/v1/bulletin/rows", {
				query: { ...query, cursor, limit: 200 },
				timeout: 60_000,
			});
			return { rows: page.rows, next: page.next };
		},
		[query],
	);
	return (
		<Pages
			list={list}
			label={t(line.text)}
			columns={columns(now.day)}
			rowKey={(r, i) => `${r.ref} ${i}`}
			rowHeight={52}
			height="46vh"
			onOpen={(r) => {
				const to = refHref(r.ref);
				if (to) {
					location.hash = to;
				}
			}}
			empty={<Empty>{t({ zh: "没有明细", en: "No rows" })}</Empty>}
		/>
	);
}

function columns(day: string): Column<BulletinRow>[] {
	return [
		{
			key: "at",
			title: t({ zh: "时间", en: "When" }),
			width: "4.6rem",
			cell: (r) => <Moment at={r.at} day={day} />,
			sort: (r) => r.at,
		},
		{
			key: "what",
			title: t({ zh: "对象", en: "What" }),
			cell: (r) => {
				const to = refHref(r.ref);
				const name = subject(r);
				return (
					<>
						{to ? <a href={to}>{name}</a> : <b>{name}</b>}
						<br />
						<small>{r.site_name || r.node_name}</small>
					</>
				);
			},
			sort: subject,
		},
		{
			key: "state",
			title: t({ zh: "情况", en: "State" }),
			cell: (r) => (
				<>
					<Chip tone={stateTone(r.state)}>{stateWord(r.state)}</Chip>
					{r.due_at && !r.closed_at && (
						<>
							<br />
							<small>{t({ zh: `期限 ${when(r.due_at)}`, en: `due ${when(r.due_at)}` })}</small>
						</>
					)}
				</>
			),
			sort: (r) => r.state,
		},
		{
			key: "node",
			title: t({ zh: "网格", en: "Node" }),
			width: "8rem",
			cell: (r) => r.node_name,
			sort: (r) => r.node,
			wide: true,
		},
	];
}

/** When it was on the day; of another day, which one. */
function Moment({ at, day }: { at: string; day: string }) {
	const ms = Date.parse(at);
	const on = localDay(ms);
	return (
		<>
			{clockTime(ms)}
			{on !== day && (
				<>
					<br />
					<small>{on.slice(5)}</small>
				</>
			)}
		</>
	);
}

/** Whom or what a row is about, in words. */
function subject(r: BulletinRow): string {
	if (r.person) {
		return r.person.name_masked;
	}
	const [kind = "", id = ""] = r.ref.split("/");
	switch (kind) {
		case "gate":
			return id;
		case "home":
			return siteName(id.slice(0, id.lastIndexOf(".")));
	}
	return r.text || kindWord(kind);
}

const kinds: Record<string, { zh: string; en: string }> = {
	dispatch: { zh: "调度", en: "Dispatch" },
	finding: { zh: "隐患", en: "Finding" },
	inspection: { zh: "检查", en: "Inspection" },
	report: { zh: "热线", en: "Report" },
	staff_report: { zh: "举报", en: "Report about staff" },
	application: { zh: "复工申请", en: "Application" },
	enterprise: { zh: "企业", en: "Enterprise" },
	stock: { zh: "库存", en: "Stock" },
	supply: { zh: "物资出入库", en: "Movement" },
	disinfection: { zh: "消毒", en: "Disinfection" },
	disinfection_round: { zh: "消毒计划", en: "Round" },
	event: { zh: "登记（未识别身份）", en: "Scan of nobody known" },
	bed: { zh: "床位", en: "Bed" },
	visit: { zh: "走访", en: "Visit" },
};

const kindWord = (kind: string): string => kinds[kind]?.[lang.value] ?? kind;

/** The nodes right below that it comes from, the most first. */
function Where({ now, line }: { now: Bulletin; line: Line }) {
	const parts = now.below
		.map((b) => ({ ...b, n: b.numbers[line.key] ?? 0 }))
		.filter((b) => b.n !== 0)
		.sort((a, b) => b.n - a.n);
	const up = nodeOf(now.node)?.parent;
	if (parts.length === 0 && !up) {
		return null;
	}
	const most = Math.max(...parts.map((b) => b.n), 1);
	return (
		<section>
			<h3>{t({ zh: "来自哪些网格", en: "Where it comes from" })}</h3>
			<ul class="bwhere">
				{parts.map((b) => (
					<li key={b.node}>
						<a href={href(["bulletin", line.key], { node: b.node, day: now.day })}>
							<span>{b.node_name}</span>
							<span class="bbars" aria-hidden="true">
								<i class="now" style={{ width: `${(b.n / most) * 100}%` }} />
							</span>
							<b>{b.n.toLocaleString("en-US")}</b>
						</a>
					</li>
				))}
			</ul>
			{up && nodeOf(up) && (
				<a href={href(["bulletin", line.key], { node: up, day: now.day })}>
					{t({ zh: `↑ 看${nodeOf(up)?.name}全部`, en: `↑ All of ${nodeOf(up)?.name}` })}
				</a>
			)}
		</section>
	);
}

/** The number on the days before: each leads to its day. */
function LastDays({ now, line }: { now: Bulletin; line: Line }) {
	const days = Array.from({ length: DAYS - 1 }, (_, i) => dayBy(now.day, i + 1 - DAYS));
	const { data, error, reload } = useLoad(async () => {
		const numbers: (number | null)[] = [];
		for (const day of days) {
			numbers.push(await numberOf(now.node, day, line.key));
		}
		return numbers;
	}, [now.node, now.day, line.key]);
	if (!data) {
		return error ? <Problem cause={error} retry={() => void reload()} /> : <Busy />;
	}
	const all = [...days.map((day, i) => ({ day, n: data[i] ?? null })), { day: now.day, n: line.number }];
	const most = Math.max(...all.map((d) => d.n ?? 0), 1);
	return (
		<section>
			<h3>{t({ zh: "近七日", en: "Seven days" })}</h3>
			<ol class="bdays">
				{all.map((d) => (
					<li key={d.day} class={d.day === now.day ? "now" : ""}>
						<a href={href(["bulletin", line.key], { node: now.node, day: d.day })}>
							<b>{d.n ?? "–"}</b>
							<i aria-hidden="true" style={{ height: `${((d.n ?? 0) / most) * 4}rem` }} />
							<span>{d.day.slice(5)}</span>
						</a>
					</li>
				))}
			</ol>
		</section>
	);
}

const kept = new Map<string, Promise<Bulletin>>();

/** A number of another day; null where there is no bulletin of it. Days that stand are asked for once. */
async function numberOf(node: string, day: string, key: string): Promise<number | null> {
	const name = `${node} ${day}`;
	let asked = kept.get(name);
	if (!asked) {
		asked = call<Bulletin>("GET", "/v1/bulletin", { query: { node, day }, timeout: 60_000 });
		kept.set(name, asked);
		asked.then(
			(b) => !b.published_at && kept.delete(name),
			() => kept.delete(name),
		);
	}
	return (await asked.catch(() => null))?.lines.find((l) => l.key === key)?.number ?? null;
}
