// Why somebody is in the list, and at that place of it: the chain, the meetings, the
// weights; and what can be asked next.
import { useState } from "preact/hooks";
import { href } from "../../desk/router";
import { nodeName, siteName } from "../../desk/town";
import { Drawer } from "../../desk/ui/overlay";
import { Busy, Button, Chip, Facts, useLoad } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { contactAt, type Found } from "./answers";
import { GrantDialog } from "./case";
import { Evidence } from "./evidence";
import { exposureOf, sharesOf } from "./exposure";
import type { Contact, Person } from "./types";
import { hopWord, kindWords, spanText } from "./words";

interface Props {
	found: Found;
	/** Rank of the contact. */
	rank: number;
	kase: string;
	/** Whether they are on the call list. */
	called: boolean;
	onCall: () => void;
	/** To the one before or after in the list; null at its ends. */
	onStep: (by: 1 | -1) => void;
	onClose: () => void;
	/** The way to the contacts of somebody in the answer. */
	linkTo: (id: string) => string;
}

/** A name, or what is known of somebody from elsewhere. */
export const personText = (p: Person) =>
	p.name_masked || t({ zh: `${nodeName(p.area)} 居民`, en: `Somebody of ${nodeName(p.area)}` });

export function ContactDrawer(props: Props) {
	const { found, rank, onClose } = props;
	const { data: c } = useLoad(() => contactAt(found, rank), [found.number, rank]);
	const title = c ? `${t({ zh: `第 ${rank} 位`, en: `No. ${rank}` })} ${personText(c.person)}` : `${rank}`;
	return (
		<Drawer title={title} onClose={onClose}>
			{c ? <Inside {...props} contact={c} /> : <Busy />}
		</Drawer>
	);
}

function Inside({ found, rank, kase, called, onCall, onStep, linkTo, contact: c }: Props & { contact: Contact }) {
	const { head } = found;
	const before = c.chain[c.chain.length - 2]?.person ?? head.resident;
	return (
		<div class="ct-drawer">
			<div class="ct-next">
				<Button onClick={() => onStep(-1)} aria-label={t({ zh: "上一位", en: "The one before" })}>
					↑
				</Button>
				<Button onClick={() => onStep(1)} aria-label={t({ zh: "下一位", en: "The next" })}>
					↓
				</Button>
				{!c.person.outside && (
					<>
						<a class="btn" href={href(["person", c.person.id], { from: head.from, to: head.to })}>
							{t({ zh: "行动轨迹", en: "Timeline" })}
						</a>
						<a class="btn" href={linkTo(c.person.id)}>
							{t({ zh: "此人的接触者", en: "Their contacts" })}
						</a>
					</>
				)}
				{called ? (
					<Chip tone="ok">{t({ zh: "已在流调名单", en: "On the call list" })}</Chip>
				) : (
					<Button kind="main" onClick={onCall}>
						{t({ zh: "加入流调名单", en: "Add to the call list" })}
					</Button>
				)}
			</div>
			{c.person.outside && <Outside person={c.person} kase={kase} />}
			<Facts
				rows={[
					[t({ zh: "住处", en: "Lives at" }), c.person.outside ? nodeName(c.person.area) : siteName(c.person.home)],
					[t({ zh: "层次", en: "Hop" }), hopWord(c.hop)],
					[t({ zh: "同场", en: "Together" }), t({ zh: `${c.minutes} 分钟`, en: `${c.minutes} min` })],
					[t({ zh: "首次 – 末次", en: "First – last" }), spanText(Date.parse(c.first_at), Date.parse(c.last_at))],
					[t({ zh: "最早可能感染", en: "Infected at the earliest" }), dayAndTime(Date.parse(c.infected_from))],
					[t({ zh: "编号", en: "ID" }), c.person.id],
				]}
			/>
			<Chain contact={c} index={head.resident} linkTo={linkTo} />
			<Why contact={c} found={found} rank={rank} />
			<h3>
				{t({ zh: `接触记录（与 ${personText(before)}）`, en: `Meetings with ${personText(before)}` })} {c.meetings}
			</h3>
			<ol class="ct-meetings">
				{c.evidence.map((m) => (
					<Evidence
						key={`${m.kind} ${m.site} ${m.from} ${m.to} ${m.mine?.at} ${m.theirs?.at}`}
						meeting={m}
						adds={exposureOf(m, head.weights)}
						mine={personText(before)}
						theirs={personText(c.person)}
					/>
				))}
			</ol>
			{c.meetings > c.evidence.length && (
				<p>
					{t({
						zh: `只列最早的 ${c.evidence.length} 次，其余请缩短期间再查`,
						en: `The earliest ${c.evidence.length} are listed; ask about a shorter period for the rest`,
					})}
				</p>
			)}
		</div>
	);
}

