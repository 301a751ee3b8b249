// The head of the audit's chain: signed, by the key that this browser knows, and still
// behind the head that was seen here before. Whoever rewrites the past breaks one of them.
import { useState } from "preact/hooks";
import { call, keep } from "../../desk/call";
import { may, session } from "../../desk/session";
import { nodePath, nodes } from "../../desk/town";
import { Busy, Button, Card, Chip, Facts, Problem, useLoad } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { type Entry, type Head, hashOf, signedBy } from "./chain";

interface Answer {
	head: Head;
	public_key: string;
	cut: Head | null;
}

/** What this browser keeps of a gateway's chain. */
interface Seen {
	key: string;
	seq: number;
	hash: string;
	at: string;
}

type Check = "ok" | "first" | "bad" | "unknown";

interface State extends Answer {
	signature: Check;
	key: Check;
	past: Check;
	seen: Seen | null;
}

const KEY = "passgate.audit.";

function seenBefore(gateway: string): Seen | null {
	try {
		return JSON.parse(localStorage.getItem(KEY + gateway) ?? "null") as Seen | null;
	} catch {
		return null;
	}
}

function remember(gateway: string, seen: Seen): void {
	try {
		localStorage.setItem(KEY + gateway, JSON.stringify(seen));
	} catch {
		// the next visit knows nothing of this one
	}
}

/** Whether who is signed in answers for the whole town: the chain without gaps is theirs. */
export function seesTown(): boolean {
	const grid = session.value?.grid ?? "";
	return may() || grid === "" || (nodes.value.length > 0 && nodePath(grid)[0]?.parent === "");
}

/** Whether the entry that was the head then is in the chain still. */
async function stillThere(seen: Seen, { head, cut }: Answer): Promise<Check> {
	if (seen.seq === 0 || (cut && seen.seq <= cut.seq) || !seesTown()) {
		return "unknown"; // nothing was there, its time was over, or it may not be asked for
	}
	if (seen.seq > head.seq) {
		return "bad";
	}
	const page = await call<{ entries: Entry[] }>("GET", "/v1/audit", { query: { after: seen.seq - 1, limit: 1 } });
	const entry = page.entries[0];
	return entry?.seq === seen.seq && entry.hash === seen.hash && hashOf(entry) === seen.hash ? "ok" : "bad";
}

async function look(): Promise<State> {
	const answer = await call<Answer>("GET", "/v1/audit/head");
	const { head, public_key } = answer;
	const seen = seenBefore(head.gateway);
	const signature: Check = signedBy(head, public_key) ? "ok" : "bad";
	const key: Check = !seen ? "first" : seen.key === public_key ? "ok" : "bad";
	const past: Check = seen ? await stillThere(seen, answer) : "first";
	if (signature === "ok" && key !== "bad" && past !== "bad") {
		remember(head.gateway, { key: public_key, seq: head.seq, hash: head.hash, at: head.at });
	}
	return { ...answer, signature, key, past, seen };
}

export function ChainHead() {
	const state = useLoad(look);
	const [open, setOpen] = useState(false);
	if (!state.data) {
		return state.error ? <Problem cause={state.error} retry={() => void state.reload()} /> : <Busy />;
	}
	const { head, signature, key, past } = state.data;
	const bad = [signature, key, past].includes("bad");
	const whole = [signature, key, past].every((check) => check === "ok");
	return (
		<Card
			title={t({ zh: "审计链", en: "The chain" })}
			extra={
				<span class="b-actions">
					<Button busy={state.busy} onClick={() => void state.reload()}>
						{t({ zh: "重新核对", en: "Check again" })}
					</Button>
					<Button aria-expanded={open} onClick={() => setOpen(!open)}>
						{t({ zh: "详情", en: "Details" })}
					</Button>
				</span>
			}
		>
			<p class="b-line">
				<Chip tone={bad ? "stop" : whole ? "ok" : "info"}>
					{bad
						? t({ zh: "核对不通过", en: "Something is wrong" })
						: whole
							? t({ zh: "核对通过", en: "All is right" })
							: t({ zh: "签名有效，其余尚无可比对", en: "Signed; the rest cannot be compared yet" })}
				</Chip>{" "}
				{t({ zh: `链头第 ${head.seq} 条 · ${when(head.at)}`, en: `head ${head.seq} · ${when(head.at)}` })} ·{" "}
				<code>{head.hash.slice(0, 16)}…</code>
			</p>
			{(open || bad) && <Details s={state.data} />}
		</Card>
	);
}

function Details({ s }: { s: State }) {
	const { head, seen } = s;
	const line = (check: Check, text: string) => (
		<>
			<Chip tone={check === "ok" ? "ok" : check === "bad" ? "stop" : "info"}>
				{check === "ok"
					? t({ zh: "通过", en: "right" })
					: check === "bad"
						? t({ zh: "不通过", en: "wrong" })
						: t({ zh: "未核对", en: "not checked" })}
			</Chip>{" "}
			{text}
		</>
	);
	return (
		<>
			<Facts
				rows={[
					[
						t({ zh: "链头签名", en: "Signature of the head" }),
						line(
							s.signature,
							s.signature === "bad"
								? t({
										zh: "签名与内容不符：保存证据，联系系统管理员",
										en: "It does not fit: keep the evidence and call the administrator",
									})
								: t({ zh: "由网关的审计密钥签发", en: "by the gateway's audit key" }),
						),
					],
					[
						t({ zh: "审计公钥", en: "Public key" }),
						line(
							s.key,
							s.key === "first"
								? t({
										zh: "本机首次见到：与网关 audit.pub 文件当面核对",
										en: "seen here for the first time: compare it with the gateway's audit.pub by another way",
									})
								: s.key === "bad"
									? t({
											zh: "与本机以前见到的不同：向系统管理员核实是否换过密钥",
											en: "not the one seen here before: ask the administrator whether it was changed",
										})
									: t({ zh: "与本机以前见到的一致", en: "the one seen here before" }),
						),
					],
					[
						t({ zh: "此前的链头", en: "The head seen before" }),
						line(
							s.past,
							s.past === "bad"
								? t({
										zh: `本机 ${when(seen?.at)} 见到的第 ${seen?.seq} 条已不在链中：历史被改动`,
										en: `entry ${seen?.seq}, seen here at ${when(seen?.at)}, is not in the chain any more: the past was changed`,
									})
								: s.past === "ok"
									? t({
											zh: `本机 ${when(seen?.at)} 见到的第 ${seen?.seq} 条仍在链中`,
											en: `entry ${seen?.seq}, seen here at ${when(seen?.at)}, is still in the chain`,
										})
									: t({ zh: "本机还没有可比对的链头", en: "none that can be compared" }),
						),
					],
					[t({ zh: "网关", en: "Gateway" }), head.gateway],
					[t({ zh: "公钥", en: "Key" }), <code key="k">{s.public_key}</code>],
					[t({ zh: "链头哈希", en: "Hash of the head" }), <code key="h">{head.hash}</code>],
					[
						t({ zh: "到期已删除", en: "Deleted when their time was over" }),
						s.cut && t({ zh: `第 ${s.cut.seq} 条及以前`, en: `up to entry ${s.cut.seq}` }),
					],
				]}
			/>
			<Button
				onClick={() =>
					keep(`${JSON.stringify(s.head)}\n`, `audit-head-${head.gateway}-${head.seq}.json`, "application/json")
				}
			>
				{t({ zh: "保存链头（另处存放，以后可作证明）", en: "Keep this head elsewhere, as proof for later" })}
			</Button>
		</>
	);
}
