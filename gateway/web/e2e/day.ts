// The demo town with a yesterday: the program built with a clock that can be set
// (build tag faults, no other difference), started a day ago, a day of gates handed in,
// and set to now. For journeys, which ask for what happened yesterday.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adminLogin, ended, freePort } from "./setup.ts";
import { call, eventually } from "./town.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const SHANGHAI = 8 * HOUR;

export interface Resident {
	id: string;
	name: string;
	idNumber: string;
	phone: string;
	site: string;
	door: string;
}

export interface DayTown {
	url: string;
	/** Sessions by login; the password of each is "secret of the LOGIN". */
	sessions: Record<string, string>;
	/** Midnight in Shanghai with which yesterday began, UTC ms. */
	yesterday: number;
	/** People of the village, the first one of them ill. */
	people: Resident[];
	village: string;
	mall: string;
	kase: string;
	badge: string;
	/** Token of the phone at the mall's gate. */
	phone: string;
	stop: () => Promise<void>;
}

const program = join(import.meta.dirname, "../../../bin/passgate-stepped");
const roles = ["leader", "enroller", "medic", "grid", "tracer", "auditor", "inspector", "pharmacist"];

/** A clock that is wrong by what was last set, in ms. */
function clockFile(folder: string): { path: string; set: (wrong: number) => void } {
	const path = join(folder, "clock");
	const set = (wrong: number) => {
		const bytes = Buffer.alloc(8);
		bytes.writeBigInt64LE(BigInt(Math.round(wrong)));
		// In place: the program has the file in its memory.
		const file = openSync(path, "r+");
		writeSync(file, bytes, 0, 8, 0);
		closeSync(file);
	};
	writeFileSync(path, Buffer.alloc(8));
	return { path, set };
}

/** Starts the town, lives a day in it and gives it at the present; residents: how many are enrolled. */
export async function liveADay(residents: number): Promise<DayTown> {
	const args = ["build", "-tags", "faults", "-o", program, "./cmd/passgate"];
	execFileSync("go", args, { cwd: join(import.meta.dirname, "../../.."), stdio: "inherit" });
	const folder = mkdtempSync(join(tmpdir(), "passgate-day-"));
	const clock = clockFile(folder);
	const yesterday = Math.floor((Date.now() + SHANGHAI) / DAY) * DAY - SHANGHAI - DAY;
	clock.set(yesterday + 6 * HOUR - Date.now());
	const port = await freePort();
	const url = `http://localhost:${port}`;
	const data = join(folder, "data");
	mkdirSync(data);
	const server: ChildProcess = spawn(
		program,
		[
			"serve",
			"--demo",
			"--demo-residents",
			String(residents),
			"--redis",
			"managed",
			"--addr",
			`localhost:${port}`,
			"--metrics-addr",
			"localhost:0",
			"--data",
			data,
		],
		{ env: { ...process.env, PASSGATE_FAULT_CLOCK: clock.path } },
	);
	const stop = async () => {
		await ended(server);
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		const first = await adminLogin(server);
		const town = await live({ url, yesterday, clock, first });
		return { ...town, url, yesterday, stop };
	} catch (failure) {
		await stop();
		throw failure;
	}
}

interface Begin {
	url: string;
	yesterday: number;
	clock: { set: (wrong: number) => void };
	first: { login: string; password: string };
}

