// What the screens share: engine and scanner, the lane and the car that they run,
// which screen is open, and short notices.
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Direction, Engine, GateState, Scanner, Seen, Text, Verdict } from "../types";
import { type Car, type CarEvent, car, newCar, riderInputs } from "./car";
import { type Codes, sortCodes } from "./codes";
import { answerCame, codeRead } from "./feedback";
import { idle, type Lane, type LaneEvent, lane, newLane, type Person, reads } from "./lane";
import { problemText } from "./problems";
import { type Place, Screens } from "./screens";
import { set, settings } from "./settings";

/** A temperature that nobody's code followed for so long (ms) is dropped: it was of somebody who left. */
const PRESET_FOR = 20_000;
/** Last readings that say where the strip lies. */
const READINGS = 9;

export class Model {
	readonly screens = new Screens();
	readonly lane: Signal<Lane>;
	readonly car: Signal<Car> = signal(newCar());
	readonly notice: Signal<Text | null> = signal(null);
	/** Readings of the last people, tenths of a degree. */
	readonly readings: Signal<number[]> = signal([]);
	/** A page of the paper log that was scanned, for the screen that types it back. */
	readonly page: Signal<string> = signal("");
	/** The keypad lies where the strip and the picture are. */
	readonly keypad: Signal<boolean> = signal(false);
	/** Set while something is asked of the engine by a code on the first screens. */
	readonly busy: Signal<boolean> = signal(false);
	readonly problem: Signal<Text | null> = signal(null);
	readonly idle: ReadonlySignal<boolean>;
	private readonly phase: ReadonlySignal<GateState["phase"]>;
	/** Whether codes in the picture are looked at now. */
	readonly reading: ReadonlySignal<boolean>;
	/** Who was written down last and refused as an outsider: their visit is registered with the same words. */
	writtenDown: { name: string; phone: string } | null = null;
	private attempts = 0;
	private presetTimer = 0;
	private noticeTimer = 0;

	constructor(
		readonly engine: Engine,
		readonly scanner: Scanner,
	) {
		this.lane = signal({ ...newLane(settings.value.direction), method: settings.value.method });
		this.phase = computed(() => this.state.value.phase);
		this.idle = computed(() => idle(this.lane.value) && this.screens.top.value === "lane");
		this.reading = computed(() => this.wantsCodes());
		effect(() => this.scanner.pause(!this.reading.value));
		effect(() => {
			// The next screen need not wait for what the last one still does, such as its first synchronisation.
			void this.phase.value;
			this.attempts++;
			this.busy.value = false;
			this.problem.value = null;
		});
		effect(() => {
			// Left by the phone's own "back", too: the next car does not begin with the last one's verdict.
			if (!this.screens.has("car") && this.car.peek().step === "done") {
				this.car.value = newCar();
			}
		});
		effect(() => {
			const { notice } = this.engine.state.value;
			if (notice) {
				this.say(notice);
			}
		});
	}

	get state(): ReadonlySignal<GateState> {
		return this.engine.state;
	}

	/** UTC ms by the server's clock. */
	now(): number {
		return Date.now() - (this.state.value.clockOffset ?? 0);
	}

	/** Whether the rules want a temperature in this direction; without rules it is taken. */
	needs = (d: Direction): boolean => {
		const on = this.state.value.rules?.temperatureOn ?? "both";
		return on === "both" || on === d;
	};

	/** Runs the lane: whatever the new state asks is asked of the engine, once. */
	send(e: LaneEvent): void {
		const before = this.lane.value;
		const after = lane(before, e, this.needs);
		this.lane.value = after;
		if (after.direction !== before.direction || after.method !== before.method) {
			set({ direction: after.direction, method: after.method });
		}
		clearTimeout(this.presetTimer);
		if (after.step === "aim" && after.preset !== null) {
			this.presetTimer = window.setTimeout(() => this.send({ type: "forget_preset" }), PRESET_FOR);
		}
		const refused = before.step === "verdict" && after.step !== "verdict" && before.verdict?.decision !== "pass";
		if (refused || (e.type === "cancel" && before.person !== null)) {
			this.scanner.forget(); // the same code may be shown again
		}
		if (after.asked !== before.asked) {
			void this.ask(after);
		}
	}

	private async ask({ ask, asked }: Lane): Promise<void> {
		if (!ask) {
			return;
		}
		this.keepReading(ask.temperature);
		try {
			const verdict = await this.engine.scan(ask);
			answerCame(verdict);
			this.send({ type: "answered", asked, verdict, at: Date.now() });
		} catch (cause) {
			this.send({ type: "failed", asked, why: problemText(cause) });
		}
	}

	private keepReading(celsius: number | undefined): void {
		if (celsius !== undefined) {
			this.readings.value = [...this.readings.value, Math.round(celsius * 10)].slice(-READINGS);
		}
	}

	sendCar(e: CarEvent): void {
		const before = this.car.value;
		this.car.value = car(before, e);
		if (before.step !== "asking" && this.car.value.step === "asking") {
			void this.askCar(this.car.value);
		}
	}

