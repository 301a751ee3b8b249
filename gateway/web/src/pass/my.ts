// The residents' routes.
import { type Answer, ApiError, ask } from "../shared/api";
import { wire } from "../shared/time";
import type {
	Contest,
	HistoryEvent,
	Household,
	PassesAnswer,
	Read,
	Reading,
	RequestKind,
	ServiceRequest,
} from "./types";

/** What a resident measured. The ID is made once, so that sending again stores it once. */
export interface NewReading {
	id: string;
	resident: string;
	at: string;
	temperature: number;
	method?: string;
	symptoms: string[];
	note?: string;
}

type Call = typeof ask;

/**
 * Only what the server can have said: a wireless network that wants a login first
 * answers everything with a page of its own.
 */
function ofServer<T>(answer: Answer<T>): Answer<T> {
	if (typeof answer.value !== "object" || answer.value === null) {
		throw new ApiError(0, "network", "something else answers in the place of the server");
	}
	return answer;
}

/** The calls of one phone; tests give a call of their own. */
export function residents(call: Call = ask) {
	const get = async <T>(token: string, path: string, query: Record<string, string> = {}): Promise<T> => {
		const q = new URLSearchParams(query).toString();
		return ofServer(await call<T>(q ? `${path}?${q}` : path, { token })).value;
	};
	const post = async <T>(token: string, path: string, body: unknown): Promise<T> =>
		ofServer(await call<T>(path, { token, body })).value;
	return {
		activate: async (code: string, tail: string) =>
			ofServer(await call<{ token: string; household: Household }>("/v1/activate", { body: { code, tail } })).value,
		household: async (token: string): Promise<Household> => get<Household>(token, "/v1/my/household"),
		passes: (token: string, resident: string) => post<PassesAnswer>(token, "/v1/my/passes", { resident }),
		history: (token: string, resident: string, from: number, to: number) =>
			get<{ events: HistoryEvent[] }>(token, "/v1/my/history", { resident, from: wire(from), to: wire(to) }),
		readers: (token: string, resident: string) => get<{ reads: Read[] }>(token, "/v1/my/readers", { resident }),
		contest: (token: string, id: string, resident: string, text: string) =>
			post<Contest>(token, "/v1/my/contests", { id, resident, text }),
		addReading: (token: string, reading: NewReading) => post<Reading>(token, "/v1/my/readings", reading),
		readings: (token: string, resident: string, from: number, to: number) =>
			get<{ readings: Reading[] }>(token, "/v1/my/readings", { resident, from: wire(from), to: wire(to) }),
		addRequest: (token: string, id: string, resident: string, kind: RequestKind, text: string) =>
			post<ServiceRequest>(token, "/v1/my/requests", { id, resident, kind, text }),
		requests: (token: string) => get<{ requests: ServiceRequest[] }>(token, "/v1/my/requests"),
		dropPhone: async (token: string, phone: string) => {
			await call(`/v1/my/phones/${encodeURIComponent(phone)}`, { token, method: "DELETE" });
		},
	};
}

export type My = ReturnType<typeof residents>;
