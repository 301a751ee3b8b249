import { expect, test } from "vitest";
import { codeFits, codeInFragment, completeCode, groupCode, tidyTail } from "./code";

test("a code is read however it is typed", () => {
	for (const typed of [
		"PGH1-7K2M-09QX-4TZB",
		"pgh1 7k2m 09qx 4tzb",
		"7K2M09QX4TZB",
		"7k2m-O9qx-4tzb",
		"ＰＧＨ１－７Ｋ２Ｍ－０９ＱＸ－４ＴＺＢ",
		"pghl—7k2m—o9qx—4tzb",
	]) {
		expect(completeCode(typed), typed).toBe("PGH1-7K2M-09QX-4TZB");
	}
});

test("a code that happens to begin like the prefix is one too", () => {
	expect(completeCode("PGH1-2345-6789")).toBe("PGH1-PGH1-2345-6789");
	expect(completeCode("PGH1-PGH1-2345-6789")).toBe("PGH1-PGH1-2345-6789");
});

test("an incomplete code is none", () => {
	for (const typed of ["", "PGH1", "PGH1-7K2M-09QX-4TZ", "7K2M-09QX-4TZ", "PGH2-7K2M-09QX-4TZB"]) {
		expect(completeCode(typed), typed).toBeNull();
	}
});

test("typing groups in fours and takes no more than there is", () => {
	expect(groupCode("pgh17k")).toBe("PGH1-7K");
	expect(groupCode("PGH1-7K2M-09QX-4TZB-EXTRA")).toBe("PGH1-7K2M-09QX-4TZB");
});

test("tails and links", () => {
	expect(tidyTail(" 12 3x9")).toBe("123X");
	expect(codeInFragment("#a=PGH1-7K2M-09QX-4TZB")).toBe("PGH1-7K2M-09QX-4TZB");
	expect(codeInFragment("#status")).toBe("");
});

test("a slip in a code is noticed before it is sent", () => {
	for (const code of ["PGH1-7K3M-Q9TD-W2X1", "PGH1-0000-0000-0012", "PGH1-ZZZ9-8V4H-JRTD"]) {
		expect(codeFits(code), code).toBe(true);
		for (let i = "PGH1-".length; i < code.length; i++) {
			if (code[i] !== "-") {
				const other = code[i] === "7" ? "8" : "7";
				expect(codeFits(code.slice(0, i) + other + code.slice(i + 1))).toBe(false);
			}
		}
	}
});
