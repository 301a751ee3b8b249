// The menu, and what lies behind the status line: is this gate connected, how old
// is what it knows, what waits.
import { t } from "../../shared/i18n";
import { clockTime, dayAndTime } from "../../shared/time";
import { update, updateReady } from "../../shared/update";
import { idle } from "./lane";
import { useModel } from "./model";
import { Key, Sheet } from "./parts";
import { problemText } from "./problems";
import { ago, connection } from "./statusbar";
import { Clocks, TrustClock } from "./trouble";
import { CLOCK_DOUBTFUL } from "./words";

export function MenuScreen() {
	const { screens, state } = useModel();
	const { counts, shift } = state.value;
	return (
		<Sheet title={{ zh: "菜单", en: "Menu" }}>
			<p class="shift">
				<b>{shift?.name ?? t({ zh: "无人当班", en: "Nobody on shift" })}</b>{" "}
				{shift && t({ zh: `${clockTime(shift.openedAt)} 上岗`, en: `since ${clockTime(shift.openedAt)}` })}
			</p>
			<Counts in={counts.in} out={counts.out} refused={counts.refused} />
			<div class="list">
				<Key icon="list" onPress={() => screens.swap("recent")}>
					{t({ zh: "最近 50 条 · 撤销", en: "Last 50 · undo" })}
				</Key>
				<Key icon="leave" onPress={() => screens.swap("hand_over")}>
					{t({ zh: "交班", en: "Hand over" })}
				</Key>
				{state.value.gate?.residential && (
					<Key icon="visitor" onPress={() => screens.swap("visitor")}>
						{t({ zh: "登记来访", en: "Register a visit" })}
					</Key>
				)}
				<Key icon="paper" onPress={() => screens.swap("paper")}>
					{t({ zh: "补录纸质登记", en: "Type back the paper log" })}
				</Key>
				<Key icon="info" onPress={() => screens.swap("state")}>
					{t({ zh: "网络与时钟", en: "Network and clock" })}
				</Key>
				<Key icon="gear" onPress={() => screens.swap("settings")}>
					{t({ zh: "设置", en: "Settings" })}
				</Key>
			</div>
			<NewVersion />
		</Sheet>
	);
}

/** What this shift has seen. */
export function Counts(p: { in: number; out: number; refused: number }) {
	return (
		<dl class="counts">
			<div>
				<dt>{t({ zh: "进", en: "In" })}</dt>
				<dd>{p.in}</dd>
			</div>
			<div>
				<dt>{t({ zh: "出", en: "Out" })}</dt>
				<dd>{p.out}</dd>
			</div>
			<div>
				<dt>{t({ zh: "未放行", en: "Refused" })}</dt>
				<dd>{p.refused}</dd>
			</div>
		</dl>
	);
}

/**
 * The switch to a new version: never pressed by itself, so nobody loses a passage; and not to be
 * had where loading again would lose the enrolment and what waits.
 */
export function NewVersion() {
	const { lane, car, state } = useModel();
	const between = idle(lane.value) && car.value.riders.length === 0;
	if (!updateReady.value || !between || !state.value.durable) {
		return null;
	}
	return (
		<Key as="main" class="update" onPress={update}>
			{t({ zh: "有新版本，点此更新（约 2 秒）", en: "New version: tap to update (2 s)" })}
		</Key>
	);
}

export function StateScreen() {
	const model = useModel();
	const s = model.state.value;
	const age = ago(s.syncedAt === null ? null : model.now() - s.syncedAt);
	const sync = async () => {
		try {
			await model.engine.syncNow();
			model.say({ zh: "已更新", en: "Updated" });
		} catch (cause) {
			const text = problemText(cause);
			model.say({ zh: text, en: text });
		}
	};
	return (
		<Sheet title={{ zh: "网络与时钟", en: "Network and clock" }}>
			<dl class="facts">
				<dt>{t({ zh: "卡口", en: "Gate" })}</dt>
				<dd>
					{s.gate?.siteName} {s.gate?.name} {s.gate?.lane}
				</dd>
				<dt>{t({ zh: "网络", en: "Network" })}</dt>
				<dd>
					{t(connection(s, model.now()))}
					{s.offlineSince !== null && ` (${t({ zh: "自", en: "since" })} ${dayAndTime(s.offlineSince)})`}
				</dd>
				<dt>{t({ zh: "规则与名单", en: "Rules and lists" })}</dt>
				<dd>{t(age)}</dd>
				<dt>{t({ zh: "待上传", en: "To be sent" })}</dt>
				<dd>{s.waiting}</dd>
				<dt>{t({ zh: "与中心不一致", en: "Conflicts" })}</dt>
				<dd>{s.conflicts}</dd>
			</dl>
			{!s.online && (
				<p class="note">
					{t({
						zh: "离线也能照常登记：本机验码、判定并记录，联网后自动补传。",
						en: "The gate works offline: this phone checks codes, decides and records, and sends it all later.",
					})}
				</p>
			)}
			{s.clockWrong && (
				<p class="note warn">
					{t(
						s.clockDoubtful
							? CLOCK_DOUBTFUL
							: {
									zh: "手机时间不对。记录已按服务器时间校正；请打开「自动设置时间」。",
									en: "The phone's clock is wrong. Records are corrected to the server's; set the phone's time to automatic.",
								},
					)}
				</p>
			)}
			<Clocks />
			{s.clockDoubtful && <TrustClock />}
			<Key as="main" onPress={() => void sync()}>
				{t({ zh: "立即更新", en: "Update now" })}
			</Key>
			{s.conflicts > 0 && (
				<Key icon="list" onPress={() => model.screens.swap("recent")}>
					{t({ zh: "查看不一致的记录", en: "See the conflicts" })}
				</Key>
			)}
		</Sheet>
	);
}
