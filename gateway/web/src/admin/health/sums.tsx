// Sums above a list, each leading to the rows that it counts.
import { href, route } from "../../desk/router";

export interface Sum {
	/** What "only" in the address is for its rows; "" for all. */
	only: string;
	name: string;
	count: number;
	/** It is nothing good if it is not 0. */
	bad?: boolean;
}

export function Sums({ sums }: { sums: readonly Sum[] }) {
	const query = Object.fromEntries(route.value.query);
	return (
		<p class="h-sums">
			{sums.map((s) => (
				<a
					key={s.only}
					href={href(route.value.path, { ...query, only: s.only })}
					aria-current={(query.only ?? "") === s.only ? "true" : undefined}
					class={s.bad && s.count > 0 ? "h-late" : ""}
				>
					{s.name} <b>{s.count}</b>
				</a>
			))}
		</p>
	);
}
