import { defineConfig } from "@playwright/test";

/** What every Chromium here is started with: no calls to its maker, no sandbox for root. */
export const chromiumArgs = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--autoplay-policy=no-user-gesture-required",
];

// The pages in a real browser against the real program and its own Redis, see
// e2e/town.ts. What is timed runs alone, after the rest.
export default defineConfig({
	testDir: "e2e",
	globalSetup: "./e2e/setup.ts",
	outputDir: "test-results",
	fullyParallel: false,
	workers: 2,
	retries: 0,
	forbidOnly: true,
	timeout: 60_000,
	expect: { timeout: 10_000 },
	reporter: [["list"]],
	use: {
		baseURL: process.env.PASSGATE_URL,
		locale: "zh-CN",
		timezoneId: "Asia/Shanghai",
		viewport: { width: 360, height: 740 },
		serviceWorkers: "allow",
		launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: chromiumArgs },
	},
	projects: [
		{ name: "pages", testIgnore: /(camera|lane|bigwindow)\.spec\.ts/ },
		{ name: "timed", testMatch: /(camera|lane|bigwindow)\.spec\.ts/, dependencies: ["pages"], workers: 1 },
		// Not a test: npm run pictures makes the README's.
		...(process.env.PASSGATE_PICTURES ? [{ name: "pictures", testMatch: /pictures\.ts/ }] : []),
	],
});
