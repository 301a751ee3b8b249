// A new policy in three steps on one page: what (a preset, changed or not, or rules of
// one's own), where and for how long, and what it would touch, before it is in force.
import "./places.css";
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { go, href } from "../../desk/router";
import { localInput, parseLocal } from "../../desk/time";
import { nodeName, reloadTown, siteName } from "../../desk/town";
import { confirm, toast } from "../../desk/ui/overlay";
import { Busy, Button, Card, Chip, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { nodeOptions, Pick, siteOptions } from "../../desk/ui/pick";
import { lang, t } from "../../shared/i18n";
import { kindsWord, type Part, Parts, placesOf } from "./policies";
import { PartEditor } from "./policypart";
import { type Preview, PreviewTable } from "./policypreview";

interface Preset {
	code: string;
	zh: string;
	en: string;
	source: string;
	about: string;
	parts: Part[];
	elsewhere: { rule: string; why: string }[];
}

export interface Plan {
	name: string;
	ground: string;
	/** RFC 3339, "" for now. */
	from: string;
	/** RFC 3339, "" until it is ended. */
	until: string;
	nodes: string[];
	sites: string[];
	/** Code of the preset that parts are those of, "" if they are of one's own. */
	preset: string;
	parts: Part[];
}

const EMPTY: Plan = { name: "", ground: "", from: "", until: "", nodes: [], sites: [], preset: "", parts: [] };

/** The plan as the API takes it. A code is made of the day and the time, so that it is new. */
export function bodyOf(plan: Plan, code: string): Record<string, unknown> {
	const { name, ground, nodes, sites, from, until } = plan;
	const what = plan.preset ? { preset: plan.preset } : { parts: plan.parts };
	return { code, name: name.trim(), ground: ground.trim(), nodes, sites, from, until, ...what };
}

const newCode = (): string =>
	`p-${localInput(new Date().toISOString()).replace(/\D/g, "")}-${Math.floor(Math.random() * 1e4)}`;

export default function NewPolicy() {
	const { data, error, reload } = useLoad(() => call<{ presets: Preset[] }>("GET", "/v1/policies/presets"));
	const [plan, setPlan] = useState<Plan>(EMPTY);
	const [code] = useState(newCode);
	const set = (change: Partial<Plan>) => setPlan({ ...plan, ...change });
	const preset = data?.presets.find((p) => p.code === plan.preset);
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "下达新措施", en: "New policy" })}</h1>
				<a href={href("policies")}>{t({ zh: "返回列表", en: "Back to the list" })}</a>
			</header>
			<Problem cause={error} retry={() => void reload()} />
			{!data && !error && <Busy />}
			{data && (
				<Card title={t({ zh: "① 改变哪些规定", en: "1. Which rules it changes" })}>
					<div class="pl-presets">
						{data.presets.map((p) => (
							<Button
								key={p.code}
								aria-pressed={plan.preset === p.code}
								onClick={() => set({ preset: p.code, parts: p.parts, name: plan.name || p[lang.value] })}
							>
								{p[lang.value]}
							</Button>
						))}
						<Button
							aria-pressed={plan.preset === "" && plan.parts.length > 0}
							onClick={() => set({ preset: "", parts: [{ kinds: [], rules: {}, note: "" }] })}
						>
							{t({ zh: "自己选规定", en: "Rules of one's own" })}
						</Button>
					</div>
					{preset && <AboutPreset preset={preset} />}
					{plan.preset ? (
						<>
							<Parts parts={plan.parts} />
							<Button onClick={() => set({ preset: "" })}>{t({ zh: "在此基础上修改", en: "Change these" })}</Button>
						</>
					) : (
						plan.parts.length > 0 && <OwnParts parts={plan.parts} onParts={(parts) => set({ parts })} />
					)}
				</Card>
			)}
			{plan.parts.length > 0 && (
				<>
					<Where plan={plan} set={set} />
					<Effect plan={plan} code={code} />
				</>
			)}
		</>
	);
}

function AboutPreset({ preset }: { preset: Preset }) {
	return (
		<details class="pl-about">
			<summary>{t({ zh: "出处，以及不归卡口管的条款", en: "Source, and what of it is no matter of gates" })}</summary>
			<p>{preset.source}</p>
			<ul>
				{preset.elsewhere.map((e) => (
					<li key={e.rule}>
						{e.rule}、{e.why}
					</li>
				))}
			</ul>
		</details>
	);
}

function OwnParts({ parts, onParts }: { parts: Part[]; onParts: (parts: Part[]) => void }) {
	return (
		<>
			{parts.map((part, i) => (
				<PartEditor
					key={i}
					part={part}
					title={t({ zh: `第 ${i + 1} 组：${kindsWord(part.kinds)}`, en: `Part ${i + 1}: ${kindsWord(part.kinds)}` })}
					onPart={(next) => onParts(parts.map((p, n) => (n === i ? next : p)))}
					{...(parts.length > 1 ? { onRemove: () => onParts(parts.filter((_, n) => n !== i)) } : {})}
				/>
			))}
			<Button onClick={() => onParts([...parts, { kinds: [], rules: {}, note: "" }])}>
				{t({ zh: "再加一组（别的类别）", en: "Another part (other kinds)" })}
			</Button>
		</>
	);
}

type Set = (change: Partial<Plan>) => void;

