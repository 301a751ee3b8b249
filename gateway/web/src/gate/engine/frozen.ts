// A scan as it is sent, frozen before its first send, and the few words around it.
import { ApiError } from "../../shared/api";
import { wire } from "../../shared/time";
import type { ScanInput, Subject } from "../types";
import type { WireScan, WireSubject } from "./wire";

/** Longer than any pass: what is cut off here is refused as the whole would be. */
export const PASS_CHARS = 600;

/** A scan with what it was made of. */
export interface Frozen {
	input: ScanInput;
	at: number; // UTC ms
	scan: WireScan;
}

/** What is sent, now or later, for a passage at a time. */
export function freeze(id: string, at: number, input: ScanInput): Frozen {
	const scan: WireScan = { id, occurred_at: wire(at), ...named(input.subject), direction: input.direction };
	if (input.temperature !== undefined) {
		scan.temperature = Math.round(input.temperature * 10) / 10;
		if (input.method) {
			scan.temperature_method = input.method;
		}
	}
	if (input.remeasureOf) {
		scan.remeasure_of = input.remeasureOf;
	}
	if (input.plate) {
		scan.plate = input.plate;
		if (input.plateUnchecked) {
			scan.plate_unchecked = true;
		}
	}
	if (input.vehicle) {
		scan.vehicle = input.vehicle;
	}
	if (input.vehicleDisinfected) {
		scan.vehicle_disinfected = true;
	}
	if (input.purpose) {
		scan.purpose = input.purpose;
	}
	if (input.override) {
		scan.override = { reason: input.override };
	}
	return { input, at, scan };
}

/** How a person is named to the server. */
export function named(subject: Subject): WireSubject {
	if ("pass" in subject) {
		return { pass: subject.pass.slice(0, PASS_CHARS) };
	}
	if ("resident" in subject) {
		return { resident: subject.resident };
	}
	if ("id_document" in subject) {
		return { id_document: subject.id_document };
	}
	if ("walk_in" in subject) {
		const { name, id_tail, phone } = subject.walk_in;
		return { walk_in: { name, id_tail, phone } };
	}
	return {};
}

/** What to call somebody in a list before their name is known; never a whole number. */
export function wordFor(subject: Subject): string {
	if ("resident" in subject) {
		return subject.name ?? "";
	}
	if ("id_document" in subject) {
		return `…${subject.id_document.trim().slice(-4)}`;
	}
	return "walk_in" in subject ? subject.walk_in.name : "";
}

/** The body of POST /v1/scans/vehicle for those who sit in one car. */
export function carBody(riders: Frozen[]): Record<string, unknown> {
	const whole = riders[0]?.scan;
	return {
		vehicle: whole?.vehicle,
		plate: whole?.plate,
		plate_unchecked: whole?.plate_unchecked,
		vehicle_disinfected: whole?.vehicle_disinfected,
		direction: whole?.direction,
		occurred_at: whole?.occurred_at,
		scans: riders.map(({ scan }) => {
			const { vehicle, plate, plate_unchecked, vehicle_disinfected, direction, occurred_at, ...rider } = scan;
			return rider;
		}),
	};
}

/** The server finds occurred_at wrong. */
export function isWrongTime(cause: unknown): boolean {
	return (
		cause instanceof ApiError &&
		cause.status === 422 &&
		/^(occurred|opened|closed|annulled)_at$/.test(cause.field ?? "")
	);
}

/** Codes of problems that go away: the same again may work. */
export function isTemporary(code: string): boolean {
	return ["unavailable", "internal", "crowded", "too_many", "request_timeout"].includes(code);
}
