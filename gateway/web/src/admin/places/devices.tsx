// All phones of gates: which wait for their scan, which are in use, which were revoked.
import "./places.css";
import { useState } from "preact/hooks";
import { go, href } from "../../desk/router";
import { gateName, siteName, siteOf } from "../../desk/town";
import type { Field } from "../../desk/ui/form";
import { Button, Facts, Problem, useAction } from "../../desk/ui/parts";
import { Register, when } from "../../desk/ui/register";
import type { Column } from "../../desk/ui/table";
import { t } from "../../shared/i18n";
import { type Device, readDevices, within } from "./common";
import { DeviceState, deviceSince, deviceStates, NewPhone, revoke } from "./phones";

const filters = (): Field[] => [
	{
		name: "state",
		label: t({ zh: "状态", en: "State" }),
		kind: "select",
		options: [
			{ value: "", label: t({ zh: "未停用的", en: "Not revoked" }) },
			...Object.entries(deviceStates).map(([value, text]) => ({ value, label: t(text) })),
		],
	},
	{ name: "gate", label: t({ zh: "卡口", en: "Gate" }), kind: "gate" },
	{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" },
];

const wanted = (d: Device, f: Record<string, string>): boolean =>
	(f.state ? d.state === f.state : d.state !== "revoked") &&
	(!f.gate || d.gate === f.gate) &&
	within(siteOf(d.site)?.grid ?? "", f.node ?? "");

const columns = (): Column<Device>[] => [
	{
		key: "lane",
		title: t({ zh: "通道", en: "Lane" }),
		cell: (d) => (d.state === "paper" ? t({ zh: "纸质登记", en: "paper log" }) : d.lane),
		sort: (d) => d.lane,
	},
	{
		key: "gate",
		title: t({ zh: "卡口", en: "Gate" }),
		width: "1.4fr",
		cell: (d) => <a href={href(["gates", d.gate])}>{gateName(d.gate)}</a>,
		sort: (d) => gateName(d.gate),
	},
	{
		key: "site",
		title: t({ zh: "场所", en: "Site" }),
		cell: (d) => <a href={href(["sites", d.site])}>{siteName(d.site)}</a>,
		sort: (d) => siteName(d.site),
		wide: true,
	},
	{
		key: "state",
		title: t({ zh: "状态", en: "State" }),
		width: "8rem",
		cell: (d) => <DeviceState device={d} />,
		sort: (d) => d.state,
	},
	{
		key: "since",
		title: t({ zh: "自", en: "Since" }),
		width: "8rem",
		cell: deviceSince,
		sort: (d) => d.revoked_at ?? d.enrolled_at ?? d.created_at,
		wide: true,
	},
	{ key: "code", title: t({ zh: "编号", en: "Code" }), width: "8rem", cell: (d) => d.code, wide: true },
];

export default function Devices() {
	const [adding, setAdding] = useState(false);
	const [turn, setTurn] = useState(0);
	return (
		<>
			<div class="pl-corner">
				<Button kind="main" onClick={() => setAdding(true)}>
					{t({ zh: "配一部手机", en: "Add a phone" })}
				</Button>
			</div>
			<Register<Device>
				key={turn}
				path="devices"
				title={t({ zh: "卡口手机", en: "Phones of gates" })}
				hint={t({
					zh: "每部手机只属于一个卡口的一条通道；遗失的立即停用。",
					en: "Each phone belongs to one lane of one gate; one that is lost is revoked at once.",
				})}
				filters={filters()}
				load={async (filter) => ({ rows: (await readDevices()).filter((d) => wanted(d, filter)) })}
				columns={columns()}
				rowKey={(d) => d.code}
				name={(d) => `${gateName(d.gate)} · ${d.lane}`}
				text={(d) => `${d.lane} ${d.code} ${gateName(d.gate)} ${siteName(d.site)}`}
				detail={(d, reload) => <Detail device={d} reload={reload} />}
			/>
			{adding && (
				<NewPhone
					onClose={() => {
						setAdding(false);
						setTurn(turn + 1);
					}}
				/>
			)}
		</>
	);
}

function Detail({ device: d, reload }: { device: Device; reload: () => Promise<void> }) {
	const { busy, error, run } = useAction();
	return (
		<>
			<Problem cause={error} />
			<Facts
				rows={[
					[t({ zh: "状态", en: "State" }), <DeviceState key="s" device={d} />],
					[
						t({ zh: "卡口", en: "Gate" }),
						<a key="g" href={href(["gates", d.gate])}>
							{gateName(d.gate)}
						</a>,
					],
					[
						t({ zh: "场所", en: "Site" }),
						<a key="p" href={href(["sites", d.site])}>
							{siteName(d.site)}
						</a>,
					],
					[t({ zh: "编号", en: "Code" }), d.code],
					[t({ zh: "生成", en: "Made" }), when(d.created_at)],
					[t({ zh: "绑定", en: "Enrolled" }), when(d.enrolled_at)],
					[t({ zh: "停用", en: "Revoked" }), when(d.revoked_at)],
				]}
			/>
			{d.state !== "revoked" && d.state !== "paper" && (
				<Button
					kind="danger"
					busy={busy}
					onClick={() =>
						void run(async () => {
							if (await revoke(d)) {
								go("devices");
								await reload();
							}
						})
					}
				>
					{t({ zh: "停用", en: "Revoke" })}
				</Button>
			)}
		</>
	);
}
