// The grid as a tree: subdistrict, management areas, communities and villages, micro-
// grids, with who answers for each, whom to phone, and what lies below.
import "./places.css";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { go, href, route } from "../../desk/router";
import { session } from "../../desk/session";
import { gates, type Node, nodeName, nodeOf, nodePath, nodes, sites, staff, staffName } from "../../desk/town";
import { Actions } from "../../desk/ui/actions";
import { Drawer } from "../../desk/ui/overlay";
import { Button, Empty, Facts, Toolbar } from "../../desk/ui/parts";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { compareZh, nodeTrail, readNodes, within } from "./common";
import { actions, first, levelWord } from "./gridforms";

/** What lies below each node, itself left out: nodes by level, and whether its head is missing. */
interface Tree {
	roots: Node[];
	below: Map<string, Node[]>;
	micro: Map<string, number>;
}

/** By code: names count in Chinese numerals, which no collation knows. */
const officially = (a: Node, b: Node): number => compareZh.compare(a.id, b.id);

export function treeOf(list: readonly Node[]): Tree {
	const ids = new Set(list.map((n) => n.id));
	const below = new Map<string, Node[]>();
	const roots: Node[] = [];
	for (const n of [...list].sort(officially)) {
		if (ids.has(n.parent)) {
			below.set(n.parent, [...(below.get(n.parent) ?? []), n]);
		} else {
			roots.push(n);
		}
	}
	const micro = new Map<string, number>();
	const count = (n: Node): number => {
		const own = (below.get(n.id) ?? []).reduce((sum, child) => sum + count(child), 0);
		micro.set(n.id, own);
		return own + (n.level === 4 ? 1 : 0);
	};
	for (const n of roots) {
		count(n);
	}
	return { roots, below, micro };
}

/** Nodes that are found, and those above them, which have to be open to show them. */
export function found(list: readonly Node[], typed: string): { hits: Set<string>; open: Set<string> } {
	const wanted = typed.trim().toLowerCase();
	const hits = new Set<string>();
	const open = new Set<string>();
	if (wanted !== "") {
		for (const n of list) {
			if (`${n.name} ${n.id} ${staffName(n.head)} ${n.phone}`.toLowerCase().includes(wanted)) {
				hits.add(n.id);
				for (const above of nodePath(n.id).slice(1)) {
					open.add(above.id);
				}
			}
		}
	}
	return { hits, open };
}

export default function Grid() {
	const [typed, setTyped] = useState("");
	const [headless, setHeadless] = useState(false);
	const tree = useMemo(() => treeOf(nodes.value), [nodes.value]);
	const [opened, setOpened] = useState<Set<string>>(() => new Set(tree.roots.map((n) => n.id)));
	const hits = useMemo(() => found(nodes.value, typed), [nodes.value, typed]);
	const searching = typed.trim() !== "";
	const missing = nodes.value.filter((n) => n.head === "");
	const open = searching
		? hits.open
		: headless
			? new Set(
					missing.flatMap((n) =>
						nodePath(n.id)
							.slice(1)
							.map((a) => a.id),
					),
				)
			: opened;
	const shown = (n: Node): boolean =>
		searching ? hits.hits.has(n.id) || hits.open.has(n.id) : !headless || n.head === "" || open.has(n.id);
	const turn = (id: string, to: boolean) => {
		const next = new Set(opened);
		if (to) {
			next.add(id);
		} else {
			next.delete(id);
		}
		setOpened(next);
	};
	const id = route.value.path[1];
	const by = (level: number) => nodes.value.filter((n) => n.level === level).length;
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "四级网格", en: "Grid" })}</h1>
				<Button onClick={() => void readNodes()}>{t({ zh: "刷新", en: "Refresh" })}</Button>
			</header>
			<p class="hint">
				{[2, 3, 4].map((level) => `${levelWord(level)} ${by(level)}`).join(" · ")} ·{" "}
				{t({ zh: `没有负责人的 ${missing.length}`, en: `${missing.length} without a head` })}
			</p>
			<Toolbar>
				<label class="field">
					<span>{t({ zh: "查找名称、负责人、电话", en: "Find by name, head or phone" })}</span>
					<input type="search" autocomplete="off" value={typed} onInput={(e) => setTyped(e.currentTarget.value)} />
				</label>
				<div class="field check">
					<label>
						<input type="checkbox" checked={headless} onChange={(e) => setHeadless(e.currentTarget.checked)} />
						{t({ zh: "只看没有负责人的", en: "Only those without a head" })}
					</label>
				</div>
				<Button onClick={() => setOpened(new Set(nodes.value.map((n) => n.id)))}>
					{t({ zh: "全部展开", en: "Open all" })}
				</Button>
				<Button onClick={() => setOpened(new Set(tree.roots.map((n) => n.id)))}>
					{t({ zh: "收起", en: "Close all" })}
				</Button>
			</Toolbar>
			{nodes.value.length === 0 ? (
				<>
					<Empty>
						{t({
							zh: "还没有网格：先建立街道，再在它下面新增管区、社区和村",
							en: "There is no grid yet: the subdistrict comes first, then what lies below it",
						})}
					</Empty>
					{session.value?.grid === "" && <Actions row={null} actions={first()} onDone={readNodes} />}
				</>
			) : searching && hits.hits.size === 0 ? (
				<Empty>{t({ zh: "没有匹配的网格", en: "No node fits" })}</Empty>
			) : (
				<TreeView tree={tree} open={open} shown={shown} hits={hits.hits} turn={turn} />
			)}
			{id !== undefined && <NodeDrawer key={id} id={id} />}
		</>
	);
}

