// Keystrokes as a hand scanner sends them.

/** Scanners leave less than this (ms) between keys, people more. */
const GAP = 80;
/** A burst that begins as our codes do may falter this long (ms): a radio that wakes, a busy machine. */
const FALTER = 1000;
const BEGINNING = /^(P|PG|PG[1EBHL].*|e|ey|eyJ.*)$/i;
/** Keys in a row that fast before they are taken for a scanner's. */
const SURE = 3;
/** Where nobody types into a field, a burst this long is a code even if it is none of ours. */
const LONG = 8;
/** Keys that end a code; by its place too, as an input method hides the key's name. */
const ENDS = /^(Enter|NumpadEnter|Tab)$/;
/** A burst grows no longer: the longest pass has 512 characters. */
const LONGEST = 600;

export interface Stroke {
	key: string;
	/** The key's place, named after the US layout. */
	code: string;
	shift: boolean;
	/** Control, Alt or Meta is held. */
	command: boolean;
	/** An input method has the key. */
	composing: boolean;
	at: number; // ms
	/** The key goes into a field. */
	typing: boolean;
}

export interface Pressed {
	/** The first key of a burst. */
	first: boolean;
	/** The page should not see the key. */
	swallow: boolean;
	/** A code that ended with this key. */
	text: string | null;
}

/** Gathers strokes to codes. */
export class Burst {
	/** What was typed by the names of the keys, and by their places: of the two, one is the code. */
	private keys = "";
	private places = "";
	private count = 0;
	private last = Number.NEGATIVE_INFINITY;

	press(stroke: Stroke): Pressed {
		const nothing = { first: false, swallow: false, text: null };
		if (stroke.key === "Shift" || stroke.key === "CapsLock") {
			return nothing;
		}
		const quick = stroke.at - this.last < (this.beginsAsOurs(stroke.typing) ? FALTER : GAP);
		this.last = stroke.at;
		if (ENDS.test(stroke.key) || ENDS.test(stroke.code)) {
			const text = quick ? this.text(stroke.typing) : null;
			this.clear();
			return { first: false, swallow: text !== null, text };
		}
		const composed = stroke.composing || stroke.key === "Process" || stroke.key === "Unidentified";
		const place = placed(stroke.code, stroke.shift);
		if (stroke.command || (composed ? place === "" : [...stroke.key].length !== 1)) {
			this.clear();
			return nothing;
		}
		if (!quick || this.count >= LONGEST) {
			this.clear();
		}
		this.keys += composed ? place : stroke.key;
		this.places += place;
		this.count++;
		return { first: this.count === 1, swallow: !stroke.typing && this.count >= SURE, text: null };
	}

	private beginsAsOurs(typing: boolean): boolean {
		return !typing && (BEGINNING.test(this.keys.normalize("NFKC")) || BEGINNING.test(this.places));
	}

	/** The code that was typed, null if it is none. */
	private text(typing: boolean): string | null {
		// Chinese input methods widen letters and marks: PG1: comes as ＰＧ１：.
		const keys = this.keys.normalize("NFKC");
		for (const text of [keys, this.places, keys.toUpperCase(), this.places.toUpperCase()]) {
			if (isOurs(text)) {
				return text;
			}
		}
		return !typing && this.count >= LONG ? keys : null;
	}

	private clear(): void {
		this.keys = "";
		this.places = "";
		this.count = 0;
	}
}

/** Whether the text has the form of one of our codes, a link with one at its end included. */
export function isOurs(text: string): boolean {
	return (
		/^PG1:[0-9A-Z $%*+\-./:]{146}$/.test(text) ||
		/^PG[EBH]1-[0-9A-Z-]{4,60}$/.test(text) ||
		/^PGL1-[\w-]{4,60}$/.test(text) || // it holds a gate's code, in small letters or large
		/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ||
		/^https?:\/\/\S+#([ea]=)?PG[EH]1-[0-9A-Z-]{4,60}$/.test(text)
	);
}

const MARKS: Record<string, [plain: string, shifted: string]> = {
	Space: [" ", " "],
	Minus: ["-", "_"],
	Equal: ["=", "+"],
	Slash: ["/", "?"],
	Period: [".", ">"],
	Comma: [",", "<"],
	Semicolon: [";", ":"],
	Quote: ["'", '"'],
	BracketLeft: ["[", "{"],
	BracketRight: ["]", "}"],
	Backslash: ["\\", "|"],
	Backquote: ["`", "~"],
	NumpadAdd: ["+", "+"],
	NumpadSubtract: ["-", "-"],
	NumpadMultiply: ["*", "*"],
	NumpadDivide: ["/", "/"],
	NumpadDecimal: [".", "."],
};

/**
 * What a US keyboard has at this place, "" if that is no character. Scanners come
 * set to that layout, whatever the machine they are plugged into thinks it has;
 * neither Caps Lock nor an input method changes it.
 */
function placed(code: string, shift: boolean): string {
	const [, letter, digit] = /^(?:Key([A-Z])|(?:Digit|Numpad)(\d))$/.exec(code) ?? [];
	if (letter) {
		return shift ? letter : letter.toLowerCase();
	}
	if (digit) {
		return shift && code.startsWith("Digit") ? (")!@#$%^&*("[Number(digit)] as string) : digit;
	}
	return MARKS[code]?.[shift ? 1 : 0] ?? "";
}
