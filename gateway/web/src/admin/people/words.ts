// Words of the people's screens.

import { siteName } from "../../desk/town";
import type { Tone } from "../../desk/ui/parts";
import { type Text, t } from "../../shared/i18n";
import type { Verdict } from "./import/lines";
import type { Home } from "./types";

export const fieldWords: Record<string, Text> = {
	name: { zh: "姓名", en: "Name" },
	id_number: { zh: "证件号", en: "ID number" },
	phone: { zh: "手机号", en: "Phone" },
	site: { zh: "村居", en: "Village or compound" },
	door: { zh: "门牌", en: "Door" },
	grid: { zh: "网格", en: "Grid" },
	building: { zh: "楼栋", en: "Building" },
	unit: { zh: "单元", en: "Unit" },
	room: { zh: "房号", en: "Room" },
	relation: { zh: "与户主关系", en: "Relation to the head" },
};

export const verdictWords: Record<Verdict, Text & { tone: Tone }> = {
	new: { zh: "新增", en: "New", tone: "ok" },
	changed: { zh: "变更", en: "Changed", tone: "info" },
	moves: { zh: "搬迁", en: "Moves", tone: "care" },
	unchanged: { zh: "不变", en: "Unchanged", tone: "quiet" },
	duplicate: { zh: "重复", en: "Said twice", tone: "quiet" },
	refused: { zh: "不能导入", en: "Refused", tone: "stop" },
};

export const skippedWords: Record<string, Text> = {
	header: { zh: "重复表头", en: "headers" },
	sum: { zh: "合计、填表栏", en: "sums" },
	title: { zh: "标题", en: "titles" },
	nobody: { zh: "没有人的行", en: "rows without anybody" },
};

export const kindWords: Record<string, Text> = {
	resident: { zh: "居民", en: "Resident" },
	visitor: { zh: "访客", en: "Visitor" },
	walk_in: { zh: "手写登记人员", en: "Walk-in" },
	erased: { zh: "已删除", en: "Erased" },
};

/** "佟道口村 3-2-501". */
export function homeText(home: Home | null): string {
	return home ? `${siteName(home.site)} ${home.door}`.trim() : "";
}

/** All but the last four characters hidden. */
export function tail(text: string): string {
	return text.length > 4 ? `···${text.slice(-4)}` : text;
}

/** Short for a list of words in the language on the screen. */
export function listed(texts: string[]): string {
	return texts.join(t({ zh: "、", en: ", " }));
}
