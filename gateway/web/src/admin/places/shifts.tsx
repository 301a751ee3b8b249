// Who stood at a gate: its shifts of some days, what was scanned in each, and the note
// that was left for the next.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { Card, Chip, Empty, Problem, useLoad } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import { decisions, wordOf } from "../../desk/words";
import { type Text, t } from "../../shared/i18n";

interface Shift {
	id: string;
	device: string;
	lane: string;
	person: { login: string; name: string };
	opened_at: string;
	closed_at: string | null;
	ended_by: string;
	note: string;
	counts: {
		in: Record<string, number>;
		out: Record<string, number>;
		fevers: number;
		overrides: number;
		annulled: number;
	};
}

const ends: Record<string, Text> = {
	closed: { zh: "交班", en: "handed over" },
	relieved: { zh: "接班", en: "relieved" },
	forgotten: { zh: "满 16 小时自动结束", en: "ended after 16 h" },
};

const sum = (by: Record<string, number>): number => Object.values(by).reduce((a, b) => a + b, 0);

/** What was not let pass, in words: "不放行 3、复测 2". */
function refused(counts: Shift["counts"]): string {
	return Object.keys(decisions)
		.filter((d) => d !== "pass")
		.map((d) => [d, (counts.in[d] ?? 0) + (counts.out[d] ?? 0)] as const)
		.filter(([, n]) => n > 0)
		.map(([d, n]) => `${wordOf(decisions, d)} ${n}`)
		.join(t({ zh: "、", en: ", " }));
}

export function Shifts({ gate }: { gate: string }) {
	const [days, setDays] = useState(2);
	const { data, error, reload } = useLoad(() => {
		const to = Date.now() + 60_000;
		const query = { from: new Date(to - days * 86_400_000).toISOString(), to: new Date(to).toISOString() };
		return call<{ shifts: Shift[] }>("GET", `/v1/gates/${encodeURIComponent(gate)}/shifts`, { query });
	}, [gate, days]);
	const shifts = [...(data?.shifts ?? [])].sort((a, b) => b.opened_at.localeCompare(a.opened_at));
	return (
		<Card
			title={t({ zh: "班次", en: "Shifts" })}
			extra={
				<label>
					{t({ zh: "最近", en: "Last" })}{" "}
					<select value={days} onChange={(e) => setDays(Number(e.currentTarget.value))}>
						{[2, 7, 14].map((n) => (
							<option key={n} value={n}>
								{t({ zh: `${n} 天`, en: `${n} days` })}
							</option>
						))}
					</select>
				</label>
			}
		>
			<Problem cause={error} retry={() => void reload()} />
			{data && shifts.length === 0 && (
				<Empty>{t({ zh: "这些天没有人在这里上岗", en: "Nobody was on shift here" })}</Empty>
			)}
			{shifts.length > 0 && (
				<div class="pl-scroll">
					<table class="pl-plain">
						<thead>
							<tr>
								<th scope="col">{t({ zh: "值守", en: "Guard" })}</th>
								<th scope="col">{t({ zh: "通道", en: "Lane" })}</th>
								<th scope="col">{t({ zh: "上岗 – 下岗", en: "From – to" })}</th>
								<th scope="col">{t({ zh: "进 / 出", en: "In / out" })}</th>
								<th scope="col">{t({ zh: "其中", en: "Of these" })}</th>
							</tr>
						</thead>
						<tbody>
							{shifts.map((s) => (
								<tr key={`${s.device} ${s.id}`}>
									<td>
										<a href={href(["staff", s.person.login])}>{s.person.name || s.person.login}</a>
									</td>
									<td>{s.lane}</td>
									<td>
										{when(s.opened_at)} –{" "}
										{s.closed_at ? (
											<>
												{when(s.closed_at)} <small>{wordOf(ends, s.ended_by)}</small>
											</>
										) : (
											<Chip tone="ok">{t({ zh: "在岗", en: "on shift" })}</Chip>
										)}
									</td>
									<td>
										{sum(s.counts.in)} / {sum(s.counts.out)}
									</td>
									<td>
										{refused(s.counts)}
										{s.counts.fevers > 0 && (
											<Chip tone="stop">
												{t({ zh: "发热", en: "fevers" })} {s.counts.fevers}
											</Chip>
										)}
										{s.counts.overrides > 0 && (
											<Chip tone="care">
												{t({ zh: "紧急放行", en: "overrides" })} {s.counts.overrides}
											</Chip>
										)}
										{s.note && <p class="pl-note">{s.note}</p>}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</Card>
	);
}
