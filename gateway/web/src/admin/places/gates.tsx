// Gates: a residential site keeps one open; who stands there, with which phones, and
// the pages of the paper log for when nothing else works.
import "./places.css";
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { printPage } from "../../desk/print";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { type Gate, gates, siteName, siteOf } from "../../desk/town";
import type { Action } from "../../desk/ui/actions";
import type { Field } from "../../desk/ui/form";
import { Button, Card, Empty, Facts, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { Register } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { siteKinds, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import {
	compareZh,
	type Device,
	NodeLink,
	nodeTrail,
	readDevices,
	readGates,
	readSites,
	saying,
	within,
} from "./common";
import { DeviceList, NewPhone } from "./phones";
import { residential } from "./rules";
import { Shifts } from "./shifts";
import { GateState } from "./sites";

interface Row extends Gate {
	/** Phones in use; null for who may not see them. */
	phones: number | null;
}

const homes = (gate: Gate): boolean => residential(siteOf(gate.site)?.kind ?? "");

/** The other gate of a home that is open, of which there may be one. */
const openBeside = (gate: Gate): Gate | undefined =>
	homes(gate) ? gates.value.find((g) => g.site === gate.site && g.open && g.code !== gate.code) : undefined;

const filters = (): Field[] => [
	{ name: "site", label: t({ zh: "场所", en: "Site" }), kind: "site" },
	{
		name: "state",
		label: t({ zh: "状态", en: "State" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "全部", en: "All" }) },
			{ value: "open", label: t({ zh: "开着的", en: "Open" }) },
			{ value: "shut", label: t({ zh: "封闭的", en: "Shut" }) },
			...(may("leader")
				? [{ value: "nophone", label: t({ zh: "开着但没有手机的", en: "Open without a phone" }) }]
				: []),
		],
	},
	{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" },
];

const wanted = (g: Row, f: Record<string, string>): boolean =>
	(!f.site || g.site === f.site) &&
	within(siteOf(g.site)?.grid ?? "", f.node ?? "") &&
	(f.state !== "open" || g.open) &&
	(f.state !== "shut" || !g.open) &&
	(f.state !== "nophone" || (g.open && g.phones === 0));

const columns = (): Column<Row>[] => [
	{
		key: "name",
		title: t({ zh: "卡口", en: "Gate" }),
		width: "1.2fr",
		cell: (g) => g.name || g.code,
		sort: (g) => g.name,
	},
	{
		key: "site",
		title: t({ zh: "场所", en: "Site" }),
		width: "1fr",
		cell: (g) => <a href={href(["sites", g.site])}>{siteName(g.site)}</a>,
		sort: (g) => siteName(g.site),
	},
	{
		key: "kind",
		title: t({ zh: "类别", en: "Kind" }),
		width: "5.5rem",
		cell: (g) => wordOf(siteKinds, siteOf(g.site)?.kind ?? ""),
		sort: (g) => siteOf(g.site)?.kind ?? "",
		wide: true,
	},
	{
		key: "grid",
		title: t({ zh: "所属网格", en: "Grid" }),
		width: "1.6fr",
		cell: (g) => nodeTrail(siteOf(g.site)?.grid ?? ""),
		sort: (g) => nodeTrail(siteOf(g.site)?.grid ?? ""),
		wide: true,
	},
	{
		key: "open",
		title: t({ zh: "状态", en: "State" }),
		width: "5rem",
		cell: (g) => <GateState open={g.open} />,
		sort: (g) => (g.open ? 0 : 1),
	},
	...(may("leader")
		? [
				{
					key: "phones",
					title: t({ zh: "手机", en: "Phones" }),
					width: "5rem",
					right: true,
					cell: (g: Row) => <a href={href("devices", { gate: g.code })}>{g.phones}</a>,
					sort: (g: Row) => g.phones ?? 0,
				},
			]
		: []),
];

const put = ({ name, site, code }: Gate, open: boolean, change: { name?: string } = {}) =>
	saying(call("PUT", `/v1/gates/${encodeURIComponent(code)}`, { body: { name, site, open, ...change } }), {
		open: {
			zh: "村和小区只留一个出入口：先封闭另一个",
			en: "a village or compound keeps one entrance: shut the other one first",
		},
	});

const actions = (): Action<Row>[] => [
	{
		key: "shut",
		title: t({ zh: "封闭", en: "Shut" }),
		roles: [],
		danger: true,
		when: (g) => g.open,
		about: (g) => (
			<p>
				{homes(g)
					? t({
							zh: `${siteName(g.site)} 只有这一个开着的出入口。封闭后该处没有人登记进出，请确认已有安排。`,
							en: `This is the one open entrance of ${siteName(g.site)}. Shut, nobody is registered there any more: see that this is meant.`,
						})
					: t({ zh: "封闭后这里不再作为出入口。", en: "It is no entrance any more then." })}
			</p>
		),
		run: (g) => put(g, false),
	},
	{
		key: "open",
		title: t({ zh: "启用", en: "Open" }),
		roles: [],
		main: true,
		when: (g) => !g.open && !openBeside(g),
		run: (g) => put(g, true),
	},
	{
		key: "swap",
		title: t({ zh: "改用这个出入口", en: "Use this entrance instead" }),
		roles: [],
		danger: true,
		when: (g) => !g.open && openBeside(g) !== undefined,
		about: (g) => (
			<p>
				{t({
					zh: `${siteName(g.site)} 只留一个出入口：同时封闭 ${openBeside(g)?.name}，启用 ${g.name}。两处的手机和在班人员要跟着调整。`,
					en: `${siteName(g.site)} keeps one entrance: ${openBeside(g)?.name} is shut and ${g.name} opened at once. Phones and guards have to follow.`,
				})}
			</p>
		),
		run: (g) => {
			const other = openBeside(g);
			const both = [...(other ? [{ ...other, open: false }] : []), { ...g, open: true }];
			const list = both.map(({ code, name, site, open }) => ({ code, name, site, open }));
			return call("POST", "/v1/setup", { body: { gates: list } });
		},
		done: t({ zh: "已切换出入口", en: "The entrance is changed" }),
	},
	{
		key: "name",
		title: t({ zh: "改名", en: "Rename" }),
		roles: [],
		fields: () => [{ name: "name", label: t({ zh: "名称", en: "Name" }), required: true }],
		initial: (g) => ({ name: g.name }),
		run: (g, v) => put(g, g.open, { name: String(v.name) }),
	},
];

const create = (): Action<null>[] => [
	{
		key: "new",
		title: t({ zh: "新增卡口", en: "New gate" }),
		roles: [],
		fields: () => [
			{ name: "site", label: t({ zh: "场所", en: "Site" }), kind: "site", required: true },
			{ name: "name", label: t({ zh: "名称", en: "Name" }), required: true },
		],
		run: (_, v) => {
			const site = String(v.site);
			const taken = new Set(gates.value.map((g) => g.code));
			let n = 1;
			while (taken.has(`${site}-g${n}`)) {
				n++;
			}
			const gate: Gate = { code: `${site}-g${n}`, name: String(v.name), site, open: false };
			return put(gate, !openBeside(gate));
		},
	},
];

export default function Gates() {
	return (
		<Register<Row>
			path="gates"
			title={t({ zh: "卡口", en: "Gates" })}
			hint={t({
				zh: "村和小区只留一个出入口。打开一行可配手机、看班次、打印纸质登记页。",
				en: "A village or compound keeps one entrance. Open a row for its phones, shifts and the paper log.",
			})}
			filters={filters()}
			load={async (filter) => {
				const [list, devices] = await Promise.all([
					readGates(),
					may("leader") ? readDevices() : Promise.resolve<Device[] | null>(null),
					readSites(),
				]);
				const count = (g: Gate) => devices?.filter((d) => d.gate === g.code && d.state === "active").length ?? null;
				const rows = list.map((g): Row => ({ ...g, phones: count(g) }));
				return { rows: rows.filter((g) => wanted(g, filter)).sort((a, b) => compareZh.compare(a.name, b.name)) };
			}}
			columns={columns()}
			rowKey={(g) => g.code}
			name={(g) => g.name || g.code}
			text={(g) => `${g.name} ${g.code} ${siteName(g.site)}`}
			actions={actions()}
			create={create()}
			detail={(g, reload) => <Detail gate={g} reload={reload} />}
		/>
	);
}

function Detail({ gate, reload }: { gate: Row; reload: () => Promise<void> }) {
	return (
		<>
			<Facts
				rows={[
					[
						t({ zh: "场所", en: "Site" }),
						<a key="s" href={href(["sites", gate.site])}>
							{siteName(gate.site)}
						</a>,
					],
					[t({ zh: "所属网格", en: "Grid" }), <NodeLink key="n" id={siteOf(gate.site)?.grid ?? ""} />],
					[t({ zh: "编号", en: "Code" }), gate.code],
					[t({ zh: "状态", en: "State" }), <GateState key="o" open={gate.open} />],
				]}
			/>
			{may("leader") && <Phones gate={gate.code} onChange={reload} />}
			{may("leader") && <Shifts gate={gate.code} />}
			{may("enroller", "grid", "leader") && <LogPages gate={gate.code} />}
		</>
	);
}

function Phones({ gate, onChange }: { gate: string; onChange: () => Promise<void> }) {
	const { data, error, reload } = useLoad(readDevices, [gate]);
	const [adding, setAdding] = useState(false);
	const changed = async () => {
		await Promise.all([reload(), onChange()]);
	};
	const mine = data?.filter((d) => d.gate === gate && d.state !== "paper") ?? [];
	return (
		<Card
			title={t({ zh: "手机（通道）", en: "Phones (lanes)" })}
			extra={
				<Button kind="main" onClick={() => setAdding(true)}>
					{t({ zh: "配一部手机", en: "Add a phone" })}
				</Button>
			}
		>
			<Problem cause={error} retry={() => void reload()} />
			{data && mine.length === 0 ? (
				<Empty>
					{t({
						zh: "还没有手机：配一部，让值守人员当场扫码绑定",
						en: "No phone yet: add one and have the guard scan the code",
					})}
				</Empty>
			) : (
				<DeviceList devices={mine} onChange={changed} />
			)}
			{adding && (
				<NewPhone
					gate={gate}
					onClose={() => {
						setAdding(false);
						void changed();
					}}
				/>
			)}
		</Card>
	);
}

/** Pages of the paper log: each printed one is another, so that none is typed twice. */
function LogPages({ gate }: { gate: string }) {
	const [pages, setPages] = useState(2);
	const { busy, error, run } = useAction();
	return (
		<Card title={t({ zh: "纸质登记页", en: "Paper log" })}>
			<p class="hint">
				{t({
					zh: "断电断网时手写登记用，每页编号不同，事后可录入。平时备几张放在岗亭。",
					en: "For when power and network are gone; each page has a number of its own and can be typed later. Keep some at the gate.",
				})}
			</p>
			<form
				class="toolbar"
				onSubmit={(e) => {
					e.preventDefault();
					void run(() => printPage(`/v1/gates/${encodeURIComponent(gate)}/paper`, { query: { pages } }));
				}}
			>
				<label class="field">
					<span>{t({ zh: "页数（1–50）", en: "Pages (1–50)" })}</span>
					<input
						type="number"
						min={1}
						max={50}
						required
						value={pages}
						onInput={(e) => setPages(e.currentTarget.valueAsNumber || 1)}
					/>
				</label>
				<Button type="submit" busy={busy}>
					{t({ zh: "打印", en: "Print" })}
				</Button>
			</form>
			<Problem cause={error} />
		</Card>
	);
}
