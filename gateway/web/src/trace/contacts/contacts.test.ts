import { expect, test } from "vitest";
import { filterOf, filterQuery, queryOf, questionOf } from "./address";
import { axisOf, ticksOf } from "./axis";
import { joined, sharedPlaces, type Trail, windowsAt, windowsOf, windowsQuery } from "./crowd";
import { sharesOf } from "./exposure";
import { begin, settle } from "./layout";
import { MOST, networkOf } from "./network";
import { barOf, countsOf, csvOf, everything, filtered, rowsOf } from "./rows";
import type { Answer, Contact, Meeting, Person } from "./types";
import { fitted, nearest, zoomed } from "./view";

const person = (id: string, more: Partial<Person> = {}): Person => ({
	id,
	outside: false,
	area: "A1",
	name_masked: `${id}*`,
	kind: "resident",
	home: "V1",
	...more,
});

const venue = (from: string, to: string, more: Partial<Meeting> = {}): Meeting => ({
	kind: "venue",
	site: "M1",
	site_name: "银座商城",
	from: `2026-11-24T${from}:00Z`,
	to: `2026-11-24T${to}:00Z`,
	minutes: 0,
	open: false,
	inferred: false,
	unknown_start: false,
	...more,
});

const household: Meeting = {
	...venue("00:00", "00:00"),
	kind: "household",
	site: "V1",
	site_name: "佟道口村",
	to: "2026-11-25T12:00:00Z",
};

const gate: Meeting = {
	...venue("01:00", "01:00"),
	kind: "gate",
	site: "V1",
	site_name: "佟道口村",
	to: "2026-11-24T01:00:35Z",
	mine: { at: "2026-11-24T01:00:35Z", gate: "G1", direction: "in", decision: "pass" },
	theirs: { at: "2026-11-24T01:00:00Z", gate: "G1", direction: "out", decision: "pass" },
};

function contact(who: Person, evidence: Meeting[], before: Person[] = [], more: Partial<Contact> = {}): Contact {
	const first = evidence[0] as Meeting;
	const link = (p: Person) => ({ person: p, infected_from: first.from, kind: first.kind, site: first.site });
	return {
		hop: before.length + 1,
		person: who,
		kinds: [...new Set(evidence.map((m) => m.kind))],
		exposure: 30,
		minutes: 30,
		meetings: evidence.length,
		first_at: first.from,
		last_at: first.to,
		infected_from: first.from,
		chain: [...before, who].map(link),
		evidence,
		...more,
	};
}

const weights: Answer["weights"] = [
	{ kind: "household", weight: 600, per: "" },
	{ kind: "vehicle", weight: 60, per: "" },
	{ kind: "venue", weight: 1, per: "" },
	{ kind: "gate", weight: 2, per: "" },
];

const answer = (contacts: Contact[]): Answer => ({
	resident: person("index"),
	from: "2026-11-24T00:00:00Z",
	to: "2026-11-26T00:00:00Z",
	as_of: "2026-11-26T00:00:00Z",
	period: "case",
	hops: 2,
	gate_margin: 120,
	min_overlap: 1,
	contacts,
	total: contacts.length,
	outside: 0,
	staff: [],
	cuts: [],
	weights,
});

const wife = contact(person("wife"), [household, venue("02:00", "02:30")], [], { exposure: 1230 });
const guest = contact(person("guest", { outside: true, name_masked: "", home: "", area: "A2" }), [
	venue("02:00", "03:00", { inferred: true }),
]);
const far = contact(person("far"), [gate], [person("wife")], { minutes: 0, exposure: 2 });

test("a row tells what ranks somebody, where, and whom they met", () => {
	const rows = rowsOf(answer([wife, guest, far]));
	expect(rows.map((r) => [r.rank, r.place, r.via, r.inferred])).toEqual([
		[1, "V1", "index", false],
		[2, "M1", "index", true],
		[3, "V1", "wife", false],
	]);
	expect(barOf(1230, countsOf(rows).most)).toBe(1);
	expect(barOf(0, 1230)).toBe(0);
});