function Where({ plan, set }: { plan: Plan; set: Set }) {
	const add = (list: "nodes" | "sites") => (value: string) => {
		if (value !== "" && !plan[list].includes(value)) {
			set({ [list]: [...plan[list], value] });
		}
	};
	return (
		<Card title={t({ zh: "② 名称、依据、范围、期限", en: "2. Name, ground, where, how long" })}>
			<div class="pl-two">
				<label class="field">
					<span>{t({ zh: "名称", en: "Name" })}</span>
					<input required value={plan.name} onInput={(e) => set({ name: e.currentTarget.value })} />
				</label>
				<label class="field">
					<span>{t({ zh: "依据（通告、会议决定）", en: "Ground (the decree, the decision)" })}</span>
					<input required value={plan.ground} onInput={(e) => set({ ground: e.currentTarget.value })} />
				</label>
				<Pick
					label={t({ zh: "加一个网格", en: "Add a part of the grid" })}
					value=""
					options={nodeOptions()}
					onPick={add("nodes")}
				/>
				<Pick
					label={t({ zh: "加一个场所", en: "Add a site" })}
					value=""
					options={siteOptions()}
					onPick={add("sites")}
				/>
				<label class="field">
					<span>{t({ zh: "开始（空着是立即）", en: "From (empty: now)" })}</span>
					<input
						type="datetime-local"
						value={plan.from && localInput(plan.from)}
						onInput={(e) => set({ from: parseLocal(e.currentTarget.value) })}
					/>
				</label>
				<label class="field">
					<span>{t({ zh: "计划结束（空着是直到有人结束）", en: "Planned end (empty: until it is ended)" })}</span>
					<input
						type="datetime-local"
						value={plan.until && localInput(plan.until)}
						onInput={(e) => set({ until: parseLocal(e.currentTarget.value) })}
					/>
				</label>
			</div>
			<p class="pl-chosen">
				{t({ zh: "范围：", en: "Where: " })}
				{plan.nodes.length + plan.sites.length === 0 && <Chip tone="care">{placesOf([], [])}</Chip>}
				{plan.nodes.map((id) => (
					<Button
						key={id}
						aria-label={t({ zh: `去掉 ${nodeName(id)}`, en: `Leave ${nodeName(id)} out` })}
						onClick={() => set({ nodes: plan.nodes.filter((n) => n !== id) })}
					>
						{nodeName(id)} ✕
					</Button>
				))}
				{plan.sites.map((s) => (
					<Button
						key={s}
						aria-label={t({ zh: `去掉 ${siteName(s)}`, en: `Leave ${siteName(s)} out` })}
						onClick={() => set({ sites: plan.sites.filter((n) => n !== s) })}
					>
						{siteName(s)} ✕
					</Button>
				))}
			</p>
		</Card>
	);
}

/** What the plan would touch; then it can be put in force. */
function Effect({ plan, code }: { plan: Plan; code: string }) {
	const [seen, setSeen] = useState<{ of: string; preview: Preview } | null>(null);
	const { busy, error, run } = useAction();
	const body = bodyOf(plan, code);
	const now = JSON.stringify(body);
	const missing =
		plan.name.trim() === "" || plan.ground.trim() === ""
			? t({ zh: "先填名称和依据", en: "Give name and ground first" })
			: plan.parts.some((p) => Object.keys(p.rules).length === 0)
				? t({ zh: "每组至少选一项规定", en: "Each part changes at least one rule" })
				: "";
	const look = () =>
		run(async () => setSeen({ of: now, preview: await call<Preview>("POST", "/v1/policies/preview", { body }) }));
	const current = seen?.of === now ? seen.preview : null;
	const order = () =>
		run(async () => {
			const n = current?.sites.length ?? 0;
			const given = await confirm({
				title: t({ zh: `下达“${plan.name}”`, en: `Order “${plan.name}”` }),
				text: (
					<p>
						{plan.from === ""
							? t({ zh: `1 秒内在 ${n} 个场所生效。`, en: `In force at ${n} sites within a second.` })
							: t({ zh: `到时在 ${n} 个场所生效。`, en: `It comes into force at ${n} sites at its time.` })}
						{t({ zh: "下达后不能改，只能结束。", en: " It cannot be changed then, only ended." })}
					</p>
				),
				yes: t({ zh: "下达", en: "Order it" }),
				danger: true,
			});
			if (given) {
				await call("POST", "/v1/policies", { body });
				void reloadTown();
				toast(t({ zh: "已下达", en: "Ordered" }));
				go(["policies", code]);
			}
		});
	return (
		<Card title={t({ zh: "③ 影响", en: "3. What it touches" })}>
			<Problem cause={error} />
			{missing !== "" && <p class="hint">{missing}</p>}
			<Button kind={current ? "plain" : "main"} busy={busy} disabled={missing !== ""} onClick={() => void look()}>
				{t({ zh: "预览影响", en: "Preview" })}
			</Button>
			{seen && !current && (
				<p class="hint">{t({ zh: "内容改过了：再预览一次", en: "It has been changed: preview it again" })}</p>
			)}
			{current && (
				<>
					<PreviewTable preview={current} />
					<div class="actions">
						<Button kind="main" busy={busy} disabled={current.sites.length === 0} onClick={() => void order()}>
							{plan.from === ""
								? t({ zh: "下达，立即生效", en: "Put in force now" })
								: t({ zh: "下达", en: "Order it" })}
						</Button>
					</div>
				</>
			)}
		</Card>
	);
}
