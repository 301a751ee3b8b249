// Passages for what tracers look at: handed in as devices do that were offline, and, for
// what lies before a device's enrolment, typed back from paper.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { call, newDevice, patiently, type Town } from "./town.ts";

export interface Device {
	token: string;
	code: string;
	gate: string;
}

/** A phone of a gate. */
export async function enrolDevice(town: Town, gate: string, lane = "一道"): Promise<Device> {
	const { enrolCode } = await newDevice(town, gate, lane);
	const made = await call<{ token: string; device: string }>(town, "", "POST", "/v1/devices/enrol", {
		code: enrolCode,
	});
	return { token: made.token, code: made.device, gate };
}

export interface Scan {
	/** UTC ms. */
	at: number;
	resident: string;
	direction: "in" | "out";
	temperature?: number;
	plate?: string;
	/** Told on the spot; what was let through by default. */
	decision?: "pass" | "deny" | "remeasure";
	reason?: string;
}

let serial = 0;

/** Scans handed in at a time: a busy machine takes them within a request's time. */
const BATCH = 500;

/** Hands scans in; throws if one is refused as malformed. */
export async function handIn(town: Town, device: Device, scans: Scan[]): Promise<void> {
	for (let from = 0; from < scans.length; from += BATCH) {
		const part = scans
			.slice(from, from + BATCH)
			.map(({ at, decision = "pass", reason = "ok", temperature, ...scan }) => {
				serial++;
				return {
					id: `t${serial}-${at}`,
					occurred_at: new Date(at).toISOString(),
					...(temperature === undefined ? {} : { temperature, temperature_method: "forehead" }),
					told: { decision, reason },
					...scan,
				};
			});
		await sent(() => call<Results>(town, device.token, "POST", "/v1/scans/batch", { scans: part }));
	}
}

interface Results {
	results: { error?: { code: string } }[];
}

/** Sends until all scans are recorded. */
const sent = (send: () => Promise<Results>) =>
	patiently(async () => {
		const bad = (await send()).results.find((r) => r.error);
		if (bad) {
			throw new Error(JSON.stringify(bad));
		}
	});

/** The code of a printed page of a gate's paper log, see codes/logpage.go. */
function logPage(gate: string, date: string, page: number): string {
	const body = `PGL1-${gate}-${date}-${page}`;
	const sum = createHash("sha256").update(body).digest();
	const bits = sum.readUIntBE(0, 3);
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	return `${body}-${[19, 14, 9, 4].map((shift) => digits[(bits >> shift) & 31]).join("")}`;
}

/** Has it on record that a gate's pages were printed on a day that has passed, which nobody can do over the API. */
function printed(town: Town, gate: string, date: string): void {
	const redis = (...args: string[]) =>
		execFileSync("redis-cli", ["-s", join(town.data, "redis", "redis.sock"), ...args], { encoding: "utf8" });
	const { num } = JSON.parse(redis("HGET", "pg:{reg}:gates", gate)) as { num: number };
	const day = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6))) / 86_400_000;
	redis("SET", `pg:{g${num}}:L:${day}`, "9999");
}

/** Types passages back as rows of paper pages of earlier days, as an enroller does. */
export async function typeBack(town: Town, gate: string, scans: Scan[], firstPage = 1): Promise<void> {
	const days = new Map<string, Scan[]>();
	for (const scan of scans) {
		const day = new Date(scan.at + 8 * 3600_000).toISOString().slice(0, 10).replaceAll("-", "");
		days.set(day, [...(days.get(day) ?? []), scan]);
	}
	for (const [day, list] of days) {
		printed(town, gate, day);
		for (let from = 0; from < list.length; from += 25) {
			const rows = list
				.slice(from, from + 25)
				.map(({ at, decision = "pass", reason = "ok", temperature, ...scan }, i) => ({
					row: i + 1,
					occurred_at: new Date(at).toISOString(),
					...(temperature === undefined ? {} : { temperature, temperature_method: "forehead" }),
					told: { decision, reason },
					...scan,
				}));
			const page = logPage(gate, day, firstPage + from / 25);
			const body = { page, rows };
			await sent(() => call<Results>(town, town.sessions.enroller ?? "", "POST", `/v1/gates/${gate}/paper`, body));
		}
	}
}
