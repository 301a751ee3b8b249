// Who was at several places and times: what the people of a cluster have in common.

import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { ground } from "../../desk/ground";
import { href, refine, route } from "../../desk/router";
import { localInput, parseLocal } from "../../desk/time";
import { gateName, gates } from "../../desk/town";
import { Button, Card, Empty, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { gateOptions, Pick, siteOptions } from "../../desk/ui/pick";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import { LiftDialog, Limits, loadCase } from "./case";
import { Compare } from "./compare";
import { complete, MOST_WINDOWS, type Window, windowsOf, windowsQuery } from "./crowd";
import { type Crowd, Members } from "./members";
import { sessionMap } from "./memo";
import "./contacts.css";

const LIMIT = 5000;
/** Answers by question, for coming back. */
const kept = sessionMap<string, Crowd>();

export default function CrowdScreen() {
	const on = ground.value;
	return on ? (
		<Of key={on.kase} code={on.kase} />
	) : (
		<Empty>
			{t({ zh: "先在上面选定案件、写明理由，再查共同场所", en: "First choose the case and say why, above" })}
		</Empty>
	);
}

const fresh = (): Window => ({ kind: "site", code: "", from: "", to: "" });

function Of({ code }: { code: string }) {
	const { query } = route.value;
	const first = windowsOf(query);
	const kase = useLoad(() => loadCase(code), [code]);
	const [windows, setWindows] = useState<Window[]>(first.length > 0 ? first : [fresh(), fresh()]);
	const [least, setLeast] = useState(Math.max(2, Number(query.get("least")) || 2));
	const key = JSON.stringify([code, windows, least]);
	const [answer, setAnswer] = useState<Crowd | null>(kept.get(key) ?? null);
	const [lifting, setLifting] = useState(false);
	const { busy, error, run } = useAction();
	const ready = windows.filter(complete);
	const change = (next: Window[]) => {
		setWindows(next);
		refine({ at: windowsQuery(next), gates: "", sites: "", from: "", to: "" });
	};
	const ask = () =>
		run(async () => {
			const body = {
				windows: ready.map((w) => ({ [w.kind]: w.code, from: w.from, to: w.to })),
				at_least: Math.min(least, ready.length),
				limit: LIMIT,
			};
			const told = await call<Omit<Crowd, "windows">>("POST", "/v1/crowd", { body, trace: true, timeout: 60_000 });
			const next: Crowd = { ...told, windows: ready };
			kept.set(key, next);
			setAnswer(next);
			void kase.reload();
		});
	const over = error instanceof ApiError && error.code === "over_cap";
	return (
		<div class="ct">
			<header class="ct-top">
				<h1>{t({ zh: "共同场所与交集人群", en: "Common places and who was there" })}</h1>
				{kase.data && <Limits kase={kase.data} onChange={() => void kase.reload()} />}
			</header>
			<Problem cause={kase.error} retry={() => void kase.reload()} />
			{kase.data && <Compare kase={kase.data} onWindows={change} />}
			<Card title={t({ zh: "谁同时去过这些地方", en: "Who was at these places" })}>
				<ol class="ct-windows">
					{windows.map((w, i) => (
						<li key={i}>
							<WindowRow
								window={w}
								onChange={(next) => change(windows.map((one, k) => (k === i ? next : one)))}
								onDrop={windows.length > 2 ? () => change(windows.filter((_, k) => k !== i)) : undefined}
							/>
						</li>
					))}
				</ol>
				<div class="toolbar">
					<Button
						disabled={windows.length >= MOST_WINDOWS}
						onClick={() =>
							change([...windows, { ...fresh(), from: lastOf(windows)?.from ?? "", to: lastOf(windows)?.to ?? "" }])
						}
					>
						{t({ zh: "再加一个地方", en: "One more place" })}
					</Button>
					<label class="field ct-amount">
						<span>{t({ zh: "至少去过几处", en: "At least how many" })}</span>
						<input
							type="number"
							min={2}
							max={Math.max(2, ready.length)}
							value={least}
							onInput={(e) => setLeast(Math.max(2, e.currentTarget.valueAsNumber || 2))}
						/>
					</label>
					<Button kind="main" busy={busy} disabled={ready.length < 2} onClick={() => void ask()}>
						{ready.length < 2
							? t({ zh: "至少填两处的地点和时间", en: "Give two places with times" })
							: t({ zh: "查询", en: "Ask" })}
					</Button>
				</div>
				{ready.length === 1 && ready[0] && <Alone window={ready[0]} />}
				<Problem cause={error} />
				{over && kase.data && (
					<Button onClick={() => setLifting(true)}>{t({ zh: "申请放宽…", en: "Ask for more…" })}</Button>
				)}
				{lifting && kase.data && (
					<LiftDialog kase={kase.data} onClose={() => setLifting(false)} onDone={() => void kase.reload()} />
				)}
			</Card>
			{answer && <Members answer={answer} />}
		</div>
	);
}

/** One place alone is no crowd: its gates tell who passed. */
function Alone({ window: w }: { window: Window }) {
	const codes = w.kind === "gate" ? [w.code] : gates.value.filter((g) => g.site === w.code).map((g) => g.code);
	return (
		<p class="ct-links">
			{t({ zh: "只看这一处的人：", en: "For who was at this one: " })}
			{codes.map((code) => (
				<a key={code} href={href(["gates", code], { from: w.from, to: w.to })}>
					{t({ zh: `${gateName(code)} 的通行`, en: `${gateName(code)} in that time` })}
				</a>
			))}
		</p>
	);
}

interface WindowProps {
	window: Window;
	onChange: (next: Window) => void;
	onDrop: (() => void) | undefined;
}

function WindowRow({ window: w, onChange, onDrop }: WindowProps) {
	const set = (part: Partial<Window>) => onChange({ ...w, ...part });
	const time = (label: string, name: "from" | "to") => (
		<label class="field">
			<span>{label}</span>
			<input
				type="datetime-local"
				value={localInput(w[name])}
				onInput={(e) => set({ [name]: parseLocal(e.currentTarget.value) })}
			/>
		</label>
	);
	return (
		<div class="toolbar">
			<label class="field ct-amount">
				<span>{t({ zh: "类别", en: "Kind" })}</span>
				<select value={w.kind} onChange={(e) => set({ kind: e.currentTarget.value as Window["kind"], code: "" })}>
					<option value="site">{t({ zh: "场所", en: "Site" })}</option>
					<option value="gate">{t({ zh: "卡口", en: "Gate" })}</option>
				</select>
			</label>
			<Pick
				label={t({ zh: "地点", en: "Place" })}
				value={w.code}
				options={w.kind === "gate" ? gateOptions() : siteOptions()}
				onPick={(code) => set({ code })}
			/>
			{time(t({ zh: "从", en: "From" }), "from")}
			{time(t({ zh: "到", en: "To" }), "to")}
			{onDrop && <Button onClick={onDrop}>{t({ zh: "去掉", en: "Drop" })}</Button>}
		</div>
	);
}
