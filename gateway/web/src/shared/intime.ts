/** What work gives, unless it takes longer than that (ms): some browsers' disk never answers. */
export function inTime<T>(work: Promise<T>, patience = 5_000): Promise<T> {
	return new Promise((done, failed) => {
		const late = setTimeout(() => failed(new Error(`the disk has not answered for ${patience} ms`)), patience);
		work.then(done, failed).finally(() => clearTimeout(late));
	});
}
