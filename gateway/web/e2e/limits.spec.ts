// Role and part of the grid hold in every page: each role opens all that its pages lead
// to, and what they asked the server is asked again by everybody else.
import { readFileSync } from "node:fs";
import { type APIResponse, expect, test } from "@playwright/test";
import { type Asked, crawl } from "./crawler";
import { type DeskApp, giveGround, openDesk } from "./desk";
import { long } from "./long";
import { readTown } from "./town";

const roles = ["leader", "enroller", "grid", "medic", "tracer", "auditor", "inspector", "pharmacist"];
/** Where a tracer goes from a name: whom it is about is typed, not linked. */
function seedsOf(app: DeskApp): string[] {
	const id = readTown().people[0]?.id;
	return app === "trace" ? [`#/person/${id}`, `#/contacts/${id}`, "#/gates/V1-g1", "#/inside/V1", "#/calls"] : [];
}

/** Those who see most; everybody in a long run. */
const most = long ? roles : ["leader"];
const apps: [DeskApp, string[]][] = [
	["admin", most],
	["trace", ["tracer", ...(long ? ["leader", "auditor"] : [])]],
];

/** Who may call a route, as the server's own test has it: "GET /v1/gates/:gate/events" → roles. */
function table(): [RegExp, string, string[]][] {
	const text = readFileSync("../access_test.go", "utf8");
	return [...text.matchAll(/"(GET|POST|PUT|DELETE) ([^"]+)":\s*"([^"]+)"/g)].map(([, method, path, who]) => [
		new RegExp(`^${(path ?? "").replace(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}$`),
		method ?? "",
		(who ?? "").split(" "),
	]);
}

const allowed = table();

function mayAsk(role: string, a: Asked): boolean {
	const path = a.path.split("?")[0] ?? "";
	// Names of words are before patterns: /v1/gates/suspect is not a gate.
	const rows = allowed.filter(([pattern, method]) => method === a.method && pattern.test(path));
	const row = rows.sort((x, y) => (x[0].source.match(/\[/g)?.length ?? 0) - (y[0].source.match(/\[/g)?.length ?? 0))[0];
	return row?.[2].some((who) => who === "all" || who === "staff" || who === role) ?? false;
}

/** Said of the machine, not of who asks: the pages ask again, and are answered. */
const BUSY = 503;

// Many screens in one test.
test.describe.configure({ timeout: 180_000 });

const asked = new Map<string, Asked>();

for (const [app, who] of apps) {
	for (const role of who) {
		test(`${role} can open whatever /${app} leads to, and nothing there is refused`, async ({ page }) => {
			await openDesk(page, app, role);
			if (app === "trace") {
				await giveGround(page);
			}
			const found = await crawl(page, role === "auditor" ? ["#/gates/V1-g1"] : seedsOf(app));
			for (const a of found.asked) {
				asked.set(`${a.method} ${a.path} ${a.body}`, a);
			}
			const answered = new Set(found.asked.filter((a) => a.status < 400).map((a) => `${a.method} ${a.path}`));
			const refused = found.asked
				.filter((a) => a.status === 401 || a.status === 403 || a.status >= 500)
				.filter((a) => a.status !== BUSY || !answered.has(`${a.method} ${a.path}`));
			expect(refused.map((a) => `${a.screen}: ${a.method} ${a.path} ${a.status}`)).toEqual([]);
			expect(found.complaints).toEqual([]);
			expect(found.screens.length).toBeGreaterThan(0);
			console.log(`${role} /${app}: ${found.screens.length} screens, ${found.asked.length} calls`);
		});
	}
}

test("a leader of another area sees nobody of this one, whatever they open", async ({ page }) => {
	const hidden = readTown().people.filter((p) => p.site !== "V3");
	const seen = new Set<string>();
	await openDesk(page, "admin", "leader-a2");
	const found = await crawl(page, ["#/sites/V1", "#/grid/C1", "#/board/V1-g1"], (text) => {
		for (const p of hidden) {
			if (text.includes(p.name) || text.includes(p.id) || text.includes(p.idNumber)) {
				seen.add(`${p.name} ${p.site}`);
			}
		}
	});
	expect([...seen]).toEqual([]);
	expect(found.screens.length).toBeGreaterThan(20);
});

test("what the pages ask is answered to nobody else", async ({ request }) => {
	const town = readTown();
	const others = town.people.filter((p) => p.site !== "V3");
	const names = others.flatMap((p) => [p.name, p.idNumber]);
	const hidden = [...names, ...others.map((p) => p.id)];
	const wrong: string[] = [];
	let tried = 0;
	for (const a of asked.values()) {
		for (const role of roles) {
			if (!mayAsk(role, a)) {
				const got = await ask(role, a);
				if (got.status() !== 403) {
					wrong.push(`${role} ${a.method} ${a.path}: ${got.status()}`);
				}
			} else if (town.sessions[`${role}-a2`]) {
				const got = await ask(`${role}-a2`, a);
				const text = await got.text();
				// Their auditor sees by its ID whom their own accounts asked about in vain.
				const leaks = (a.path.startsWith("/v1/audit") ? names : hidden).filter((h) => text.includes(h));
				if (leaks.length > 0) {
					wrong.push(`${role} of another area ${a.method} ${a.path}: ${leaks.slice(0, 3)}`);
				}
			}
		}
	}
	console.log(`${asked.size} calls of the pages, asked ${tried} times by others`);
	expect(wrong).toEqual([]);
	expect(asked.size).toBeGreaterThan(50);

	async function ask(who: string, a: Asked): Promise<APIResponse> {
		tried++;
		const got = await request.fetch(town.url + a.path, {
			method: a.method,
			headers: { ...a.headers, Authorization: `Bearer ${town.sessions[who]}` },
			...(a.body === null ? {} : { data: a.body }),
		});
		return got.status() === BUSY ? ask(who, a) : got;
	}
});
