import { expect, it } from "vitest";
import { naming } from "./id";

it("what is sent again keeps its name and time, and what was changed gets others", () => {
	const name = naming("x-");
	const first = name({ to: "a" });
	expect(name({ to: "a" })).toEqual(first);
	expect(first.id).toMatch(/^x-[0-9a-f]{32}$/);
	expect(name({ to: "b" }).id).not.toBe(first.id);
});
