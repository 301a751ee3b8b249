// Where the page is: the fragment of its address, which goes to no server.
import { signal } from "@preact/signals";

export interface Route {
	/** "#/people/0123?from=…" is ["people", "0123"]. */
	path: string[];
	query: URLSearchParams;
}

/** Reads a fragment; what is no path is the page's beginning. */
export function parse(fragment: string): Route {
	const [path = "", query = ""] = fragment.replace(/^#\/?/, "").split("?", 2);
	const parts = path.split("/").filter((part) => part !== "");
	return { path: parts.map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

export const route = signal<Route>(parse(globalThis.location?.hash ?? ""));

globalThis.window?.addEventListener("hashchange", () => {
	route.value = parse(location.hash);
});

type Query = Record<string, string | number | undefined>;

/** The address of a place in this page: href(["person", id], { from }). */
export function href(path: string | readonly string[], query: Query = {}): string {
	const parts = typeof path === "string" ? path.split("/").filter((part) => part !== "") : path.map(encodeURIComponent);
	const rest = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		if (value !== undefined && value !== "") {
			rest.set(name, String(value));
		}
	}
	const tail = rest.toString();
	return `#/${parts.join("/")}${tail && `?${tail}`}`;
}

/** Goes there; "back" comes back. */
export function go(path: string | readonly string[], query: Query = {}): void {
	location.hash = href(path, query);
}

/** Changes the query of where the page is without a step in the history. */
export function refine(query: Query): void {
	history.replaceState(null, "", href(route.value.path, { ...Object.fromEntries(route.value.query), ...query }));
	route.value = parse(location.hash);
}
