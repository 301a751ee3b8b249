import { afterEach, expect, test, vi } from "vitest";
import { guard } from "./csv";
import { bodyOf, importLines, type Line, previewLines, readBook, refusedCsv } from "./lines";

const row = (n: number, more: object = {}) => ({
	sheet: "小区",
	row: n,
	name: `住户${n}`,
	id_number: `A${n}`,
	phone: "",
	site: "V1",
	door: "3-2-501",
	grid: "",
	of: "",
	...more,
});

function line(n: number): Line {
	return { ...row(n), verdict: null, fields: [], from: null, to: null, field: "", why: null };
}

function server(...answers: (object | number)[]) {
	const bodies: string[] = [];
	vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
		bodies.push(String(init.body));
		const next = answers.shift();
		return typeof next === "number"
			? new Response(JSON.stringify({ code: "unavailable", detail: "again" }), { status: next })
			: new Response(JSON.stringify(next), { headers: { "Content-Type": "application/json" } });
	});
	return bodies;
}

afterEach(() => vi.unstubAllGlobals());

const way = { signal: new AbortController().signal, onDone: () => undefined, pause: 1 };

test("a file's rows stand in its order, with those that cannot be used and those that repeat", async () => {
	server({
		sheets: [],
		hidden_sheets: [],
		hidden_rows: 0,
		rows: [row(4), row(7, { of: "小区 4" })],
		bad: [row(5, { field: "id_number", why: "check digit", why_zh: "校验位不符" })],
	});
	const book = await readBook(new Blob(["x"]), "");
	expect(book.lines.map((l) => [l.row, l.verdict])).toEqual([
		[4, null],
		[5, "refused"],
		[7, "duplicate"],
	]);
});

test("chunks go out in order; a busy server is asked again; what it refuses is said at the row", async () => {
	const lines = Array.from({ length: 501 }, (_, i) => line(i + 2));
	const none = { created: 0, changed: 0, unchanged: 0, moved: 0, sites: [], errors: [] };
	const bodies = server(
		503,
		{
			...none,
			created: 499,
			sites: ["V1"],
			errors: [{ row: 3, field: "phone", why: "no mobile", why_zh: "不是手机号" }],
		},
		{ ...none, created: 1, sites: ["V1", "C1"] },
	);
	const done: number[] = [];
	const got = await importLines(lines, false, { ...way, onDone: (n) => done.push(n) });
	expect(got).toEqual({ counts: { created: 500, changed: 0, unchanged: 0, moved: 0 }, sites: ["C1", "V1"] });
	expect([done, bodies.length, bodies[0] === bodies[1]]).toEqual([[500, 1], 3, true]);
	expect(lines[1]).toMatchObject({ verdict: "refused", field: "phone", why: { zh: "不是手机号" } });
	expect(refusedCsv(lines)).toBe(
		"\ufeffsheet,row,field,原因,reason,name,id_number,phone,site,door,grid\n小区,3,phone,不是手机号,no mobile,住户3,A3,,V1,3-2-501,\n",
	);
});

test("a preview puts each verdict at its row and leaves out what is known to be wrong", async () => {
	const lines = [line(4), { ...line(5), verdict: "refused" as const }, line(6)];
	const plan = { fields: [], from: null, to: null, of: 0, field: "", why: "", why_zh: "" };
	const bodies = server({
		rows: [
			{ ...plan, row: 2, verdict: "changed", fields: ["phone"] },
			{ ...plan, row: 3, verdict: "duplicate", of: 2 },
		],
	});
	await previewLines(lines, way);
	expect(bodies[0]).toBe(bodyOf([line(4), line(6)]));
	expect(lines.map((l) => [l.verdict, l.of])).toEqual([
		["changed", ""],
		["refused", ""],
		["duplicate", "小区 4"],
	]);
});

test("what a spreadsheet would run is guarded, and nothing else", () => {
	expect(["=1+1", "+86", " -1", "王", "3-2", "'=1"].map(guard)).toEqual(["'=1+1", "'+86", "' -1", "王", "3-2", "''=1"]);
});
