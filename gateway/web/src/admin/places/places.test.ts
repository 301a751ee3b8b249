import { describe, expect, it } from "vitest";
import { type Node, nodes, type Site } from "../../desk/town";
import { badgeSheet } from "./badges";
import { found, treeOf } from "./grid";
import { bodyOf, type Plan } from "./policynew";
import { chosen } from "./policypart";
import { changes } from "./policypreview";
import { ruleFields, ruleValues, sayRule, shownRules } from "./rules";
import { freshPassword } from "./staff";
import { alike, type Cell, type RulesTable, whatIf } from "./table";

const cell = (change: Partial<Cell>): Cell => ({
	status: "green",
	site_kind: "village",
	direction: "in",
	own_home: false,
	decision: "pass",
	reason: "ok",
	color: "green",
	action: "admit",
	flags: [],
	...change,
});

const table: RulesTable = {
	rules: [
		cell({ own_home: true }),
		cell({ decision: "deny", reason: "outsider", color: "red", action: "register" }),
		cell({ own_home: true, site_kind: "compound" }),
		cell({ site_kind: "compound", decision: "deny", reason: "outsider", color: "red", action: "register" }),
		cell({ site_kind: "mall" }),
	],
	residents_only: [cell({ site_kind: "mall", decision: "deny", reason: "outsider", color: "red" })],
	precedence: [],
};

const mall = (rules: object): Site => ({
	code: "M",
	name: "M",
	kind: "mall",
	grid: "",
	closed: false,
	in_force: { closed: false, temperature_on: "in", fever_line: 37.3, ...rules },
});

describe("the decision table", () => {
	it("is shown once for kinds that are alike", () => {
		expect(alike(table.rules)).toEqual([["village", "compound"], ["mall"]]);
	});

	it("answers what would happen at a site as its rules are now", () => {
		const at = (rules: object, own = false) => whatIf(table, mall(rules), "green", "in", own);
		expect(at({})?.color).toBe("green");
		expect(at({})?.checks.length).toBe(2); // temperature and its line
		expect(at({ closed: true })).toMatchObject({ color: "red", why: "site_closed" });
		expect(at({ residents_only: true })?.color).toBe("red");
		expect(whatIf(table, { ...mall({ closed: true }), kind: "village" }, "green", "in", true)?.color).toBe("green");
		expect(whatIf(table, mall({}), "nobody", "in", false)).toBeNull();
	});
});

describe("rules in words and forms", () => {
	it("says hours and outings in one line", () => {
		const rules = { opens_at: "06:00", closes_at: "22:00", outings: 1, outing_days: 2 };
		expect(shownRules(rules)).toEqual(["opens_at", "outings"]);
		expect(sayRule("opens_at", "06:00", rules)).toBe("06:00 – 22:00");
		expect(sayRule("outings", 1, rules)).toContain("2");
	});

	it("asks for outings only where people live, and never for closing by the way", () => {
		const names = (kind: string) => ruleFields(kind).map((f) => f.name);
		expect(names("village")).toContain("outings");
		expect(names("mall")).not.toContain("outings");
		expect(names("village")).not.toContain("closed");
	});

	it("sends what was left empty as the API takes it", () => {
		expect(ruleValues({ capacity: null, opens_at: "", closed: true }, ["capacity", "opens_at", "closed"])).toEqual({
			capacity: 0,
			opens_at: "",
			closed: true,
		});
	});
});

describe("policies", () => {
	it("names rules together that the API takes only together", () => {
		expect(Object.keys(chosen({}, "fever_line", true))).toEqual(["fever_line", "low_line"]);
		expect(chosen(chosen({}, "outings", true), "outings", false)).toEqual({});
	});

	it("sends a preset by its name until it is changed", () => {
		const plan: Plan = {
			name: " 名 ",
			ground: "据",
			from: "",
			until: "",
			nodes: [],
			sites: [],
			preset: "p",
			parts: [],
		};
		expect(bodyOf(plan, "c")).toMatchObject({ preset: "p", name: "名" });
		expect(bodyOf({ ...plan, preset: "" }, "c")).not.toHaveProperty("preset");
	});

	it("shows before and after of a site", () => {
		const site = { code: "", name: "", kind: "", gates: [], residents: 0, inside: 0, closes: false, overfull: false };
		const text = changes({
			...site,
			changes: [
				{ field: "opens_at", old: "", new: "06:00" },
				{ field: "closes_at", old: "", new: "22:00" },
			],
		});
		expect(text).toMatch(/全天 → 06:00 – 22:00/);
	});
});

describe("the grid", () => {
	const node = (id: string, parent: string, level: number, name = id): Node => ({
		id,
		parent,
		name,
		level,
		head: "",
		phone: "",
	});
	const list = [
		node("a-10", "town", 2),
		node("a-2", "town", 2, "第二管区"),
		node("town", "", 1),
		node("m1", "a-2", 4),
		node("m2", "a-2", 4),
	];

	it("stands in its official order and counts the micro-grids below", () => {
		const tree = treeOf(list);
		expect(tree.below.get("town")?.map((n) => n.id)).toEqual(["a-2", "a-10"]);
		expect(tree.micro.get("town")).toBe(2);
		expect(treeOf(list.slice(3)).roots.map((n) => n.id)).toEqual(["m1", "m2"]); // of who sees no more
	});

	it("opens the way to what is found", () => {
		nodes.value = list;
		expect([...found(list, "M2").open].sort()).toEqual(["a-2", "town"]);
	});
});

it("names on badges cannot become markup", () => {
	const html = badgeSheet([{ login: "x", name: "<b>&", badge: "", badge_qr_svg: "<svg/>" }], new Map());
	expect(html).toContain("&lt;b&gt;&amp;");
});

it("first passwords can be read out", () => {
	expect(freshPassword()).toMatch(/^[a-km-np-z2-9]{12}$/);
});