	private async askCar(c: Car): Promise<void> {
		const { direction, method } = this.lane.value;
		const { plate, unchecked, disinfected } = c;
		const whole = { plate, disinfected, direction, ...(unchecked && { plateUnchecked: true }) };
		try {
			const verdicts = await this.engine.scanCar(whole, riderInputs(c, direction, method));
			answerCame(worst(verdicts));
			verdicts.forEach((verdict, i) => {
				const person = c.riders[i]?.person;
				if (person) {
					this.send({ type: "awaits", person, verdict });
				}
			});
			this.sendCar({ type: "answered", verdicts });
			if (!this.screens.has("car")) {
				this.screens.open("car"); // the guard went back meanwhile, and has to see it
			}
		} catch (cause) {
			this.sendCar({ type: "failed", why: problemText(cause) });
		}
	}

	/** Somebody who was found or written down goes where they are waited for. */
	choose(person: Person): void {
		const inCar = this.screens.has("car");
		this.screens.backTo(inCar ? "car" : "lane");
		if (inCar) {
			this.sendCar({ type: "add", people: [person] });
		} else {
			this.send({ type: "named", person });
		}
	}

	/** Says something in passing. */
	say(text: Text): void {
		this.notice.value = text;
		clearTimeout(this.noticeTimer);
		this.noticeTimer = window.setTimeout(() => {
			this.notice.value = null;
		}, 5_000);
	}

	/** Does something of the first screens and says what went wrong. */
	async attempt(what: () => Promise<void>): Promise<boolean> {
		if (this.busy.value) {
			return false;
		}
		const mine = ++this.attempts;
		this.busy.value = true;
		this.problem.value = null;
		try {
			await what();
			return true;
		} catch (cause) {
			const text = problemText(cause);
			this.problem.value = { zh: text, en: text };
			return false;
		} finally {
			if (mine === this.attempts) {
				this.busy.value = false;
			}
		}
	}

	/** Codes from camera, photo or hand scanner. */
	seen = ({ texts, at }: Seen): void => {
		if (!this.reading.value) {
			return;
		}
		const codes = sortCodes(texts);
		codeRead();
		switch (this.state.value.phase) {
			case "not_enrolled":
				this.seenBeforeEnrolment(codes);
				break;
			case "no_shift":
				this.seenBadge(codes.badge);
				break;
			case "ready":
				this.seenAtGate(codes, at);
		}
	};

	private seenBeforeEnrolment(codes: Codes): void {
		if (codes.enrol === "") {
			this.problem.value = {
				zh: "这不是登记码。登记码由街道后台生成，以 PGE1 开头。",
				en: "This is no enrolment code. It comes from the office and begins with PGE1.",
			};
			return;
		}
		void this.attempt(() => this.engine.enrol(codes.enrol));
	}

	private seenBadge(badge: string): void {
		if (badge === "") {
			this.problem.value = { zh: "请扫自己的工牌（PGB1 开头）。", en: "Scan your own badge, it begins with PGB1." };
			return;
		}
		void this.attempt(() => this.engine.openShift(badge));
	}

	private seenAtGate(codes: Codes, at: number): void {
		if (this.screens.top.value === "car") {
			const people = codes.passes.map((pass): Person => ({ subject: { pass }, word: "" }));
			this.sendCar({ type: "add", people });
		} else if (codes.page !== "") {
			this.page.value = codes.page;
			if (this.screens.top.value !== "paper") {
				this.screens.open("paper");
			}
		} else if (codes.passes.length > 0) {
			this.send({ type: "seen", passes: codes.passes, at });
		} else if (codes.badge !== "") {
			this.say({ zh: "换岗请先在菜单里「交班」", en: "To relieve somebody, hand over first (menu)" });
		} else if (codes.household) {
			this.say({
				zh: "这是住户激活码，不是通行码。请出示通行码。",
				en: "That is a household's activation code. Ask for the pass.",
			});
		} else if (codes.enrol !== "") {
			this.say({ zh: "本机已登记，无需再扫登记码", en: "This phone is enrolled already" });
		} else if (codes.foreign !== "") {
			this.send({ type: "foreign", text: codes.foreign });
		}
	}

	private wantsCodes(): boolean {
		const top: Place = this.screens.top.value;
		switch (this.state.value.phase) {
			case "not_enrolled":
			case "no_shift":
				return !this.busy.value;
			case "ready":
				return (
					(top === "lane" && !this.keypad.value && reads(this.lane.value)) ||
					(top === "car" && this.car.value.step === "fill") ||
					(top === "paper" && this.page.value === "")
				);
			default:
				return false;
		}
	}
}

const SEVERITY = { green: 0, yellow: 1, grey: 2, red: 3 } as const;

/** The verdict that the guard has to see to first. */
export function worst(verdicts: readonly Verdict[]): Verdict {
	return verdicts.reduce((a, b) => (SEVERITY[b.color] > SEVERITY[a.color] ? b : a));
}

export const ModelContext = createContext<Model | null>(null);

/** The model that the page was started with. */
export function useModel(): Model {
	const model = useContext(ModelContext);
	if (!model) {
		throw new Error("no model: the screen stands outside the app");
	}
	return model;
}
