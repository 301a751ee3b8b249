/// <reference types="vitest/config" />
import { defineConfig } from "vite";

/** The program that vite's own server asks: for working on the pages. */
const api = process.env.PASSGATE_API ?? "http://localhost:8080";

// The pages: one HTML file each, scripts and styles in files of their own, as the
// Content-Security-Policy asks for. Phones at gates are old, and WeChat's browser
// is older: what is built runs on Chromium 80 and Safari 14.
export default defineConfig(({ command }) => ({
	// A library calls it while it is loaded: without this no page that checks passes would start there.
	define: command === "build" ? { "Object.hasOwn": "Object.prototype.hasOwnProperty.call" } : {},
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	build: {
		target: ["es2020", "chrome80", "safari14"],
		manifest: "manifest.json",
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
		rolldownOptions: { input: ["index", "gate", "pass", "trace", "admin", "grid"].map((page) => `${page}.html`) },
	},
	server: { proxy: { "/v1": api, "/.well-known": api } },
	// A machine that is busy is no failure.
	test: { include: ["src/**/*.test.{ts,tsx}"], testTimeout: 60_000 },
}));
