// Times are shown in the site's zone, whatever the phone is set to. Shanghai has
// had no summer time since 1991, so its offset is a constant, which old browsers
// without a zone database need.

const OFFSET = 8 * 3600_000;

function parts(ms: number): string {
	return new Date(ms + OFFSET).toISOString(); // local fields in UTC's clothes
}

/** "08:05" of a time in UTC ms. */
export function clockTime(ms: number): string {
	return parts(ms).slice(11, 16);
}

/** "08:05:09". */
export function clockTimeSeconds(ms: number): string {
	return parts(ms).slice(11, 19);
}

/** "2026-11-24", the local day. */
export function localDay(ms: number): string {
	return parts(ms).slice(0, 10);
}

/** "11-24 08:05". */
export function dayAndTime(ms: number): string {
	const p = parts(ms);
	return `${p.slice(5, 10)} ${p.slice(11, 16)}`;
}

/** UTC ms at which the local day of ms began. */
export function startOfDay(ms: number): number {
	return Math.floor((ms + OFFSET) / 86_400_000) * 86_400_000 - OFFSET;
}

/** The wire form: RFC 3339 in UTC with ms. */
export function wire(ms: number): string {
	return new Date(ms).toISOString();
}
