// The contract between the engine (storage, verification, decisions, network), the
// scanner (camera, keyboard wedge, photos) and the screens.

import type { ReadonlySignal } from "@preact/signals";

export type Direction = "in" | "out";
export type Decision = "pass" | "deny" | "remeasure" | "incomplete";
export type Color = "green" | "yellow" | "red" | "grey";
export type Method = "forehead" | "wrist" | "ear" | "armpit";
export type Text = { zh: string; en: string };

/** Who stands at the gate: exactly one of these, none only with an override. */
export type Subject =
	| { pass: string }
	| { resident: string; name?: string }
	| { id_document: string }
	| { walk_in: { name: string; id_tail: string; phone: string } }
	| { nobody: true };

/** One passage as the guard enters it. */
export interface ScanInput {
	subject: Subject;
	direction: Direction;
	/** °C, one decimal, 30.0 to 45.0. */
	temperature?: number;
	method?: Method;
	/** ID of the scan with the first reading. */
	remeasureOf?: string;
	plate?: string;
	plateUnchecked?: boolean;
	/** The car's ID, the same for all who sit in it. */
	vehicle?: string;
	vehicleDisinfected?: boolean;
	purpose?: "" | "medical" | "work" | "supplies" | "other";
	override?: "medical" | "fire" | "rescue" | "police" | "other";
}

/** What the screen shows. Grey: the phone knows too little, check by eye; it is recorded. */
export interface Verdict {
	/** The scan's ID; for an undo and a second measurement. */
	id: string;
	occurredAt: number; // UTC ms, by the server's clock
	direction: Direction;
	decision: Decision;
	reason: string;
	color: Color;
	action: string;
	text: Text; // the reason in words
	flags: string[];
	person: { id: string; nameMasked: string; kind: string; own: boolean | null } | null;
	/** Number to phone; on red always, else only with hold_here. */
	call?: string;
	/** Where the answer comes from. offline: this phone decided; degraded: the gateway did, without its record. */
	by: "server" | "degraded" | "offline";
	duplicate: boolean;
	/** Set while a second measurement is awaited: until when (UTC ms). */
	remeasureUntil?: number;
	permit?: { number: number; until: number; entriesLeft: number | null };
	/** A screen of its own instead of a verdict. */
	trouble?: Trouble;
}

/** The five problems that are no refusal of a person, each with its own screen. */
export type Trouble = "clock_wrong" | "keys_stale" | "not_our_code" | "expired" | "revoked";

/** A scan in the list of the last 50 and in the queue. */
export interface RecentScan {
	verdict: Verdict;
	subjectWord: string; // what to call the person in a list: masked name, or how they were named
	temperature?: number;
	state: "stored" | "waiting" | "sending" | "done" | "conflict" | "refused";
	/** Why it was refused or what the server says instead, for state conflict and refused. */
	problem?: Text;
	annulled: "" | "waiting" | "done";
	/** The guard has seen the problem: it alarms no more. */
	seen?: boolean;
}

export interface GateState {
	phase: "loading" | "not_enrolled" | "no_shift" | "ready" | "revoked";
	online: boolean;
	/** Why it is offline: no network, server errors, slow. */
	offlineSince: number | null;
	gate: {
		code: string;
		name: string;
		site: string;
		siteName: string;
		lane: string;
		kind: string;
		residential: boolean;
	} | null;
	shift: { id: string; login: string; name: string; openedAt: number } | null;
	previousNote: string;
	/** When rules, keys and revocation list came (UTC ms, by the server's clock); null: never synced. */
	syncedAt: number | null;
	/** Past the limit: verdicts turn grey. */
	stale: boolean;
	/** Phone minus server, ms; null: not measured. Wrong when above 2 min. */
	clockOffset: number | null;
	clockWrong: boolean;
	/** The phone's clock may have been set since it was measured, so that it is not corrected. */
	clockDoubtful: boolean;
	waiting: number; // scans not uploaded yet
	conflicts: number;
	counts: { in: number; out: number; refused: number; since: number };
	rules: {
		temperatureOn: "in" | "out" | "both" | "none";
		feverLine: number;
		lowLine: number;
		remeasureMinutes: number;
		disinfection: boolean;
	} | null;
	call: string;
	/** False where nothing can be kept (private window, no IndexedDB): said loudly. */
	durable: boolean;
	secure: boolean; // window.isSecureContext
	/** How many more passages can be taken offline: an alarm when it runs low. */
	queueLeft?: number;
	/** The gate was opened in another window of this browser and goes on there; loading it again takes it back. */
	elsewhere?: boolean;
	/** What the phone keeps cannot be read, in the phase "loading": the guard tries again or goes on in memory. */
	unread?: boolean;
	/** Something that happened behind the guard's back, such as a badge that was refused afterwards. */
	notice?: Text | undefined;
}