interface TreeProps {
	tree: Tree;
	open: ReadonlySet<string>;
	shown: (n: Node) => boolean;
	hits: ReadonlySet<string>;
	turn: (id: string, open: boolean) => void;
}

/** The rows of a tree in order, as deep as it is open. */
function rowsOf({ tree, open, shown }: TreeProps): { node: Node; depth: number; leaf: boolean }[] {
	const rows: { node: Node; depth: number; leaf: boolean }[] = [];
	const walk = (list: readonly Node[], depth: number) => {
		for (const node of list) {
			if (shown(node)) {
				const children = tree.below.get(node.id) ?? [];
				rows.push({ node, depth, leaf: children.length === 0 });
				if (open.has(node.id)) {
					walk(children, depth + 1);
				}
			}
		}
	};
	walk(tree.roots, 0);
	return rows;
}

/** A tree of the usual keys: up, down, left closes, right opens, Enter shows the node. */
function TreeView(props: TreeProps) {
	const rows = rowsOf(props);
	const [at, setAt] = useState("");
	const list = useRef<HTMLDivElement>(null);
	const now = rows.some((r) => r.node.id === at) ? at : (rows[0]?.node.id ?? "");
	const focus = (id: string) => {
		setAt(id);
		requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus());
	};
	const onKey = (e: KeyboardEvent) => {
		const i = rows.findIndex((r) => r.node.id === now);
		const row = rows[i];
		const step = { ArrowDown: 1, ArrowUp: -1, Home: -rows.length, End: rows.length }[e.key];
		if (!row || (!step && !["ArrowLeft", "ArrowRight", "Enter"].includes(e.key))) {
			return;
		}
		e.preventDefault();
		if (step) {
			focus(rows[Math.max(0, Math.min(rows.length - 1, i + step))]?.node.id ?? now);
		} else if (e.key === "Enter") {
			go(["grid", row.node.id]);
		} else if (e.key === "ArrowRight" && !row.leaf) {
			props.turn(row.node.id, true);
		} else if (e.key === "ArrowLeft") {
			if (props.open.has(row.node.id)) {
				props.turn(row.node.id, false);
			} else if (rows.some((r) => r.node.id === row.node.parent)) {
				focus(row.node.parent);
			}
		}
	};
	return (
		<div class="pl-tree" role="tree" aria-label={t({ zh: "四级网格", en: "Grid" })} ref={list} onKeyDown={onKey}>
			{rows.map((r) => (
				<TreeRow key={r.node.id} row={r} now={r.node.id === now} {...props} />
			))}
		</div>
	);
}

