// The case under which one asks: what it allows, and asking for more.
import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../desk/call";
import { may, session } from "../../desk/session";
import { nodeName, staffName } from "../../desk/town";
import { Form } from "../../desk/ui/form";
import { Dialog, toast } from "../../desk/ui/overlay";
import { Button, Problem, useAction } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";

const DAY = 86_400_000;
const LOOK = 10_000; // ms between looks whether what waits was approved

export interface Caps {
	people: number;
	days: number;
	hops: number;
}

interface Approval {
	number: number;
	reason: string;
	asked_by: string;
	until: string;
	/** Empty: nobody yet. */
	approved_by: string;
}

export interface Case {
	code: string;
	title: string;
	people: { id: string; name_masked: string }[];
	period_from: string;
	period_to: string;
	/** In force now. */
	caps: Caps;
	/** Different people asked about. */
	asked: number;
	lifts: (Caps & Approval)[];
	grants: ({ node: string } & Approval)[];
}

export const loadCase = (code: string) => call<Case>("GET", `/v1/cases/${encodeURIComponent(code)}`);

/** What the case allows, what waits for a second person, and the way to more. */
export function Limits({ kase, onChange }: { kase: Case; onChange: () => void }) {
	const [asking, setAsking] = useState(false);
	const waiting = kase.lifts.filter((l) => l.approved_by === "" && Date.parse(l.until) > Date.now());
	const waits = waiting.length > 0;
	const latest = useRef(onChange);
	latest.current = onChange;
	useEffect(() => {
		const timer = waits ? setInterval(() => latest.current(), LOOK) : undefined;
		return () => clearInterval(timer);
	}, [waits]);
	return (
		<div class="ct-limits">
			<span>
				{t({ zh: "本案件可查", en: "This case allows" })} <b>{kase.caps.hops}</b> {t({ zh: "层", en: "hops" })} ·{" "}
				<b>{kase.caps.days}</b> {t({ zh: "天", en: "days" })} · {t({ zh: "已查", en: "asked about" })}{" "}
				<b>{kase.asked}</b>/{kase.caps.people} {t({ zh: "人", en: "people" })}
			</span>
			<Button onClick={() => setAsking(true)}>{t({ zh: "申请放宽…", en: "Ask for more…" })}</Button>
			{waiting.map((l) => (
				<Waiting key={l.number} kase={kase.code} lift={l} onChange={onChange} />
			))}
			{asking && <LiftDialog kase={kase} onClose={() => setAsking(false)} onDone={onChange} />}
		</div>
	);
}

/** A lift that nobody has approved; a leader who is not who asked can do it here. */
function Waiting({ kase, lift, onChange }: { kase: string; lift: Case["lifts"][number]; onChange: () => void }) {
	const { busy, error, run } = useAction();
	const approve = () =>
		run(async () => {
			await call("POST", `/v1/cases/${encodeURIComponent(kase)}/lifts/${lift.number}/approve`, { body: {} });
			toast(t({ zh: "已批准，现在生效", en: "Approved: it is in force" }));
			onChange();
		});
	return (
		<span class="ct-waiting">
			{t({
				zh: `${staffName(lift.asked_by)} 申请 ${lift.hops} 层、${lift.days} 天、${lift.people} 人（${lift.reason}），等负责人批准`,
				en: `${staffName(lift.asked_by)} asked for ${lift.hops} hops, ${lift.days} days, ${lift.people} people (${lift.reason}); a leader has to approve`,
			})}
			{may("leader") && session.value?.login !== lift.asked_by && (
				<Button busy={busy} onClick={() => void approve()}>
					{t({ zh: "批准", en: "Approve" })}
				</Button>
			)}
			<Problem cause={error} />
		</span>
	);
}

/** A day from now, as a date of the site. */
const dayAhead = (days: number) => localDay(Date.now() + days * DAY);

interface LiftProps {
	kase: Case;
	/** What is wanted; the rest stays as it is. */
	want?: Partial<Caps>;
	onClose: () => void;
	onDone: () => void;
}

/** Asks for more than the case allows; a leader who is somebody else approves it. */
export function LiftDialog({ kase, want = {}, onClose, onDone }: LiftProps) {
	return (
		<Dialog
			title={t({ zh: `案件 ${kase.code}：申请放宽上限`, en: `Case ${kase.code}: ask for more` })}
			onClose={onClose}
		>
			<p>
				{t({
					zh: "由另一位负责人批准后生效，最长 14 天。申请和理由都记入审计。",
					en: "It takes effect when a leader who is somebody else approves, for 14 days at most, and is on record with its reason.",
				})}
			</p>
			<Form
				fields={[
					{ name: "hops", label: t({ zh: "层数", en: "Hops" }), kind: "number", required: true, min: 1, max: 3 },
					{
						name: "days",
						label: t({ zh: "一次可查天数", en: "Days in one question" }),
						kind: "number",
						required: true,
						min: 1,
						max: 61,
					},
					{
						name: "people",
						label: t({ zh: "可查人数", en: "People asked about" }),
						kind: "number",
						required: true,
						min: 1,
						max: 5000,
					},
					{ name: "until", label: t({ zh: "到哪天为止", en: "Until" }), kind: "day", required: true },
					{
						name: "reason",
						label: t({ zh: "理由（4 至 200 字）", en: "Reason (4 to 200 characters)" }),
						required: true,
					},
				]}
				initial={{ ...kase.caps, ...want, until: dayAhead(7) }}
				submitText={t({ zh: "提交申请", en: "Ask" })}
				onCancel={onClose}
				submit={async (body) => {
					await call("POST", `/v1/cases/${encodeURIComponent(kase.code)}/lifts`, { body });
					toast(t({ zh: "已提交，等负责人批准", en: "Asked: a leader has to approve" }));
					onDone();
					onClose();
				}}
			/>
		</Dialog>
	);
}

/** Asks to see another part of the grid under this case; its own leader approves. */
export function GrantDialog({ kase, node, onClose }: { kase: string; node: string; onClose: () => void }) {
	return (
		<Dialog title={t({ zh: `申请查看 ${nodeName(node)}`, en: `Ask for ${nodeName(node)}` })} onClose={onClose}>
			<p>
				{t({
					zh: `由 ${nodeName(node)} 的负责人批准，最长 7 天，只在本案件内有效。`,
					en: `A leader of ${nodeName(node)} approves, for 7 days at most, under this case only.`,
				})}
			</p>
			<Form
				fields={[
					{ name: "until", label: t({ zh: "到哪天为止", en: "Until" }), kind: "day", required: true },
					{
						name: "reason",
						label: t({ zh: "理由（4 至 200 字）", en: "Reason (4 to 200 characters)" }),
						required: true,
					},
				]}
				initial={{ until: dayAhead(3) }}
				submitText={t({ zh: "提交申请", en: "Ask" })}
				onCancel={onClose}
				submit={async (values) => {
					await call("POST", `/v1/cases/${encodeURIComponent(kase)}/grants`, { body: { ...values, node } });
					toast(t({ zh: "已提交，等对方负责人批准", en: "Asked: a leader there has to approve" }));
					onClose();
				}}
			/>
		</Dialog>
	);
}
