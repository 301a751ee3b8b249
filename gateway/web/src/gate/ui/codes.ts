// What a code in the picture is for. Only the form is looked at: the engine checks
// passes, the server everything else.

export interface Codes {
	/** Compact passes and JWTs. */
	passes: string[];
	enrol: string; // PGE1-…, the one-time code of a device
	badge: string; // PGB1-…, of a guard
	page: string; // PGL1-…, of a page of the paper log
	household: boolean; // a household's activation code, which opens no gate
	/** A code that is none of ours: a link, a payment code. */
	foreign: string;
}

const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

/** Sorts the texts of one picture. */
export function sortCodes(texts: readonly string[]): Codes {
	const out: Codes = { passes: [], enrol: "", badge: "", page: "", household: false, foreign: "" };
	for (const raw of texts) {
		const text = raw.trim();
		if (text.startsWith("PG1:") || JWT.test(text)) {
			if (!out.passes.includes(text)) {
				out.passes.push(text);
			}
		} else if (text.startsWith("PGE1-")) {
			out.enrol = text;
		} else if (text.startsWith("PGB1-")) {
			out.badge = text;
		} else if (text.startsWith("PGL1-")) {
			out.page = text;
		} else if (/(^|#a=)PGH1-/.test(text)) {
			out.household = true;
		} else if (text !== "") {
			out.foreign = text;
		}
	}
	return out;
}
