// Phones of a gate: a one-time code is shown large, the guard's phone scans it, and the
// desk sees when it is done.
import { useEffect, useState } from "preact/hooks";
import { call } from "../../desk/call";
import { gateName } from "../../desk/town";
import { Form } from "../../desk/ui/form";
import { confirm, Dialog, toast } from "../../desk/ui/overlay";
import { Button, Chip, Problem, type Tone, useAction } from "../../desk/ui/parts";
import { useNow, when } from "../../desk/ui/register";
import { type Text, t } from "../../shared/i18n";
import { type Device, Qr, readDevices } from "./common";

export const deviceStates: Record<Device["state"], Text & { tone: Tone }> = {
	pending: { zh: "等待扫码", en: "waits for its scan", tone: "care" },
	lapsed: { zh: "登记码过期", en: "code lapsed", tone: "quiet" },
	active: { zh: "使用中", en: "in use", tone: "ok" },
	revoked: { zh: "已停用", en: "revoked", tone: "stop" },
	paper: { zh: "纸质登记", en: "paper log", tone: "info" },
};

export function DeviceState({ device }: { device: Device }) {
	const word = deviceStates[device.state];
	return <Chip tone={word.tone}>{t(word)}</Chip>;
}

/** When something last happened to it. */
export const deviceSince = (d: Device): string => when(d.revoked_at ?? d.enrolled_at ?? d.created_at);

/** Asks and takes a phone out of use. */
export async function revoke(device: Device): Promise<boolean> {
	const given = await confirm({
		title: t({ zh: "停用这部手机", en: "Revoke this phone" }),
		text: (
			<p>
				{device.state === "active"
					? t({
							zh: `${gateName(device.gate)} · ${device.lane}：1 秒内它不能再放行任何人，离线登记的记录也不再接收。先让值守人员把记录上传完（手机上“待上传 0 条”），遗失的直接停用。`,
							en: `${gateName(device.gate)} · ${device.lane}: within a second it lets nobody pass and its offline records are taken no more. Have the guard upload first (“0 to upload”), unless it is lost.`,
						})
					: t({ zh: `${device.lane}：登记码作废。`, en: `${device.lane}: its code is void.` })}
			</p>
		),
		yes: t({ zh: "停用", en: "Revoke" }),
		danger: true,
	});
	if (!given) {
		return false;
	}
	await call("DELETE", `/v1/devices/${encodeURIComponent(device.code)}`);
	toast(t({ zh: "已停用", en: "Revoked" }));
	return true;
}

/** The phones of one gate, those in use first. */
export function DeviceList({ devices, onChange }: { devices: readonly Device[]; onChange: () => Promise<void> }) {
	const { busy, error, run } = useAction();
	const order = ["active", "pending", "lapsed", "revoked"];
	const sorted = [...devices].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
	return (
		<>
			<Problem cause={error} />
			<ul class="pl-list">
				{sorted.map((d) => (
					<li key={d.code}>
						<b>{d.lane}</b> <DeviceState device={d} />{" "}
						<small>
							{deviceSince(d)} · {d.code}
						</small>
						{d.state !== "revoked" && (
							<Button
								busy={busy}
								aria-label={t({ zh: `停用 ${d.lane}`, en: `Revoke ${d.lane}` })}
								onClick={() =>
									void run(async () => {
										if (await revoke(d)) {
											await onChange();
										}
									})
								}
							>
								{t({ zh: "停用", en: "Revoke" })}
							</Button>
						)}
					</li>
				))}
			</ul>
		</>
	);
}

interface Made {
	code: string;
	enrol_code: string;
	expires_at: string;
}

