// Walk-ins: who gave only a name at a gate, and which resident that was.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { go, href, route } from "../../desk/router";
import { siteName, staffName, statusWord } from "../../desk/town";
import { FindPerson, type Found } from "../../desk/ui/findperson";
import { confirm } from "../../desk/ui/overlay";
import { Busy, Button, Card, Chip, Empty, Problem, Toolbar, useAction, useLoad } from "../../desk/ui/parts";
import { statusTones } from "../../desk/words";
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import "./people.css";

interface Named {
	id: string;
	name_masked: string;
}

interface Candidate extends Omit<Found, "birth_year" | "site_name" | "door"> {
	same_name: boolean;
	same_tail: boolean;
}

interface Candidates {
	walk_in: Named;
	resident: Named | null;
	matched_at: string | null;
	matched_by: string;
	candidates: Candidate[];
}

export default function WalkIns() {
	const id = route.value.path[1] ?? "";
	const [typed, setTyped] = useState(id);
	return (
		<>
			<h1>{t({ zh: "手写登记人员归档", en: "Walk-ins" })}</h1>
			<p class="hint">
				{t({
					zh: "没带码、只报姓名的人先按手写登记放行。查清是谁后归入本人档案，此前的记录算作本人的。编号见卡口记录和发热个案。",
					en: "Who came without a pass is recorded by what they said. Once it is known who it was, what they did is the resident's. Its number stands in the records of gates and fevers.",
				})}
			</p>
			<Toolbar>
				<form
					class="people-walkin"
					onSubmit={(e) => {
						e.preventDefault();
						go(["walk-ins", typed.trim()]);
					}}
				>
					<label class="field">
						<span>{t({ zh: "手写登记编号（16 位）", en: "Walk-in's number (16 characters)" })}</span>
						<input
							required
							pattern=" *[0-9a-f]{16} *"
							autocomplete="off"
							spellcheck={false}
							value={typed}
							onInput={(e) => setTyped(e.currentTarget.value)}
						/>
					</label>
					<Button type="submit" kind="main">
						{t({ zh: "查看", en: "Look" })}
					</Button>
				</form>
			</Toolbar>
			{id && <WalkIn key={id} id={id} />}
		</>
	);
}

function WalkIn({ id }: { id: string }) {
	const path = `/v1/walk-ins/${encodeURIComponent(id)}`;
	const { data, error, busy, reload } = useLoad(() => call<Candidates>("GET", `${path}/candidates`), [id]);
	const work = useAction();
	const match = async (resident: string, name: string) => {
		const sure = await confirm({
			title: t({ zh: `确认这就是 ${name}？`, en: `Is it ${name}?` }),
			text: t({
				zh: "以后同样的手写登记按本人状态判断；此前的通行算作本人的轨迹。归错了可以撤回。",
				en: "The same words are a scan of the resident from now on, and what was recorded is theirs. It can be taken back.",
			}),
			yes: t({ zh: "归入本人", en: "It is" }),
		});
		if (sure) {
			await work.run(async () => {
				await call("POST", `${path}/match`, { body: { resident } });
				await reload();
			});
		}
	};
	const unmatch = async () => {
		const sure = await confirm({
			title: t({ zh: "撤回归档？", en: "Take the match back?" }),
			text: t({ zh: "此人恢复为手写登记人员。", en: "The walk-in is a stranger again." }),
			danger: true,
		});
		if (sure) {
			await work.run(async () => {
				await call("DELETE", `${path}/match`);
				await reload();
			});
		}
	};
	if (busy && !data) {
		return <Busy />;
	}
	return (
		<>
			<Problem cause={error} retry={() => void reload()} />
			<Problem cause={work.error} />
			{data && (
				<Card title={data.walk_in.name_masked}>
					{data.resident ? (
						<p>
							{t({ zh: "已归入 ", en: "Known as " })}
							<a href={href(["residents", data.resident.id])}>{data.resident.name_masked}</a>
							{data.matched_at && ` · ${dayAndTime(Date.parse(data.matched_at))} ${staffName(data.matched_by)} `}
							<Button kind="danger" busy={work.busy} onClick={() => void unmatch()}>
								{t({ zh: "撤回", en: "Take it back" })}
							</Button>
						</p>
					) : (
						<>
							<Likely rows={data.candidates} busy={work.busy} onMatch={match} />
							<FindPerson
								label={t({ zh: "不在上面：按姓名、证件号、手机号找", en: "Somebody else: by name, document or phone" })}
								onFound={(p) => void match(p.id, p.name_masked)}
							/>
						</>
					)}
				</Card>
			)}
		</>
	);
}

interface LikelyProps {
	rows: Candidate[];
	busy: boolean;
	onMatch: (id: string, name: string) => Promise<void>;
}

function Likely({ rows, busy, onMatch }: LikelyProps) {
	if (rows.length === 0) {
		return (
			<Empty>{t({ zh: "没有同一手机号的居民", en: "Nobody on record has the phone that was written down" })}</Empty>
		);
	}
	return (
		<ul class="people-likely">
			{rows.map((p) => (
				<li key={p.id}>
					<span>
						<b>{p.name_masked}</b> {siteName(p.site)} {p.id_number_masked.slice(-6)} {p.phone_masked.slice(-6)}
					</span>
					<Chip tone={statusTones[p.status]}>{statusWord(p.status)}</Chip>
					{p.same_name && <Chip tone="ok">{t({ zh: "姓名相符", en: "same name" })}</Chip>}
					{p.same_tail && <Chip tone="ok">{t({ zh: "证件尾号相符", en: "document fits" })}</Chip>}
					<Button busy={busy} onClick={() => void onMatch(p.id, p.name_masked)}>
						{t({ zh: "就是此人", en: "It is them" })}
					</Button>
				</li>
			))}
		</ul>
	);
}
