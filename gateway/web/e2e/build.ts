// Sets the town up over the API, as a subdistrict would.
import { call, type Town, type Townsman } from "./town.ts";

/** Families of the two villages: name, door. */
const families: [site: string, door: string, names: string[]][] = [
	["V1", "3-1-101", ["王小明", "李秀英", "王子涵"]],
	["V1", "3-1-102", ["张伟", "刘芳"]],
	["V1", "10-2-301", ["𠮷田花", "赵敏"]],
	["V2", "1-1-101", ["陈强", "杨静"]],
	["V3", "1-1-101", ["钱多多"]], // of another area
];
const crowd = 60; // more people of V1, for queues
/** Accounts of the whole town, named by their role. */
const accounts = [
	"leader",
	"enroller",
	"medic",
	"medic2",
	"grid",
	"tracer",
	"tracer2",
	"auditor",
	"inspector",
	"pharmacist",
];
/** Accounts of another area, who are to see nothing of the villages in A1. */
const elsewhere = ["leader-a2", "enroller-a2", "medic-a2", "grid-a2", "tracer-a2", "auditor-a2", "inspector-a2"];
/** One of the two old villages alone. */
const narrow = ["grid-c1"];

/** A valid number by the weights that GB 11643 prints. */
export function idNumber(serial: number): string {
	const digits = `37012619800101${String(serial).padStart(3, "0")}`;
	const sum = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((s, w, i) => s + w * Number(digits[i]), 0);
	return digits + "10X98765432"[sum % 11];
}

export async function buildTown(url: string, login: string, password: string): Promise<Omit<Town, "data" | "status">> {
	const at = { url };
	const sessions: Record<string, string> = {};
	const signIn = async (who: string, secret: string) => {
		sessions[who] = (
			await call<{ token: string }>(at, "", "POST", "/v1/login", { login: who, password: secret })
		).token;
	};
	await signIn(login, password);
	sessions.admin = sessions[login] ?? "";
	const admin = sessions.admin;
	await putPlaces(at, admin);
	for (const who of [...accounts, ...elsewhere, ...narrow]) {
		const secret = `secret of the ${who}`;
		const [role = "", node = "XS"] = who.replace(/\d$/, (n) => (who.includes("-") ? n : "")).split("-");
		const grid = node.toUpperCase();
		await call(at, admin, "PUT", `/v1/staff/${who}`, { login: who, name: who, role, grid, password: secret });
		await signIn(who, secret);
	}
	await call(at, admin, "PUT", "/v1/staff/zhang", { login: "zhang", name: "张建国", role: "guard", grid: "XS" });
	const { badge } = await call<{ badge: string }>(at, admin, "POST", "/v1/staff/zhang/badge", {});
	const { code } = await call<{ code: string }>(at, sessions.medic ?? "", "POST", "/v1/cases", {
		kind: "other",
		title: "drill",
	});
	const people = await enrol(at, sessions.enroller ?? "");
	return { url, sessions, adminPassword: password, badge, people, kase: code };
}

async function putPlaces(at: { url: string }, admin: string): Promise<void> {
	await call(at, admin, "POST", "/v1/setup", {
		grid: [
			{ id: "XS", name: "许商街道办事处", level: 1, phone: "0531-84880000" },
			{ id: "A1", parent: "XS", name: "一管区", level: 2 },
			{ id: "C1", parent: "A1", name: "佟道口", level: 3 },
			{ id: "C9", parent: "A1", name: "新城社区", level: 3 }, // for crowds
			{ id: "A2", parent: "XS", name: "二管区", level: 2 },
			{ id: "C2", parent: "A2", name: "东八里庄", level: 3 },
		],
		sites: [
			{ code: "V1", name: "佟道口村", kind: "village", grid: "C1", temperature_on: "both" },
			{ code: "V2", name: "大窦村", kind: "village", grid: "C1", temperature_on: "both" },
			{ code: "V3", name: "东八里庄村", kind: "village", grid: "C2", temperature_on: "both" },
			{ code: "M1", name: "银座商城", kind: "mall", grid: "A1", temperature_on: "in" },
		],
		gates: [
			{ code: "V1-g1", name: "佟道口村东门", site: "V1", open: true },
			{ code: "V2-g1", name: "大窦村口", site: "V2", open: true },
			{ code: "V3-g1", name: "东八里庄村口", site: "V3", open: true },
			{ code: "M1-g1", name: "商城南门", site: "M1", open: true },
		],
	});
}

async function enrol(at: { url: string }, enroller: string): Promise<Townsman[]> {
	const all: Omit<Townsman, "id">[] = [];
	for (const [site, door, names] of families) {
		for (const name of names) {
			all.push({ name, idNumber: idNumber(all.length), site, door });
		}
	}
	for (let i = 0; i < crowd; i++) {
		all.push({
			name: `孙${"一二三四五六七八九十"[i % 10]}${"甲乙丙丁戊己"[Math.floor(i / 10)]}`,
			idNumber: idNumber(all.length),
			site: "V1",
			door: `7-1-${100 + i}`,
		});
	}
	const csv = [
		"name,id_number,phone,site,door,grid",
		...all.map((p) => `${p.name},${p.idNumber},,${p.site},${p.door},${p.site === "V3" ? "C2" : "C1"}`),
	];
	await call(at, enroller, "POST", "/v1/residents/import", csv.join("\n"));
	const ids = new Map<string, string>();
	for (const site of ["V1", "V2", "V3"]) {
		const lines = await call<string>(at, enroller, "GET", `/v1/residents?site=${site}`, undefined, {
			Accept: "application/x-ndjson",
		});
		for (const line of lines.trim().split("\n")) {
			const row = JSON.parse(line) as { id: string; id_number: string };
			ids.set(row.id_number, row.id);
		}
	}
	return all.map((p) => ({ ...p, id: ids.get(p.idNumber) ?? "" }));
}
