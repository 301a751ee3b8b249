// Starts the program with its own Redis in a folder that goes away, sets a small
// town up over the API and leaves its addresses and secrets for the tests.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTown } from "./build.ts";
import { townFile } from "./town.ts";

/** The program under test. */
export const program = process.env.PASSGATE_BIN ?? join(import.meta.dirname, "../../../bin/passgate");

export default async function setup(): Promise<() => Promise<void>> {
	const data = mkdtempSync(join(tmpdir(), "passgate-e2e-"));
	const [port, aside] = [await freePort(), await freePort()];
	const url = `http://localhost:${port}`;
	const places = ["--addr", `localhost:${port}`, "--metrics-addr", `localhost:${aside}`, "--data", data];
	const server = spawn(program, ["serve", "--redis", "managed", ...places]);
	const stop = async () => {
		await ended(server);
		rmSync(data, { recursive: true, force: true });
	};
	try {
		const admin = await adminLogin(server);
		const town = await buildTown(url, admin.login, admin.password);
		mkdirSync("test-results", { recursive: true });
		writeFileSync(townFile, JSON.stringify({ ...town, data, status: `http://localhost:${aside}` }), { mode: 0o600 });
		process.env.PASSGATE_URL = url;
		return stop;
	} catch (failure) {
		await stop();
		throw failure;
	}
}

/** Waits for the line with the one-time login that a new installation prints. */
export function adminLogin(server: ChildProcess): Promise<{ login: string; password: string }> {
	return new Promise((found, failed) => {
		let out = "";
		const timer = setTimeout(() => failed(new Error(`no login was printed:\n${out}`)), 30_000);
		const read = (chunk: Buffer) => {
			out += chunk.toString();
			const line = out.match(/admin login\s+(\S+) \/ (\S+)/);
			if (line?.[1] && line[2]) {
				clearTimeout(timer);
				found({ login: line[1], password: line[2] });
			}
		};
		server.stdout?.on("data", read);
		server.stderr?.on("data", read);
		server.on("error", failed);
		server.on("exit", (code) => failed(new Error(`the program ended with ${code}:\n${out}`)));
	});
}

export function ended(server: ChildProcess): Promise<void> {
	if (server.exitCode !== null) {
		return Promise.resolve();
	}
	return new Promise((done) => {
		server.on("exit", () => done());
		server.kill("SIGTERM");
	});
}

export function freePort(): Promise<number> {
	return new Promise((found, failed) => {
		const probe = createServer();
		probe.on("error", failed);
		probe.listen(0, "127.0.0.1", () => {
			const address = probe.address();
			probe.close(() => found(typeof address === "object" && address ? address.port : 0));
		});
	});
}
