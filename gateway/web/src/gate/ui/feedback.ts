// Ear and hand: each answer has a sound and a vibration of its own, so that it is
// known without a look. Browsers let sound play only after a first touch.
import { lang, t } from "../../shared/i18n";
import type { Verdict } from "../types";
import { settings } from "./settings";
import { spoken } from "./words";

/** Hz, start and length in s. */
type Tone = [hz: number, from: number, length: number];

interface Pattern {
	tones: Tone[];
	wave: OscillatorType;
	/** ms on, off, on … */
	shake: number[];
}

const PATTERNS: Record<"code" | "green" | "yellow" | "red" | "grey" | "again", Pattern> = {
	code: { tones: [[1400, 0, 0.05]], wave: "sine", shake: [20] },
	green: { tones: [[880, 0, 0.09], [1320, 0.1, 0.16]], wave: "sine", shake: [60] }, // biome-ignore format: a melody
	yellow: { tones: [[740, 0, 0.12], [740, 0.18, 0.12], [740, 0.36, 0.12]], wave: "triangle", shake: [80, 80, 80] }, // biome-ignore format: a melody
	again: { tones: [[660, 0, 0.15], [880, 0.2, 0.15], [660, 0.4, 0.15]], wave: "triangle", shake: [120, 80, 120] }, // biome-ignore format: a melody
	red: { tones: [[220, 0, 0.35], [196, 0.42, 0.5]], wave: "square", shake: [350, 100, 350] }, // biome-ignore format: a melody
	grey: { tones: [[440, 0, 0.2], [440, 0.3, 0.2]], wave: "sine", shake: [150, 100, 150] }, // biome-ignore format: a melody
};

let audio: AudioContext | null = null;

/** Wakes the sound at the first touch and after each time the phone put it to sleep. */
export function listenForTouch(): void {
	const wake = () => {
		try {
			audio ??= new AudioContext();
			void audio.resume();
		} catch {
			audio = null; // a browser without sound
		}
	};
	addEventListener("pointerdown", wake, { passive: true });
	addEventListener("keydown", wake, { passive: true });
}

function play({ tones, wave, shake }: Pattern): void {
	const { sound, vibration } = settings.value;
	if (vibration && "vibrate" in navigator && navigator.userActivation?.hasBeenActive !== false) {
		navigator.vibrate(shake);
	}
	if (!sound || audio?.state !== "running") {
		return;
	}
	for (const [hz, from, length] of tones) {
		const start = audio.currentTime + from;
		const tone = audio.createOscillator();
		const volume = audio.createGain();
		tone.type = wave;
		tone.frequency.value = hz;
		volume.gain.setValueAtTime(0.0001, start);
		volume.gain.exponentialRampToValueAtTime(wave === "square" ? 0.25 : 0.5, start + 0.01);
		volume.gain.exponentialRampToValueAtTime(0.0001, start + length);
		tone.connect(volume).connect(audio.destination);
		tone.start(start);
		tone.stop(start + length);
	}
}

/** A code was read. */
export function codeRead(): void {
	play(PATTERNS.code);
}

/** An answer came: sound, vibration and, if it is wanted, a word. */
export function answerCame(v: Verdict): void {
	play(v.decision === "remeasure" ? PATTERNS.again : PATTERNS[v.color]);
	if (settings.value.speech && "speechSynthesis" in window) {
		speechSynthesis.cancel(); // the last person's word is of no use any more
		const word = new SpeechSynthesisUtterance(t(spoken(v)));
		word.lang = lang.value === "zh" ? "zh-CN" : "en-US";
		word.rate = 1.2;
		speechSynthesis.speak(word);
	}
}
