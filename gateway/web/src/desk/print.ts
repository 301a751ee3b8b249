// Prints pages that the server draws (sheets of passes, leaflets, bulletins) from within
// the desk, as they are. Their styles stand inside the HTML, which the pages' policy
// forbids; style sheets that a script makes are allowed, so the page is moved into a
// shadow tree with its styles as such sheets, and the desk is hidden while it prints.
import { keep, type Method, type Options, paper } from "./call";
import "./print.css";

let clear: (() => void) | null = null;

/** Fetches a page that is made to be printed and prints it. Throws ApiError. */
export async function printPage(path: string, options: Options & { method?: Method } = {}): Promise<void> {
	await printHtml(await paper(path, options));
}

/**
 * Prints whole HTML documents, one behind the other, of one kind: the styles are those of
 * the first. Resolves when the print dialog is open. Scripts in them are left out. A
 * browser without style sheets of scripts (Safari before 16.4) is given them as files.
 */
export async function printHtml(...pages: string[]): Promise<void> {
	clear?.();
	if (!("adoptedStyleSheets" in Document.prototype)) {
		pages.forEach((html, i) => {
			keep(html, `print-${i + 1}.html`, "text/html;charset=utf-8");
		});
		return;
	}
	const docs = pages.map((html) => new DOMParser().parseFromString(html, "text/html"));
	const css = [...(docs[0]?.querySelectorAll("style") ?? [])].map((s) => s.textContent ?? "").join("\n");
	const host = document.createElement("div");
	host.className = "paper-host";
	const shadow = host.attachShadow({ mode: "open" });
	shadow.adoptedStyleSheets = [sheetOf(`${css}\nbody + body { break-before: page; }`)];
	for (const doc of docs) {
		for (const el of doc.querySelectorAll("script, style, link, base, meta[http-equiv]")) {
			el.remove();
		}
		shadow.append(document.adoptNode(doc.body)); // still <body>: its own rules go on fitting
	}
	plainStyles(shadow);

	// The size of the paper counts in the document alone, not in a shadow tree.
	const size = sheetOf((css.match(/@page[^{]*\{[^}]*\}/g) ?? []).join("\n"));
	const title = document.title;
	document.adoptedStyleSheets = [...document.adoptedStyleSheets, size];
	document.title = docs[0]?.title || title; // the name that a PDF is kept under
	document.documentElement.classList.add("paper");
	document.body.append(host);
	clear = () => {
		clear = null;
		window.removeEventListener("afterprint", done);
		document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== size);
		document.title = title;
		document.documentElement.classList.remove("paper");
		host.remove();
	};
	// Not at once: some browsers say so while they still draw.
	const done = () => setTimeout(() => clear?.(), 0);
	await Promise.all([...shadow.querySelectorAll("img")].map((img) => img.decode().catch(() => undefined)));
	window.addEventListener("afterprint", done);
	window.print();
}

function sheetOf(css: string): CSSStyleSheet {
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(css);
	return sheet;
}

/** Style attributes are set anew by script, which the policy allows. */
function plainStyles(root: ShadowRoot): void {
	for (const el of root.querySelectorAll<HTMLElement | SVGElement>("[style]")) {
		const css = el.getAttribute("style") ?? "";
		el.removeAttribute("style");
		el.style.cssText = css;
	}
}
