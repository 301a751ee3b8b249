// Looks whether what was built, libraries included, calls what the phones do not have that it
// is built for (see vite.config.ts): the build translates the language, not its library.
import { readdirSync, readFileSync } from "node:fs";

const dist = "dist";
const newer = [
	/\bObject\.hasOwn\b/,
	/\bstructuredClone\(/,
	/\.(replaceAll|findLast|findLastIndex|toSorted|throwIfAborted|randomUUID|requestSubmit)\(/,
	/\.at\(-/,
	/\bAbortSignal\.(timeout|any)\b/,
	/\(\?<[=!]/,
	/:has\(/,
	/\d[ds]vh\b/,
];
const found = [];
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
	const file = `${entry.parentPath}/${entry.name}`;
	if (entry.isFile() && /\.(js|css)$/.test(entry.name)) {
		const text = readFileSync(file, "utf8");
		for (const name of newer) {
			const at = text.search(name);
			if (at >= 0) {
				found.push(`${file}: …${text.slice(Math.max(0, at - 60), at + 40)}…`);
			}
		}
	}
}
if (found.length > 0) {
	console.error(`Chromium 80 and Safari 14 do not have:\n${found.join("\n")}`);
	process.exit(1);
}
