import { describe, expect, it } from "vitest";
import { type ApiError, ask } from "./api";

const failing = async (status: number, type: string, body: string | null, accept?: string): Promise<ApiError> => {
	const fetch = async () => new Response(body, { status, headers: { "Content-Type": type, "Retry-After": "9" } });
	return ask("/v1/x", { fetch, ...(accept && { accept }) }).then(
		(a) => expect.fail(`it was taken for an answer: ${JSON.stringify(a.value)}`),
		(cause: ApiError) => cause,
	);
};

describe("an answer", () => {
	it("of the server that refuses says why", async () => {
		const own = JSON.stringify({ code: "invalid", detail: "too hot", field: "temperature" });
		const cause = await failing(422, "application/problem+json", own);
		expect(cause).toMatchObject({ status: 422, code: "invalid", detail: "too hot", field: "temperature" });
	});

	it("of somebody in between is none, whatever its status", async () => {
		for (const status of [401, 403, 404, 413, 429, 502]) {
			const page = await failing(status, "text/html", "<h1>nginx</h1>");
			expect(page).toMatchObject({ status: 0, code: "network", front: status, retryAfter: 9 });
			const json = await failing(status, "application/json", '{"code":"denied"}');
			expect(json).toMatchObject({ status: 0, code: "network" });
		}
		const bare = await failing(403, "application/problem+json", '{"title":"Forbidden"}');
		expect(bare).toMatchObject({ status: 0, code: "network" });
	});

	it("that looks good but is a login of the network is none", async () => {
		expect(await failing(200, "text/html", "<form>")).toMatchObject({ status: 0, code: "network" });
		expect(await failing(200, "text/html", "")).toMatchObject({ status: 0, code: "network" });
	});

	it("without a body is one where that is meant", async () => {
		const fetch = async () => new Response(null, { status: 204 });
		expect((await ask("/v1/x", { fetch })).status).toBe(204);
	});
});
