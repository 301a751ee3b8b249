// What the phone keeps, in IndexedDB: a token per household, what its page needs
// without a network, and the strips. Nothing else about people is kept: no
// grounds, no history, no diary. Where there is no IndexedDB (private windows)
// it is kept for the visit only.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { inTime } from "../shared/intime";
import type { Strip } from "./strip";
import type { Household, Member } from "./types";

/** A member as kept: enough to show their pass. */
export type KeptMember = Pick<Member, "id" | "name" | "kind" | "status" | "status_text">;

/** One household on this phone. */
export interface Family {
	token: string;
	site: string;
	door: string;
	office: Household["office"];
	members: KeptMember[];
}

/** Of the phone, not of a person. */
export interface Settings {
	/** Phone minus server, ms, as last measured. */
	offset?: number;
	/** The server's time (UTC ms) when it last answered: an earlier time is a wrong clock. */
	heardAt?: number;
	large?: boolean;
	/** ID of the member last shown. */
	shown?: string;
}

interface Shape extends DBSchema {
	families: { key: string; value: Family };
	strips: { key: string; value: Strip };
	settings: { key: string; value: Settings };
}

export interface Store {
	/** False where what is kept ends with the visit. */
	readonly durable: boolean;
	/** There is a disk, and it could not be read: what it has is not known. */
	readonly unread?: boolean;
	families(): Promise<Family[]>;
	strips(): Promise<Strip[]>;
	settings(): Promise<Settings>;
	putFamily(family: Family): Promise<void>;
	putStrip(strip: Strip): Promise<void>;
	putSettings(settings: Settings): Promise<void>;
	/** Removes a household and the strips of its members. */
	dropFamily(family: Family): Promise<void>;
	dropStrip(resident: string): Promise<void>;
}

/** ms that a disk may take, twice: some need many when the phone was just switched on. */
const PATIENCE = 10_000;

/** Opens the phone's store; never throws, and waits for no disk that does not answer. */
export async function openStore(name = "passgate-pass"): Promise<Store> {
	const read = async () => {
		const disk = onDisk(await open(name));
		await Promise.all([disk.families(), disk.strips(), disk.settings()]);
		return disk;
	};
	try {
		return await inTime(read(), PATIENCE).catch(() => inTime(read(), PATIENCE));
	} catch {
		return { ...inMemory(), unread: typeof indexedDB !== "undefined" };
	}
}

function open(name: string): Promise<IDBPDatabase<Shape>> {
	return openDB<Shape>(name, 1, {
		upgrade(fresh) {
			fresh.createObjectStore("families", { keyPath: "token" });
			fresh.createObjectStore("strips", { keyPath: "resident" });
			fresh.createObjectStore("settings");
		},
	});
}

function onDisk(db: IDBPDatabase<Shape>): Store {
	return {
		durable: true,
		families: () => db.getAll("families"),
		strips: () => db.getAll("strips"),
		settings: async () => (await db.get("settings", "phone")) ?? {},
		putFamily: async (family) => void (await db.put("families", family)),
		putStrip: async (strip) => void (await db.put("strips", strip)),
		putSettings: async (settings) => void (await db.put("settings", settings, "phone")),
		dropFamily: async (family) => {
			const tx = db.transaction(["families", "strips"], "readwrite");
			await Promise.all([
				tx.objectStore("families").delete(family.token),
				...family.members.map((m) => tx.objectStore("strips").delete(m.id)),
				tx.done,
			]);
		},
		dropStrip: (resident) => db.delete("strips", resident),
	};
}

function inMemory(): Store {
	const families = new Map<string, Family>();
	const strips = new Map<string, Strip>();
	let kept: Settings = {};
	return {
		durable: false,
		families: async () => [...families.values()],
		strips: async () => [...strips.values()],
		settings: async () => kept,
		putFamily: async (family) => void families.set(family.token, family),
		putStrip: async (strip) => void strips.set(strip.resident, strip),
		putSettings: async (settings) => {
			kept = settings;
		},
		dropFamily: async (family) => {
			families.delete(family.token);
			for (const m of family.members) {
				strips.delete(m.id);
			}
		},
		dropStrip: async (resident) => void strips.delete(resident),
	};
}
