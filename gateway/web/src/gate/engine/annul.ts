// Takes a scan back that was made by mistake.
import { ApiError } from "../../shared/api";
import { wire } from "../../shared/time";
import type { Core } from "./core";
import { isOutage } from "./link";
import { Said } from "./options";
import { forgotten, isGone } from "./upload";
import type { WireAnnul } from "./wire";

const WITHIN = 15 * 60_000;

/** Takes a scan back, now or with the next upload. Throws ApiError or Said if it cannot be. */
export async function annul(core: Core, id: string, queued: () => void): Promise<void> {
	await core.idle();
	const kept = await core.store.scan(id);
	if (!kept) {
		throw new Said({ zh: "找不到这一条登记", en: "There is no such entry on this phone" });
	}
	if (kept.annulled !== "") {
		return;
	}
	const at = core.clock.now();
	if (at - kept.at > WITHIN) {
		throw new ApiError(409, "too_late", "a scan can be taken back within 15 minutes: report it to the street office");
	}
	if (Object.keys(kept.named).length === 0) {
		throw new Said({
			zh: "这一条没有登记是谁，不能撤销，请报告街道",
			en: "This entry names nobody and cannot be taken back: report it to the street office",
		});
	}
	const annulment: WireAnnul = {
		id: core.newID("undo-"),
		scan: id,
		occurred_at: wire(kept.at),
		annulled_at: wire(Math.max(at, kept.at)),
		...kept.named,
	};
	const told = kept.settled && core.link.online && (await sent(core, annulment));
	await core.update(async () => {
		const now = (await core.store.scan(id)) ?? kept;
		if (now.annulled !== "") {
			return {}; // tapped twice
		}
		return {
			strict: true,
			people: await forgotten(core, kept),
			values: { counts: core.count(kept.verdict, -1) },
			recent: [{ ...now, annulled: told ? "done" : "waiting" }],
			queue: told ? [] : [{ kind: "annul", annul: annulment }],
		};
	});
	if (!told) {
		queued();
	}
}

/** Tells the server; false if it does not answer. */
async function sent(core: Core, body: WireAnnul): Promise<boolean> {
	try {
		await core.link.call("/v1/scans/annul", { body, timeout: core.world.patience });
		return true;
	} catch (cause) {
		if (cause instanceof ApiError && isGone(cause.code)) {
			return true;
		}
		if (isOutage(cause)) {
			return false;
		}
		throw cause;
	}
}
