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
import { type Bulletin, dayBy, dayWords, yesterday } from "./bulletindata";
import { BulletinLine } from "./bulletinline";
import { Numbers } from "./bulletinnumbers";
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
			toast(t({ zh: "通报文字已复制，可粘贴到微信群", en: "Copied: paste it into the group chat" }));
		});
	const publish = async () => {
		const sure = await confirm({
			title: t({ zh: `发布 ${now.day} 通报？`, en: `Publish the bulletin of ${now.day}?` }),
			text: t({
				zh: `${now.node_name}及下级网格的数字从此固定；之后补报的只记为“更正”。`,
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

function Skeleton() {
	return (
		<div class="bwait" role="status">
			{t({ zh: "正在统计…", en: "Counting…" })}
		</div>
	);
}
