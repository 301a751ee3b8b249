// Two records of one person made one: both side by side first, then which one stays.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { go } from "../../desk/router";
import { may } from "../../desk/session";
import { siteName, statusWord } from "../../desk/town";
import { FindPerson, type Found } from "../../desk/ui/findperson";
import { confirm, Dialog, toast } from "../../desk/ui/overlay";
import { Button, Problem, useAction } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { localDay } from "../../shared/time";
import type { Known } from "./record";
import type { Resident } from "./types";

interface Props {
	person: Known;
	onClose: () => void;
	onDone: () => Promise<void>;
}

export function Merge({ person, onClose, onDone }: Props) {
	const [other, setOther] = useState<Known | null>(null);
	const { busy, error, run } = useAction();
	const find = (p: Found) =>
		run(async () => {
			setOther(
				may("enroller", "medic", "grid")
					? await call<Resident>("GET", `/v1/residents/${p.id}`)
					: { id: p.id, kind: p.kind, name: p.name_masked, site: p.site, door: p.door, status: p.status },
			);
		});
	const merge = async (kept: Known, gone: Known) => {
		const sure = await confirm({
			title: t({ zh: "合并这两份档案？", en: "Make these two records one?" }),
			text: t({
				zh: `保留 ${kept.name ?? kept.id}，另一份并入其中：它的通行码、手机、访客证作废，证件号和手机号不再指向任何人。无法撤销。`,
				en: `${kept.name ?? kept.id} stays; passes, phones and permits of the other end, its document and phone lead nowhere. There is no way back.`,
			}),
			yes: t({ zh: "合并", en: "Merge" }),
			reason: true,
			danger: true,
		});
		if (sure) {
			await run(async () => {
				await call("POST", `/v1/residents/${kept.id}/merge`, { body: { other: gone.id, reason: sure.reason } });
				toast(t({ zh: "已合并", en: "Merged" }));
				onClose();
				if (kept.id === person.id) {
					await onDone();
				} else {
					go(["residents", kept.id]);
				}
			});
		}
	};
	const same = other?.id === person.id;
	return (
		<Dialog title={t({ zh: "合并重复档案", en: "Merge a second record" })} onClose={onClose}>
			<FindPerson label={t({ zh: "另一份档案", en: "The other record" })} onFound={(p) => void find(p)} />
			<Problem cause={error} />
			{same && (
				<p role="alert">{t({ zh: "这就是当前档案，请另找一份", en: "That is this record: find the other one" })}</p>
			)}
			{other && !same && (
				<>
					<Sides a={person} b={other} />
					<div class="actions">
						<Button busy={busy} onClick={() => void merge(other, person)}>
							{t({ zh: "保留右边的", en: "Keep the right one" })}
						</Button>
						<Button kind="main" busy={busy} onClick={() => void merge(person, other)}>
							{t({ zh: "保留左边的（当前档案）", en: "Keep the left one (this record)" })}
						</Button>
					</div>
				</>
			)}
		</Dialog>
	);
}

function Sides({ a, b }: { a: Known; b: Known }) {
	const rows: [string, (p: Known) => string][] = [
		[t({ zh: "姓名", en: "Name" }), (p) => p.name ?? ""],
		[t({ zh: "证件号", en: "ID number" }), (p) => p.id_number ?? ""],
		[t({ zh: "手机号", en: "Phone" }), (p) => p.phone ?? ""],
		[t({ zh: "住处", en: "Home" }), (p) => `${siteName(p.site ?? "")} ${p.door ?? ""}`.trim()],
		[t({ zh: "状态", en: "Status" }), (p) => statusWord(p.status ?? "")],
		[t({ zh: "登记时间", en: "Enrolled" }), (p) => (p.created_at ? localDay(Date.parse(p.created_at)) : "")],
		[t({ zh: "档案编号", en: "Record" }), (p) => p.id],
	];
	return (
		<table class="people-sides">
			<thead>
				<tr>
					<th scope="col">{t({ zh: "项目", en: "Field" })}</th>
					<th scope="col">{t({ zh: "当前档案", en: "This record" })}</th>
					<th scope="col">{t({ zh: "另一份", en: "The other" })}</th>
				</tr>
			</thead>
			<tbody>
				{rows.map(([name, value]) => (
					<tr key={name} class={value(a) === value(b) ? "" : "differs"}>
						<th scope="row">
							{name}
							{value(a) !== value(b) && <small> ≠</small>}
						</th>
						<td>{value(a)}</td>
						<td>{value(b)}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
