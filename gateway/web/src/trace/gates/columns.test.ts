import { expect, test } from "vitest";
import { Columns, HALF_HOUR, type Row } from "./columns";
import { csvOf } from "./csv";

const noon = Date.parse("2020-02-11T04:00:00Z");

function row(minute: number, more: Partial<Row> = {}): Row {
	return {
		occurred_at: new Date(noon + minute * 60_000).toISOString(),
		recorded_at: new Date(noon + minute * 60_000 + 40).toISOString(),
		person: { id: "0400000000000007", name_masked: "王*明" },
		direction: "in",
		decision: "pass",
		reason: "ok",
		color: "green",
		action: "admit",
		flags: [],
		temperature: 36.5,
		temperature_method: "forehead",
		who: "pass",
		device: "D1",
		lane: "一道",
		plate: "",
		vehicle: "",
		purpose: "",
		override: "",
		annulled: false,
		annulment: false,
		staff: "zhang",
		source: "scan",
		...more,
	};
}

function filled(): Columns {
	const c = new Columns();
	c.add(row(0));
	c.add(row(5, { direction: "out", temperature: null, plate: "鲁A·12345", vehicle: "ab" }));
	c.add(row(31, { decision: "deny", reason: "fever", temperature: 38.2, flags: ["late", "conflict"], lane: "二道" }));
	c.add(row(40, { person: { id: "0400000000000008", name_masked: "欧阳**" }, decision: "deny", reason: "status_red" }));
	c.add(row(45, { annulled: true }));
	c.add(row(45, { annulment: true }));
	c.add(
		row(50, {
			person: {
				id: "0500000000000001",
				name_masked: "赵*",
				known_as: { id: "0400000000000008", name_masked: "欧阳**" },
			},
		}),
	);
	return c;
}

test("rows come out as they went in", () => {
	const c = filled();
	expect(c.row(2)).toEqual(
		row(31, { decision: "deny", reason: "fever", temperature: 38.2, flags: ["late", "conflict"], lane: "二道" }),
	);
	expect(c.row(6).person?.known_as?.name_masked).toBe("欧阳**");
	expect(c.row(6).person?.name_masked).toBe("赵*");
	expect(c.row(1).temperature).toBeNull();
});

test.each([
	[{}, [0, 1, 2, 3, 4, 5, 6]],
	[{ direction: "out" }, [1]],
	[{ decision: "deny", reason: "fever" }, [2]],
	[{ stopped: true }, [2, 3]],
	[{ flag: "late" }, [2]],
	[{ flag: "lat" }, []],
	[{ min: 37.3 }, [2]],
	[{ max: 36.5, direction: "in", decision: "pass" }, [0, 4, 5, 6]],
	[{ unmeasured: true }, [1]],
	[{ name: "欧阳" }, [3, 6]],
	[{ name: "王*" }, [0, 1, 2, 4, 5]],
	[{ name: "0400000000000008" }, [3]],
	[{ plate: "鲁a 123" }, [1]],
	[{ lane: "二道" }, [2]],
	[{ staff: "nobody" }, []],
])("%j lets rows through", (filter, want) => {
	expect([...filled().select(filter)]).toEqual(want);
});

test("orders by a column, equal ones by time", () => {
	const c = filled();
	expect([...c.sort(c.select({}), "temperature", true)]).toEqual([2, 0, 3, 4, 5, 6, 1]);
	expect([...c.sort(c.select({}), "lane", false)].at(0)).toBe(2); // er before yi
	expect([...c.sort(c.select({}), "at", true)].at(0)).toBe(6);
});

test("sums count what was let through; what was taken back is neither", () => {
	const c = filled();
	const sum = c.summary(c.select({}));
	expect(sum).toMatchObject({ rows: 7, people: 3, in: 2, out: 1, stopped: 2, fevers: 1, annulled: 1 });
	expect(sum.flow).toEqual([
		{ at: noon, in: 1, out: 1, stopped: 0, fevers: 0 },
		{ at: noon + HALF_HOUR, in: 1, out: 0, stopped: 2, fevers: 1 },
	]);
	expect(sum.reasons.map((r) => r.reason).sort()).toEqual(["fever", "status_red"]);
	expect(c.choices()).toEqual({
		reasons: ["fever", "ok", "status_red"],
		flags: ["conflict", "late"],
		lanes: ["二道", "一道"],
		staff: ["zhang"],
	});
});

test("the file holds what is in sight and no formula", () => {
	const c = filled();
	c.add(row(60, { lane: '=1+"1"' }));
	const [head, body] = csvOf(c, c.select({ lane: '=1+"1"' }));
	expect(head?.startsWith("\ufeffoccurred_at,recorded_at,person,name_masked,")).toBe(true);
	expect(body).toContain(`,"'=1+""1""",`);
	expect(body?.split("\r\n")).toHaveLength(2);
});

test("30,000 rows are filtered and ordered in a moment", () => {
	const c = new Columns();
	const one = row(0);
	for (let i = 0; i < 30_000; i++) {
		c.add({ ...one, person: { id: String(i % 20_000), name_masked: `王*${i % 97}` }, temperature: 36 + (i % 20) / 10 });
	}
	const began = performance.now();
	const found = c.select({ name: "王*9", min: 36.5 });
	c.sort(found, "name", false);
	c.summary(found);
	expect(found.length).toBeGreaterThan(1_500);
	expect(performance.now() - began).toBeLessThan(500);
});
