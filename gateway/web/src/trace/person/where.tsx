// The timeline of a trajectory with the table of the same, and what a stay or a passage
// leads to.
import { useEffect, useMemo, useState } from "preact/hooks";
import { href } from "../../desk/router";
import { gateName, gateOf, siteName } from "../../desk/town";
import { Drawer } from "../../desk/ui/overlay";
import { Chip, Empty, Facts } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { clockTimeSeconds, dayAndTime, wire } from "../../shared/time";
import { PassageDrawer, span } from "../gates/passage";
import { around, asked, HOUR, type Period } from "../period";
import { layOut } from "./lanes";
import { feverLine } from "./readings";
import { Timeline } from "./timeline";
import type { Stay, TrailEvent, Trajectory } from "./types";
import { eventText, markWords, stayTimes, whyOf } from "./words";

interface Props {
	data: Trajectory;
	period: Period;
	now: number;
}

export function Where({ data, period, now }: Props) {
	const layout = useMemo(() => layOut(data, now, feverLine), [data, now]);
	const [view, setView] = useState(period);
	const [stay, setStay] = useState<number | null>(null);
	const [event, setEvent] = useState<number | null>(null);
	useEffect(() => {
		setView(period);
		setStay(null);
		setEvent(null);
	}, [period.from, period.to]);
	const opened = stay === null ? undefined : data.stays[stay];
	const shown = event === null ? undefined : data.events[event];
	if (data.events.length === 0 && data.stays.length === 0) {
		return (
			<Empty>
				{t({ zh: "这段时间没有记录：换一个时段试试", en: "Nothing is recorded in this period: try another one" })}
			</Empty>
		);
	}
	return (
		<>
			<Timeline
				data={data}
				layout={layout}
				period={period}
				view={view}
				onView={setView}
				onStay={setStay}
				onEvent={setEvent}
			/>
			<Stays data={data} onOpen={setStay} />
			{opened && <StayDrawer data={data} stay={opened} onClose={() => setStay(null)} onEvent={setEvent} />}
			{shown && (
				<PassageDrawer
					row={{ ...shown, person: shown.person ?? data.resident }}
					gate={shown.gate}
					onClose={() => setEvent(null)}
				/>
			)}
		</>
	);
}

const marks = (stay: Stay) =>
	(["inferred", "unknown_start", "reentry", "late", "conflict"] as const).filter((m) => stay[m]);