/** Adds a phone: which lane, then the code until a phone has taken it. */
export function NewPhone({ gate, onClose }: { gate?: string; onClose: () => void }) {
	const [made, setMade] = useState<(Made & { gate: string; lane: string }) | null>(null);
	const make = async (at: string, lane: string) => {
		const body = { gate: at, lane };
		setMade({ ...(await call<Made>("POST", "/v1/devices", { body })), ...body });
	};
	const again = async () => {
		if (made) {
			await call("DELETE", `/v1/devices/${encodeURIComponent(made.code)}`);
			await make(made.gate, made.lane);
		}
	};
	return (
		<Dialog title={t({ zh: "配一部手机", en: "Add a phone" })} onClose={onClose}>
			{made ? (
				<Waiting key={made.code} made={made} again={again} onClose={onClose} />
			) : (
				<Form
					fields={[
						...(gate
							? []
							: [{ name: "gate", label: t({ zh: "卡口", en: "Gate" }), kind: "gate" as const, required: true }]),
						{
							name: "lane",
							label: t({ zh: "通道名称", en: "Lane" }),
							required: true,
							placeholder: t({ zh: "如 东门一道", en: "East 1, say" }),
							hint: t({
								zh: "值守人员怎么叫就怎么写；一个卡口可以有几条通道",
								en: "as the guards call it; a gate may have several",
							}),
						},
					]}
					submitText={t({ zh: "生成登记码", en: "Make the code" })}
					submit={(v) => make(gate ?? String(v.gate), String(v.lane))}
				/>
			)}
		</Dialog>
	);
}

/** The code, and whether a phone has taken it. Asks every two seconds. */
function Waiting({
	made,
	again,
	onClose,
}: {
	made: Made & { gate: string; lane: string };
	again: () => Promise<void>;
	onClose: () => void;
}) {
	const [state, setState] = useState<Device["state"]>("pending");
	const [failed, setFailed] = useState<unknown>(null);
	const { busy, error, run } = useAction();
	useEffect(() => {
		if (state !== "pending") {
			return;
		}
		const timer = setInterval(() => {
			readDevices().then(
				(list) => {
					setFailed(null);
					setState(list.find((d) => d.code === made.code)?.state ?? "lapsed");
				},
				(cause) => setFailed(cause),
			);
		}, 2000);
		return () => clearInterval(timer);
	}, [made.code, state]);
	const left = Math.max(0, Math.ceil((Date.parse(made.expires_at) - useNow(1000)) / 1000));
	const page = `${location.origin}/gate`;
	if (state === "active") {
		return (
			<div class="pl-once" role="status">
				<p class="pl-done">
					✓{" "}
					{t({
						zh: `已绑定：${gateName(made.gate)} · ${made.lane}`,
						en: `In use: ${gateName(made.gate)} · ${made.lane}`,
					})}
				</p>
				<p>{t({ zh: "值守人员现在可以扫工牌上岗。", en: "The guard can open a shift with the badge now." })}</p>
				<Button kind="main" onClick={onClose}>
					{t({ zh: "完成", en: "Done" })}
				</Button>
			</div>
		);
	}
	return (
		<div class="pl-once">
			<ol>
				<li>
					{t({ zh: "在卡口手机的浏览器打开", en: "On the gate's phone, open" })} <code>{page}</code>
				</li>
				<li>{t({ zh: "用它扫下面的登记码，或手工输入", en: "Scan this code with it, or type it" })}</li>
			</ol>
			<Qr text={made.enrol_code} mode="Alphanumeric" label={t({ zh: "登记码", en: "One-time code" })} />
			<code class="pl-code">{made.enrol_code}</code>
			<p role="status">
				{state === "pending" && left > 0
					? t({
							zh: `${gateName(made.gate)} · ${made.lane}：等待扫码，还有 ${Math.floor(left / 60)} 分 ${left % 60} 秒，只能用一次`,
							en: `${gateName(made.gate)} · ${made.lane}: waits to be scanned, ${Math.floor(left / 60)} min ${left % 60} s left, good once`,
						})
					: t({ zh: "登记码已失效", en: "The code has lapsed" })}
			</p>
			<Problem cause={error ?? failed} />
			{(state !== "pending" || left === 0) && (
				<Button kind="main" busy={busy} onClick={() => void run(again)}>
					{t({ zh: "重新生成", en: "Make another" })}
				</Button>
			)}
		</div>
	);
}
