// The page's own decoder, the worker and wasm that /gate loads, on frames that go
// wrong the ways frames at a gate do.
import { expect, type Page, test } from "@playwright/test";
import { type Degraded, degraded, empty, kinds, type Picture } from "./degrade";
import { long } from "./long";

/** Frames of a kind: a hundred and more of all kinds in a long run. */
const EACH = long ? 14 : 1;

interface Files {
	worker: string;
	wasm: string;
}

/** Where worker and wasm are, by the list of what the service worker keeps. */
async function kept(page: Page): Promise<Files> {
	await page.goto("/gate");
	return page.evaluate(async () => {
		const list = await (await fetch("/gate-sw.js")).text();
		const file = (form: RegExp) => new URL(`/${form.exec(list)?.[0]}`, location.href).href;
		return { worker: file(/assets\/worker-[\w-]+\.js/), wasm: file(/assets\/zxing_reader-[\w-]+\.wasm/) };
	});
}

/** Starts the page's worker, as the page does. */
async function startDecoder(page: Page, files: Files): Promise<void> {
	await page.evaluate(async ({ worker: script, wasm }) => {
		const worker = new Worker(script);
		await new Promise((ready, failed) => {
			worker.onerror = () => failed(new Error("the worker did not load"));
			worker.onmessage = (e) => ("ready" in e.data ? ready(null) : failed(new Error(e.data.error)));
			worker.postMessage({ wasm });
		});
		Object.assign(window, { decoder: worker });
	}, files);
}

/** The texts that the decoder finds in a frame given to it as the camera gives them, and how long it takes (ms). */
function decode(page: Page, { data, width, height }: Picture): Promise<{ texts: string[]; ms: number }> {
	const base64 = Buffer.from(data).toString("base64");
	return page.evaluate(
		async ({ base64, width, height }) => {
			const planes = new Uint8Array((width * height * 3) / 2).fill(128); // no colour
			planes.set(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
			const shot = new VideoFrame(planes, { format: "I420", codedWidth: width, codedHeight: height, timestamp: 0 });
			const { decoder } = window as unknown as { decoder: Worker };
			const start = performance.now();
			const texts = await new Promise<string[]>((done, failed) => {
				decoder.onmessage = (e) => ("texts" in e.data ? done(e.data.texts) : failed(new Error(e.data.error)));
				// With patience: each look is taken, as a code gets that stays in view for some frames.
				decoder.postMessage({ id: 1, shot, patience: true }, [shot]);
			});
			return { texts, ms: performance.now() - start };
		},
		{ base64, width, height },
	);
}

test("reads at least 85 % of degraded frames, none wrongly", async ({ page }) => {
	test.setTimeout(900_000);
	await startDecoder(page, await kept(page));
	const table: { kind: string; read: number; of: number; "median ms": number }[] = [];
	let read = 0;
	for (const [k, kind] of kinds.entries()) {
		const times: number[] = [];
		let right = 0;
		for (let i = 0; i < EACH; i++) {
			const { picture, text }: Degraded = degraded(kind, 1000 * k + i);
			const { texts, ms } = await decode(page, picture);
			times.push(ms);
			expect(
				texts.filter((t) => t !== text),
				`${kind} ${i}: read wrongly`,
			).toEqual([]);
			right += texts.length;
		}
		table.push({ kind, read: right, of: EACH, "median ms": Math.round(times.sort((a, b) => a - b)[EACH >> 1] ?? 0) });
		read += right;
	}
	console.table(table);
	console.log(
		`${read} of ${EACH * kinds.length} read (${((100 * read) / (EACH * kinds.length)).toFixed(1)} %), none wrongly`,
	);
	expect(read / (EACH * kinds.length)).toBeGreaterThanOrEqual(0.85);
});

test("reads nothing where no code is", async ({ page }) => {
	test.setTimeout(120_000);
	await startDecoder(page, await kept(page));
	for (let seed = 0; seed < (long ? 8 : 3); seed++) {
		expect((await decode(page, empty(seed))).texts).toEqual([]);
	}
});

test("decodes with the server gone", async ({ page, context }) => {
	const files = await kept(page);
	await page.evaluate(() => navigator.serviceWorker.ready);
	await page.reload();
	await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
	await context.setOffline(true);
	await startDecoder(page, files);
	const { picture, text } = degraded("small", 1);
	expect((await decode(page, picture)).texts).toEqual([text]);
});
