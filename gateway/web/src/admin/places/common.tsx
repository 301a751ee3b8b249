// What the screens of places share: reading the town's lists anew, who lies below whom,
// a code to be scanned, and the words of roles.
import { useMemo } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import {
	type Account,
	type Gate,
	gates,
	type Node,
	nodeName,
	nodePath,
	nodes,
	type Site,
	sites,
	staff,
} from "../../desk/town";
import { drawQr } from "../../pass/ui/qr";
import { ApiError } from "../../shared/api";
import { lang, type Text, t } from "../../shared/i18n";

/** All of the staff, as the API knows them. */
export const anyone = ["leader", "enroller", "grid", "medic", "pharmacist", "inspector", "tracer", "auditor"] as const;

export interface FullAccount extends Account {
	/** Signing in takes a code as well. */
	totp: boolean;
}

/** Lists read anew; the rest of the desk sees them as well. */
export async function readSites(): Promise<Site[]> {
	sites.value = (await call<{ sites: Site[] }>("GET", "/v1/sites")).sites;
	return sites.value;
}

export async function readGates(): Promise<Gate[]> {
	gates.value = (await call<{ gates: Gate[] }>("GET", "/v1/gates")).gates;
	return gates.value;
}

export async function readNodes(): Promise<Node[]> {
	nodes.value = (await call<{ nodes: Node[] }>("GET", "/v1/grid")).nodes;
	return nodes.value;
}

export async function readStaff(): Promise<FullAccount[]> {
	const list = (await call<{ staff: FullAccount[] }>("GET", "/v1/staff")).staff;
	staff.value = list;
	return list;
}

export interface Device {
	code: string;
	gate: string;
	lane: string;
	site: string;
	state: "pending" | "lapsed" | "active" | "revoked" | "paper";
	created_at: string;
	enrolled_at?: string;
	revoked_at?: string;
}

export const readDevices = async (): Promise<Device[]> =>
	(await call<{ devices: Device[] }>("GET", "/v1/devices")).devices;

/** Whether a node is another one or lies below it; everything lies below "". */
export const within = (node: string, top: string): boolean => top === "" || nodePath(node).some((n) => n.id === top);

/** "许商街道 / 第三管区 / 明珠社区" without the town, which is above everything. */
export function nodeTrail(id: string): string {
	const names = nodePath(id).map((n) => n.name);
	return names.length < 2 ? nodeName(id) : names.slice(0, -1).reverse().join(" / ");
}

export const wholeTown = (): string => t({ zh: "全街道", en: "the whole town" });

/** A link to where a node stands in the grid. */
export function NodeLink({ id }: { id: string }) {
	return id === "" ? <span>{wholeTown()}</span> : <a href={href(["grid", id])}>{nodeTrail(id)}</a>;
}

export const compareZh = new Intl.Collator("zh-CN-u-co-pinyin", { numeric: true });

/** A code to be scanned, as sharp as its box is wide. */
export function Qr({ text, label, mode = "Byte" }: { text: string; label: string; mode?: "Byte" | "Alphanumeric" }) {
	const { side, path } = useMemo(() => drawQr(text, mode), [text, mode]);
	return (
		<svg class="pl-qr" role="img" aria-label={label} viewBox={`0 0 ${side} ${side}`} shape-rendering="crispEdges">
			<path class="white" d={`M0 0h${side}v${side}H0z`} />
			<path d={path} />
		</svg>
	);
}

/** What a code may be made of, below the field that asks for one. */
export const codeHint = (): string =>
	t({ zh: "字母、数字、- 和 _，定后不改", en: "letters, digits, - and _; it stays" });

/** What the page refuses by itself, told like the server's refusals: at the field. */
export const refusal = (text: Text, field?: string): ApiError => new ApiError(422, "invalid", text[lang.value], field);

/** Says what a refusal means here, by the field that it names. */
export async function saying<T>(work: Promise<T>, byField: Record<string, Text>): Promise<T> {
	try {
		return await work;
	} catch (cause) {
		const text = cause instanceof ApiError && cause.code === "invalid" ? byField[cause.field ?? ""] : undefined;
		if (cause instanceof ApiError && text) {
			throw new ApiError(cause.status, cause.code, text[lang.value], cause.field);
		}
		throw cause;
	}
}

/** What each role may do, as it is told to who gives it. */
export const roleMay: Record<string, Text> = {
	admin: {
		zh: "全部：账号、场所、规则、网格，以及其他岗位能做的一切",
		en: "everything: accounts, sites, rules, the grid, and whatever the other roles may",
	},
	leader: {
		zh: "看本网格的通报、看板和各项登记；下达管控措施；给卡口配手机、给值守人员发工牌；审批流调扩限",
		en: "bulletin, board and registers of their part; orders policies; phones of gates and badges; approves more for a case",
	},
	enroller: {
		zh: "登记居民、导入名册、打印纸质码；办理来访许可",
		en: "registers residents, imports lists, prints paper passes; permits of visitors",
	},
	grid: {
		zh: "在手机上办当日任务：测温、服务需求、消毒、未走访户；代发通行码、来访许可",
		en: "the day's work on the phone: readings, requests, disinfection, homes not reached; passes and permits",
	},
	medic: {
		zh: "管健康状态（两人复核）、发热个案、医学观察、流调案件",
		en: "statuses (with a second person), fevers, observations, cases",
	},
	pharmacist: { zh: "登记购买退热药的人", en: "writes down who buys fever medicine" },
	inspector: {
		zh: "检查企业和商铺，下整改要求",
		en: "inspects enterprises and shops, orders what has to be put right",
	},
	tracer: {
		zh: "凭案件和理由查卡口记录、活动轨迹、密接；每次查询都留痕",
		en: "under a case and a reason: gates, trajectories, contacts; every question on record",
	},
	auditor: { zh: "查看谁查过什么；不能改任何东西", en: "sees who asked what; changes nothing" },
	guard: {
		zh: "凭工牌在卡口手机上开班，不登录后台",
		en: "opens shifts at a gate's phone with a badge, never signs in here",
	},
};
