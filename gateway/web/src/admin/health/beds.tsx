// The bed board: every bed as a tile, who waits beside it. Somebody who waits and a free
// bed, one click each, and they have it.
import { useEffect, useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href, refine, route } from "../../desk/router";
import { may } from "../../desk/session";
import { nodeName } from "../../desk/town";
import { Actions } from "../../desk/ui/actions";
import { FieldInput } from "../../desk/ui/form";
import { Drawer, toast } from "../../desk/ui/overlay";
import { Busy, Button, Card, Empty, Facts, Problem, Toolbar, useAction, useLoad } from "../../desk/ui/parts";
import { left, useNow, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { addBed, askForBed, bedActions, cancelWait } from "./bedactions";
import { type Sum, Sums } from "./sums";
import type { Bed, Beds, Stay } from "./types";
import { bedStates } from "./words";

export default function BedBoard() {
	const node = route.value.query.get("node") ?? "";
	const only = route.value.query.get("only") ?? "";
	const { data, error, reload } = useLoad(() => call<Beds>("GET", "/v1/beds", { query: { node } }), [node]);
	const [stay, setStay] = useState<Stay | null>(null);
	const [bed, setBed] = useState("");
	const { busy, error: refused, run } = useAction();
	const assigns = may("medic", "leader");
	const opened = data?.beds.find((b) => b.id === bed);
	useEffect(() => {
		if (stay && data && !data.waiting.some((w) => w.id === stay.id)) {
			setStay(null);
		}
	}, [data]);
	const assign = (to: Bed, who: Stay) =>
		run(async () => {
			const until = who.until && Date.parse(who.until) > Date.now() ? who.until : undefined;
			await call("POST", `/v1/beds/${to.id}/assign`, { body: { stay: who.id, until } });
			toast(
				t({
					zh: `${who.name} 已安排到 ${to.room} 室 ${to.bed} 床`,
					en: `${who.name} has bed ${to.bed} in room ${to.room}`,
				}),
			);
			setStay(null);
			await reload();
		});
	const press = (b: Bed) => {
		if (stay && b.state === "free" && b.node === stay.node) {
			void assign(b, stay);
		} else {
			setBed(b.id);
		}
	};
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "隔离床位", en: "Isolation beds" })}</h1>
				<Actions
					dialog
					row={null}
					actions={[askForBed(route.value.query.get("wait") ?? "", data?.beds ?? []), addBed()]}
					onDone={reload}
				/>
			</header>
			<Toolbar>
				<FieldInput
					field={{ name: "node", label: t({ zh: "网格", en: "Grid" }), kind: "node" }}
					value={node}
					onValue={(v) => refine({ node: String(v ?? "") })}
				/>
				{data && <Sums sums={sumsOf(data.counts, data.beds)} />}
			</Toolbar>
			<Problem cause={error ?? refused} retry={() => void reload()} />
			{!data && !error && <Busy />}
			{data && (
				<div class="h-bedboard">
					<Waiting beds={data} stay={stay} assigns={assigns} onPick={setStay} onDone={reload} />
					<div aria-busy={busy}>
						{data.beds.length === 0 && (
							<Empty>{t({ zh: "这里还没有床位，由负责人添加", en: "No bed here yet: a leader adds them" })}</Empty>
						)}
						{rooms(data.beds.filter((b) => only === "" || b.state === only)).map(([room, beds]) => (
							<section key={room}>
								<h2>{room}</h2>
								<div class="h-room">
									{beds.map((b) => (
										<Tile
											key={b.id}
											bed={b}
											fits={stay !== null && b.state === "free" && b.node === stay.node}
											who={stay}
											onPress={() => press(b)}
										/>
									))}
								</div>
							</section>
						))}
					</div>
				</div>
			)}
			{opened && (
				<Drawer title={nameOf(opened)} onClose={() => setBed("")}>
					<Actions row={opened} actions={bedActions()} onDone={reload} />
					<BedFacts bed={opened} />
				</Drawer>
			)}
		</>
	);
}

const nameOf = (b: Bed) => t({ zh: `${b.room} 室 ${b.bed} 床`, en: `Room ${b.room}, bed ${b.bed}` });

