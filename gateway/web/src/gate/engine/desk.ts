// What a guard asks of the server beside scans: to find somebody, to let a visitor in,
// and to type a page of the paper log back.
import { ApiError } from "../../shared/api";
import { wire } from "../../shared/time";
import type { PaperRow, PersonFound, Text, Verdict, VisitorInput } from "../types";
import { isPhone, whyNoDocument } from "./check";
import type { Core } from "./core";
import { freeze } from "./frozen";
import type { Known } from "./kept";
import { isAway } from "./link";
import { Said } from "./options";
import { verifyPass } from "./pass";
import { keyOf, personKey, recall } from "./people";
import { refusal } from "./upload";
import { fromServer } from "./verdicts";
import type { WireAnswer, WirePermit } from "./wire";

const PATIENCE = 10_000;

export class Desk {
	/** The permit whose answer never came: the same again is no second one. */
	private unanswered: { content: string; id: string } | null = null;

	constructor(private readonly core: Core) {}

	/** Looks for people of this site. Throws ApiError when there is no answer. */
	async search(query: string): Promise<PersonFound[]> {
		const { core } = this;
		if (!core.link.online) {
			throw new ApiError(0, "network", "searching takes a connection: write the person down instead");
		}
		const options = { body: { query: query.trim() }, timeout: PATIENCE };
		const { people } = await core.link.call<{ people: Found[] }>("/v1/gate/search", options);
		void core.update(async () => ({ people: await Promise.all(people.map((p) => this.neighbour(p))) }));
		return people.map((p) => ({ id: p.id, nameMasked: p.name_masked, door: p.door, idTail: p.id_tail, kind: p.kind }));
	}

	/** What is remembered of somebody who lives here. */
	private async neighbour(p: Found): Promise<Known> {
		const { store, clock } = this.core;
		const key = personKey(p.id);
		return { ...(await recall(store, key)), key, at: clock.now(), own: true, nameMasked: p.name_masked };
	}

	/** Lets a visitor in for a time. Throws ApiError. */
	async registerVisitor(v: VisitorInput): Promise<{ number: number; personId: string; qrSvg: string }> {
		const { core } = this;
		checkVisitor(v);
		const content = JSON.stringify(v);
		const id = this.unanswered?.content === content ? this.unanswered.id : core.newID("permit-");
		const body = {
			id,
			visitor: {
				name: v.name.trim(),
				...(v.idNumber && { id_number: v.idNumber }),
				...(v.phone && { phone: v.phone }),
			},
			...(v.host && { host: v.host }),
			ground: v.ground,
			until: wire(v.until),
			entries: v.entries,
			...(v.plate && { plate: v.plate }),
			...(v.purpose && { purpose: v.purpose }),
		};
		let permit: WirePermit;
		try {
			permit = await core.link.call<WirePermit>("/v1/permits", { body, timeout: PATIENCE });
		} catch (cause) {
			this.unanswered = isAway(cause) ? { content, id } : null;
			throw cause;
		}
		this.unanswered = null;
		await this.rememberPermit(permit);
		return { number: permit.number, personId: permit.person.id, qrSvg: permit.pass?.qr_svg ?? "" };
	}

	/** So that the visitor is known here without the server, too. */
	private async rememberPermit(p: WirePermit): Promise<void> {
		const { core } = this;
		const at = core.clock.now();
		const key = personKey(p.person.id);
		const permit = { number: p.number, until: Date.parse(p.until), left: p.entries_left };
		const person = {
			...(await recall(core.store, key)),
			key,
			at,
			own: false,
			nameMasked: p.person.name_masked,
			permit,
		};
		const people: Known[] = [person];
		if (p.pass) {
			const { pass } = await verifyPass(p.pass.compact, core.keys);
			if (pass) {
				people.push({ key: keyOf({ pass: p.pass.compact }, pass, core.siteKey), at, alias: key });
			}
		}
		await core.write({ people });
	}

	/** Types rows of a printed page back. Throws ApiError for the page as a whole. */
	async typePaper(page: string, rows: PaperRow[], replace: boolean): Promise<PaperAnswer[]> {
		const { core } = this;
		const gate = core.sync?.gate.code;
		if (!gate) {
			throw new Said({ zh: "本机尚未与服务器同步", en: "This phone was never synced with the server" });
		}
		const body = { page, rows: rows.map(wireRow), ...(replace && { replace }) };
		const path = `/v1/gates/${encodeURIComponent(gate)}/paper`;
		const { results } = await core.link.call<{ results: WireAnswer[] }>(path, { body, timeout: 30_000 });
		return rows.map((row, i) => {
			const answer = results[i];
			if (answer?.result) {
				return { row: row.row, verdict: fromServer(answer.result, row.direction, core.surroundings) };
			}
			return { row: row.row, problem: problemOf(answer?.error) };
		});
	}
}

interface Found {
	id: string;
	name_masked: string;
	door: string;
	id_tail: string;
	kind: string;
}

type PaperAnswer = { row: number; verdict?: Verdict; problem?: Text };

function problemOf(error: WireAnswer["error"]): Text {
	if (error?.code === "row_taken") {
		return {
			zh: "这一行以前录入过，内容不同；确认无误可选择替换",
			en: "This row was typed before with other content; replace it if you are sure",
		};
	}
	return refusal(error?.detail ?? "no answer");
}

function wireRow(row: PaperRow): Record<string, unknown> {
	const { id: _, remeasure_of: __, ...scan } = freeze("", row.occurredAt, row).scan;
	return { row: row.row, ...scan, told: { decision: row.decision, ...(row.reason && { reason: row.reason }) } };
}

function checkVisitor(v: VisitorInput): void {
	if (v.name.trim() === "") {
		throw new ApiError(422, "invalid", "请填姓名 / give the name", "walk_in.name");
	}
	const why = v.idNumber ? whyNoDocument(v.idNumber) : null;
	if (why) {
		throw new ApiError(422, "invalid", `${why.zh} / ${why.en}`, "visitor.id_number");
	}
	if (!isPhone(v.phone ?? "")) {
		throw new ApiError(422, "invalid", "不是手机号码 / not a mobile number", "visitor.phone");
	}
}