test("filters hold together, and an empty one holds nothing back", () => {
	const rows = rowsOf(answer([wife, guest, far]));
	const ids = (part: object) =>
		filtered(rows, { ...everything, ...part }, new Set(["far"]), () => "佟道口村").map((r) => r.id);
	expect(ids({})).toEqual(["wife", "guest", "far"]);
	expect(ids({ kinds: ["household", "gate"] })).toEqual(["wife", "far"]);
	expect(ids({ hops: [2] })).toEqual(["far"]);
	expect(ids({ scope: "outside" })).toEqual(["guest"]);
	expect(ids({ calls: "with" })).toEqual(["far"]);
	expect(ids({ minutes: 30 })).toEqual(["wife", "guest"]);
	expect(ids({ text: " 佟道口", place: "M1" })).toEqual(["guest"]);
	expect(ids({ text: "WIFE" })).toEqual(["wife"]);
});

test("a file of the list has no formula in it", () => {
	const bad = contact(person("x", { name_masked: '=HYPERLINK("a")' }), [venue("02:00", "02:10")]);
	const [, line = ""] = csvOf(rowsOf(answer([bad])), () => "V,1").split("\r\n");
	expect(line).toContain(`"'=HYPERLINK(""a"")"`);
	expect(line).toContain('"V,1"');
});

test("the exposure is explained to the last minute, and what the evidence lacks is said", () => {
	const half = venue("02:00", "02:20", { inferred: true });
	const seenOut = venue("02:00", "02:10", { unknown_start: true });
	const c = contact(person("a"), [household, half, seenOut, gate], [], { exposure: 1219 + 40, meetings: 9 });
	const { shares, beyond } = sharesOf(c, weights);
	expect(shares).toEqual([
		{ kind: "household", meetings: 1, exposure: 1200 }, // two days have begun
		{ kind: "venue", meetings: 2, exposure: 10 + 2 + 5 },
		{ kind: "gate", meetings: 1, exposure: 2 },
	]);
	expect(beyond).toMatchObject({ meetings: 5, exposure: 40 });
});

test("two stays stand on one axis, the time together between them", () => {
	const stay = (from: string, to: string, ragged = {}) => ({
		from: `2026-11-24T${from}:00Z`,
		to: `2026-11-24T${to}:00Z`,
		open: false,
		inferred: false,
		unknown_start: false,
		...ragged,
	});
	const axis = axisOf(
		venue("02:10", "02:40", {
			my_stay: stay("02:00", "02:40"),
			their_stay: stay("02:10", "02:50", { inferred: true }),
		}),
	);
	expect(axis.mine.left).toBeLessThan(axis.theirs.left);
	expect(axis.together.left).toBeCloseTo(axis.theirs.left);
	expect(axis.together.left + axis.together.width).toBeCloseTo(axis.mine.left + axis.mine.width);
	expect([axis.mine.ragged, axis.theirs.ragged, axis.apart]).toEqual(["", "end", null]);
	expect(axis.ticks.map((tick) => tick.text)).toEqual(["10:00", "10:15", "10:30", "10:45"]);
});

test("passages at a gate are moments, so many seconds apart", () => {
	const axis = axisOf(gate);
	expect([axis.apart, axis.mine.width, axis.theirs.width]).toEqual([35, 0, 0]);
	expect(axis.mine.left).toBeGreaterThan(axis.theirs.left);
	expect(
		ticksOf(Date.parse("2026-11-20T16:00:00Z"), Date.parse("2026-11-25T16:00:00Z")).map((tick) => tick.text),
	).toEqual(["11-21", "11-22", "11-23", "11-24", "11-25", "11-26"]);
});

test("a network joins people to places and chains, and draws who stands between", () => {
	const { nodes, edges, left } = networkOf(answer([wife, guest, far]), [2, 3]);
	const named = (i: number) => nodes[i]?.id;
	expect(nodes.map((n) => `${n.kind} ${n.id}${n.between ? " between" : ""}`)).toEqual([
		"index index",
		"person guest",
		"place M1",
		"person far",
		"person wife between",
		"place V1",
	]);
	expect(edges.map((e) => `${named(e.from)}-${named(e.to)}`).sort()).toEqual([
		"far-V1",
		"guest-M1",
		"index-M1",
		"index-V1",
		"index-wife",
		"wife-M1",
		"wife-V1",
		"wife-far",
	]);
	expect(left).toBe(0);
	const many = Array.from({ length: MOST + 7 }, (_, i) => contact(person(`p${i}`), [venue("02:00", "02:10")]));
	expect(
		networkOf(
			answer(many),
			many.map((_, i) => i + 1),
		).left,
	).toBe(7);
});

