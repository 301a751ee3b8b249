// Supplies: what is in store where, what is too little first, and all that moves it.
import { call } from "../../desk/call";
import { href, refine, route } from "../../desk/router";
import { session } from "../../desk/session";
import { nodeName, nodeOf, nodes } from "../../desk/town";
import { Actions } from "../../desk/ui/actions";
import { Busy, Card, Empty, Problem, Toolbar, useLoad } from "../../desk/ui/parts";
import { nodeOptions, Pick } from "../../desk/ui/pick";
import { t } from "../../shared/i18n";
import { type Item, moving } from "./supplymoves";

interface Held {
	item: string;
	name: string;
	unit: string;
	/** With all below. */
	amount: number;
	/** At the node itself. */
	own: number;
}

interface Stocks {
	node: string;
	items: Held[];
	below: { node: string; name: string; items: Held[] }[];
	low: { node: string; item: string; amount: number; low: number }[];
}

export const items = () => call<{ items: Item[] }>("GET", "/v1/supplies/items").then((a) => a.items);

export default function Supplies() {
	const node = route.value.query.get("node") || session.value?.grid || "";
	const { data, error, reload } = useLoad(
		() => Promise.all([call<Stocks>("GET", "/v1/supplies", { query: { node } }), items()]),
		[node],
	);
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "物资", en: "Supplies" })}</h1>
				<a class="btn" href={href("movements", { node })}>
					{t({ zh: "出入库流水", en: "Movements" })}
				</a>
				{data && <Actions dialog row={{ node, items: data[1] }} actions={moving} onDone={reload} />}
			</header>
			{nodes.value.length > 1 && (
				<Toolbar>
					<Pick
						label={t({ zh: "网格", en: "Part of the grid" })}
						value={node}
						options={nodeOptions()}
						onPick={(next) => refine({ node: next })}
					/>
					{nodeOf(nodeOf(node)?.parent ?? "") && (
						<a href={href("supplies", { node: nodeOf(node)?.parent ?? "" })}>
							{t({ zh: "↑ 上一级", en: "↑ One level up" })}
						</a>
					)}
				</Toolbar>
			)}
			<Problem cause={error} retry={() => void reload()} />
			{data ? (
				<>
					<Low now={data[0]} items={data[1]} />
					<Matrix now={data[0]} />
				</>
			) : (
				!error && <Busy />
			)}
		</>
	);
}

/** Stocks below their lines: the emptiest first. */
function Low({ now, items: known }: { now: Stocks; items: Item[] }) {
	const low = [...now.low].sort((a, b) => a.amount / a.low - b.amount / b.low);
	if (low.length === 0) {
		return <p class="allright">{t({ zh: "✓ 没有低于警戒线的物资", en: "✓ No stock is below its line" })}</p>;
	}
	return (
		<Card title={t({ zh: `低于警戒线 ${low.length} 项`, en: `${low.length} stocks below their line` })}>
			<ul class="lows">
				{low.map((l) => {
					const item = known.find((i) => i.code === l.item);
					return (
						<li key={`${l.node} ${l.item}`}>
							<a href={href("movements", { node: l.node, item: l.item })}>
								<span>
									<b>{item?.name ?? l.item}</b> <small>{nodeName(l.node)}</small>
								</span>
								<meter
									aria-label={item?.name ?? l.item}
									min={0}
									max={l.low}
									low={l.low / 2}
									high={l.low - 0.5}
									optimum={l.low}
									value={l.amount}
								/>
								<span class="right">
									<b>{l.amount}</b> / {l.low} {item?.unit}
								</span>
							</a>
						</li>
					);
				})}
			</ul>
		</Card>
	);
}

/** What each node right below has, and the node itself. */
function Matrix({ now }: { now: Stocks }) {
	if (now.items.length === 0) {
		return (
			<Empty>{t({ zh: "这里还没有物资：先登记入库", en: "Nothing is in store here: book what came in first" })}</Empty>
		);
	}
	const low = new Set(now.low.map((l) => `${l.node} ${l.item}`));
	const row = (node: string, name: string, of: (item: string) => number | undefined, here = true) => (
		<tr key={node + name}>
			<th scope="row">{node === now.node ? name : <a href={href("supplies", { node })}>{name}</a>}</th>
			{now.items.map((i) => (
				<td key={i.item} class={here && low.has(`${node} ${i.item}`) ? "urgent" : ""}>
					<a href={href("movements", { node, item: i.item })}>{of(i.item) ?? 0}</a>
				</td>
			))}
		</tr>
	);
	return (
		<Card title={nodeName(now.node)}>
			<div class="scrolls">
				<table class="plain">
					<thead>
						<tr>
							<th scope="col">{t({ zh: "网格", en: "Node" })}</th>
							{now.items.map((i) => (
								<th scope="col" key={i.item}>
									{i.name} <small>({i.unit})</small>
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{row(now.node, t({ zh: "合计", en: "All" }), (c) => now.items.find((i) => i.item === c)?.amount, false)}
						{row(
							now.node,
							t({ zh: "本级仓库", en: "At the node itself" }),
							(c) => now.items.find((i) => i.item === c)?.own,
						)}
						{now.below.map((b) => row(b.node, b.name, (c) => b.items.find((i) => i.item === c)?.amount))}
					</tbody>
				</table>
			</div>
		</Card>
	);
}
