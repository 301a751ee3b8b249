// A camera for Chromium out of a file of pictures (MJPEG), 30 a second, from the
// first when the camera is opened and round again after the last.
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { type BrowserContext, chromium, type Page, type TestInfo } from "@playwright/test";
import { chromiumArgs } from "../playwright.config";
import { modules } from "./degrade";

/** What is in the picture, and for how many frames; no texts: nothing but the wall. */
export interface Shown {
	texts: string[];
	frames: number;
}

/** Frames a second. */
export const RATE = 30;

/** Draws one picture of 1280×720 as JPEG; a white corner at the top left says that codes are in it. */
export async function picture(page: Page, texts: string[], turn: number): Promise<Buffer> {
	const base64 = await page.evaluate(
		async ({ symbols, turn }) => {
			const canvas = new OffscreenCanvas(1280, 720);
			const g = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
			const wall = g.createLinearGradient(0, 0, 1280, 720);
			wall.addColorStop(0, "#8a7f70");
			wall.addColorStop(1, "#4b5a52");
			g.fillStyle = wall;
			g.fillRect(0, 0, 1280, 720);
			g.fillStyle = symbols.length > 0 ? "#fff" : "#000";
			g.fillRect(0, 0, 64, 64);
			symbols.forEach((symbol, i) => {
				const side = symbols.length > 1 ? 260 : 300;
				const unit = side / symbol.length;
				g.save();
				g.translate(640 + (i - (symbols.length - 1) / 2) * 330, 370);
				g.rotate(turn);
				g.fillStyle = "#f4f4f0";
				g.fillRect(-side / 2, -side / 2, side, side);
				g.fillStyle = "#1c1c1c";
				symbol.forEach((row, y) => {
					row.forEach((dark, x) => {
						if (dark) {
							g.fillRect(x * unit - side / 2, y * unit - side / 2, unit + 0.3, unit + 0.3);
						}
					});
				});
				g.restore();
			});
			const jpeg = new Uint8Array(
				await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 })).arrayBuffer(),
			);
			let binary = "";
			for (const byte of jpeg) {
				binary += String.fromCharCode(byte);
			}
			return btoa(binary);
		},
		{ symbols: texts.map(modules), turn },
	);
	return Buffer.from(base64, "base64");
}

/** Writes what the camera shows; a page that opens the camera after this sees it. */
export async function film(page: Page, file: string, shown: Shown[]): Promise<void> {
	const out = openSync(`${file}.new`, "w", 0o600);
	for (const [i, { texts, frames }] of shown.entries()) {
		const jpeg = await picture(page, texts, ((i % 7) - 3) * 0.09);
		for (let n = 0; n < frames; n++) {
			writeSync(out, jpeg);
		}
	}
	closeSync(out);
	renameSync(`${file}.new`, file);
}

/** A browser whose camera is the file and allowed unless said otherwise, and in it a page that has not opened it yet. */
export async function withCamera(
	info: TestInfo,
	{ args = [], allowed = true }: { args?: string[]; allowed?: boolean } = {},
): Promise<{ context: BrowserContext; page: Page; file: string }> {
	const file = info.outputPath("camera.mjpeg");
	const { use } = info.project;
	const context = await chromium.launchPersistentContext(info.outputPath(allowed ? "profile" : "stranger"), {
		executablePath: use.launchOptions?.executablePath ?? "",
		args: [
			...chromiumArgs,
			"--use-fake-device-for-media-stream",
			...(allowed ? ["--use-fake-ui-for-media-stream"] : []),
			`--use-file-for-fake-video-capture=${file}`,
			...args,
		],
		viewport: { width: 360, height: 740 },
		locale: "zh-CN",
		timezoneId: "Asia/Shanghai",
		...(process.env.PASSGATE_URL && { baseURL: process.env.PASSGATE_URL }),
	});
	const page = context.pages()[0] ?? (await context.newPage());
	await film(page, file, [{ texts: [], frames: RATE }]);
	return { context, page, file };
}
