// Calling a case's contacts: the call of now, the board of the case, what leaders have
// to see to. "#/calls/CASE" is the board, "#/calls/CASE/now" the call.
import { useEffect } from "preact/hooks";
import { ground } from "../../desk/ground";
import { go, href, route } from "../../desk/router";
import { may } from "../../desk/session";
import { Busy, Chip, Empty, Problem, Tabs, useLoad } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { Board } from "./board";
import { MyCall } from "./mycall";
import { type CaseWork, type Counts, cases, states, tasks } from "./work";
import "../parts.css";
import "./calls.css";

const AGAIN = 30_000; // ms between looks at the counts

export default function Calls() {
	const { data, error, reload } = useLoad(cases);
	const asked = route.value.path[1] ?? ground.value?.kase ?? "";
	if (!data) {
		return error ? <Problem cause={error} retry={() => void reload()} /> : <Busy />;
	}
	const kase = asked || data[0]?.case || "";
	return (
		<>
			<h1>{t({ zh: "密接随访", en: "Calls to contacts" })}</h1>
			<Cases all={data} now={kase} />
			{kase === "" ? (
				<Empty>
					{t({
						zh: "没有要随访的接触者：在“接触者排查”里勾选后加入流调名单",
						en: "No contacts to call: choose people under Contacts and add them to the call list",
					})}
				</Empty>
			) : (
				<OneCase key={kase} kase={kase} known={data.find((c) => c.case === kase)} onStep={() => void reload()} />
			)}
		</>
	);
}

/** The cases with work, as links. */
function Cases({ all, now }: { all: CaseWork[]; now: string }) {
	if (all.length < 2 && all[0]?.case === now) {
		return null;
	}
	return (
		<nav class="call-cases" aria-label={t({ zh: "案件", en: "Cases" })}>
			{all.map((c) => (
				<a key={c.case} href={href(["calls", c.case])} aria-current={c.case === now ? "page" : undefined}>
					<b>{c.case}</b> {c.own ? c.title : t({ zh: "移交来的", en: "given to us" })}{" "}
					<Chip tone={c.late > 0 ? "stop" : "info"}>
						{c.late > 0
							? t({ zh: `久置 ${c.late}`, en: `${c.late} wait` })
							: t({ zh: `待联系 ${c.counts.open}`, en: `${c.counts.open} to call` })}
					</Chip>
				</a>
			))}
		</nav>
	);
}

const none = Object.fromEntries(states.map((s) => [s, 0])) as Counts;

interface OneProps {
	kase: string;
	known: CaseWork | undefined;
	onStep: () => void;
}

function OneCase({ kase, known, onStep }: OneProps) {
	const { data, error, reload } = useLoad(() => tasks(kase, { limit: 1 }), [kase]);
	useEffect(() => {
		const timer = setInterval(() => document.hidden || void reload(), AGAIN);
		return () => clearInterval(timer);
	}, [reload]);
	const step = () => {
		void reload();
		onStep();
	};
	const { path, query } = route.value;
	const now = path[2] === "now";
	const counts = data?.counts ?? known?.counts ?? none;
	const state = query.get("state") ?? "";
	const tab = now ? "now" : state === "refused" && may("leader") ? "refused" : "board";
	const work: CaseWork = {
		case: kase,
		title: known?.title ?? "",
		own: known?.own ?? true,
		counts,
		late: data?.late ?? 0,
		total: data?.total ?? known?.total ?? 0,
	};
	const count = (n: number) => (n > 0 ? ` ${n}` : "");
	return (
		<>
			<Tabs
				now={tab}
				onPick={(key) =>
					go(["calls", kase, ...(key === "now" ? ["now"] : [])], key === "refused" ? { state: "refused" } : {})
				}
				tabs={[
					{ key: "now", title: t({ zh: `打电话${count(counts.open)}`, en: `Call now${count(counts.open)}` }) },
					{ key: "board", title: t({ zh: `全部名单${count(work.total)}`, en: `All contacts${count(work.total)}` }) },
					...(may("leader")
						? [
								{
									key: "refused",
									title: t({ zh: `拒绝配合${count(counts.refused)}`, en: `Refused${count(counts.refused)}` }),
								},
							]
						: []),
				]}
			/>
			<Problem cause={error} retry={() => void reload()} />
			{now ? (
				<MyCall kase={kase} counts={counts} onStep={step} />
			) : (
				<Board work={work} state={state} owner={query.get("owner") ?? ""} onChange={step} />
			)}
		</>
	);
}
