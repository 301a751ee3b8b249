// The guard's camera: from a code in the picture to a verdict on the glass and an
// event in the gate's index, and what happens where there is no camera.
import { expect, type Page, test } from "@playwright/test";
import { film, picture, RATE, withCamera } from "./fakecamera";
import { begin, scan } from "./guard";
import { judge, long } from "./long";
import { eventsAt, eventually, newDevice, passOf, readTown, type Town, type Townsman } from "./town";

/** What the page itself measured, ms of its clock. */
interface Measured {
	/** When a code first was in a frame: at the latest one frame after the last that had none. */
	came: number[];
	/** When the frame was captured that was read. */
	seen: number[];
	/** When the verdict was on the glass. */
	verdicts: number[];
}

/** Watches the corner of the camera's picture and the page's own marks. */
async function measure(page: Page): Promise<void> {
	await page.addInitScript(() => {
		const measured: Measured = { came: [], seen: [], verdicts: [] };
		Object.assign(window, { measured });
		new PerformanceObserver((list) => {
			for (const { name, startTime } of list.getEntries()) {
				if (name === "passgate:seen") {
					measured.seen.push(startTime);
				} else if (name === "passgate:verdict") {
					measured.verdicts.push(startTime);
				}
			}
		}).observe({ type: "mark" });
		const canvas = document.createElement("canvas");
		canvas.width = canvas.height = 1;
		const g = canvas.getContext("2d", { willReadFrequently: true });
		let watched: HTMLVideoElement | null = null;
		let before = { white: true, at: 0 };
		const look = (now: number, meta: VideoFrameCallbackMetadata) => {
			const at = meta.captureTime ?? now;
			g?.drawImage(watched as HTMLVideoElement, 16, 16, 16, 16, 0, 0, 1, 1);
			const white = (g?.getImageData(0, 0, 1, 1).data[0] ?? 0) > 128;
			if (white && !before.white) {
				measured.came.push(Math.min(at, before.at + 1000 / 30));
			}
			before = { white, at };
			watched?.requestVideoFrameCallback(look);
		};
		setInterval(() => {
			const video = document.querySelector("video");
			if (video && video !== watched) {
				watched = video;
				video.requestVideoFrameCallback(look);
			}
		}, 100);
	});
}

