// Beginning an observation: whom, why, until when, and the three who look after them.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { go, href, route } from "../../desk/router";
import { may } from "../../desk/session";
import { siteName } from "../../desk/town";
import { FindPerson, foundName } from "../../desk/ui/findperson";
import { Form } from "../../desk/ui/form";
import { toast } from "../../desk/ui/overlay";
import { Busy, Button, Card, Problem, useLoad } from "../../desk/ui/parts";
import { newID } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { wire } from "../../shared/time";
import { threeFields } from "./observationactions";
import type { ObservationDetail, Resident } from "./types";
import { grounds, nearest, observationPlaces, optionsOf, statusOptions } from "./words";

/** Whom it is about: as found, or as named by the address. */
interface Whom {
	id: string;
	name: string;
	/** Node of their home. */
	grid: string;
}

export function StartObservation() {
	const asked = route.value.query.get("start") ?? "";
	const [found, setFound] = useState<Whom | null>(null);
	const { data, error, busy } = useLoad<Whom | null>(async () => {
		if (asked === "" || !may("medic")) {
			return null;
		}
		const p = await call<Resident>("GET", `/v1/residents/${asked}`);
		return { id: p.id, name: `${p.name} · ${siteName(p.site)} ${p.door}`, grid: p.grid };
	}, [asked]);
	const whom = found ?? data;
	return (
		<>
			<p>
				<a href={href("observations")}>{t({ zh: "← 全部医学观察", en: "← All observations" })}</a>
			</p>
			<h1>{t({ zh: "开始医学观察", en: "Begin an observation" })}</h1>
			<Problem cause={error} />
			{!whom && busy && <Busy />}
			{!whom && !busy && (
				<Card>
					<FindPerson onFound={(p) => setFound({ id: p.id, name: foundName(p), grid: p.grid })} />
				</Card>
			)}
			{whom && <Particulars whom={whom} key={whom.id} onOther={found ? () => setFound(null) : undefined} />}
		</>
	);
}

function Particulars({ whom, onOther }: { whom: Whom; onOther: (() => void) | undefined }) {
	const [id] = useState(() => newID("obs"));
	const leader = nearest(whom.grid, ["leader"]);
	return (
		<Card
			title={whom.name}
			extra={onOther && <Button onClick={onOther}>{t({ zh: "换人", en: "Somebody else" })}</Button>}
		>
			<Form
				submitText={t({ zh: "开始观察", en: "Begin" })}
				initial={{
					ground: "returned_from_risk_area",
					place: "home",
					status: "observation",
					until: wire(Date.now() + 14 * 86_400_000),
					leader,
					cadre: nearest(whom.grid, ["grid", "leader"], leader),
					medic: nearest(whom.grid, ["medic"]),
				}}
				fields={[
					{
						name: "ground",
						label: t({ zh: "依据", en: "Ground" }),
						kind: "select",
						required: true,
						options: optionsOf(grounds, [
							"returned_from_risk_area",
							"close_contact",
							"fever",
							"authority",
							"observation_started",
						]),
					},
					{
						name: "evidence",
						label: t({ zh: "证据", en: "Evidence" }),
						placeholder: t({ zh: "如：自湖北返回，G1234 次", en: "back from Hubei by G1234, say" }),
					},
					{
						name: "place",
						label: t({ zh: "地点", en: "Place" }),
						kind: "select",
						required: true,
						options: optionsOf(observationPlaces),
					},
					{
						name: "status",
						label: t({ zh: "健康状态", en: "Status" }),
						kind: "select",
						required: true,
						options: statusOptions("observation", "quarantine"),
					},
					{ name: "until", label: t({ zh: "到期", en: "Until" }), kind: "datetime", required: true },
					{ name: "case", label: t({ zh: "案件编号", en: "Case" }), placeholder: "C1" },
					...threeFields(),
				]}
				submit={async (values) => {
					const made = await call<ObservationDetail>("POST", "/v1/observations", {
						body: { id, resident: whom.id, ...values },
					});
					toast(t({ zh: "观察已开始，卡口立即生效", en: "Begun: in force at every gate" }));
					go(["observations", made.id]);
				}}
			/>
		</Card>
	);
}
