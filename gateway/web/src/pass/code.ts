// The activation code of a household's sheet, PGH1-XXXX-XXXX-XXXX, as people
// type it: without the prefix, in lower case, with look-alikes, in full width.

const PREFIX = "PGH1";
/** Characters after the prefix. */
const LENGTH = 12;

/** Letters that the code has not, and what is meant by them. */
const ALIKE: Record<string, string> = { O: "0", I: "1", L: "1", U: "V" };

/** Only the code's own characters, upper case; at most prefix and code. */
export function tidyCode(typed: string): string {
	const plain = typed
		.normalize("NFKC")
		.toUpperCase()
		.replace(/[^0-9A-Z]/g, "");
	return plain.replace(/[OILU]/g, (c) => ALIKE[c] ?? c).slice(0, PREFIX.length + LENGTH);
}

/** In fours, as on the sheet. */
export function groupCode(typed: string): string {
	return (tidyCode(typed).match(/.{1,4}/g) ?? []).join("-");
}

/** The code as the server takes it, or null while it is not complete. */
export function completeCode(typed: string): string | null {
	let chars = tidyCode(typed);
	if (chars.length > LENGTH && chars.startsWith(PREFIX)) {
		chars = chars.slice(PREFIX.length);
	}
	return chars.length === LENGTH ? `${PREFIX}-${groupCode(chars)}` : null;
}

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * Whether the check character of a complete code fits: one wrong character, or two
 * that changed places, are always noticed. The characters are coefficients of a
 * polynomial that is zero at the generator of the field of 32 elements.
 */
export function codeFits(complete: string): boolean {
	let sum = 0;
	for (const c of tidyCode(complete).slice(PREFIX.length)) {
		sum = (sum << 1) ^ (sum & 16 ? 0b100101 : 0) ^ DIGITS.indexOf(c);
	}
	return sum === 0;
}

/** The last four of a document: digits, letters of passports, X of an ID card. */
export function tidyTail(typed: string): string {
	return typed
		.normalize("NFKC")
		.toUpperCase()
		.replace(/[^0-9A-Z]/g, "")
		.slice(0, 4);
}

/** The code in an address's fragment (/pass#a=PGH1-…), "" if there is none. */
export function codeInFragment(hash: string): string {
	const found = new URLSearchParams(hash.replace(/^#/, "")).get("a");
	return found ? groupCode(found) : "";
}
