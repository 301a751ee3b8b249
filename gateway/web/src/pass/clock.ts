// The server's time as this phone knows it, and what is wrong with its clock.
import { CLOCK_WRONG } from "../shared/clock";

/** right: measured since the page was opened; kept: measured on an earlier visit. */
export type Known = "right" | "kept" | "never";

export interface Clock {
	/** Phone minus server, ms. */
	offset: number;
	known: Known;
	/** The server's time (UTC ms) when it last answered, 0 if it never did. */
	heardAt: number;
}

/** The server's time (UTC ms) at a time of the phone. */
export function serverTime(clock: Clock, phone: number): number {
	return phone - clock.offset;
}

/**
 * What is to be said about the phone's clock: "off" (corrected, but other apps
 * and the guard's eye are misled), "moved" (set back or on since the last
 * answer, so nothing can be corrected until the server answers), or nothing.
 */
export function clockTrouble(clock: Clock, phone: number): "" | "off" | "moved" {
	if (clock.known !== "right" && clock.heardAt > 0 && serverTime(clock, phone) < clock.heardAt - CLOCK_WRONG) {
		return "moved";
	}
	return Math.abs(clock.offset) > CLOCK_WRONG ? "off" : "";
}
