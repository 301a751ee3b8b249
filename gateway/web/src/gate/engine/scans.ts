// A passage, from the guard's tap to the verdict: by the server if it answers in
// time, else by this phone, which then keeps the scan for its upload before it says a
// word.
import { ApiError } from "../../shared/api";
import type { Direction, ScanInput, Text, Verdict } from "../types";
import { checkScan } from "./check";
import type { Core } from "./core";
import type { Ruling } from "./decide";
import { carBody, type Frozen, freeze, isTemporary, isWrongTime, named, wordFor } from "./frozen";
import type { KeptScan, Known } from "./kept";
import { isOutage } from "./link";
import { Said } from "./options";
import { keyOf, recall, remember } from "./people";
import { passOf, rule } from "./ruling";
import { fromRuling, fromServer } from "./verdicts";
import type { WireAnswer, WireResult, WireScan } from "./wire";

/** People in one request; a bus takes several. */
const RIDERS = 20;

export interface Car {
	plate: string;
	plateUnchecked?: boolean;
	disinfected: boolean;
	direction: Direction;
}

export class Scans {
	/**
	 * Scans that the server may have recorded although there was no verdict: when the guard
	 * tries the very same again it is the same scan, or its reading would count twice.
	 */
	private readonly unanswered = new WeakMap<ScanInput, Frozen>();

	constructor(
		private readonly core: Core,
		/** Something waits for its upload. */
		private readonly queued: () => void,
	) {}

	/** Decides one passage. Throws what the guard has to put right: ApiError, Said. */
	async scan(input: ScanInput): Promise<Verdict> {
		this.check([input]);
		if (this.core.device?.revoked) {
			return this.outOfUse(input);
		}
		const frozen = this.unanswered.get(input) ?? this.freeze(input, this.core.clock.now());
		if (!this.core.link.online) {
			return this.alone(frozen);
		}
		try {
			return this.told(frozen, await this.send(frozen.scan));
		} catch (cause) {
			if (isWrongTime(cause)) {
				return this.scanAgain(input);
			}
			return this.without(cause, frozen);
		}
	}

	private send(scan: WireScan): Promise<WireResult> {
		return this.core.link.call<WireResult>("/v1/scans", { body: scan, timeout: this.core.world.patience });
	}

	/** The server finds the time wrong: nothing is on record, so it is measured and asked anew. */
	private async scanAgain(input: ScanInput): Promise<Verdict> {
		await this.core.link.measure(1, this.core.world.patience / 3).catch(() => undefined);
		const frozen = this.freeze(input, this.core.clock.now());
		try {
			return this.told(frozen, await this.send(frozen.scan));
		} catch (cause) {
			if (!isWrongTime(cause)) {
				return this.without(cause, frozen);
			}
			return { ...(await this.alone(frozen)), trouble: "clock_wrong" };
		}
	}

	/** The server could not answer; what it refused as no scan goes back to the guard. */
	private without(cause: unknown, frozen: Frozen): Promise<Verdict> | Verdict {
		if (this.core.device?.revoked) {
			return this.outOfUse(frozen.input);
		}
		if (!isOutage(cause)) {
			throw cause;
		}
		return this.alone(frozen).catch((full) => {
			this.unanswered.set(frozen.input, frozen);
			throw full;
		});
	}

	/** Decides the passage of everybody in a car. */
	async car(car: Car, riders: ScanInput[]): Promise<Verdict[]> {
		const { core } = this;
		const { plate, plateUnchecked, disinfected: vehicleDisinfected, direction } = car;
		const vehicle = core.newID("car-");
		const whole = { direction, plate, vehicle, vehicleDisinfected, ...(plateUnchecked && { plateUnchecked }) };
		const inputs = riders.map((rider) => ({ ...rider, ...whole }));
		this.check(inputs);
		// Before anything is sent: half a car that is asked about again would be on record twice.
		if ((core.state.value.queueLeft ?? 0) < inputs.length) {
			throw full();
		}
		const verdicts: Verdict[] = [];
		for (let i = 0; i < inputs.length; i += RIDERS) {
			verdicts.push(...(await this.carload(inputs.slice(i, i + RIDERS), true)));
		}
		return verdicts;
	}

	private async carload(inputs: ScanInput[], first: boolean): Promise<Verdict[]> {
		const { core } = this;
		if (core.device?.revoked) {
			return inputs.map((input) => this.outOfUse(input));
		}
		const at = core.clock.now();
		const all = inputs.map((input) => this.freeze(input, at));
		let answers: WireAnswer[] | undefined;
		if (core.link.online) {
			try {
				const body = carBody(all);
				const options = { body, timeout: core.world.patience };
				answers = (await core.link.call<{ results: WireAnswer[] }>("/v1/scans/vehicle", options)).results;
			} catch (cause) {
				if (!isOutage(cause) && !core.device?.revoked) {
					throw cause;
				}
			}
		}
		if (first && answers?.some((a) => a.error?.field === "occurred_at")) {
			await core.link.measure(1, core.world.patience / 3).catch(() => undefined);
			return this.carload(inputs, false);
		}
		const verdicts: Verdict[] = [];
		for (const [i, frozen] of all.entries()) {
			verdicts.push(await this.rider(frozen, answers?.[i])); // in order: each is remembered for the next
		}
		return verdicts;
	}

