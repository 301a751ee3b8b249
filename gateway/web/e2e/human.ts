// How long a person takes, by the keystroke-level model (Card, Moran, Newell 1980:
// "The keystroke-level model for user performance time"): a step is what the hand and
// the mind do, by the model, and what the page and the server take, as measured.
import type { Locator } from "@playwright/test";

// Seconds. The typist is no professional; the phone's thumb does not look for a mouse.
const KEY = 0.28;
const POINT = 1.1;
const PRESS = 0.2;
const HOME = 0.4; // hand between keyboard and mouse
const THINK = 1.35;
const TAP = 0.8; // thumb to a target of 9 mm on a phone
/** Silent reading of Chinese: 260 words a minute (Brysbaert 2019), a word of 1.6 characters or a number. */
const WORD = 60 / 260;
const CHARACTERS = 1.6;
/** A Chinese character takes 3 keys and the choice among candidates. */
const HANZI = 4 * KEY;

export interface Step {
	what: string;
	human: number;
	machine: number;
}

/** Somebody at a desk or with a phone; keeps the time of all that they do. */
export class Human {
	readonly steps: Step[] = [];

	constructor(private readonly phone = false) {}

	/** Presses something, and waits until `until` is there to be seen. */
	press(what: string, target: Locator, until?: Locator): Promise<void> {
		const human = THINK + (this.phone ? TAP : POINT + PRESS);
		return this.step(what, human, async () => {
			await target.click();
			await until?.first().waitFor({ state: "visible" });
		});
	}

	/** Types into a field, after going there. */
	type(what: string, target: Locator, text: string): Promise<void> {
		const keys = [...text].reduce((sum, c) => sum + (c > "\u2e80" ? HANZI : KEY), 0);
		return this.step(what, THINK + (this.phone ? TAP : POINT + PRESS + HOME) + keys, () => target.fill(text));
	}

	/** Chooses from a list. */
	choose(what: string, target: Locator, value: string): Promise<void> {
		return this.step(what, THINK + 2 * (POINT + PRESS), async () => {
			await target.selectOption(value);
		});
	}

	/** Chooses a file in the system's own dialog: found by its name among a few. */
	file(what: string, target: Locator, file: string): Promise<void> {
		return this.step(what, THINK + POINT + PRESS + 3 * (THINK + POINT), () => target.setInputFiles(file));
	}

	/** Reads the first few of what is there, word by word. */
	read(what: string, target: Locator, few = 3): Promise<void> {
		return this.step(what, 0, async (more) => {
			await target.first().waitFor({ state: "visible" });
			const text = (await target.allTextContents()).slice(0, few).join(" ");
			const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
			const others = text.match(/[^\p{Script=Han}\p{P}\s]+/gu)?.length ?? 0;
			more(THINK + (han / CHARACTERS + others) * WORD);
		});
	}

	/** Waits for something that the program does. */
	wait(what: string, until: Locator, timeout = 60_000): Promise<void> {
		return this.step(what, 0, () => until.first().waitFor({ state: "visible", timeout }));
	}

	private async step(
		what: string,
		human: number,
		work: (more: (seconds: number) => void) => Promise<unknown>,
	): Promise<void> {
		let took = human;
		const begun = performance.now();
		await work((seconds) => {
			took += seconds;
		});
		this.steps.push({ what, human: took, machine: (performance.now() - begun) / 1000 });
	}

	/** Seconds of all steps together. */
	get seconds(): number {
		return this.steps.reduce((sum, s) => sum + s.human + s.machine, 0);
	}

	/** The steps and their times, as a table to be printed. */
	table(title: string): string {
		const line = (s: Step) => `  ${s.human.toFixed(1).padStart(6)} ${s.machine.toFixed(2).padStart(8)}  ${s.what}`;
		const total = `${title}: ${this.seconds.toFixed(1)} s in ${this.steps.length} steps`;
		return [total, "   human  machine  step", ...this.steps.map(line)].join("\n");
	}
}
