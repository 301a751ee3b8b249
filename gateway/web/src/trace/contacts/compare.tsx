// Where the people of a cluster have been alike: place by person, out of their timelines.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { siteName } from "../../desk/town";
import { FindPerson } from "../../desk/ui/findperson";
import { Button, Card, Chip, Empty, Problem, Progress, useAction } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import type { Case } from "./case";
import { type Shared, sharedPlaces, type Trail, type Window, windowsAt } from "./crowd";
import { sessionMap } from "./memo";

const MOST_PEOPLE = 20; // compared at once: more columns nobody reads

interface Somebody {
	id: string;
	name: string;
}

interface Compared {
	trails: Trail[];
	places: Shared[];
	from: string;
	to: string;
}

/** What was compared last, for coming back; by case. */
const last = sessionMap<string, Compared>();

interface Props {
	kase: Case;
	onWindows: (windows: Window[]) => void;
}

export function Compare({ kase, onWindows }: Props) {
	const [others, setOthers] = useState<Somebody[]>([]);
	const [out, setOut] = useState<ReadonlySet<string>>(new Set());
	const [done, setDone] = useState(0);
	const [compared, setCompared] = useState(last.get(kase.code) ?? null);
	const { busy, error, run } = useAction();
	const everybody = [...kase.people.map((p) => ({ id: p.id, name: p.name_masked || p.id })), ...others];
	const people = everybody.filter((p) => !out.has(p.id)).slice(0, MOST_PEOPLE);
	const turn = (id: string) => {
		const next = new Set(out);
		if (!next.delete(id)) {
			next.add(id);
		}
		setOut(next);
	};
	const compare = () =>
		run(async () => {
			const period = periodOf(kase);
			const trails: Trail[] = [];
			for (const who of people) {
				setDone(trails.length);
				trails.push(await trailOf(who, period));
			}
			const next = { trails, places: sharedPlaces(trails, Date.now()), ...period };
			last.set(kase.code, next);
			setCompared(next);
		});
	return (
		<Card title={t({ zh: "病例去过的共同场所", en: "Where they have been alike" })}>
			<fieldset class="ct-who">
				<legend>{t({ zh: `比对谁（最多 ${MOST_PEOPLE} 人）`, en: `Who is compared (${MOST_PEOPLE} at most)` })}</legend>
				{everybody.map((p) => (
					<label key={p.id}>
						<input type="checkbox" checked={!out.has(p.id)} onChange={() => turn(p.id)} />
						{p.name}
					</label>
				))}
				{everybody.length === 0 && (
					<span>{t({ zh: "案件里还没有人：请在右边查找", en: "Nobody is in the case yet: find somebody" })}</span>
				)}
			</fieldset>
			<div class="ct-compare">
				<FindPerson
					label={t({ zh: "再加一人", en: "One more" })}
					onFound={(p) =>
						everybody.every((one) => one.id !== p.id) && setOthers([...others, { id: p.id, name: p.name_masked }])
					}
				/>
				<Button kind="main" busy={busy} disabled={people.length < 2} onClick={() => void compare()}>
					{t({ zh: `比对这 ${people.length} 人的轨迹`, en: `Compare these ${people.length}` })}
				</Button>
				<small>
					{t({
						zh: `查他们在病例期间的轨迹，每人都计入本案件已查人数（${kase.asked}/${kase.caps.people}）`,
						en: `Asks where each of them was in the case's period; each counts among those asked about (${kase.asked}/${kase.caps.people})`,
					})}
				</small>
			</div>
			{busy && <Progress done={done} of={people.length} />}
			<Problem cause={error} />
			{compared && <Matrix compared={compared} onWindows={onWindows} />}
		</Card>
	);
}

const DAY = 86_400_000;

/** The case's period, its latest days as far as one question may reach. */
function periodOf(kase: Case): { from: string; to: string } {
	const to = Date.parse(kase.period_to);
	const from = Math.max(Date.parse(kase.period_from), to - kase.caps.days * DAY);
	return { from: new Date(from).toISOString(), to: kase.period_to };
}

async function trailOf(who: Somebody, period: { from: string; to: string }): Promise<Trail> {
	const answer = await call<{ resident: { home: string }; stays: Trail["stays"] }>(
		"GET",
		`/v1/residents/${who.id}/trajectory`,
		{ query: period, trace: true },
	);
	return { ...who, home: answer.resident.home, stays: answer.stays };
}

/** Place by person; the places that are chosen are asked about in turn. */
function Matrix({ compared, onWindows }: { compared: Compared; onWindows: (windows: Window[]) => void }) {
	const { trails, places, from, to } = compared;
	const alike = (p: Shared) => p.people > 1 && !p.home;
	const [chosen, setChosen] = useState<ReadonlySet<string>>(
		new Set(
			places
				.filter(alike)
				.slice(0, 5)
				.map((p) => p.site),
		),
	);
	const turn = (site: string) => {
		const next = new Set(chosen);
		if (!next.delete(site)) {
			next.add(site);
		}
		setChosen(next);
	};
	if (places.length === 0) {
		return <Empty>{t({ zh: "这段时间他们都没有通行记录", en: "None of them passed a gate in this period" })}</Empty>;
	}
	return (
		<>
			<div class="ct-matrix">
				<table>
					<caption>{t({ zh: "每格：次数 · 分钟", en: "In each cell: times · minutes" })}</caption>
					<thead>
						<tr>
							<th scope="col">{t({ zh: "场所", en: "Place" })}</th>
							<th scope="col">{t({ zh: "人数", en: "People" })}</th>
							{trails.map((trail) => (
								<th scope="col" key={trail.id}>
									<a href={href(["person", trail.id], { from, to })}>{trail.name}</a>
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{places.map((p) => (
							<tr key={p.site} class={alike(p) ? "alike" : ""}>
								<th scope="row">
									<label>
										<input type="checkbox" checked={chosen.has(p.site)} onChange={() => turn(p.site)} />
										{p.name}
									</label>
									{p.home && <Chip>{t({ zh: "住处", en: "home" })}</Chip>}
								</th>
								<td>
									<b>{p.people}</b>/{trails.length}
								</td>
								{p.cells.map((cell, i) => (
									<td key={trails[i]?.id}>{cell ? `${cell.times} · ${cell.minutes}` : ""}</td>
								))}
							</tr>
						))}
					</tbody>
				</table>
			</div>
			<div class="actions">
				<Button
					kind="main"
					disabled={chosen.size === 0}
					onClick={() => onWindows(windowsAt(places.filter((p) => chosen.has(p.site))))}
				>
					{t({ zh: "填入下面，查还有谁在这些场所", en: "Take these places below: who else was there" })}
				</Button>
			</div>
		</>
	);
}

/** "银座商城" of a site or gate whose name is known. */
export const placeText = (w: Window, gate: (code: string) => string) =>
	w.kind === "gate" ? gate(w.code) : siteName(w.code);
