// Homes that were not reached yet, building by building: tap the door, tap what came of it.
import { useMemo, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { Desk } from "../desk";
import type { HomeMissing } from "../types";
import { outcomes, word } from "../words";
import { byBuilding, keyOfHome, type Left } from "../work";
import { Sheet } from "./sheet";

export function Homes({ desk, left }: { desk: Desk; left: Left }) {
	const [asked, setAsked] = useState("");
	const [open, setOpen] = useState<HomeMissing | null>(null);
	const found = useMemo(() => left.homes.filter((h) => h.door.includes(asked.trim())), [left.homes, asked]);
	const tell = (h: HomeMissing, outcome: string) => {
		setOpen(null);
		void desk.done({
			key: keyOfHome(h),
			what: { zh: `${h.door} ${outcomes[outcome]?.zh}`, en: `${h.door}: ${outcomes[outcome]?.en}` },
			path: "/v1/visits",
			body: (at) => ({ site: h.site, household: h.household, outcome, at }),
		});
	};
	if (left.homes.length === 0) {
		return <p class="none">{t({ zh: "每一户都已走访", en: "Every home was reached" })}</p>;
	}
	return (
		<>
			<label class="find">
				{t({ zh: "找门牌", en: "Find a door" })}
				<input inputMode="search" value={asked} onInput={(e) => setAsked(e.currentTarget.value)} />
			</label>
			{byBuilding(found).map(([building, homes]) => (
				<section key={building} class="building">
					<h2>
						{building} <small>{t({ zh: `还有 ${homes.length} 户`, en: `${homes.length} left` })}</small>
					</h2>
					<ul class="doors">
						{homes.map((h) => (
							<li key={h.household}>
								<button type="button" class={h.tried ? "tried" : ""} onClick={() => setOpen(h)}>
									{h.door}
									<small>
										{h.tried ? word(outcomes, h.tried.outcome) : t({ zh: `${h.people} 人`, en: `${h.people} p.` })}
									</small>
								</button>
							</li>
						))}
					</ul>
				</section>
			))}
			{open && (
				<Sheet title={`${open.site_name} ${open.door}`} onClose={() => setOpen(null)}>
					<div class="choices">
						<button type="button" class="big ok" onClick={() => tell(open, "reached")}>
							{word(outcomes, "reached")}
						</button>
						<button type="button" class="big" onClick={() => tell(open, "absent")}>
							{word(outcomes, "absent")}
						</button>
						<button type="button" class="big" onClick={() => tell(open, "refused")}>
							{word(outcomes, "refused")}
						</button>
					</div>
				</Sheet>
			)}
		</>
	);
}
