// Whom somebody met: the question, the list, the picture, and contacts that become work.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ground } from "../../desk/ground";
import { go, href, refine, route } from "../../desk/router";
import { siteName } from "../../desk/town";
import { FindPerson } from "../../desk/ui/findperson";
import { Busy, Button, Card, Empty, Problem, Tabs, useLoad } from "../../desk/ui/parts";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import { Acts, usePut } from "./acts";
import { filterOf, filterQuery, queryOf, questionOf } from "./address";
import { contactsOf, type Found, names, type Question } from "./answers";
import { Ask, Cuts } from "./ask";
import { type Case, LiftDialog, Limits, loadCase } from "./case";
import { ContactDrawer } from "./drawer";
import { Graph } from "./graph";
import { Guards } from "./guards";
import { Filters, List } from "./list";
import { countsOf, type Filter, filtered } from "./rows";
import { calledOf } from "./work";
import "./contacts.css";

export default function Contacts() {
	const on = ground.value;
	const id = route.value.path[1];
	if (!on) {
		return (
			<Empty>
				{t({ zh: "先在上面选定案件、写明理由，再查接触者", en: "First choose the case and say why, above" })}
			</Empty>
		);
	}
	return id ? <Of key={`${id} ${on.kase}`} id={id} kase={on.kase} /> : <Start key={on.kase} kase={on.kase} />;
}

/** Nobody is chosen yet: the people of the case, or somebody else. */
function Start({ kase }: { kase: string }) {
	const { data, error, reload } = useLoad(() => loadCase(kase), [kase]);
	return (
		<>
			<h1>{t({ zh: "接触者排查", en: "Contacts" })}</h1>
			<Problem cause={error} retry={() => void reload()} />
			{data && (
				<Card
					title={t({ zh: `案件 ${data.code} ${data.title} 的人员`, en: `People of case ${data.code} ${data.title}` })}
				>
					{data.people.length === 0 && (
						<Empty>
							{t({ zh: "案件里还没有人：请在下面查找", en: "Nobody is in the case yet: find somebody below" })}
						</Empty>
					)}
					<ul class="ct-people">
						{data.people.map((p) => (
							<li key={p.id}>
								<a href={href(["contacts", p.id])}>{p.name_masked || p.id}</a>
								<a href={href(["person", p.id])}>{t({ zh: "行动轨迹", en: "Timeline" })}</a>
							</li>
						))}
					</ul>
					{data.people.length > 1 && (
						<a href={href("/crowd")}>{t({ zh: "这些人的共同场所", en: "Where these people have been alike" })}</a>
					)}
				</Card>
			)}
			<Card title={t({ zh: "查别的人", en: "Somebody else" })}>
				<FindPerson onFound={(p) => go(["contacts", p.id])} />
			</Card>
		</>
	);
}

/** Asks, again when the question changes; what was found stays in sight meanwhile. */
function useFound(question: Question, kase: string) {
	const [state, setState] = useState<{ found: Found | null; error: unknown; busy: boolean }>({
		found: null,
		error: null,
		busy: true,
	});
	const [turn, setTurn] = useState(0);
	const anew = useRef(false);
	useEffect(() => {
		let here = true;
		setState((s) => ({ ...s, error: null, busy: true }));
		contactsOf(question, kase, anew.current).then(
			(found) => here && setState({ found, error: null, busy: false }),
			(error: unknown) => here && setState((s) => ({ ...s, error, busy: false })),
		);
		anew.current = false;
		return () => {
			here = false;
		};
	}, [JSON.stringify(question), kase, turn]);
	const again = () => {
		anew.current = true;
		setTurn((n) => n + 1);
	};
	return { ...state, again };
}

function Of({ id, kase: code }: { id: string; kase: string }) {
	const { query } = route.value;
	const question = questionOf(id, query);
	const { found, error, busy, again } = useFound(question, code);
	const kase = useLoad(() => loadCase(code), [code]);
	useEffect(() => {
		if (found) {
			void kase.reload(); // one more was asked about
		}
	}, [found?.number]);
	const ask = (q: Question) => {
		if (JSON.stringify(q) === JSON.stringify(question)) {
			again();
		} else {
			refine({ from: "", to: "", hops: "", margin: "", overlap: "", expand: "", limit: "", ...given(queryOf(q)) });
		}
	};
	return (
		<div class="ct">
			<header class="ct-top">
				<Way id={id} name={found?.head.resident.name_masked} />
				{kase.data && <Limits kase={kase.data} onChange={() => void kase.reload()} />}
			</header>
			<Ask
				question={question}
				found={found}
				kase={kase.data}
				busy={busy}
				onAsk={ask}
				onCase={() => void kase.reload()}
			/>
			<Refused error={error} kase={kase.data} retry={again} onCase={() => void kase.reload()} />
			{!found && busy && (
				<Busy>{t({ zh: "正在比对同时在场的人…", en: "Looking who was there at the same time…" })}</Busy>
			)}
			{found && (
				<>
					<Cuts found={found} question={question} kase={kase.data} onAsk={ask} onCase={() => void kase.reload()} />
					<Answer key={found.number} found={found} question={question} kase={code} />
				</>
			)}
		</div>
	);
}

const given = (query: Record<string, string | undefined>) =>
	Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Record<string, string>;