	private async rider(frozen: Frozen, answer: WireAnswer | undefined): Promise<Verdict> {
		if (answer?.result) {
			return this.told(frozen, answer.result);
		}
		const { error } = answer ?? {};
		if (error && !isTemporary(error.code) && error.field !== "occurred_at") {
			return this.notTaken(frozen, { zh: `服务器未接受：${error.detail}`, en: `Not accepted: ${error.detail}` });
		}
		return this.without(new ApiError(503, "unavailable", ""), frozen);
	}

	/** One of a car whom the server cannot take as they were named. */
	private async notTaken(frozen: Frozen, why: Text): Promise<Verdict> {
		const ruling: Ruling = {
			decision: "incomplete",
			reason: "unknown_person",
			action: "register",
			flags: [],
			unsure: true,
			reading: undefined,
			fever: false,
		};
		const { at, scan, input } = frozen;
		const v = fromRuling(scan.id, at, input, ruling, { key: "", at }, null, this.core.surroundings);
		const verdict: Verdict = { ...v, text: why };
		await this.core.write({ recent: [{ ...this.kept(frozen, verdict, [], true), state: "refused", problem: why }] });
		return verdict;
	}

	private check(inputs: ScanInput[]): void {
		const { core } = this;
		if (core.elsewhere) {
			throw new Said({
				zh: "卡口页面已在另一个窗口打开，请用那个窗口或刷新本页",
				en: "The gate is open in another window: use that one, or load this page again",
			});
		}
		if (!core.device) {
			throw new Said({
				zh: "本机尚未登记，请先扫登记码",
				en: "This phone is not enrolled: scan the enrolment code first",
			});
		}
		inputs.forEach(checkScan);
	}

	private freeze(input: ScanInput, at: number): Frozen {
		return freeze(this.core.newID("scan-"), at, input);
	}

	/** The server's answer. It is on record there, so that nothing is waited for here. */
	private told(frozen: Frozen, result: WireResult): Verdict {
		const { core } = this;
		const verdict = fromServer(result, frozen.input.direction, core.surroundings);
		if (verdict.reason === "device_revoked") {
			void core.markRevoked(true);
			return verdict;
		}
		void this.keep(frozen, verdict);
		return verdict;
	}

	private async keep(frozen: Frozen, v: Verdict): Promise<void> {
		const { core } = this;
		const { subject, temperature } = frozen.input;
		await core.update(async () => {
			const { pass } = await passOf(core, subject);
			const key = keyOf(subject, pass ?? null, core.siteKey);
			const level = v.flags.includes("temperature_high") ? "h" : "l";
			const reading = temperature === undefined ? undefined : v.action === "measure_again" ? level : "";
			const fever = v.action === "hold_here" || v.flags.includes("fever_case");
			const people = remember(await recall(core.store, key), key, v, { reading, fever });
			const recent = [this.kept(frozen, v, people, true)];
			return { values: { counts: core.count(v, 1) }, people, recent };
		});
	}

	/** This phone's own answer, kept before it is given. */
	private async alone(frozen: Frozen): Promise<Verdict> {
		const { core } = this;
		if (core.state.value.queueLeft === 0) {
			throw full();
		}
		const answer: { verdict?: Verdict } = {};
		await core.update(async () => {
			const { ruling, key, known, own } = await rule(core, frozen);
			const { scan, at, input } = frozen;
			const verdict = fromRuling(scan.id, at, input, ruling, known, own, core.surroundings);
			const people = remember(known, key, verdict, ruling);
			const { decision, reason, action } = verdict;
			answer.verdict = verdict;
			return {
				strict: true,
				queue: [{ kind: "scan", scan, told: { decision, reason, action } }],
				recent: [{ ...this.kept(frozen, verdict, people, false), state: "waiting" }],
				values: { counts: core.count(verdict, 1) },
				people,
			};
		});
		this.queued();
		return answer.verdict as Verdict;
	}

	private outOfUse(input: ScanInput): Verdict {
		const ruling: Ruling = {
			decision: "deny",
			reason: "device_revoked",
			action: "send_back",
			flags: [],
			unsure: false,
			reading: undefined,
			fever: false,
		};
		const at = this.core.clock.now();
		return fromRuling(this.core.newID("scan-"), at, input, ruling, { key: "", at }, null, this.core.surroundings);
	}

	private kept(frozen: Frozen, v: Verdict, people: Known[], settled: boolean): KeptScan {
		const { input, at, scan } = frozen;
		const temperature = input.temperature;
		return {
			id: scan.id,
			at,
			verdict: v,
			subjectWord: v.person?.nameMasked || wordFor(input.subject),
			...(temperature !== undefined && { temperature }),
			state: "done",
			annulled: "",
			named: v.person?.id && v.by !== "offline" ? { resident: v.person.id } : named(input.subject),
			keys: people.map((known) => known.key),
			settled,
		};
	}
}

function full(): Said {
	return new Said({
		zh: "本机待传记录已满，请先联网上传，或改用纸质登记",
		en: "This phone can keep no more: connect it first, or write on paper",
	});
}
