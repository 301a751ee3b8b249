// Words of the grid member's page.
import { lang, type Text } from "../shared/i18n";

export const requestKinds: Record<string, Text> = {
	shopping: { zh: "代购", en: "Shopping" },
	rubbish: { zh: "清运垃圾", en: "Rubbish" },
	disinfection: { zh: "消毒", en: "Disinfection" },
	medicine: { zh: "送药", en: "Medicine" },
	counsel: { zh: "心理疏导", en: "Counsel" },
	other: { zh: "其他", en: "Other" },
};

export const roundKinds: Record<string, Text> = {
	corridor: { zh: "楼道", en: "Corridors" },
	lift: { zh: "电梯", en: "Lifts" },
	rubbish_point: { zh: "垃圾点", en: "Rubbish point" },
	vehicle: { zh: "车辆", en: "Vehicles" },
	entrance: { zh: "出入口", en: "Entrance" },
	room: { zh: "室内", en: "Rooms" },
};

export const outcomes: Record<string, Text> = {
	reached: { zh: "已见到", en: "Reached" },
	absent: { zh: "没人在家", en: "Nobody there" },
	refused: { zh: "不愿配合", en: "Refused" },
};

export const slots: Record<string, Text> = { am: { zh: "上午", en: "Morning" }, pm: { zh: "下午", en: "Afternoon" } };

/** The word of a table in the language on the screen. */
export function word(table: Record<string, Text>, name: string): string {
	return table[name]?.[lang.value] ?? name;
}
