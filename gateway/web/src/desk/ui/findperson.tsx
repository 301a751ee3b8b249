// Finding somebody by document, phone or whole name, and choosing them with a key or a
// click. It can stand inside a form: it is none itself, and Enter in it sends nothing.
import { useId, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { call } from "../call";
import { siteName, statusWord } from "../town";
import { statusTones } from "../words";
import { Button, Chip, Problem, useAction } from "./parts";

/** Somebody as a search shows them: enough to tell them from others. */
export interface Found {
	id: string;
	kind: string;
	name_masked: string;
	id_number_masked: string;
	phone_masked: string;
	/** 0: the document does not say. */
	birth_year: number;
	site: string;
	site_name: string;
	door: string;
	grid: string;
	status: string;
}

/** Which of the three somebody typed: a mobile number, a document, else a name. */
export function searchFor(typed: string): { phone: string } | { id_number: string } | { name: string } {
	const text = typed.trim();
	const bare = text.replace(/[\s-]/g, "");
	if (/^(\+?86)?1\d{10}$/.test(bare)) {
		return { phone: bare };
	}
	return /\d.*\d/.test(bare) && /^[\dA-Za-z()]+$/.test(bare) ? { id_number: bare } : { name: text };
}

/** "王*明 1980 · 佟道口村 3-1-101", as a found person is named on one line. */
export function foundName(p: Found): string {
	const born = p.birth_year ? ` ${p.birth_year}` : "";
	return `${p.name_masked}${born} · ${p.site_name || siteName(p.site)} ${p.door}`.trim();
}

interface Answer {
	residents: Found[];
	/** There are more of this name. */
	more: boolean;
}

interface Props {
	onFound: (person: Found) => void;
	label?: string;
	/** Looks for names in this site only. */
	site?: string;
	error?: string | undefined;
	required?: boolean | undefined;
}

export function FindPerson({ onFound, label, site, error: wrong, required }: Props) {
	const id = useId();
	const [typed, setTyped] = useState("");
	const [answer, setAnswer] = useState<Answer | null>(null);
	const { busy, error, run } = useAction();
	const list = useRef<HTMLUListElement>(null);
	const search = () =>
		run(async () => {
			const by = searchFor(typed);
			const body = "name" in by && site ? { ...by, site } : by;
			setAnswer(await call<Answer>("POST", "/v1/residents/search", { body }));
			requestAnimationFrame(() => list.current?.querySelector("button")?.focus());
		});
	return (
		<div class={`field findperson ${wrong ? "wrong" : ""}`}>
			<label for={id}>{label ?? t({ zh: "查找居民", en: "Find somebody" })}</label>
			<div class="line">
				<input
					id={id}
					type="search"
					autocomplete="off"
					ref={(input) =>
						input?.setCustomValidity(required ? t({ zh: "请查找并选定一人", en: "Find and choose somebody" }) : "")
					}
					placeholder={t({ zh: "姓名、身份证号或手机号", en: "Whole name, ID number or phone" })}
					value={typed}
					onInput={(e) => {
						setTyped(e.currentTarget.value);
						setAnswer(null);
					}}
					onKeyDown={(e) => {
						if (e.key === "Enter") {
							e.preventDefault();
							if (typed.trim() !== "") {
								void search();
							}
						}
					}}
				/>
				<Button kind="main" busy={busy} disabled={typed.trim() === ""} onClick={() => void search()}>
					{t({ zh: "查找", en: "Find" })}
				</Button>
			</div>
			<Problem cause={error} />
			{wrong && <em>{wrong}</em>}
			{answer && <Answers answer={answer} list={list} onFound={onFound} />}
		</div>
	);
}

function Answers({
	answer,
	list,
	onFound,
}: {
	answer: Answer;
	list: { current: HTMLUListElement | null };
	onFound: (person: Found) => void;
}) {
	if (answer.residents.length === 0) {
		return (
			<p class="empty" role="status">
				{t({
					zh: "您负责的范围内没有此人：核对姓名是否完整，或改用身份证号",
					en: "Nobody in your part of the grid: check that the name is whole, or use the ID number",
				})}
			</p>
		);
	}
	const step = (e: KeyboardEvent) => {
		const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
		if (by) {
			e.preventDefault();
			const all = [...(list.current?.querySelectorAll("button") ?? [])];
			all[all.indexOf(document.activeElement as HTMLButtonElement) + by]?.focus();
		}
	};
	return (
		<ul class="found" ref={list} onKeyDown={step} aria-label={t({ zh: "查到的人", en: "Found" })}>
			{answer.residents.map((p) => (
				<li key={p.id}>
					<button type="button" onClick={() => onFound(p)}>
						<b>{foundName(p)}</b>
						<small>
							{p.id_number_masked.slice(-6)} {p.phone_masked && `· ${p.phone_masked}`}
						</small>
						<Chip tone={statusTones[p.status]}>{statusWord(p.status)}</Chip>
					</button>
				</li>
			))}
			{answer.more && (
				<li class="empty">
					{t({
						zh: "同名的人还有：请改用身份证号或手机号",
						en: "There are more of this name: use the ID number or phone",
					})}
				</li>
			)}
		</ul>
	);
}

interface FieldProps extends Omit<Props, "onFound"> {
	/** ID of who is chosen, "" of nobody. */
	value: string;
	/** Words for value where it was not chosen here. */
	named?: string | undefined;
	onValue: (id: string) => void;
}

/** Somebody as a field of a form: found, then shown with a way to choose another. */
export function PersonField({ value, named, onValue, ...find }: FieldProps) {
	const [chosen, setChosen] = useState<Found | null>(null);
	if (value === "") {
		return (
			<FindPerson
				{...find}
				onFound={(p) => {
					setChosen(p);
					onValue(p.id);
				}}
			/>
		);
	}
	return (
		<div class={`field ${find.error ? "wrong" : ""}`}>
			<span>{find.label}</span>
			<div class="line">
				<b>{chosen?.id === value ? foundName(chosen) : (named ?? value)}</b>
				<Button onClick={() => onValue("")}>{t({ zh: "换人", en: "Somebody else" })}</Button>
			</div>
			{find.error && <em>{find.error}</em>}
		</div>
	);
}