/** Beds by node and room, in the order in which the server has them. */
function rooms(beds: readonly Bed[]): [string, Bed[]][] {
	const by = new Map<string, Bed[]>();
	for (const b of beds) {
		const name = `${nodeName(b.node)} · ${t({ zh: `${b.room} 室`, en: `room ${b.room}` })}`;
		by.set(name, [...(by.get(name) ?? []), b]);
	}
	return [...by];
}

function sumsOf(c: Beds["counts"], beds: readonly Bed[]): Sum[] {
	return [
		{ only: "", name: t({ zh: "全部", en: "All" }), count: beds.length },
		...(["free", "occupied", "to_clean", "out_of_use"] as const).map((state) => ({
			only: state,
			name: wordOf(bedStates, state),
			count: c[state],
		})),
	];
}

function Tile({ bed: b, fits, who, onPress }: { bed: Bed; fits: boolean; who: Stay | null; onPress: () => void }) {
	const now = useNow(60_000);
	return (
		<button type="button" class={`h-bed ${b.state} ${fits ? "fits" : ""}`} onClick={onPress}>
			<span class="no">
				{b.bed} <small>{wordOf(bedStates, b.state)}</small>
			</span>
			{fits && <b>{t({ zh: `安排 ${who?.name ?? ""}`, en: `For ${who?.name ?? ""}` })}</b>}
			{b.occupant && <b>{b.occupant.name || t({ zh: "（已注销）", en: "(erased)" })}</b>}
			{b.occupant?.until && <small class={b.occupant.overdue ? "h-late" : ""}>{left(b.occupant.until, now)}</small>}
			{!b.occupant && !fits && b.note && <small>{b.note}</small>}
		</button>
	);
}

function Waiting({
	beds,
	stay,
	assigns,
	onPick,
	onDone,
}: {
	beds: Beds;
	stay: Stay | null;
	assigns: boolean;
	onPick: (stay: Stay | null) => void;
	onDone: () => Promise<void>;
}) {
	return (
		<Card title={t({ zh: `等候 ${beds.waiting.length} 人`, en: `${beds.waiting.length} waiting` })}>
			{beds.waiting.length === 0 && <Empty>{t({ zh: "没有人在等", en: "Nobody waits" })}</Empty>}
			{assigns && beds.waiting.length > 0 && (
				<p class="hint">{t({ zh: "先点人，再点空床", en: "Click somebody, then a free bed" })}</p>
			)}
			<ul class="h-plain h-waiting">
				{beds.waiting.map((w) => (
					<li key={w.id}>
						{assigns ? (
							<Button
								aria-pressed={stay?.id === w.id}
								kind={stay?.id === w.id ? "main" : "plain"}
								onClick={() => onPick(stay?.id === w.id ? null : w)}
							>
								{w.name || w.id}
							</Button>
						) : (
							<b>{w.name || w.id}</b>
						)}
						<small>
							{" "}
							{nodeName(w.node)} · {t({ zh: "等候自", en: "since" })} {when(w.since)} {w.note}
						</small>
						<Actions row={w} actions={[cancelWait]} onDone={onDone} />
					</li>
				))}
			</ul>
		</Card>
	);
}

function BedFacts({ bed: b }: { bed: Bed }) {
	const who = b.occupant;
	return (
		<>
			<Facts
				rows={[
					[t({ zh: "状态", en: "State" }), `${wordOf(bedStates, b.state)} · ${when(b.since)}`],
					[t({ zh: "网格", en: "Grid" }), nodeName(b.node)],
					[t({ zh: "备注", en: "Note" }), b.note],
					[t({ zh: "入住", en: "In it" }), who?.name],
					[t({ zh: "入住时间", en: "Since" }), when(who?.since)],
					[t({ zh: "计划离开", en: "Until" }), when(who?.until)],
					[t({ zh: "来自记录", en: "From" }), who && refLink(who.ref)],
					[t({ zh: "说明", en: "Note" }), who?.note],
				]}
			/>
			{who?.resident && (
				<p class="h-next">
					<a href={href(["status", who.resident])}>{t({ zh: "健康状态", en: "Status" })}</a>
					<a href={href("observations")}>{t({ zh: "医学观察", en: "Observations" })}</a>
				</p>
			)}
		</>
	);
}

/** "observation/ID" as a link to it. */
function refLink(ref: string) {
	const [kind, id] = ref.split("/", 2);
	return kind === "observation" && id ? (
		<a href={href(["observations", id])}>{t({ zh: "医学观察", en: "Observation" })}</a>
	) : (
		ref
	);
}