test("the layout ends, the same each time, with nobody on top of another", () => {
	const many = Array.from({ length: 60 }, (_, i) =>
		contact(person(`p${i}`), [venue("02:00", "02:10", { site: `M${i % 3}` })]),
	);
	const network = networkOf(
		answer(many),
		many.map((_, i) => i + 1),
	);
	const pictures = [...settle(network)];
	const last = pictures.at(-1) as Float32Array;
	expect(pictures.length).toBeLessThan(60);
	expect([...last].every(Number.isFinite)).toBe(true);
	expect([last[0], last[1]]).toEqual([0, 0]);
	expect([...settle(network)].at(-1)).toEqual(last);
	expect(begin(network).length).toBe(2 * network.nodes.length);
	let closest = Number.POSITIVE_INFINITY;
	for (let i = 0; i < network.nodes.length; i++) {
		for (let k = 0; k < i; k++) {
			closest = Math.min(
				closest,
				Math.hypot((last[2 * i] ?? 0) - (last[2 * k] ?? 0), (last[2 * i + 1] ?? 0) - (last[2 * k + 1] ?? 0)),
			);
		}
	}
	expect(closest).toBeGreaterThan(5);
});

test("zooming keeps the point under the pointer; everything fits in", () => {
	const at = new Float32Array([0, 0, 300, 100, -500, 20]);
	const view = fitted(at, 800, 400);
	expect(nearest(at, () => 3, zoomed(view, 2, 400, 200), 400, 200, 1000)).toBe(
		nearest(at, () => 3, view, 400, 200, 1000),
	);
	const near = zoomed(view, 2, 123, 45);
	expect((123 - near.x) / near.k).toBeCloseTo((123 - view.x) / view.k);
	for (const i of [0, 1, 2]) {
		const x = (at[2 * i] ?? 0) * view.k + view.x;
		expect(x).toBeGreaterThanOrEqual(0);
		expect(x).toBeLessThanOrEqual(800);
	}
});

test("a question and a filter come back from the address as they were; a name is in none", () => {
	const q = { id: "a", from: "", to: "", hops: 2, margin: 60, overlap: 0, expand: 50, limit: 5000 };
	const clean = (query: Record<string, string | undefined>) => new URLSearchParams(JSON.parse(JSON.stringify(query)));
	expect(questionOf("a", clean(queryOf(q)))).toEqual(q);
	expect(questionOf("a", new URLSearchParams("hops=9&margin=x"))).toMatchObject({ hops: 3, margin: 120 });
	const f = { ...everything, hops: [2], kinds: ["gate" as const], minutes: 15, scope: "mine" as const, text: "王小明" };
	expect(filterOf(clean(filterQuery(f)))).toEqual({ ...f, text: "" });
});

test("places of a cluster: by how many were there, each stay a window, near ones one", () => {
	const stay = (site: string, from: string, to: string | null) => ({
		site,
		site_name: site,
		from: `2026-11-24T${from}:00Z`,
		to: to && `2026-11-24T${to}:00Z`,
	});
	const trails: Trail[] = [
		{ id: "a", name: "a", home: "V1", stays: [stay("M1", "01:00", "02:00"), stay("V1", "03:00", null)] },
		{ id: "b", name: "b", home: "V2", stays: [stay("M1", "02:30", "03:00"), stay("M1", "09:00", "09:30")] },
	];
	const [mall, home] = sharedPlaces(trails, Date.parse("2026-11-24T04:00:00Z"));
	expect(mall).toMatchObject({
		site: "M1",
		people: 2,
		cells: [
			{ times: 1, minutes: 60 },
			{ times: 2, minutes: 60 },
		],
		home: false,
	});
	expect(home).toMatchObject({ site: "V1", people: 1, cells: [{ times: 1, minutes: 60 }, null], home: true });
	const windows = windowsAt(mall ? [mall] : []);
	expect(windows.map((w) => `${w.from.slice(11, 16)}-${w.to.slice(11, 16)}`)).toEqual(["01:00-03:00", "09:00-09:30"]);
	expect(windowsOf(new URLSearchParams({ at: windowsQuery(windows) }))).toEqual(windows);
	expect(windowsOf(new URLSearchParams("gates=g1,g2&from=a&to=b"))).toHaveLength(2);
	expect(joined([])).toEqual([]);
});