export interface PersonFound {
	id: string;
	nameMasked: string;
	door: string;
	idTail: string;
	kind: string;
}

export interface VisitorInput {
	name: string;
	idNumber?: string;
	phone?: string;
	host?: string;
	ground: string;
	until: number;
	entries: number;
	plate?: string;
	purpose?: string;
}

export interface Engine {
	readonly state: ReadonlySignal<GateState>;
	readonly recent: ReadonlySignal<RecentScan[]>;
	start(): Promise<void>;
	/** Goes on without what the phone keeps, which stays there; the phone has to be enrolled anew. */
	startInMemory(): Promise<void>;
	stop(): void;
	/** code: PGE1-…, from the QR. */
	enrol(code: string): Promise<void>;
	/** badge: PGB1-…; works offline too, reported later. */
	openShift(badge: string): Promise<void>;
	closeShift(note: string): Promise<void>;
	/** Always answers within about 3 s: the server, else this phone. Records durably before it resolves. */
	scan(input: ScanInput): Promise<Verdict>;
	/** Everybody in one car. */
	scanCar(
		car: { plate: string; plateUnchecked?: boolean; disinfected: boolean; direction: Direction },
		riders: ScanInput[],
	): Promise<Verdict[]>;
	/** Takes note of the problem of a scan. */
	acknowledge(scanId: string): Promise<void>;
	/** Takes a scan back, within 15 minutes. */
	annul(scanId: string): Promise<void>;
	search(query: string): Promise<PersonFound[]>; // throws ApiError when offline: the screen then offers walk-in
	registerVisitor(v: VisitorInput): Promise<{ number: number; personId: string; qrSvg: string }>;
	typePaper(
		page: string,
		rows: PaperRow[],
		replace: boolean,
	): Promise<{ row: number; verdict?: Verdict; problem?: Text }[]>;
	syncNow(): Promise<void>;
	/** The guard has compared the phone's clock with another and finds it right: it is doubted no more. */
	trustClock(): void;
	/** Forgets this device on this phone; refused while scans wait unless force. */
	leave(force: boolean): Promise<void>;
}

export interface PaperRow {
	row: number;
	occurredAt: number;
	direction: Direction;
	subject: Subject;
	temperature?: number;
	plate?: string;
	decision: Decision;
	reason?: string;
}

/** What the scanner hands over: the texts of all codes seen in one frame, the same text not again within 3 s while it stays in view. */
export interface Seen {
	texts: string[];
	at: number;
	via: "camera" | "photo" | "wedge";
}

export interface Scanner {
	readonly status: ReadonlySignal<
		"off" | "starting" | "running" | "denied" | "no_camera" | "insecure" | "busy" | "failed"
	>;
	readonly cameras: ReadonlySignal<{ id: string; label: string }[]>;
	readonly torch: ReadonlySignal<"none" | "off" | "on">;
	/** onSeen is called for new codes only. */
	start(video: HTMLVideoElement, onSeen: (s: Seen) => void): Promise<void>;
	stop(): void;
	/** While paused frames are dropped; the camera stays on. */
	pause(paused: boolean): void;
	choose(cameraId: string): Promise<void>;
	setTorch(on: boolean): Promise<void>;
	/** A photo instead of a camera: the texts found in it. */
	decodePhoto(file: Blob): Promise<string[]>;
	/** Lets the same code be seen again (next person). */
	forget(): void;
}
