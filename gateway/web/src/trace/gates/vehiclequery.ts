// Which car is looked for. A plate is personal data: it stands in no address, so it is
// handed over in memory.
import { signal } from "@preact/signals";
import { DAY, type Period, presets } from "../period";

export interface VehicleQuery {
	plate: string;
	/** A plate of a form of its own, as it was seen. */
	unchecked: boolean;
	period: Period;
}

export const vehicleQuery = signal<VehicleQuery | null>(null);

/** Looks for a car around a moment. */
export function lookFor(plate: string, at: number): void {
	const week = presets.last(7)(Date.now());
	const period = at < week.from ? { from: at - DAY, to: at + DAY } : week;
	vehicleQuery.value = { plate, unchecked: false, period };
}
