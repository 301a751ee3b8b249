// A visit is registered with few taps: who, whom, and what is mostly so is set:
// family, until tonight, one entry. The answer is a code that the visitor takes along.
import { useEffect, useState } from "preact/hooks";
import { lang, t } from "../../shared/i18n";
import { dayAndTime, startOfDay } from "../../shared/time";
import type { PersonFound, Text, VisitorInput } from "../types";
import { useModel } from "./model";
import { Choice, Field, Key, Problem, Sheet } from "./parts";
import { problemText } from "./problems";
import { FoundList, useSearch, wholeDocument } from "./search";
import { goodPhone } from "./walkin";

const GROUNDS: [string, Text][] = [
	["family", { zh: "探亲", en: "Family" }],
	["care", { zh: "照护", en: "Care" }],
	["service", { zh: "维修送货", en: "Service" }],
	["official", { zh: "公务", en: "Official" }],
	["other", { zh: "其他", en: "Other" }],
];

/** Ends of a visit, in local days from today. */
const ENDS: [number, Text][] = [
	[1, { zh: "今晚", en: "Tonight" }],
	[2, { zh: "明晚", en: "Tomorrow" }],
	[7, { zh: "7 天", en: "7 days" }],
];

const ENTRIES: [number, Text][] = [
	[1, { zh: "1 次", en: "Once" }],
	[2, { zh: "2 次", en: "Twice" }],
	[0, { zh: "不限", en: "Any" }],
];

interface Issued {
	number: number;
	personId: string;
	qrSvg: string;
	name: string;
	until: number;
}

export function VisitorScreen() {
	const [issued, setIssued] = useState<Issued | null>(null);
	return issued ? <VisitorCode issued={issued} /> : <VisitorForm onIssued={setIssued} />;
}

function VisitorForm({ onIssued }: { onIssued: (i: Issued) => void }) {
	const model = useModel();
	useEffect(() => {
		model.writtenDown = null;
	}, []);
	const [name, setName] = useState(model.writtenDown?.name ?? "");
	const [contact, setContact] = useState(model.writtenDown?.phone ?? "");
	const [host, setHost] = useState<PersonFound | null>(null);
	const [ground, setGround] = useState("family");
	const [days, setDays] = useState(1);
	const [entries, setEntries] = useState(1);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState("");
	const isPhone = goodPhone(contact);
	const ready = name.trim() !== "" && (isPhone || wholeDocument(contact)) && (host !== null || ground === "official");
	const issue = async () => {
		const until = startOfDay(model.now()) + days * 86_400_000;
		const v: VisitorInput = { name: name.trim(), ground, until, entries };
		if (isPhone) {
			v.phone = contact;
		} else {
			v.idNumber = contact.toUpperCase();
		}
		if (host) {
			v.host = host.id;
		}
		setBusy(true);
		setProblem("");
		try {
			onIssued({ ...(await model.engine.registerVisitor(v)), name: v.name, until });
		} catch (cause) {
			setProblem(problemText(cause));
		} finally {
			setBusy(false);
		}
	};
	return (
		<Sheet title={{ zh: "登记来访", en: "Register a visit" }}>
			<div class="form">
				<Field
					name="name"
					focus
					label={{ zh: "来访人姓名", en: "Visitor's name" }}
					value={name}
					max={20}
					onInput={setName}
				/>
				<Field
					name="contact"
					label={{ zh: "手机号或证件号", en: "Mobile or document number" }}
					value={contact}
					max={20}
					onInput={(v) => setContact(v.trim())}
				/>
				<Choice label={{ zh: "事由", en: "Reason" }} options={GROUNDS} value={ground} onChoose={setGround} />
				<Host host={host} needed={ground !== "official"} onChoose={setHost} />
				<Choice label={{ zh: "到", en: "Until" }} options={ENDS} value={days} onChoose={setDays} />
				<Choice label={{ zh: "可进", en: "Entries" }} options={ENTRIES} value={entries} onChoose={setEntries} />
				<Problem text={problem} />
				<Key as="main" class="go" disabled={!ready || busy} onPress={() => void issue()}>
					{busy ? t({ zh: "正在登记…", en: "Registering…" }) : t({ zh: "登记", en: "Register" })}
				</Key>
			</div>
		</Sheet>
	);
}

/** Whom they visit: found by door or name. */
function Host(p: { host: PersonFound | null; needed: boolean; onChoose: (h: PersonFound | null) => void }) {
	const { query, setQuery, found, problem } = useSearch();
	if (p.host) {
		return (
			<Key pressed icon="close" onPress={() => p.onChoose(null)}>
				{t({ zh: "访", en: "Visits" })} <b>{p.host.nameMasked}</b> {p.host.door}
			</Key>
		);
	}
	return (
		<div class="host">
			<Field
				name="host"
				mode="search"
				optional={!p.needed}
				label={{ zh: "访谁（门牌或姓名）", en: "Whom (door or name)" }}
				value={query}
				max={60}
				onInput={setQuery}
			/>
			{found && <FoundList found={found} onChoose={p.onChoose} />}
			<p class="hint" role="status">
				{found?.length === 0 && t({ zh: "本场所没有查到", en: "Nobody of this site" })}
			</p>
			<Problem text={problem} />
		</div>
	);
}

function VisitorCode({ issued }: { issued: Issued }) {
	const model = useModel();
	const picture = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(issued.qrSvg)}`;
	const enter = () => model.choose({ subject: { resident: issued.personId, name: issued.name }, word: issued.name });
	return (
		<Sheet title={{ zh: `来访许可 ${issued.number} 号`, en: `Permit ${issued.number}` }}>
			<p>
				<b>{issued.name}</b> · {t({ zh: "到", en: "until" })} {dayAndTime(issued.until - 60_000)}
			</p>
			{issued.qrSvg !== "" && (
				<>
					<img class="qr" src={picture} alt={t({ zh: "来访码", en: "Visitor's code" })} lang={lang.value} />
					<p>
						{t({
							zh: "请来访人拍下此码，进出时出示。",
							en: "Let the visitor take a photo of it and show it at the gate.",
						})}
					</p>
				</>
			)}
			<Key as="main" focus onPress={enter}>
				{t({ zh: "现在登记通行", en: "Let them through now" })}
			</Key>
			<Key onPress={() => model.screens.back()}>{t({ zh: "完成", en: "Done" })}</Key>
		</Sheet>
	);
}