function TreeRow({
	row: { node: n, depth, leaf },
	now,
	tree,
	open,
	hits,
	turn,
}: TreeProps & { row: { node: Node; depth: number; leaf: boolean }; now: boolean }) {
	const isOpen = open.has(n.id);
	const micro = tree.micro.get(n.id) ?? 0;
	return (
		<div
			role="treeitem"
			tabIndex={now ? 0 : -1}
			aria-level={depth + 1}
			aria-expanded={leaf ? undefined : isOpen}
			aria-selected={false}
			class={hits.has(n.id) ? "hit" : ""}
			style={{ paddingLeft: `${8 + 22 * depth}px` }}
		>
			<button
				type="button"
				class="twist"
				tabIndex={-1}
				disabled={leaf}
				aria-label={
					isOpen
						? t({ zh: `收起 ${n.name}`, en: `Close ${n.name}` })
						: t({ zh: `展开 ${n.name}`, en: `Open ${n.name}` })
				}
				onClick={() => turn(n.id, !isOpen)}
			>
				{leaf ? "" : isOpen ? "▾" : "▸"}
			</button>
			<a href={href(["grid", n.id])} tabIndex={-1}>
				{n.name}
			</a>
			<span class="head">{n.head ? staffName(n.head) : <em>{t({ zh: "缺负责人", en: "no head" })}</em>}</span>
			<span class="phone">{n.phone}</span>
			<span class="count">{micro > 0 && t({ zh: `${micro} 个网格`, en: `${micro} micro-grids` })}</span>
		</div>
	);
}

function NodeDrawer({ id }: { id: string }) {
	const node = nodeOf(id);
	const close = () => go("grid");
	useEffect(() => {
		if (!node) {
			void readNodes();
		}
	}, [id]);
	if (!node) {
		return (
			<Drawer title={id} onClose={close}>
				<Empty>{t({ zh: "没有这个网格，或不在您的范围内", en: "No such node in your part of the grid" })}</Empty>
			</Drawer>
		);
	}
	return (
		<Drawer title={node.name} onClose={close}>
			<Actions row={node} actions={actions()} onDone={readNodes} />
			<NodeFacts node={node} />
		</Drawer>
	);
}

function NodeFacts({ node }: { node: Node }) {
	const below = nodes.value.filter((n) => n.id !== node.id && within(n.id, node.id));
	const here = sites.value.filter((s) => within(s.grid, node.id));
	const codes = new Set(here.map((s) => s.code));
	const people = staff.value.filter((s) => within(s.grid, node.id) && !s.disabled && s.grid !== "");
	const duty = nodePath(node.id).find((n) => n.phone !== "");
	const link = (path: string, n: number) => <a href={href(path, { node: node.id })}>{n}</a>;
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "级别", en: "Level" }), levelWord(node.level)],
					[t({ zh: "位置", en: "Place" }), nodeTrail(node.id)],
					[t({ zh: "编号", en: "Code" }), node.id],
					[
						t({ zh: "负责人", en: "Head" }),
						node.head ? <a href={href(["staff", node.head])}>{staffName(node.head)}</a> : t({ zh: "缺", en: "none" }),
					],
					[
						t({ zh: "值班电话", en: "Phone on duty" }),
						duty
							? duty.id === node.id
								? duty.phone
								: t({ zh: `${duty.phone}（${duty.name} 的）`, en: `${duty.phone} (of ${duty.name})` })
							: t({ zh: "缺：卡口扣留人员时无号可拨", en: "none: a gate that holds somebody has no number" }),
					],
					[t({ zh: "场所", en: "Sites" }), link("sites", here.length)],
					[
						t({ zh: "卡口 开/共", en: "Gates open/all" }),
						<a key="g" href={href("gates", { node: node.id })}>
							{gates.value.filter((g) => codes.has(g.site) && g.open).length} /{" "}
							{gates.value.filter((g) => codes.has(g.site)).length}
						</a>,
					],
					[t({ zh: "工作人员", en: "Staff" }), link("staff", people.length)],
				]}
			/>
			<p class="pl-sums">
				{Object.keys(siteKinds).map((kind) => {
					const n = here.filter((s) => s.kind === kind).length;
					return n === 0 ? null : (
						<a key={kind} href={href("sites", { node: node.id, kind })}>
							{wordOf(siteKinds, kind)} {n}
						</a>
					);
				})}
			</p>
			{below.length > 0 && (
				<ul class="pl-list">
					{below
						.filter((n) => n.parent === node.id)
						.sort(officially)
						.map((n) => (
							<li key={n.id}>
								<a href={href(["grid", n.id])}>{n.name}</a>{" "}
								<small>
									{levelWord(n.level)} · {n.head ? staffName(n.head) : t({ zh: "缺负责人", en: "no head" })}
								</small>
							</li>
						))}
				</ul>
			)}
			{node.parent && (
				<p>
					{t({ zh: "上级：", en: "Above it: " })}
					<a href={href(["grid", node.parent])}>{nodeName(node.parent)}</a>
				</p>
			)}
		</>
	);
}
