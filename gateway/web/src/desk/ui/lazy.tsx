// A screen whose code is fetched when it is first opened.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Busy, Problem } from "./parts";

/** load imports a module whose default export is the screen. */
export function lazy(load: () => Promise<{ default: ComponentType }>): ComponentType {
	let found: ComponentType | null = null;
	return function Lazy() {
		const [, setTurn] = useState(0);
		const [error, setError] = useState<unknown>(null);
		const fetchIt = () => {
			setError(null);
			load().then(
				(module) => {
					found = module.default;
					setTurn((n) => n + 1);
				},
				(cause: unknown) => setError(cause),
			);
		};
		useEffect(() => {
			if (!found) {
				fetchIt();
			}
		}, []);
		const View = found;
		return View ? <View /> : error ? <Problem cause={error} retry={fetchIt} /> : <Busy />;
	};
}