function quantile(values: number[], q: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

async function passesOf(town: Town, people: Townsman[]): Promise<string[]> {
	const passes: string[] = [];
	for (const person of people) {
		passes.push((await passOf(town, person)).compact);
	}
	return passes;
}

/** Codes that the camera is shown, 1.4 s each. */
const SHOWN = long ? 50 : 8;

test("a code in view is a verdict within 300 ms, many times, and an event each", async ({ browserName: _ }, info) => {
	test.setTimeout(300_000);
	const town = readTown();
	const people = town.people.slice(-SHOWN);
	const { context, page, file } = await withCamera(info);
	await begin(page, town, "M1-g1", { fades: true });
	// Out of a mall no temperature is taken: nobody taps between code and verdict.
	await page.getByRole("group", { name: "方向" }).getByRole("button", { name: "出" }).click();
	const before = (await eventsAt(town, "M1-g1")).length; // of other tests
	const shown = (await passesOf(town, people)).flatMap((pass) => [
		{ texts: [], frames: 0.6 * RATE },
		{ texts: [pass], frames: 0.8 * RATE },
	]);
	const studio = await context.newPage();
	// The film goes round: what follows the last code is time to stop the camera.
	await film(studio, file, [{ texts: [], frames: 3 * RATE }, ...shown, { texts: [], frames: 10 * RATE }]);
	await studio.close();

	await measure(page);
	await page.reload();
	const read = () => page.evaluate(() => (window as unknown as { measured: Measured }).measured);
	await expect
		.poll(async () => (await read()).verdicts.length, { timeout: 180_000, intervals: [1000] })
		.toBeGreaterThanOrEqual(SHOWN);
	// A busy machine may have read a code only when the film came round: stopped here,
	// every verdict is known that there will be.
	await page.evaluate(() => {
		const stream = document.querySelector("video")?.srcObject as MediaStream | null;
		for (const track of stream?.getTracks() ?? []) {
			track.stop();
		}
	});
	await page.waitForTimeout(1000);
	const { came, seen, verdicts } = await read();
	await context.close();

	// The verdict that follows a code's coming, and the frame it was read from.
	const after = (times: number[], t: number) => times.find((v) => v >= t - 1) ?? Number.NaN;
	const scans = came.slice(0, SHOWN).map((t) => ({ read: after(seen, t) - t, verdict: after(verdicts, t) - t }));
	const verdict = scans.map((s) => s.verdict);
	const figures = {
		scans: scans.length,
		"captured, median": Math.round(
			quantile(
				scans.map((s) => s.read),
				0.5,
			),
		),
		"verdict, median": Math.round(quantile(verdict, 0.5)),
		"verdict, p95": Math.round(quantile(verdict, 0.95)),
		"verdict, longest": Math.round(Math.max(...verdict)),
	};
	console.log("ms from the first frame with the code:", figures);
	const events = await eventually(
		() => eventsAt(town, "M1-g1"),
		(rows) => rows.length - before >= verdicts.length,
	);
	const scanned = new Set(events.map((e) => e.person?.id));
	expect(people.filter((p) => !scanned.has(p.id))).toEqual([]);
	expect(events.length - before).toBe(verdicts.length);
	expect(verdict.filter(Number.isFinite).length).toBe(SHOWN);
	judge("verdict, median", figures["verdict, median"], 300);
	judge("verdict, p95", figures["verdict, p95"], 600);
});

test("a code that stays in view is scanned once, three at a time are a car or a queue", async ({
	browserName: _,
}, info) => {
	test.setTimeout(120_000);
	const town = readTown();
	const [first, ...rest] = await passesOf(town, town.people.slice(0, 4));
	const { context, page, file } = await withCamera(info);
	await begin(page, town, "M1-g1", { fades: true });
	await page.getByRole("group", { name: "方向" }).getByRole("button", { name: "出" }).click();
	const before = (await eventsAt(town, "M1-g1")).length;
	const studio = await context.newPage();
	const long = 8 * RATE;
	await film(studio, file, [
		{ texts: [], frames: RATE },
		{ texts: [first ?? ""], frames: long },
		{ texts: rest, frames: 20 * RATE },
	]);
	await studio.close();
	await page.reload();
	await expect(page.getByRole("heading", { name: "3 个码在画面里" })).toBeVisible({ timeout: 40_000 });
	const events = await eventually(
		() => eventsAt(town, "M1-g1"),
		(rows) => rows.length > before,
	);
	expect(events.length - before).toBe(1);
	await context.close();
});

test("without a camera, without leave to use it and without https the page says which", async ({
	page,
	context,
}, info) => {
	const region = (p: Page) => p.getByRole("region", { name: "扫码" });
	await context.grantPermissions(["camera"]);
	await page.goto("/gate");
	await expect(region(page)).toContainText("没有找到相机");

	const stranger = await withCamera(info, { allowed: false }); // who is asked and says no
	await stranger.page.goto("/gate");
	await expect(region(stranger.page)).toContainText("没有相机权限");
	await stranger.context.close();

	const town = readTown();
	const { port } = new URL(town.url);
	const plain = await withCamera(info, { args: ["--host-resolver-rules=MAP gate.test 127.0.0.1"] });
	await plain.page.goto(`http://gate.test:${port}/gate`);
	await expect(region(plain.page)).toContainText("不是 https");
	// There a photo of the code does what the camera would.
	const { enrolCode } = await newDevice(town, "M1-g1");
	const photo = { name: "photo.jpg", mimeType: "image/jpeg", buffer: await picture(page, [enrolCode], 0.3) };
	await plain.page.locator("input[type=file]").setInputFiles(photo);
	await expect(plain.page.getByRole("heading", { name: "上岗" })).toBeVisible();
	await plain.context.close();
});

test("a hand scanner leaves no trace in the field that has the cursor, typing stays typing", async ({ page }) => {
	const town = readTown();
	const { enrolCode } = await newDevice(town, "M1-g1");
	await page.goto("/gate");
	const field = page.getByRole("textbox");
	await field.fill("PGE");
	await field.press("Tab");
	await field.focus();
	// What a scanner types goes into the field key by key, until the end shows that it was one.
	await page.evaluate((code) => {
		const input = document.activeElement as HTMLInputElement;
		for (const key of [...code, "Enter"]) {
			const press = { key, bubbles: true, cancelable: true, code: key === "Enter" ? key : "" };
			if (input.dispatchEvent(new KeyboardEvent("keydown", press)) && key !== "Enter") {
				input.value += key;
				input.dispatchEvent(new Event("input", { bubbles: true }));
			}
		}
	}, "PGB1-ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	await expect(page.getByRole("alert")).toContainText("这不是登记码");
	await expect(field).toHaveValue("PGE");
	await scan(page, enrolCode);
	await expect(page.getByRole("heading", { name: "上岗" })).toBeVisible();
});