function Outside({ person, kase }: { person: Person; kase: string }) {
	const [asking, setAsking] = useState(false);
	return (
		<div class="ct-outside">
			<span>
				{t({
					zh: `住在 ${nodeName(person.area)}，不在您负责的网格内：只有编号。加入流调名单后由那里的人处理，或申请查看。`,
					en: `Lives in ${nodeName(person.area)}, outside your part of the grid: the ID is all there is. On the call list it becomes theirs to do; or ask to see it.`,
				})}
			</span>
			<Button onClick={() => setAsking(true)}>{t({ zh: "申请查看…", en: "Ask to see…" })}</Button>
			{asking && <GrantDialog kase={kase} node={person.area} onClose={() => setAsking(false)} />}
		</div>
	);
}

/** From the one asked about to the contact, each with the meeting by which they can have been infected first. */
function Chain({ contact, index, linkTo }: { contact: Contact; index: Person; linkTo: (id: string) => string }) {
	if (contact.hop === 1) {
		return null;
	}
	return (
		<ol class="ct-chain" aria-label={t({ zh: "接触链", en: "Chain" })}>
			<li>{personText(index)}</li>
			{contact.chain.map((l) => (
				<li key={l.person.id}>
					<small>
						→ {t(kindWords[l.kind])} {siteName(l.site)} {dayAndTime(Date.parse(l.infected_from))}
					</small>{" "}
					{l.person.outside ? personText(l.person) : <a href={linkTo(l.person.id)}>{personText(l.person)}</a>}
				</li>
			))}
		</ol>
	);
}

const perWords = {
	household: { zh: "每天", en: "a day" },
	vehicle: { zh: "每次", en: "a ride" },
	venue: { zh: "每分钟", en: "a minute" },
	gate: { zh: "每次", en: "each time" },
};

/** The sum behind the rank. */
function Why({ contact, found, rank }: { contact: Contact; found: Found; rank: number }) {
	const { shares, beyond } = sharesOf(contact, found.head.weights);
	const weight = (kind: string) => found.head.weights.find((w) => w.kind === kind)?.weight ?? 0;
	return (
		<details class="ct-why" open>
			<summary>
				{t({
					zh: `为什么排第 ${rank} 位：暴露值 ${contact.exposure}（同一层内从高到低）`,
					en: `Why no. ${rank}: an exposure of ${contact.exposure}, the highest first within a hop`,
				})}
			</summary>
			<ul>
				{shares.map((s) => (
					<li key={s.kind}>
						{t(kindWords[s.kind])} {t({ zh: `${s.meetings} 次`, en: `${s.meetings} ×` })} · {t(perWords[s.kind])}{" "}
						{weight(s.kind)} = <b>{Math.floor(s.exposure)}</b>
					</li>
				))}
				{beyond && (
					<li>
						{t({ zh: `未列出的 ${beyond.meetings} 次`, en: `${beyond.meetings} that are not listed` })} ={" "}
						<b>{beyond.exposure}</b>
					</li>
				)}
			</ul>
			<small>
				{t({
					zh: "离开时间是推定的，分钟数减半；只见出门的，按一次同门加半数分钟。暴露值只用来排先后，不等于感染风险。",
					en: "Minutes count half if an exit was concluded; an exit alone counts as a meeting at a gate and half its minutes. It only ranks: it is no risk of infection.",
				})}
			</small>
		</details>
	);
}
