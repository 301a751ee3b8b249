import { describe, expect, it } from "vitest";
import { Burst, type Stroke } from "./burst";

const PASS = `PG1:${"36042IGC3%+OHJ51$JV1O+%FUQ3B:4KR0PAGMR0/FR O3U6Q-ULV-E6X6+OB:A".repeat(3).slice(0, 146)}`;
const JWT = "eyJhbGciOiJFZERTQSIsImtpZCI6IkVZNEZYaUctIn0.eyJzdWIiOiJ3Qm5ueFFZcTladyJ9.jHYSNUlbY2Da-u3_g";
const BADGE = "PGB1-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const SHIFTED = ")!@#$%^&*(";
const PLACES: Record<string, string> = { " ": "Space", "-": "Minus", ".": "Period", "/": "Slash" };
const SHIFTED_PLACES: Record<string, string> = { ":": "Semicolon", "+": "Equal", _: "Minus" };

/** The key of a US keyboard that types c. */
function place(c: string): { code: string; shift: boolean } {
	if (/[a-z]/i.test(c)) {
		return { code: `Key${c.toUpperCase()}`, shift: c !== c.toLowerCase() };
	}
	if (/\d/.test(c)) {
		return { code: `Digit${c}`, shift: false };
	}
	if (SHIFTED.includes(c)) {
		return { code: `Digit${SHIFTED.indexOf(c)}`, shift: true };
	}
	return PLACES[c] ? { code: PLACES[c], shift: false } : { code: SHIFTED_PLACES[c] ?? "", shift: true };
}

interface Typing extends Partial<Stroke> {
	gap?: number;
	end?: string;
	/** The character that arrives for each that was sent. */
	as?: (c: string) => string;
}

/** Types the text and the key that ends it; gives the code, and how many keys the page saw. */
function type(text: string, how: Typing = {}): { text: string | null; reached: number } {
	const { gap = 15, end = "Enter", as = (c) => c, ...more } = how;
	const burst = new Burst();
	let at = 1000;
	let reached = 0;
	const press = (key: string, code: string, shift: boolean) => {
		at += gap;
		if (shift) {
			burst.press({ key: "Shift", code: "ShiftLeft", shift, command: false, composing: false, typing: false, at });
		}
		const stroke = { key, code, shift, command: false, composing: false, typing: false, at, ...more };
		const pressed = burst.press(stroke);
		reached += pressed.swallow ? 0 : 1;
		return pressed.text;
	};
	for (const c of text) {
		const { code, shift } = place(c);
		press(how.key ?? as(c), code, shift);
	}
	return { text: press(end, end, false), reached };
}

describe("a hand scanner's keystrokes", () => {
	it.each([
		["pass", PASS],
		["JWT", JWT],
		["badge", BADGE],
		["page", "PGL1-V1-g1-20200207-3-7KD2"],
	])("are read: %s", (_, code) => {
		expect(type(code).text).toBe(code);
		expect(type(code, { end: "Tab" }).text).toBe(code);
	});

	it("do not reach the page, but for the first two", () => {
		expect(type(PASS).reached).toBe(2);
	});

	it("are read on a machine with another keyboard", () => {
		// German: the key of ; is ö, Y and Z change places.
		const german: Record<string, string> = { ":": "Ö", Y: "Z", Z: "Y", "-": "ß", "/": "-", "+": "`" };
		expect(type(PASS, { as: (c) => german[c] ?? c }).text).toBe(PASS);
	});

	it("are read with Caps Lock on", () => {
		const swapped = (c: string) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase());
		expect(type(PASS, { as: swapped }).text).toBe(PASS);
		expect(type(JWT, { as: swapped }).text).toBe(JWT);
	});

	it("are read through a Chinese input method, composed or widened", () => {
		expect(type(PASS, { key: "Process", composing: true, typing: true }).text).toBe(PASS);
		const wide = (c: string) => (c > " " ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : "\u3000");
		expect(type(BADGE, { as: wide }).text).toBe(BADGE);
	});

	it("are read from a scanner whose layout is the machine's", () => {
		const burst = new Burst();
		const texts = [...PASS, "Enter"].map((key, i) => {
			const stroke = { key, code: "KeyQ", shift: false, command: false, composing: false, typing: false, at: i * 10 };
			return burst.press(stroke).text;
		});
		expect(texts.at(-1)).toBe(PASS);
	});

	it("are read though the radio falters", () => {
		const burst = new Burst();
		let at = 0;
		const texts = [...BADGE, "Enter"].map((key, i) => {
			at += i % 9 === 1 ? 300 : 15; // its first key wakes it
			const { code, shift } = place(key);
			return burst.press({ key, code, shift, command: false, composing: false, typing: false, at }).text;
		});
		expect(texts.at(-1)).toBe(BADGE);
	});

	it("say so when the code is none of ours", () => {
		expect(type("https://example.com/pay").text).toBe("https://example.com/pay");
		expect(type("134567890123456789").text).toBe("134567890123456789");
	});
});

describe("a person's typing", () => {
	it("is left alone when slow, even if it is a code", () => {
		expect(type(BADGE, { gap: 120, typing: true })).toEqual({ text: null, reached: BADGE.length + 1 });
	});

	it("is left alone in a field, however fast", () => {
		expect(type("wangxiaoming", { typing: true })).toEqual({ text: null, reached: 13 });
	});

	it("is left alone when short, and with commands", () => {
		expect(type("36.5").text).toBeNull();
		expect(type(BADGE, { command: true })).toEqual({ text: null, reached: BADGE.length + 1 });
	});

	it("never begins with Enter", () => {
		expect(
			new Burst().press({
				key: "Enter",
				code: "Enter",
				shift: false,
				command: false,
				composing: false,
				typing: false,
				at: 5,
			}),
		).toEqual({
			first: false,
			swallow: false,
			text: null,
		});
	});

	it("does not grow without end", () => {
		const text = type("9".repeat(5000)).text;
		expect(text?.length ?? 0).toBeLessThanOrEqual(600);
	});
});
