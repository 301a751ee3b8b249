// Times of forms: typed and shown in the site's zone, RFC 3339 in UTC on the wire.
const OFFSET = 8 * 3600_000; // Shanghai, without summer time

/** "2026-11-24T08:05" in the site's zone, as <input type="datetime-local"> takes it, of RFC 3339; "" if it is none. */
export function localInput(wire: string): string {
	const ms = Date.parse(wire);
	return Number.isNaN(ms) ? "" : new Date(ms + OFFSET).toISOString().slice(0, 16);
}

/** RFC 3339 in UTC of what such an input holds; "" if it holds nothing. */
export function parseLocal(typed: string): string {
	const ms = Date.parse(`${typed.slice(0, 16)}Z`);
	return Number.isNaN(ms) ? "" : new Date(ms - OFFSET).toISOString();
}