/** The people by whose contacts one came here, and this one. */
function Way({ id, name }: { id: string; name: string | undefined }) {
	const { query } = route.value;
	const via = (query.get("via") ?? "").split(",").filter((part) => part !== "");
	const nameOf = (one: string) => names.value.get(one) || one;
	const back = (i: number) => href(["contacts", via[i] ?? ""], { ...keptQuery(query), via: via.slice(0, i).join(",") });
	return (
		<nav class="ct-way" aria-label={t({ zh: "查询路径", en: "The way here" })}>
			<a href={href("/contacts")}>{t({ zh: "接触者", en: "Contacts" })}</a>
			{via.map((one, i) => (
				<a key={one} href={back(i)}>
					{nameOf(one)}
				</a>
			))}
			<h1>{t({ zh: `${name || nameOf(id)} 的接触者`, en: `Contacts of ${name || nameOf(id)}` })}</h1>
			<a class="btn" href={href(["person", id], { from: query.get("from") ?? "", to: query.get("to") ?? "" })}>
				{t({ zh: "行动轨迹", en: "Timeline" })}
			</a>
		</nav>
	);
}

/** What of a question goes along to somebody else's contacts: how near, not whose. */
const keptQuery = (q: URLSearchParams) => given(queryOf({ ...questionOf("", q), hops: 1 }));

/** What went wrong; if the case allows no more, the way to more. */
function Refused({
	error,
	kase,
	retry,
	onCase,
}: {
	error: unknown;
	kase: Case | null;
	retry: () => void;
	onCase: () => void;
}) {
	const [lifting, setLifting] = useState(false);
	if (!(error instanceof ApiError && error.code === "over_cap" && kase)) {
		return <Problem cause={error} retry={retry} />;
	}
	const full = kase.asked >= kase.caps.people;
	return (
		<div class="problem" role="alert">
			<span>
				{full
					? t({
							zh: `本案件已查过 ${kase.asked} 人，到了上限 ${kase.caps.people} 人`,
							en: `${kase.asked} people were asked about under this case: it allows ${kase.caps.people}`,
						})
					: t({ zh: "超过本案件允许的天数或层数", en: "More days or hops than the case allows" })}
			</span>
			<Button onClick={() => setLifting(true)}>{t({ zh: "申请放宽…", en: "Ask for more…" })}</Button>
			<Button onClick={retry}>{t({ zh: "重试", en: "Try again" })}</Button>
			{lifting && (
				<LiftDialog
					kase={kase}
					want={full ? { people: Math.min(5000, kase.caps.people * 2) } : {}}
					onClose={() => setLifting(false)}
					onDone={onCase}
				/>
			)}
		</div>
	);
}

const none: ReadonlySet<string> = new Set();

/** False in the first frame: the table, which is the most work, does not hold up what is around it. */
function useLater(): boolean {
	const [later, setLater] = useState(false);
	useEffect(() => {
		const frame = requestAnimationFrame(() => setTimeout(() => setLater(true), 0));
		return () => cancelAnimationFrame(frame);
	}, []);
	return later;
}

function Answer({ found, question, kase }: { found: Found; question: Question; kase: string }) {
	const { query } = route.value;
	const [text, setText] = useState("");
	const [selected, setSelected] = useState<Set<string | number>>(new Set());
	const [rank, setRank] = useState(0); // of the contact in the drawer; 0: none
	const calls = useLoad(() => calledOf(kase), [kase]);
	const called = calls.data ?? none;
	const filter: Filter = { ...filterOf(query), text };
	const counts = useMemo(() => countsOf(found.rows), [found]);
	const rows = useMemo(() => filtered(found.rows, filter, called, siteName), [found, JSON.stringify(filter), called]);
	const view = query.get("view") ?? "list";
	const later = useLater();
	const show = (next: Filter) => {
		setText(next.text);
		refine(filterQuery(next));
	};
	const linkTo = (id: string) => {
		const via = [...(query.get("via") ?? "").split(","), question.id].filter((part) => part !== "").slice(-5);
		return href(["contacts", id], { ...keptQuery(query), via: via.join(",") });
	};
	const opened = found.rows[rank - 1];
	const step = (by: 1 | -1) => setRank((now) => rows[rows.findIndex((r) => r.rank === now) + by]?.rank ?? now);
	const put = usePut(kase, question.id, called, calls.reload);
	return (
		<>
			<div class="ct-head">
				<Tabs
					now={view}
					onPick={(key) => refine({ view: key === "list" ? "" : key })}
					tabs={[
						{ key: "list", title: t({ zh: `名单 ${rows.length}`, en: `List ${rows.length}` }) },
						{ key: "graph", title: t({ zh: "网络图", en: "Network" }) },
						{
							key: "staff",
							title: t({ zh: `值守人员 ${found.head.staff.length}`, en: `Guards ${found.head.staff.length}` }),
						},
					]}
				/>
				<Acts found={found} rows={rows} selected={selected} question={question} put={put} called={called.size} />
			</div>
			{view !== "staff" && <Filters filter={filter} counts={counts} calls={calls.data !== null} onFilter={show} />}
			{view === "graph" && (
				<Graph found={found} rows={rows} onOpen={setRank} onPlace={(place) => show({ ...filter, place })} />
			)}
			{view === "staff" && <Guards found={found} />}
			{view === "list" && later && (
				<List
					found={found}
					rows={rows}
					counts={counts}
					called={called}
					selected={selected}
					onSelect={setSelected}
					onOpen={setRank}
					linkTo={linkTo}
				/>
			)}
			{opened && (
				<ContactDrawer
					found={found}
					rank={rank}
					kase={kase}
					called={called.has(opened.id)}
					onCall={() => void put.run([opened])}
					onStep={step}
					onClose={() => setRank(0)}
					linkTo={linkTo}
				/>
			)}
		</>
	);
}
