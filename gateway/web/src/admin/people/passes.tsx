// A person's passes: issued on demand (nothing is stored), shown large, printed, voided.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { printHtml } from "../../desk/print";
import { may } from "../../desk/session";
import { siteName } from "../../desk/town";
import { confirm, Dialog, toast } from "../../desk/ui/overlay";
import { Button, Card, Problem, useAction } from "../../desk/ui/parts";
import { QrCode } from "../../desk/ui/qr";
import { drawQr } from "../../pass/ui/qr";
import { t } from "../../shared/i18n";
import { clockTime, localDay } from "../../shared/time";
import type { Pass, Resident } from "./types";

export function Passes({ person: p, onDone }: { person: Resident; onDone: () => Promise<void> }) {
	const [pass, setPass] = useState<Pass | null>(null);
	const { busy, error, run } = useAction();
	const issue = (body: object) =>
		run(async () => {
			setPass(await call<Pass>("POST", `/v1/residents/${p.id}/passes`, { body }));
		});
	const revoke = async () => {
		const sure = await confirm({
			title: t({ zh: `作废 ${p.name} 的全部通行码？`, en: `Void every pass of ${p.name}?` }),
			text: t({
				zh: "手机和纸质通行码立即作废，之后可重新签发。纸证丢失时使用。",
				en: "On phones and on paper, from the next scan on. New ones can be issued. For paper that was lost.",
			}),
			reason: true,
			danger: true,
			yes: t({ zh: "作废", en: "Void them" }),
		});
		if (sure) {
			await run(async () => {
				await call("POST", `/v1/residents/${p.id}/passes/revoke`, { body: { reason: sure.reason } });
				toast(t({ zh: "已作废", en: "They are void" }));
				await onDone();
			});
		}
	};
	return (
		<Card title={t({ zh: "通行码", en: "Passes" })}>
			<Problem cause={error} />
			<div class="people-passes">
				{may("enroller", "grid") && (
					<>
						<Button busy={busy} onClick={() => void issue({ kind: "paper", days: 28 })}>
							{t({ zh: "纸质通行码（28 天）", en: "Paper pass (28 days)" })}
						</Button>
						<Button busy={busy} onClick={() => void issue({ kind: "app" })}>
							{t({ zh: "临时通行码（10 分钟）", en: "Pass for now (10 minutes)" })}
						</Button>
					</>
				)}
				{may("enroller", "medic") && (
					<Button busy={busy} kind="danger" onClick={() => void revoke()}>
						{t({ zh: "全部作废", en: "Void all" })}
					</Button>
				)}
				<small>{t({ zh: `已作废 ${p.generation} 次`, en: `voided ${p.generation} times` })}</small>
			</div>
			{pass && <PassDialog pass={pass} name={p.name} under={siteName(p.site)} onClose={() => setPass(null)} />}
		</Card>
	);
}

interface Shown {
	pass: Pass;
	name: string;
	/** Said under the name: the site, say. */
	under: string;
	onClose: () => void;
}

/** A pass as large as a guard's phone likes it, and on paper. */
export function PassDialog({ pass, name, under, onClose }: Shown) {
	const until = Date.parse(pass.expires_at);
	const span =
		pass.kind === "app"
			? t({ zh: `今天 ${clockTime(until)} 前有效`, en: `until ${clockTime(until)} today` })
			: `${localDay(Date.parse(pass.not_before))} – ${localDay(until - 1)}`;
	return (
		<Dialog title={name} onClose={onClose}>
			<div class="people-pass">
				<QrCode text={pass.compact} label={t({ zh: `${name}的通行码`, en: `Pass of ${name}` })} size={360} />
				<p>
					{under} · {span}
				</p>
				<Button onClick={() => void printHtml(onPaper(pass.compact, name, under, span))}>
					{t({ zh: "打印", en: "Print" })}
				</Button>
			</div>
		</Dialog>
	);
}

function onPaper(compact: string, name: string, under: string, span: string): string {
	const { side, path } = drawQr(compact);
	const text = document.createElement("p");
	const safe = (s: string) => {
		text.textContent = s;
		return text.innerHTML;
	};
	return `<!doctype html><html><head><title>${safe(name)}</title><style>
@page { size: A5; margin: 12mm; }
body { margin: 0; text-align: center; font-family: sans-serif; color: #000; background: #fff; }
svg { width: 80mm; height: 80mm; }
h1 { margin: 4mm 0 0; font-size: 20pt; }
p { margin: 2mm 0; font-size: 12pt; }
</style></head><body><svg viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path d="${path}"/></svg><h1>${safe(name)}</h1><p>${safe(under)}</p><p>${safe(span)}</p></body></html>`;
}
