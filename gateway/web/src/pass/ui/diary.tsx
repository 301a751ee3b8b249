// The diary of somebody under observation: today's two readings, the form, the days
// so far.
import { useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { newId } from "../../shared/id";
import { clockTime, localDay, wire } from "../../shared/time";
import { diaryDays, readTemperature, slotOf, streak, symptoms } from "../diary";
import type { Home, Person } from "../home";
import type { Observed, Reading, Slot } from "../types";
import { slotWord } from "../words";
import { CallLink, Icon, Note, Problem, useAction, useLoad } from "./parts";

const DAY = 86_400_000;

export function Diary({ home, person, observed }: { home: Home; person: Person; observed: Observed }) {
	const { member, family } = person;
	const began = Math.max(Date.parse(observed.from), home.now() - 14 * DAY);
	const { value, failure, reload } = useLoad(`${member.id} ${localDay(home.now())}`, () =>
		home.my.readings(family.token, member.id, began, home.now()),
	);
	const [said, setSaid] = useState<Reading | null>(null);
	const all = value?.readings ?? observed.today;
	const days = diaryDays(all, Date.parse(observed.from), home.now());
	const row = streak(days);
	return (
		<section class="diary">
			<h2>{t({ zh: "体温日记", en: "Temperature diary" })}</h2>
			<Today observed={observed} readings={all} home={home} />
			{said ? (
				<Advice reading={said} person={person} again={() => setSaid(null)} />
			) : (
				<Form
					home={home}
					person={person}
					sent={(r) => {
						setSaid(r);
						reload();
						void home.refresh(true);
					}}
				/>
			)}
			{row > 1 && (
				<p class="streak">
					{t({ zh: `已连续 ${row} 天两次都量了，谢谢！`, en: `${row} days in a row with both readings. Thank you!` })}
				</p>
			)}
			<Problem cause={failure} />
			<table class="days">
				<thead>
					<tr>
						<th scope="col">{t({ zh: "日期", en: "Day" })}</th>
						<th scope="col">{t(slotWord.am)}</th>
						<th scope="col">{t(slotWord.pm)}</th>
					</tr>
				</thead>
				<tbody>
					{days.map((d) => (
						<tr key={d.day}>
							<th scope="row">{d.day.slice(5)}</th>
							<Cell reading={d.am} missed={d.missed.includes("am")} />
							<Cell reading={d.pm} missed={d.missed.includes("pm")} />
						</tr>
					))}
				</tbody>
			</table>
			{observed.until && (
				<p class="help">
					{t({ zh: "观察到 ", en: "Observation until " })}
					{localDay(Date.parse(observed.until))}
				</p>
			)}
		</section>
	);
}

function Today({ observed, readings, home }: { observed: Observed; readings: readonly Reading[]; home: Home }) {
	const today = diaryDays(readings, Date.parse(observed.from), home.now())[0];
	const state = (slot: Slot) => {
		const reading = today?.[slot];
		if (reading) {
			return `${reading.temperature.toFixed(1)} °C · ${clockTime(Date.parse(reading.at))}`;
		}
		return slot === slotOf(home.now())
			? t({ zh: "现在该量了", en: "Due now" })
			: slot === "pm"
				? t({ zh: "14:00 起", en: "From 14:00" })
				: today?.missed.includes("am")
					? t({ zh: "漏测", en: "Missed" })
					: "–";
	};
	return (
		<div class="slots">
			{(["am", "pm"] as const).map((slot) => (
				<div key={slot} class={today?.[slot] ? "done" : ""}>
					<b>{t(slotWord[slot])}</b>
					<span>{state(slot)}</span>
				</div>
			))}
		</div>
	);
}

function Cell({ reading, missed }: { reading: Reading | null; missed: boolean }) {
	if (!reading) {
		return <td class={missed ? "missed" : ""}>{missed ? t({ zh: "漏测", en: "missed" }) : "–"}</td>;
	}
	return (
		<td class={reading.fever ? "fever" : ""}>
			{reading.temperature.toFixed(1)}
			{reading.fever ? t({ zh: " 发热", en: " fever" }) : ""}
			{reading.symptoms.length > 0 ? " *" : ""}
		</td>
	);
}

function Form({ home, person, sent }: { home: Home; person: Person; sent: (r: Reading) => void }) {
	const [typed, setTyped] = useState("");
	const [ticked, setTicked] = useState<readonly string[]>([]);
	const [note, setNote] = useState("");
	const [wrong, setWrong] = useState(false);
	// Frozen with the time of the first try, so that sending again stores one reading.
	const frozen = useRef<{ id: string; at: string; what: string } | null>(null);
	const { busy, failure, run } = useAction();
	const submit = async (e: Event) => {
		e.preventDefault();
		const temperature = readTemperature(typed);
		setWrong(temperature === null);
		if (temperature === null) {
			document.getElementById("temperature")?.focus();
			return;
		}
		const content = { resident: person.member.id, temperature, symptoms: [...ticked], note: note.trim() };
		const what = JSON.stringify(content);
		if (frozen.current?.what !== what) {
			frozen.current = { id: newId(), at: wire(home.now()), what };
		}
		const { id, at } = frozen.current;
		await run(async () => sent(await home.my.addReading(person.family.token, { id, at, ...content })));
	};
	return (
		<form onSubmit={submit} noValidate>
			<label for="temperature">{t({ zh: "体温（°C）", en: "Temperature (°C)" })}</label>
			<input
				id="temperature"
				class="big"
				inputMode="decimal"
				autocomplete="off"
				placeholder="36.5"
				value={typed}
				aria-invalid={wrong}
				aria-describedby="temperature-help"
				onInput={(e) => setTyped(e.currentTarget.value)}
			/>
			<p id="temperature-help" class={wrong ? "problem" : "help"}>
				{t({ zh: "30.0 到 45.0，一位小数，例如 36.5。", en: "30.0 to 45.0 with one decimal, for example 36.5." })}
			</p>
			<fieldset>
				<legend>{t({ zh: "有没有不舒服？（没有就不选）", en: "Any complaints? (none: leave empty)" })}</legend>
				<div class="chips">
					{symptoms.map(([name, zh, en]) => (
						<button
							type="button"
							key={name}
							aria-pressed={ticked.includes(name)}
							onClick={() => setTicked(ticked.includes(name) ? ticked.filter((n) => n !== name) : [...ticked, name])}
						>
							{t({ zh, en })}
						</button>
					))}
				</div>
			</fieldset>
			<label for="note">{t({ zh: "还想说的（可不填）", en: "Anything else (optional)" })}</label>
			<input
				id="note"
				maxLength={200}
				value={note}
				autocomplete="off"
				onInput={(e) => setNote(e.currentTarget.value)}
			/>
			<Problem cause={failure} />
			<button type="submit" class="primary wide" disabled={busy}>
				{busy ? t({ zh: "正在提交……", en: "Sending…" }) : t({ zh: "记下来", en: "Enter it" })}
			</button>
		</form>
	);
}

function Advice({ reading, person, again }: { reading: Reading; person: Person; again: () => void }) {
	return (
		<>
			<Note icon={reading.fever ? "stop" : "go"} {...(reading.fever ? { tone: "stop" as const } : {})}>
				<b>
					{reading.temperature.toFixed(1)} °C
					{reading.fever ? t({ zh: " · 发热", en: " · fever" }) : t({ zh: " · 已记下", en: " · entered" })}
				</b>
				<br />
				{t(reading.advice)}
			</Note>
			{reading.fever && <CallLink name={person.family.office.name} phone={person.family.office.phone} />}
			<button type="button" class="wide" onClick={again}>
				<Icon name="add" /> {t({ zh: "再记一次", en: "Enter another" })}
			</button>
		</>
	);
}
