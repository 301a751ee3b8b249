// What everybody of the staff may know of the town: its sites, gates, grid and staff,
// as far as their part of it goes; and the words for what answers hold. Loaded once
// a session.
import { computed, effect, signal } from "@preact/signals";
import { lang, type Text } from "../shared/i18n";
import { call } from "./call";
import { session } from "./session";

export interface Site {
	code: string;
	name: string;
	kind: string;
	grid: string;
	closed: boolean;
	in_force: Record<string, unknown> & { closed: boolean };
	[rule: string]: unknown;
}

export interface Gate {
	code: string;
	name: string;
	site: string;
	open: boolean;
}

export interface Node {
	id: string;
	parent: string;
	name: string;
	level: number;
	head: string;
	phone: string;
}

export interface Account {
	login: string;
	name: string;
	role: string;
	grid: string;
	disabled: boolean;
	badge: boolean;
}

type Words = Record<string, Text>;

export const sites = signal<Site[]>([]);
export const gates = signal<Gate[]>([]);
export const nodes = signal<Node[]>([]);
export const staff = signal<Account[]>([]);
export const words = signal<{ reasons: Words; flags: Words; actions: Words; statuses: Words }>({
	reasons: {},
	flags: {},
	actions: {},
	statuses: {},
});
/** Whether the lists are there. */
export const townReady = signal(false);
/** Why they are not, if they could not be loaded. */
export const townFailure = signal<unknown>(null);

/** Loads the lists again: after a change of one of them. */
export async function reloadTown(): Promise<void> {
	townFailure.value = null;
	try {
		const [a, b, c, d, e] = await Promise.all([
			call<{ sites: Site[] }>("GET", "/v1/sites"),
			call<{ gates: Gate[] }>("GET", "/v1/gates"),
			call<{ nodes: Node[] }>("GET", "/v1/grid"),
			call<{ staff: Account[] }>("GET", "/v1/staff"),
			call<typeof words.value>("GET", "/v1/words"),
		]);
		sites.value = a.sites;
		gates.value = b.gates;
		nodes.value = c.nodes;
		staff.value = d.staff;
		words.value = e;
		townReady.value = true;
	} catch (cause) {
		townFailure.value = cause;
	}
}

let whose = "";
effect(() => {
	const now = session.value ? `${session.value.login} ${session.value.grid}` : "";
	if (now !== whose) {
		whose = now;
		townReady.value = false;
		if (now) {
			void reloadTown();
		}
	}
});

const siteByCode = computed(() => new Map(sites.value.map((s) => [s.code, s])));
const gateByCode = computed(() => new Map(gates.value.map((g) => [g.code, g])));
const nodeByID = computed(() => new Map(nodes.value.map((n) => [n.id, n])));
const staffByLogin = computed(() => new Map(staff.value.map((s) => [s.login, s])));

export const siteOf = (code: string): Site | undefined => siteByCode.value.get(code);
export const gateOf = (code: string): Gate | undefined => gateByCode.value.get(code);
export const nodeOf = (id: string): Node | undefined => nodeByID.value.get(id);

/** Names; a code of which nothing is known is shown as it is. */
export const siteName = (code: string): string => siteOf(code)?.name || code;
export const gateName = (code: string): string => gateOf(code)?.name || code;
export const nodeName = (id: string): string => nodeOf(id)?.name || id;
export const staffName = (login: string): string => staffByLogin.value.get(login)?.name || login;

/** The node and those above it, the town last. */
export function nodePath(id: string): Node[] {
	const path: Node[] = [];
	for (let n = nodeOf(id); n && path.length < 8; n = nodeOf(n.parent)) {
		path.push(n);
	}
	return path;
}

const word = (list: Words, name: string): string => list[name]?.[lang.value] ?? name;

export const reasonWord = (name: string): string => word(words.value.reasons, name);
export const flagWord = (name: string): string => word(words.value.flags, name);
export const actionWord = (name: string): string => word(words.value.actions, name);
export const statusWord = (name: string): string => word(words.value.statuses, name);
