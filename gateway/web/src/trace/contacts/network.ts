// The network of contacts as nodes and edges: the one asked about, the people, the places
// where they met. People are joined to their places, and to the one before in their chain;
// the one asked about to those who are near and, by way of places, to the others.
import type { Answer, Contact } from "./types";

/** People in a network, at most: those of the highest rank. */
export const MOST = 2000;

export interface Node {
	kind: "index" | "person" | "place";
	/** ID of a person, code of a site. */
	id: string;
	name: string;
	/** 0 of the one asked about and of places. */
	hop: number;
	/** Exposure of a person; number of people of a place. */
	size: number;
	/** In one household with the one before in the chain. */
	household: boolean;
	outside: boolean;
	/** Rank of a contact; 0 of others. */
	rank: number;
	/** Number of the place where they mostly met; -1: none. */
	place: number;
	/** Number of the one before in the chain; -1: none. */
	via: number;
	/** Not among those who were chosen: drawn because a chain leads through them. */
	between: boolean;
}

export interface Edge {
	from: number;
	to: number;
	/** Joins a person to a place. */
	place: boolean;
}

export interface Network {
	nodes: Node[];
	edges: Edge[];
	/** People who were chosen and are not in it. */
	left: number;
}

/**
 * The network of the contacts with these ranks, the first MOST of them, with whoever
 * stands between them and the one asked about.
 */
export function networkOf(answer: Answer, ranks: readonly number[]): Network {
	const chosen = ranks.slice(0, MOST);
	const build = new Building(answer);
	for (const rank of chosen) {
		build.person(rank, false);
	}
	build.finish();
	return { nodes: build.nodes, edges: build.edges, left: ranks.length - chosen.length };
}

class Building {
	readonly nodes: Node[] = [];
	readonly edges: Edge[] = [];
	private readonly places = new Map<string, number>();
	private readonly people = new Map<string, number>();
	private readonly rankOf = new Map<string, number>();
	private readonly met = new Set<number>(); // places where the one asked about met somebody

	constructor(private readonly answer: Answer) {
		answer.contacts.forEach((c, i) => {
			this.rankOf.set(c.person.id, i + 1);
		});
		const who = answer.resident;
		this.people.set(who.id, this.add({ kind: "index", id: who.id, name: who.name_masked, outside: who.outside }));
	}

	/** The number of a contact's node, made if there is none. */
	person(rank: number, between: boolean): number {
		const c = this.answer.contacts[rank - 1];
		if (!c) {
			return -1;
		}
		const had = this.people.get(c.person.id);
		if (had !== undefined) {
			const node = this.nodes[had];
			if (node && !between) {
				node.between = false;
			}
			return had;
		}
		const { person, hop, exposure } = c;
		const n = this.add({
			kind: "person",
			id: person.id,
			name: person.name_masked,
			outside: person.outside,
			hop,
			size: exposure,
			rank,
			between,
		});
		this.people.set(person.id, n);
		this.join(n, c);
		return n;
	}

	/** Joins a contact to the one before and to the places of the evidence. */
	private join(n: number, c: Contact): void {
		const node = this.nodes[n] as Node;
		const last = c.chain[c.chain.length - 1];
		const before = c.chain[c.chain.length - 2]?.person.id;
		node.via = before === undefined ? 0 : (this.people.get(before) ?? this.person(this.rankOf.get(before) ?? 0, true));
		node.household = c.kinds.includes("household");
		const near = node.household || c.kinds.includes("vehicle");
		const sites = new Map(c.evidence.filter((m) => m.site !== "").map((m) => [m.site, m.site_name]));
		for (const [code, name] of sites) {
			const place = this.place(code, name);
			(this.nodes[place] as Node).size++;
			this.edges.push({ from: n, to: place, place: true });
			if (node.via === 0) {
				this.met.add(place);
			}
			if (node.place < 0 || code === last?.site) {
				node.place = place;
			}
		}
		// Whom one met at a place is joined by way of the place: 2,000 lines to one point show nothing.
		if (node.via > 0 || (node.via === 0 && (near || node.place < 0))) {
			this.edges.push({ from: node.via, to: n, place: false });
		}
	}

	/** Joins the one asked about to the places of their own meetings. */
	finish(): void {
		for (const place of this.met) {
			this.edges.push({ from: 0, to: place, place: false });
		}
	}

	private place(code: string, name: string): number {
		const had = this.places.get(code);
		if (had !== undefined) {
			return had;
		}
		const n = this.add({ kind: "place", id: code, name: name || code });
		this.places.set(code, n);
		return n;
	}

	private add(node: Pick<Node, "kind" | "id" | "name"> & Partial<Node>): number {
		this.nodes.push({
			hop: 0,
			size: 0,
			household: false,
			outside: false,
			rank: 0,
			place: -1,
			via: -1,
			between: false,
			...node,
		});
		return this.nodes.length - 1;
	}
}

/** How large a node is drawn, in units of the layout. */
export function radiusOf(node: Node): number {
	switch (node.kind) {
		case "index":
			return 14;
		case "place":
			return 5 + Math.min(9, 2 * Math.log1p(node.size));
		case "person":
			return 2.5 + Math.min(6.5, Math.log1p(node.size));
	}
}
