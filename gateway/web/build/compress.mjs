// Writes a Brotli and a gzip form beside each file that gets smaller by it: the
// program sends them as they are. Vite's manifest has done its work and goes.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = "dist";
rmSync(`${dist}/manifest.json`);
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
	const file = `${entry.parentPath}/${entry.name}`;
	if (!entry.isFile() || !/\.(html|js|css|wasm|svg|webmanifest)$/.test(entry.name)) {
		continue;
	}
	const body = readFileSync(file);
	const forms = {
		br: brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
		gz: gzipSync(body, { level: 9 }),
	};
	for (const [suffix, small] of Object.entries(forms)) {
		if (small.length < body.length * 0.9) {
			writeFileSync(`${file}.${suffix}`, small);
		}
	}
}
