// The strip: a resident's passes of the next 24 hours, so that the phone has a
// code without a network. A pass starts every five minutes and lives for ten.
import type { PassesAnswer } from "./types";

/** ms from one pass's start to the next one's. */
export const STEP = 300_000;
/** With less than this ahead (ms) a new strip is fetched. */
const LOW = 12 * 3600_000;
/** A strip fetched longer ago (ms) is fetched again when there is a network: its passes may have been revoked. */
const OLD = 3600_000;

/** One pass; times in UTC ms. */
export interface Pass {
	compact: string;
	from: number;
	to: number;
}

export interface Strip {
	resident: string;
	/** By start, ascending. */
	passes: Pass[];
	/** Server's time (UTC ms) when it was fetched. */
	fetchedAt: number;
}

/** Reads what the server answered. */
export function readStrip(resident: string, answer: PassesAnswer): Strip {
	const passes = answer.passes.map((p) => ({
		compact: p.compact,
		from: Date.parse(p.not_before),
		to: Date.parse(p.expires_at),
	}));
	passes.sort((a, b) => a.from - b.from);
	return { resident, passes, fetchedAt: Date.parse(answer.now) };
}

/** The pass to show at a time (UTC ms, server's clock): of the valid ones the newest. */
export function passAt(strip: Strip | undefined, now: number): Pass | null {
	let found: Pass | null = null;
	for (const p of strip?.passes ?? []) {
		if (p.from > now) {
			break;
		}
		if (p.to > now) {
			found = p;
		}
	}
	return found;
}

/** When (UTC ms) another pass takes its place, or it ends. */
export function changesAt(strip: Strip, shown: Pass): number {
	const next = strip.passes.find((p) => p.from > shown.from);
	return next && next.from < shown.to ? next.from : shown.to;
}

/** Until when (UTC ms) there is a code without a gap from now on; 0 if there is none now. */
export function coveredUntil(strip: Strip | undefined, now: number): number {
	let end = passAt(strip, now)?.to ?? 0;
	for (const p of end ? (strip?.passes ?? []) : []) {
		if (p.from <= end && p.to > end) {
			end = p.to;
		}
	}
	return end;
}

/** Whether it is time to ask for another strip, given a network. */
export function wantsStrip(strip: Strip | undefined, now: number): boolean {
	return !strip || coveredUntil(strip, now) - now < LOW || Math.abs(now - strip.fetchedAt) > OLD;
}

/** The strip without what has expired: nothing is kept that cannot be shown. */
export function trimStrip(strip: Strip, now: number): Strip {
	return { ...strip, passes: strip.passes.filter((p) => p.to > now) };
}
