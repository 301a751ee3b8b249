// Finding somebody without a code: by name, the last four of the document, or the
// door; a whole document number goes to the gate as it is.
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { PersonFound } from "../types";
import { useModel } from "./model";
import { Field, Key, Problem, Sheet } from "./parts";
import { problemText } from "./problems";

/** ms after the last key until it is asked: the server answers 30 questions a minute. */
const PAUSE = 600;

/** Asks while somebody types, not at each key; only the last answer counts. */
export function useSearch(): {
	query: string;
	setQuery: (q: string) => void;
	found: PersonFound[] | null;
	problem: string;
} {
	const model = useModel();
	const [query, setQuery] = useState("");
	const [found, setFound] = useState<PersonFound[] | null>(null);
	const [problem, setProblem] = useState("");
	const latest = useRef(0);
	useEffect(() => {
		const mine = ++latest.current;
		setFound(null);
		setProblem("");
		const q = query.trim();
		if (q.length < 2 || wholeDocument(q)) {
			return;
		}
		const timer = setTimeout(async () => {
			try {
				const people = await model.engine.search(q);
				if (mine === latest.current) {
					setFound(people);
				}
			} catch (cause) {
				if (mine === latest.current) {
					setProblem(problemText(cause));
				}
			}
		}, PAUSE);
		return () => clearTimeout(timer);
	}, [query]);
	return { query, setQuery, found, problem };
}

/** The number of an identity card, as it is typed or comes from a card reader. */
export function wholeDocument(text: string): boolean {
	return /^\d{17}[\dXx]$/.test(text) || /^[A-Za-z]{1,3}\d{6,12}$/.test(text);
}

/** Those found, a key each. */
export function FoundList({ found, onChoose }: { found: PersonFound[]; onChoose: (p: PersonFound) => void }) {
	return (
		<ul class="found">
			{found.map((p) => (
				<li key={p.id}>
					<Key onPress={() => onChoose(p)}>
						<b>{p.nameMasked}</b> <span>{p.door}</span> <small>{p.idTail && `…${p.idTail}`}</small>
					</Key>
				</li>
			))}
		</ul>
	);
}

export function SearchScreen() {
	const model = useModel();
	const { query, setQuery, found, problem } = useSearch();
	const document = query.trim();
	const isDocument = wholeDocument(document);
	return (
		<Sheet title={{ zh: "查人", en: "Find somebody" }}>
			<Field
				name="query"
				focus
				mode="search"
				label={{ zh: "姓名、证件后四位或门牌", en: "Name, last four of the document, or door" }}
				hint={{
					zh: "如：王小明、123X、3-2-501；或整个证件号",
					en: "e.g. 王小明, 123X, 3-2-501, or the whole document number",
				}}
				value={query}
				max={60}
				onInput={setQuery}
			/>
			{isDocument && (
				<Key
					as="main"
					onPress={() =>
						model.choose({ subject: { id_document: document.toUpperCase() }, word: `…${document.slice(-4)}` })
					}
				>
					{t({ zh: `按证件号登记 …${document.slice(-4)}`, en: `Register document …${document.slice(-4)}` })}
				</Key>
			)}
			{found && (
				<FoundList
					found={found}
					onChoose={(p) => model.choose({ subject: { resident: p.id, name: p.nameMasked }, word: p.nameMasked })}
				/>
			)}
			<p class="hint" role="status">
				{found?.length === 0 && t({ zh: "本场所没有查到，可手写登记", en: "Nobody of this site: write them down" })}
			</p>
			<Problem text={problem} />
			{(found?.length === 0 || problem !== "") && (
				<Key icon="pen" onPress={() => model.screens.swap("walk_in")}>
					{t({ zh: "手写登记", en: "Walk-in" })}
				</Key>
			)}
			{model.state.value.gate?.residential && (
				<Key icon="visitor" onPress={() => model.screens.swap("visitor")}>
					{t({ zh: "登记来访", en: "Register a visit" })}
				</Key>
			)}
		</Sheet>
	);
}
