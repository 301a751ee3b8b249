// Sites that people live at.
import { siteOf, sites } from "../../desk/town";
import { type Option, siteOptions } from "../../desk/ui/pick";

/** Whether people live at sites of this kind. */
export const lived = (kind: string | undefined): boolean => kind === "village" || kind === "compound";

export const homeOptions = (): Option[] => siteOptions().filter((o) => lived(siteOf(o.value)?.kind));

export const homeSites = () => sites.value.filter((s) => lived(s.kind));

/** 9 before 10, as people deliver. */
export function byDoor(a: string, b: string): number {
	return a.localeCompare(b, "zh-CN", { numeric: true });
}