async function live({ url, yesterday, clock, first }: Begin): Promise<Omit<DayTown, "url" | "yesterday" | "stop">> {
	const at = { url };
	const signIn = async (login: string, password: string) =>
		(await call<{ token: string }>(at, "", "POST", "/v1/login", { login, password })).token;
	const admin = await signIn(first.login, first.password);
	const root = (await call<{ nodes: { id: string; parent: string }[] }>(at, admin, "GET", "/v1/grid")).nodes.find(
		(n) => n.parent === "",
	);
	const { sites } = await call<{ sites: { code: string; kind: string }[] }>(at, admin, "GET", "/v1/sites");
	const village = sites.find((s) => s.kind === "village")?.code ?? "";
	const mall = sites.find((s) => s.kind === "mall")?.code ?? "";
	for (const role of roles) {
		const account = { login: role, name: names[role] ?? role, role, grid: root?.id, password: `secret of the ${role}` };
		await call(at, admin, "PUT", `/v1/staff/${role}`, account);
	}
	await call(at, admin, "PUT", "/v1/staff/zhang", { login: "zhang", name: "张建国", role: "guard", grid: root?.id });
	const { badge } = await call<{ badge: string }>(at, admin, "POST", "/v1/staff/zhang/badge", {});
	const people = await residentsOf(at, admin, village);
	const devices = new Map<string, string>();
	for (const site of [village, mall]) {
		const gate = (await call<{ gates: { code: string; site: string }[] }>(at, admin, "GET", "/v1/gates")).gates.find(
			(g) => g.site === site,
		);
		const { enrol_code } = await call<{ enrol_code: string }>(at, admin, "POST", "/v1/devices", {
			gate: gate?.code,
			lane: "一道",
		});
		devices.set(site, (await call<{ token: string }>(at, "", "POST", "/v1/devices/enrol", { code: enrol_code })).token);
	}
	// The clock goes on to the evening, and what the day brought comes in.
	clock.set(yesterday + 20 * HOUR - Date.now());
	const day = dayOf(people, village, mall, yesterday);
	for (const [site, scans] of day) {
		for (let i = 0; i < scans.length; i += 1000) {
			await call(at, devices.get(site) ?? "", "POST", "/v1/scans/batch", { scans: scans.slice(i, i + 1000) });
		}
	}
	// All of it is counted, before the program publishes the day.
	const token = await signIn("leader", "secret of the leader");
	const sent = day.reduce((sum, [, scans]) => sum + scans.length, 0);
	const date = new Date(yesterday + SHANGHAI).toISOString().slice(0, 10);
	const counted = async () => {
		const { lines } = await call<{ lines: { key: string; number: number }[] }>(
			at,
			token,
			"GET",
			`/v1/bulletin?day=${date}`,
		);
		return lines.reduce((sum, l) => sum + (["in", "out", "denied"].includes(l.key) ? l.number : 0), 0);
	};
	const found = await eventually(counted, (n) => n >= sent, 60_000);
	if (found < sent) {
		throw new Error(`${found} of ${sent} scans of the day are counted`);
	}
	clock.set(0);
	const sessions: Record<string, string> = {};
	for (const role of roles) {
		sessions[role] = await signIn(role, `secret of the ${role}`);
	}
	const ill = people[0];
	const { code } = await call<{ code: string }>(at, sessions.medic ?? "", "POST", "/v1/cases", {
		kind: "confirmed",
		title: "县医院确诊一例",
		person: ill?.id,
		onset_at: new Date(yesterday - DAY).toISOString(),
	});
	return { sessions, people, village, mall, kase: code, badge, phone: devices.get(mall) ?? "" };
}

const names: Record<string, string> = {
	leader: "周主任",
	enroller: "吴登记",
	medic: "郑医生",
	grid: "冯网格",
	tracer: "陈流调",
	auditor: "褚审计",
	inspector: "卫检查",
	pharmacist: "蒋药师",
};

async function residentsOf(at: { url: string }, admin: string, site: string): Promise<Resident[]> {
	const text = await call<string>(at, admin, "GET", `/v1/residents?site=${site}`, undefined, {
		Accept: "application/x-ndjson",
	});
	return text
		.trim()
		.split("\n")
		.map((line) => {
			const row = JSON.parse(line) as Resident & { id_number: string };
			return { ...row, idNumber: row.id_number };
		});
}

type Scan = Record<string, unknown>;

/** The village goes to the mall: everybody out and back in, a third of them by way of the mall, the ill one first. */
function dayOf(people: Resident[], village: string, mall: string, yesterday: number): [string, Scan[]][] {
	const home: Scan[] = [];
	const shop: Scan[] = [];
	const scan = (who: Resident, direction: string, at: number, told = "ok"): Scan => ({
		id: `day-${who.id}-${at}`,
		occurred_at: new Date(at).toISOString(),
		resident: who.id,
		direction,
		temperature: 36 + ((at / 60_000) % 9) / 10,
		temperature_method: "forehead",
		told: { decision: told === "ok" ? "pass" : "deny", reason: told },
	});
	people.forEach((who, i) => {
		const left = yesterday + 7 * HOUR + (i % 180) * 60_000;
		const shops = i % 3 === 0;
		home.push(scan(who, "out", left));
		if (shops) {
			shop.push(scan(who, "in", left + 25 * 60_000), scan(who, "out", left + 70 * 60_000));
		}
		home.push(scan(who, "in", left + 110 * 60_000));
	});
	// Some of the village's own want into the mall while it is closed.
	for (const [i, who] of people.slice(0, 7).entries()) {
		shop.push(scan(who, "in", yesterday + 18 * HOUR + i * 60_000, "outside_hours"));
	}
	const byTime = (a: Scan, b: Scan) => String(a.occurred_at).localeCompare(String(b.occurred_at));
	return [
		[village, home.sort(byTime)],
		[mall, shop.sort(byTime)],
	];
}