/** The same as a table: for reading, for print, for who cannot see the picture. */
function Stays({ data, onOpen }: { data: Trajectory; onOpen: (stay: number) => void }) {
	const titles = [
		t({ zh: "场所", en: "Site" }),
		t({ zh: "时间", en: "Time" }),
		t({ zh: "停留", en: "For" }),
		t({ zh: "卡口", en: "Gates" }),
		t({ zh: "说明", en: "Remarks" }),
	];
	return (
		<section class="card stays">
			<table class="plain">
				<caption>{t({ zh: `停留 ${data.stays.length} 次`, en: `${data.stays.length} stays` })}</caption>
				<thead>
					<tr>
						{titles.map((title) => (
							<th key={title} scope="col">
								{title}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{data.stays.map((stay, i) => (
						<tr key={`${stay.site} ${stay.from}`}>
							<td>
								<button type="button" class="link" onClick={() => onOpen(i)}>
									{stay.site_name || stay.site}
								</button>
							</td>
							<td>{stayTimes(stay)}</td>
							<td class="right">{stay.unknown_start ? "?" : span(stay.minutes * 60_000)}</td>
							<td>
								{gateName(stay.entry_gate)}
								{stay.exit_gate && stay.exit_gate !== stay.entry_gate ? ` → ${gateName(stay.exit_gate)}` : ""}
							</td>
							<td>{whyOf(stay, data.explained).join(t({ zh: "；", en: " " }))}</td>
						</tr>
					))}
				</tbody>
			</table>
			{data.attempts.length > 0 && (
				<table class="plain">
					<caption>
						{t({ zh: `未放行 ${data.attempts.length} 次`, en: `Not let through ${data.attempts.length} times` })}
					</caption>
					<tbody>
						{data.attempts.map((a) => {
							const event = data.events.find((e) => e.occurred_at === a.occurred_at && e.gate === a.gate);
							return (
								<tr key={`${a.gate} ${a.occurred_at}`}>
									<td>
										<a href={href(["gates", a.gate], asked(around(Date.parse(a.occurred_at), HOUR / 4)))}>
											{a.site_name || a.site}
										</a>
									</td>
									<td colSpan={4}>
										{event ? eventText(event).split("\n").join(" · ") : dayAndTime(Date.parse(a.occurred_at))}
									</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			)}
		</section>
	);
}

interface DrawerProps {
	data: Trajectory;
	stay: Stay;
	onClose: () => void;
	onEvent: (event: number) => void;
}

/** One stay: what was recorded during it, who else was there, the gates around it. */
function StayDrawer({ data, stay, onClose, onEvent }: DrawerProps) {
	const from = Date.parse(stay.from);
	const to = stay.to === null ? Date.parse(data.to) : Date.parse(stay.to);
	const during = data.events
		.map((event, i): [TrailEvent, number] => [event, i])
		.filter(
			([e]) =>
				e.site === stay.site && Date.parse(e.occurred_at) >= from - 60_000 && Date.parse(e.occurred_at) <= to + 60_000,
		);
	const middle = wire((from + Math.min(to, Date.now())) / 2);
	return (
		<Drawer title={`${stay.site_name || stay.site} · ${stayTimes(stay)}`} onClose={onClose}>
			<Facts
				rows={[
					[t({ zh: "人员", en: "Person" }), data.resident.name_masked],
					[t({ zh: "停留", en: "For" }), stay.unknown_start ? "" : span(stay.minutes * 60_000)],
					[t({ zh: "进入卡口", en: "In by" }), stay.entry_gate && gateName(stay.entry_gate)],
					[t({ zh: "离开卡口", en: "Out by" }), stay.exit_gate && gateName(stay.exit_gate)],
				]}
			/>
			{marks(stay).length > 0 && (
				<p>
					{marks(stay).map((mark) => (
						<Chip key={mark} tone="care">
							{t(markWords[mark])}
						</Chip>
					))}
				</p>
			)}
			{whyOf(stay, data.explained).map((why) => (
				<p key={why}>{why}</p>
			))}
			<h3>{t({ zh: "期间的通行", en: "Passages during it" })}</h3>
			{during.length === 0 && (
				<Empty>{t({ zh: "本时段内没有通行记录", en: "None within the period asked for" })}</Empty>
			)}
			<ul class="during">
				{during.map(([event, i]) => (
					<li key={`${event.gate} ${event.occurred_at}`}>
						<button type="button" class="link" onClick={() => onEvent(i)}>
							{clockTimeSeconds(Date.parse(event.occurred_at))}
						</button>{" "}
						{eventText(event).split("\n").join(" · ").slice(12)}
					</li>
				))}
			</ul>
			<h3>{t({ zh: "接着查", en: "Next" })}</h3>
			<div class="next">
				<a href={href(["contacts", data.resident.id], asked({ from, to: Math.max(to, from + 60_000) }))}>
					{t({ zh: "这段时间接触了谁", en: "Whom they met meanwhile" })}
				</a>
				<a href={href(["inside", stay.site], { at: middle })}>
					{t({ zh: `当时谁也在${siteName(stay.site)}`, en: `Who else was in ${siteName(stay.site)}` })}
				</a>
				{stay.entry_gate && (
					<GateAround
						gate={stay.entry_gate}
						at={from}
						text={t({ zh: "进入前后 15 分钟", en: "15 min around the entry" })}
					/>
				)}
				{stay.exit_gate && !stay.inferred && (
					<GateAround
						gate={stay.exit_gate}
						at={to}
						text={t({ zh: "离开前后 15 分钟", en: "15 min around the exit" })}
					/>
				)}
			</div>
		</Drawer>
	);
}

function GateAround({ gate, at, text }: { gate: string; at: number; text: string }) {
	return (
		<a href={href(["gates", gate], asked(around(at, HOUR / 4)))}>
			{gateOf(gate)?.name ?? gate}: {text}
		</a>
	);
}
