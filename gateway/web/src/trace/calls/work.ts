// Contacts of cases as work, as the server has them; see gateway/openapi.yaml.
import { call, save } from "../../desk/call";
import type { Person } from "../contacts/types";

/** The states of a task, in the order in which work flows. */
export const states = [
	"open",
	"calling",
	"again",
	"visit",
	"refused",
	"elsewhere",
	"called",
	"ordered",
	"transferred",
	"over",
] as const;
export type State = (typeof states)[number];
export type Counts = Record<State, number>;

export type Outcome = "called" | "unreachable" | "refused" | "ordered";

export interface Answers {
	symptoms: string[];
	/** Day, or "". */
	onset: string;
	place_now: string;
	travels_on: string;
}

export interface Task {
	id: string;
	case: string;
	state: State;
	person: Person;
	node: string;
	node_name: string;
	indexes: string[];
	hop: number;
	exposure: number;
	kinds: ("household" | "vehicle" | "venue" | "gate")[];
	last_met: string | null;
	place: string;
	place_name: string;
	/** Login, "" for nobody. */
	owner: string;
	lease_until: string | null;
	again_at: string | null;
	due_at: string | null;
	late: boolean;
	/** Calls that nobody answered. */
	tries: number;
	/** How often the number was shown. */
	shown: number;
	to: string;
	added_at: string;
	closed_at: string | null;
	answers: Answers | null;
	results: { outcome: Outcome; note: string; at: string; by: string }[];
	proposal: string | null;
	observation: string | null;
}

export interface CaseWork {
	case: string;
	title: string;
	/** The case itself is the caller's business, not only some of its tasks. */
	own: boolean;
	counts: Counts;
	late: number;
	total: number;
}

export interface TaskPage {
	contacts: Task[];
	next: string;
	counts: Counts;
	late: number;
	total: number;
}

/** What somebody has in hand; without it, when the first one that did not answer comes back. */
export interface Hand {
	call: Task | null;
	again_at: string | null;
}

export interface Order {
	status: string;
	until: string;
	leader?: string;
	cadre?: string;
	medic?: string;
	place?: string;
}

export interface Finish {
	/** The client's, another one for each outcome. */
	id: string;
	outcome: Outcome;
	note: string;
	answers?: Answers;
	again_at?: string;
	order?: Order;
}

const ofCase = (code: string) => `/v1/cases/${encodeURIComponent(code)}/contacts`;

export const cases = () => call<{ cases: CaseWork[] }>("GET", "/v1/calls").then((a) => a.cases);

export const tasks = (code: string, query: { state?: string; owner?: string; cursor?: string; limit?: number }) =>
	call<TaskPage>("GET", ofCase(code), { query, trace: true });

export const task = (id: string) => call<Task>("GET", `/v1/calls/${id}`, { trace: true });

export const inHand = () => call<Hand>("GET", "/v1/calls/mine", { trace: true });

export const nextCall = (code: string) => call<Hand>("POST", `${ofCase(code)}/next`, { trace: true });

const turn = <T>(id: string, verb: string, body?: unknown) =>
	call<T>("POST", `/v1/calls/${id}/${verb}`, { trace: true, ...(body === undefined ? {} : { body }) });

export const showNumber = (id: string) => turn<{ phone: string; name: string; shown: number }>(id, "phone");
export const finish = (id: string, body: Finish) => turn<Task>(id, "outcome", body);
export const assign = (id: string, login: string) => turn<Task>(id, "assign", { login });
export const release = (id: string) => turn<Task>(id, "release");
export const transfer = (id: string, to: string, note: string) => turn<Task>(id, "transfer", { to, note });

/** The list for the county, as a workbook or a table of text. */
export const saveLineList = (code: string, form: "xlsx" | "csv") =>
	save(`/v1/cases/${encodeURIComponent(code)}/line-list`, `${code}-密切接触者一览表.${form}`, {
		trace: true,
		accept: form === "csv" ? "text/csv" : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	});
