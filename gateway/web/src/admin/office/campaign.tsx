// The campaign as a whole: whether it runs; two people of the whole town turn it.
import { call } from "../../desk/call";
import { may, session } from "../../desk/session";
import { nodeOf, staffName } from "../../desk/town";
import { Form } from "../../desk/ui/form";
import { confirm, toast } from "../../desk/ui/overlay";
import { Busy, Button, Card, Chip, Facts, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { when } from "../../desk/ui/register";
import { t } from "../../shared/i18n";

interface Campaign {
	ended: boolean;
	ended_at: string | null;
	asked_by: string;
	approved_by: string;
	reason: string;
	/** What a first person asked for. */
	waiting: { end: boolean; reason: string; asked_by: string; asked_at: string; until: string } | null;
}

/** Whether who is signed in answers for the whole town. */
const wholeTown = () => may("leader") && !nodeOf(session.value?.grid ?? "")?.parent;

export default function CampaignScreen() {
	const { data, error, reload } = useLoad(() => call<Campaign>("GET", "/v1/campaign"));
	return (
		<>
			<h1>{t({ zh: "防控行动", en: "The campaign" })}</h1>
			<Problem cause={error} retry={() => void reload()} />
			{data ? <State now={data} reload={reload} /> : !error && <Busy />}
		</>
	);
}

function State({ now, reload }: { now: Campaign; reload: () => Promise<void> }) {
	return (
		<>
			<Card>
				<p class="said">
					<Chip tone={now.ended ? "quiet" : "ok"}>
						{now.ended ? t({ zh: "已结束", en: "Ended" }) : t({ zh: "进行中", en: "Running" })}
					</Chip>{" "}
					{now.ended
						? t({
								zh: "流调查询已停止；个人数据按保存期限逐日清除，到期后哪里都没有。",
								en: "Tracing has stopped; what is kept about people is purged day by day until nothing is left past retention.",
							})
						: t({
								zh: "卡口登记、流调和观察都在运行。结束后流调即停，数据按期清除。",
								en: "Gates, tracing and observations run. When it is ended, tracing stops and the data is purged on schedule.",
							})}
				</p>
				<Facts
					rows={[
						[t({ zh: "结束于", en: "Ended" }), when(now.ended_at)],
						[t({ zh: "提出", en: "Asked by" }), now.asked_by && staffName(now.asked_by)],
						[t({ zh: "批准", en: "Approved by" }), now.approved_by && staffName(now.approved_by)],
						[t({ zh: "理由", en: "Why" }), now.reason],
					]}
				/>
			</Card>
			{now.waiting && <Waiting now={now} reload={reload} />}
			{wholeTown() && !now.waiting && <Ask now={now} reload={reload} />}
		</>
	);
}

function Waiting({ now, reload }: { now: Campaign; reload: () => Promise<void> }) {
	const { busy, error, run } = useAction();
	const w = now.waiting;
	if (!w) {
		return null;
	}
	const approve = async () => {
		const sure = await confirm({
			title: w.end
				? t({ zh: "结束防控行动？", en: "End the campaign?" })
				: t({ zh: "重新开始防控行动？", en: "Begin another campaign?" }),
			text: t({
				zh: `您是第二人，确认后立即生效。理由：${w.reason}`,
				en: `You are the second person: it holds at once. Why: ${w.reason}`,
			}),
			danger: true,
			reason: true,
			yes: t({ zh: "同意", en: "Agree" }),
		});
		if (sure) {
			await run(async () => {
				await call("POST", "/v1/campaign", { body: { end: w.end, reason: sure.reason } });
				await reload();
			});
		}
	};
	const own = w.asked_by === session.value?.login;
	return (
		<Card
			title={
				w.end
					? t({ zh: "等待第二人同意结束", en: "A second person has to agree to end it" })
					: t({ zh: "等待第二人同意重新开始", en: "A second person has to agree to begin" })
			}
		>
			<Facts
				rows={[
					[t({ zh: "提出", en: "Asked by" }), staffName(w.asked_by)],
					[t({ zh: "理由", en: "Why" }), w.reason],
					[t({ zh: "提出时间", en: "Asked" }), when(w.asked_at)],
					[t({ zh: "有效至", en: "Until" }), when(w.until)],
				]}
			/>
			<Problem cause={error} />
			{own ? (
				<p>
					{t({
						zh: "已提出：请另一位负责全街道的人登录后同意。",
						en: "You asked: somebody else who answers for the whole town has to agree.",
					})}
				</p>
			) : (
				wholeTown() && (
					<Button kind="danger" busy={busy} onClick={() => void approve()}>
						{t({ zh: "同意", en: "Agree" })}
					</Button>
				)
			)}
		</Card>
	);
}

function Ask({ now, reload }: { now: Campaign; reload: () => Promise<void> }) {
	const title = now.ended
		? t({ zh: "提出重新开始", en: "Ask to begin another" })
		: t({ zh: "提出结束", en: "Ask to end it" });
	return (
		<Card title={title}>
			<p>
				{t({
					zh: "须两人：您提出，另一位负责全街道的人同意后才生效。",
					en: "It takes two: you ask, and it holds when somebody else who answers for the whole town agrees.",
				})}
			</p>
			<Form
				fields={[{ name: "reason", label: t({ zh: "理由", en: "Why" }), kind: "area", required: true }]}
				danger
				submitText={title}
				submit={async ({ reason }) => {
					await call("POST", "/v1/campaign", { body: { end: !now.ended, reason } });
					toast(t({ zh: "已提出，等待第二人", en: "Asked: a second person has to agree" }));
					await reload();
				}}
			/>
		</Card>
	);
}
