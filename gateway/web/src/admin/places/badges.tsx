// Badges: a QR that opens shifts, shown once when it is made and printed at once, for
// one person or for all guards of a part of the grid.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { printHtml } from "../../desk/print";
import { nodeName } from "../../desk/town";
import { Form } from "../../desk/ui/form";
import { confirm, Dialog } from "../../desk/ui/overlay";
import { Button, Card, Problem, Progress, useAction } from "../../desk/ui/parts";
import { roles, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { type FullAccount, Qr, readStaff, refusal, wholeTown, within } from "./common";

interface Badge {
	login: string;
	name: string;
	badge: string;
	badge_qr_svg: string;
}

const make = (login: string) => call<Badge>("POST", `/v1/staff/${encodeURIComponent(login)}/badge`);

const plain = (text: string): string =>
	text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);

/** A sheet of badges, ten to a page of A4, to be cut out. */
export function badgeSheet(badges: readonly Badge[], accounts: ReadonlyMap<string, FullAccount>): string {
	const cards = badges.map((b) => {
		const a = accounts.get(b.login);
		const place = a?.grid ? nodeName(a.grid) : wholeTown();
		return `<section>${b.badge_qr_svg}<div><b>${plain(b.name || b.login)}</b><p>${plain(wordOf(roles, a?.role ?? "guard"))}</p><p>${plain(place)}</p><small>${plain(b.login)}</small></div></section>`;
	});
	return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>${t({ zh: "工牌", en: "Badges" })}</title><style>
@page { size: A4; margin: 10mm }
body { margin: 0; font-family: "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; display: grid; grid-template-columns: 1fr 1fr; gap: 0 }
section { box-sizing: border-box; height: 54mm; border: 0.2mm dashed #888; padding: 4mm; display: flex; gap: 4mm; align-items: center; break-inside: avoid }
svg { width: 42mm; height: 42mm; flex: none }
b { font-size: 16pt } p { margin: 1mm 0; font-size: 10pt } small { font-size: 8pt; color: #444 }
</style></head><body>${cards.join("")}</body></html>`;
}

/** Makes one person's badge and shows it this once. */
export function BadgeMaker({ account, onMade }: { account: FullAccount; onMade: () => Promise<void> }) {
	const [made, setMade] = useState<Badge | null>(null);
	const { busy, error, run } = useAction();
	const press = () =>
		run(async () => {
			const question = {
				title: t({ zh: "换发工牌", en: "Make another badge" }),
				text: (
					<p>
						{t({
							zh: `${account.name} 现有的工牌立即作废。`,
							en: `The badge that ${account.name} has is void at once.`,
						})}
					</p>
				),
				yes: t({ zh: "换发", en: "Make it" }),
			};
			if (!account.badge || (await confirm(question))) {
				setMade(await make(account.login));
			}
		});
	const print = made && (() => void printHtml(badgeSheet([made], new Map([[account.login, account]]))));
	return (
		<Card
			title={t({ zh: "工牌", en: "Badge" })}
			extra={
				<Button busy={busy} onClick={() => void press()}>
					{account.badge ? t({ zh: "换发工牌", en: "Make another badge" }) : t({ zh: "制作工牌", en: "Make a badge" })}
				</Button>
			}
		>
			<p class="hint">
				{t({
					zh: "在卡口手机上扫工牌上岗，只在本网格的卡口有效，别无他用。",
					en: "Opens shifts at gates of the account's part of the grid, and nothing else.",
				})}
			</p>
			<Problem cause={error} />
			{made && (
				<Dialog
					title={t({ zh: `${account.name} 的工牌`, en: `Badge of ${account.name}` })}
					onClose={() => {
						setMade(null);
						void onMade();
					}}
				>
					<div class="pl-once">
						<Qr text={made.badge} mode="Alphanumeric" label={t({ zh: "工牌二维码", en: "QR of the badge" })} />
						<code class="pl-code">{made.badge}</code>
						<p>{t({ zh: "只显示这一次：现在打印，或让本人拍照保存。", en: "Shown this once: print it now." })}</p>
						{print && (
							<Button kind="main" onClick={print}>
								{t({ zh: "打印", en: "Print" })}
							</Button>
						)}
					</div>
				</Dialog>
			)}
		</Card>
	);
}

/** Badges for all guards of a part of the grid, printed together. */
export function BadgesOf() {
	const [open, setOpen] = useState(false);
	return (
		<>
			<Button onClick={() => setOpen(true)}>{t({ zh: "批量制作工牌", en: "Badges of many" })}</Button>
			{open && <Many onClose={() => setOpen(false)} />}
		</>
	);
}

function Many({ onClose }: { onClose: () => void }) {
	const [done, setDone] = useState({ n: 0, of: 0 });
	const [sheet, setSheet] = useState("");
	const work = async (node: string, all: boolean) => {
		const list = (await readStaff()).filter(
			(a) => a.role === "guard" && !a.disabled && (all || !a.badge) && (node === "" || within(a.grid, node)),
		);
		if (list.length === 0) {
			throw refusal({ zh: "这里没有需要工牌的值守人员", en: "No guard there needs one" }, "node");
		}
		const made: Badge[] = [];
		for (const a of list) {
			setDone({ n: made.length, of: list.length });
			made.push(await make(a.login));
		}
		setDone({ n: made.length, of: list.length });
		setSheet(badgeSheet(made, new Map(list.map((a) => [a.login, a]))));
	};
	return (
		<Dialog title={t({ zh: "批量制作工牌", en: "Badges of many" })} onClose={onClose}>
			{sheet ? (
				<div class="pl-once">
					<p class="pl-done">{t({ zh: `已制作 ${done.n} 张`, en: `${done.n} badges are made` })}</p>
					<p>
						{t({
							zh: "只能现在打印：关掉就看不到了。",
							en: "Print them now: once this is closed they are not shown again.",
						})}
					</p>
					<Button kind="main" onClick={() => void printHtml(sheet)}>
						{t({ zh: "打印", en: "Print" })}
					</Button>
				</div>
			) : (
				<>
					<Form
						fields={[
							{
								name: "node",
								label: t({ zh: "哪个网格的值守人员", en: "Guards of which part of the grid" }),
								kind: "node",
								hint: t({ zh: "空着是您负责的全部", en: "empty: all that you answer for" }),
							},
							{
								name: "all",
								label: t({ zh: "已有工牌的也换发（旧的作废）", en: "also who has one (the old ones are void)" }),
								kind: "check",
							},
						]}
						submitText={t({ zh: "制作", en: "Make them" })}
						submit={(v) => work(String(v.node), v.all === true)}
					/>
					{done.of > 0 && <Progress done={done.n} of={done.of} />}
				</>
			)}
		</Dialog>
	);
}
