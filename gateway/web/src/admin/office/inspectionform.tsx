// An inspection as it is written down on the spot: the whole checklist on one screen,
// what is lacking becomes a finding with a deadline below its line.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { go, href, route } from "../../desk/router";
import { siteName } from "../../desk/town";
import { FieldInput } from "../../desk/ui/form";
import { toast } from "../../desk/ui/overlay";
import { Button, Card, Problem, useAction } from "../../desk/ui/parts";
import { newID } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { checks, results, severities } from "./inspectionwords";
import { dueIn, optionsOf } from "./words";

interface Check {
	result: "" | "ok" | "lacking" | "not_applicable";
	note: string;
	/** Of what is lacking. */
	severity: string;
	text: string;
	due_at: string;
}

export interface Visit {
	id: string;
	site: string;
	at: string;
	note: string;
	at_site: string;
	checks: Record<string, Check>;
}

function begin(): Visit {
	const blank = (): Check => ({ result: "", note: "", severity: "minor", text: "", due_at: dueIn(48) });
	return {
		id: newID("inspect"),
		site: route.value.query.get("site") ?? "",
		at: new Date().toISOString(),
		note: "",
		at_site: "",
		checks: Object.fromEntries(Object.keys(checks).map((item) => [item, blank()])),
	};
}

/** The visit as the API takes it: what was looked at, and a finding for all that is lacking. */
export function bodyOf(v: Visit): object {
	const looked = Object.entries(v.checks).filter(([, c]) => c.result !== "");
	return {
		id: v.id,
		site: v.site,
		at: v.at,
		note: v.note,
		checklist: looked.map(([item, c]) => ({ item, result: c.result, note: c.note })),
		findings: looked
			.filter(([, c]) => c.result === "lacking")
			.map(([item, c]) => ({
				item,
				severity: c.severity,
				text: c.text,
				due_at: c.due_at,
				owner: "",
				at_site: v.at_site,
			})),
	};
}

export function NewInspection() {
	const [visit, setVisit] = useState(begin);
	const { busy, error, run } = useAction();
	const set = (some: Partial<Visit>) => setVisit((v) => ({ ...v, ...some }));
	const setCheck = (item: string, some: Partial<Check>) =>
		setVisit((v) => ({ ...v, checks: { ...v.checks, [item]: { ...(v.checks[item] as Check), ...some } } }));
	const looked = Object.values(visit.checks).filter((c) => c.result !== "").length;
	const send = () =>
		run(async () => {
			await call("POST", "/v1/inspections", { body: bodyOf(visit) });
			toast(t({ zh: `已登记：${siteName(visit.site)}`, en: `Written down: ${siteName(visit.site)}` }));
			go("findings", { site: visit.site });
		});
	return (
		<form
			class="form inspect"
			onSubmit={(e) => {
				e.preventDefault();
				void send();
			}}
		>
			<header class="screenhead">
				<h1>{t({ zh: "登记检查", en: "An inspection" })}</h1>
				<a class="btn" href={href("inspections")}>
					{t({ zh: "返回", en: "Back" })}
				</a>
			</header>
			<div class="split">
				<FieldInput
					field={{ name: "site", label: t({ zh: "场所", en: "Site" }), kind: "site", required: true }}
					value={visit.site}
					onValue={(site) => set({ site: String(site) })}
				/>
				<FieldInput
					field={{ name: "at", label: t({ zh: "时间", en: "When" }), kind: "datetime", required: true }}
					value={visit.at}
					onValue={(at) => set({ at: String(at) })}
				/>
				<FieldInput
					field={{ name: "at_site", label: t({ zh: "场所负责人", en: "Who answers at the site" }) }}
					value={visit.at_site}
					onValue={(who) => set({ at_site: String(who) })}
				/>
			</div>
			<Card
				title={t({
					zh: `检查单 ${looked}/${Object.keys(checks).length}`,
					en: `Checklist ${looked}/${Object.keys(checks).length}`,
				})}
				extra={
					<Button
						onClick={() => {
							for (const [item, c] of Object.entries(visit.checks)) {
								if (c.result === "") {
									setCheck(item, { result: "ok" });
								}
							}
						}}
					>
						{t({ zh: "其余全部合格", en: "All the rest in order" })}
					</Button>
				}
			>
				{Object.entries(visit.checks).map(([item, c]) => (
					<CheckRow key={item} item={item} check={c} set={(some) => setCheck(item, some)} />
				))}
			</Card>
			<FieldInput
				field={{ name: "note", label: t({ zh: "总的情况", en: "Note" }), kind: "area" }}
				value={visit.note}
				onValue={(note) => set({ note: String(note) })}
			/>
			<Problem cause={error} />
			<div class="actions">
				<Button type="submit" kind="main" busy={busy} disabled={visit.site === "" || looked === 0}>
					{t({ zh: "登记", en: "Write it down" })}
				</Button>
			</div>
		</form>
	);
}

function CheckRow({ item, check, set }: { item: string; check: Check; set: (some: Partial<Check>) => void }) {
	return (
		<fieldset class="checkrow">
			<legend>{wordOf(checks, item)}</legend>
			<div class="choices">
				{Object.keys(results).map((result) => (
					<label key={result} class={check.result === result ? `on ${result}` : ""}>
						<input
							type="radio"
							name={item}
							checked={check.result === result}
							onChange={() => set({ result: result as Check["result"] })}
						/>
						{wordOf(results, result)}
					</label>
				))}
			</div>
			{check.result === "lacking" && (
				<div class="lack">
					<FieldInput
						field={{ name: "text", label: t({ zh: "问题", en: "What is wrong" }), required: true }}
						value={check.text}
						onValue={(text) => set({ text: String(text) })}
					/>
					<FieldInput
						field={{
							name: "severity",
							label: t({ zh: "程度", en: "Severity" }),
							kind: "select",
							required: true,
							options: optionsOf(severities),
						}}
						value={check.severity}
						onValue={(severity) => set({ severity: String(severity) })}
					/>
					<FieldInput
						field={{
							name: "due_at",
							label: t({ zh: "整改期限", en: "Put right until" }),
							kind: "datetime",
							required: true,
						}}
						value={check.due_at}
						onValue={(due) => set({ due_at: String(due) })}
					/>
				</div>
			)}
		</fieldset>
	);
}
