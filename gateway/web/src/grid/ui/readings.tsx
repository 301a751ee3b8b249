// Readings and daily reports of who is under observation: tap the person, tap the
// temperature.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { Desk } from "../desk";
import type { Person, ReadingDue, ReportDue } from "../types";
import { slots, word } from "../words";
import { FEVER, keyOfReading, keyOfReport, type Left } from "../work";
import { Sheet } from "./sheet";

const COMMON = [35.8, 36.0, 36.2, 36.3, 36.4, 36.5, 36.6, 36.7, 36.8, 36.9, 37.0, 37.2];

export function Readings({ desk, left }: { desk: Desk; left: Left }) {
	const [open, setOpen] = useState<ReadingDue | null>(null);
	const [telling, setTelling] = useState<ReportDue | null>(null);
	const [fever, setFever] = useState<Person | null>(null);
	const take = async (r: ReadingDue, temperature: number) => {
		setOpen(null);
		await desk.done({
			key: keyOfReading(r),
			what: { zh: `${nameOf(r.person)} ${temperature} °C`, en: `${nameOf(r.person)} ${temperature} °C` },
			path: `/v1/residents/${r.resident}/readings`,
			body: (at, id) => ({ id, at, temperature, symptoms: [] }),
		});
		if (temperature >= FEVER) {
			setFever(r.person);
		}
	};
	const tell = async (r: ReportDue, text: string) => {
		setTelling(null);
		const said = text === "" ? { all_well: true } : { all_well: false, text };
		await desk.done({
			key: keyOfReport(r),
			what: {
				zh: `${nameOf(r.person)} ${text === "" ? "平安" : "有情况"}`,
				en: `${nameOf(r.person)}: ${text === "" ? "all well" : "something"}`,
			},
			path: `/v1/observations/${r.observation}/reports`,
			body: () => ({ day: r.day, ...said }),
		});
	};
	return (
		<>
			{left.readings.length + left.reports.length === 0 && (
				<p class="none">{t({ zh: "今天的测温都已完成", en: "All readings of today are taken" })}</p>
			)}
			<ul class="rows">
				{left.readings.map((r) => (
					<li key={r.resident}>
						<button type="button" class="row" onClick={() => setOpen(r)}>
							<Who person={r.person} />
							<span class={r.missed.length > 0 ? "mark bad" : "mark"}>
								{r.missed.map((s) => `${word(slots, s)}${t({ zh: "漏测", en: " missed" })}`).join(" ")}{" "}
								{r.due.map((s) => `${word(slots, s)}${t({ zh: "待测", en: " due" })}`).join(" ")}
							</span>
						</button>
					</li>
				))}
				{left.reports.map((r) => (
					<li key={`${r.observation} ${r.day}`} class="row two">
						<Who person={r.person} />
						<button type="button" class="big ok" onClick={() => void tell(r, "")}>
							{t({ zh: "报平安", en: "All well" })}
						</button>
						<button type="button" class="big" onClick={() => setTelling(r)}>
							{t({ zh: "有情况", en: "Something" })}
						</button>
					</li>
				))}
			</ul>
			{open && (
				<Sheet title={nameOf(open.person)} onClose={() => setOpen(null)}>
					<Pad onTake={(value) => void take(open, value)} />
				</Sheet>
			)}
			{telling && (
				<Sheet title={nameOf(telling.person)} onClose={() => setTelling(null)}>
					<Tell onTell={(text) => void tell(telling, text)} />
				</Sheet>
			)}
			{fever && (
				<Sheet title={t({ zh: "发热", en: "Fever" })} onClose={() => setFever(null)}>
					<p class="warn" role="alert">
						{t({
							zh: `${nameOf(fever)} 体温达到 ${FEVER} °C：请其留在家中，立即电话报告街道，等待医务人员；需要时拨打 120。`,
							en: `${nameOf(fever)} is at ${FEVER} °C or more: they stay at home; phone the office at once and wait for the medic; 120 if need be.`,
						})}
					</p>
					{desk.kept.value?.office.phone && (
						<a class="big stop" href={`tel:${desk.kept.value.office.phone}`}>
							{t({ zh: "打给街道", en: "Phone the office" })} {desk.kept.value.office.phone}
						</a>
					)}
				</Sheet>
			)}
		</>
	);
}

const nameOf = (p: Person | null): string => p?.name ?? t({ zh: "已注销的人", en: "Somebody erased" });

function Who({ person }: { person: Person | null }) {
	return (
		<span class="who">
			<b>{nameOf(person)}</b>
			<small>{person?.door}</small>
		</span>
	);
}

/** The common values at a tap, any other typed. */
function Pad({ onTake }: { onTake: (value: number) => void }) {
	const [typed, setTyped] = useState("");
	const value = Number(typed);
	const good = /^\d{2}(\.\d)?$/.test(typed) && value >= 30 && value <= 45;
	return (
		<>
			<div class="pad">
				{COMMON.map((v) => (
					<button type="button" key={v} class="big" onClick={() => onTake(v)}>
						{v.toFixed(1)}
					</button>
				))}
			</div>
			<form
				class="other"
				onSubmit={(e) => {
					e.preventDefault();
					onTake(value);
				}}
			>
				<label>
					{t({ zh: "其他", en: "Other" })}
					<input
						inputMode="decimal"
						placeholder="37.8"
						value={typed}
						onInput={(e) => setTyped(e.currentTarget.value.replace(",", ".").trim())}
					/>
				</label>
				<button type="submit" class="big ok" disabled={!good}>
					{t({ zh: "记下", en: "Write down" })}
				</button>
			</form>
		</>
	);
}

function Tell({ onTell }: { onTell: (text: string) => void }) {
	const [text, setText] = useState("");
	return (
		<form
			class="other"
			onSubmit={(e) => {
				e.preventDefault();
				onTell(text.trim());
			}}
		>
			<label>
				{t({ zh: "什么情况", en: "What it is" })}
				<textarea rows={3} maxLength={150} required value={text} onInput={(e) => setText(e.currentTarget.value)} />
			</label>
			<button type="submit" class="big ok" disabled={text.trim() === ""}>
				{t({ zh: "记下", en: "Write down" })}
			</button>
		</form>
	);
}
