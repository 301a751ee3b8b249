// What newer browsers bring along, for the phones that have no newer one.

/** The last of a list; undefined if it is empty. */
export function lastOf<T>(list: ArrayLike<T>): T | undefined {
	return list[list.length - 1];
}
