// Readings with fever in diaries: whom to go to now.
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { may } from "../../desk/session";
import { Chip, Facts } from "../../desk/ui/parts";
import { dayFields, daysAsked, Register, when } from "../../desk/ui/register";
import { wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import type { FeverReading } from "./types";
import { homeOf, methods, say, symptoms } from "./words";

export default function Readings() {
	return (
		<Register<FeverReading>
			path="readings"
			title={t({ zh: "日记里的高温", en: "Fever in diaries" })}
			hint={t({
				zh: "居家观察人员自报或代记的高温，最近的在前。卡口测得的高温在“发热病例”。",
				en: "High readings of people at home, the latest first. Those taken at gates are fever cases.",
			})}
			filters={dayFields()}
			load={async (filter, cursor) => {
				const query = { ...daysAsked(filter, 2), limit: 500, cursor };
				const page = await call<{ readings: FeverReading[]; next: string }>("GET", "/v1/readings/fevers", { query });
				return { rows: page.readings.reverse(), next: page.next };
			}}
			rowKey={(r) => `${r.person.id}-${r.id}`}
			name={(r) => r.person.name}
			text={(r) => `${r.person.name} ${homeOf(r.person)}`}
			columns={[
				{ key: "who", title: t({ zh: "姓名", en: "Name" }), width: "6rem", cell: (r) => r.person.name },
				{
					key: "temp",
					title: t({ zh: "体温", en: "Temperature" }),
					width: "6rem",
					right: true,
					cell: (r) => <Chip tone="stop">{r.temperature.toFixed(1)} ℃</Chip>,
					sort: (r) => r.temperature,
				},
				{
					key: "at",
					title: t({ zh: "测温", en: "Taken" }),
					width: "8rem",
					cell: (r) => when(r.at),
					sort: (r) => Date.parse(r.at),
				},
				{
					key: "how",
					title: t({ zh: "部位", en: "Method" }),
					width: "5rem",
					wide: true,
					cell: (r) => wordOf(methods, r.method),
				},
				{
					key: "ill",
					title: t({ zh: "症状", en: "Symptoms" }),
					cell: (r) => r.symptoms.map((s) => wordOf(symptoms, s)).join(t({ zh: "、", en: ", " })),
				},
				{
					key: "home",
					title: t({ zh: "住处", en: "Home" }),
					wide: true,
					cell: (r) => homeOf(r.person),
					sort: (r) => homeOf(r.person),
				},
				{
					key: "by",
					title: t({ zh: "记录", en: "Written by" }),
					width: "7rem",
					wide: true,
					cell: (r) => (r.by === "staff" ? t({ zh: "工作人员", en: "staff" }) : t({ zh: "住户", en: "the household" })),
				},
			]}
			detail={(r) => (
				<>
					<Facts
						rows={[
							[t({ zh: "体温", en: "Temperature" }), `${r.temperature.toFixed(1)} ℃ ${wordOf(methods, r.method)}`],
							[t({ zh: "测温", en: "Taken" }), when(r.at)],
							[
								t({ zh: "症状", en: "Symptoms" }),
								r.symptoms.map((s) => wordOf(symptoms, s)).join(t({ zh: "、", en: ", " })),
							],
							[t({ zh: "备注", en: "Note" }), r.note],
							[t({ zh: "告诉住户的", en: "What they were told" }), say(r.advice)],
							[
								t({ zh: "电话", en: "Phone" }),
								r.person.phone && <a href={`tel:${r.person.phone}`}>{r.person.phone}</a>,
							],
							[t({ zh: "住处", en: "Home" }), homeOf(r.person)],
						]}
					/>
					<p class="h-next">
						<a href={href("observations")}>{t({ zh: "医学观察", en: "Observations" })}</a>
						{may("medic") && <a href={href(["status", r.person.id])}>{t({ zh: "健康状态", en: "Status" })}</a>}
					</p>
				</>
			)}
		/>
	);
}
