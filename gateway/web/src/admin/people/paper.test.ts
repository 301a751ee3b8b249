import { expect, test } from "vitest";
import { pagesOf } from "./paper";

test("homes go on pages in their order, none is split, a large one begins a page of its own", () => {
	expect([[], [3, 2], [1, 1, 1], [1, 1, 1, 1], [3, 3, 3], [1, 20, 1]].map(pagesOf)).toEqual([0, 1, 1, 2, 2, 4]);
});
