// Builds the service workers after the pages: each gets the list of the files
// that its page needs, so that the page works with the server stopped.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { build } from "vite";

const dist = "dist";
const manifest = JSON.parse(readFileSync(`${dist}/manifest.json`, "utf8"));

/** Files that an entry of Vite's manifest loads, followed through its imports. */
function reach(key, seen = new Set()) {
	const chunk = manifest[key];
	if (!chunk || seen.has(chunk.file)) {
		return seen;
	}
	seen.add(chunk.file);
	for (const file of [...(chunk.css ?? []), ...(chunk.assets ?? [])]) {
		seen.add(file);
	}
	for (const next of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) {
		reach(next, seen);
	}
	return seen;
}

/** Workers and what they load are in no manifest: they are named by the files that start them. */
function started(files) {
	const strays = readdirSync(`${dist}/assets`).filter(
		(name) => !name.endsWith(".map") && !listed.has(`assets/${name}`),
	);
	const found = new Set();
	const look = (file) => {
		const text = /\.(js|css)$/.test(file) ? readFileSync(`${dist}/${file}`, "utf8") : "";
		for (const name of strays) {
			if (text.includes(name) && !found.has(`assets/${name}`)) {
				found.add(`assets/${name}`);
				look(`assets/${name}`);
			}
		}
	};
	files.forEach(look);
	return [...found];
}

const listed = new Set(Object.keys(manifest).flatMap((key) => [...reach(key)]));
/** All files that a page needs, its workers included. */
const needs = (page) => {
	const files = [...reach(`${page}.html`)];
	return [...files, ...started(files)];
};
const icons = readdirSync(`${dist}/icons`).map((name) => `icons/${name}`);
const pages = {
	gate: [...needs("gate"), ...icons, "gate.webmanifest"],
	pass: [...needs("pass"), ...icons, "pass.webmanifest"],
	grid: [...needs("grid"), ...icons, "grid.webmanifest"],
};

for (const [page, files] of Object.entries(pages)) {
	const list = [...new Set(files)].sort().map((file) => ({
		url: `/${file}`,
		// A hashed name is its own revision.
		revision: file.startsWith("assets/") ? null : digest(`${dist}/${file}`),
	}));
	list.push({ url: `/${page}`, revision: digest(`${dist}/${page}.html`) });
	await build({
		configFile: false,
		logLevel: "warn",
		publicDir: false,
		define: { __PRECACHE__: JSON.stringify(list), "process.env.NODE_ENV": '"production"' },
		build: {
			target: ["es2020", "chrome80", "safari14"],
			emptyOutDir: false,
			outDir: dist,
			reportCompressedSize: false,
			lib: { entry: `src/${page}/sw.ts`, formats: ["iife"], name: "sw", fileName: () => `${page}-sw.js` },
		},
	});
}

function digest(file) {
	return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16);
}
