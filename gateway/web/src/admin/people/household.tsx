// Who lives with a person, their passes as a sheet, and the code for their phones.
import { useState } from "preact/hooks";
import { call, lines } from "../../desk/call";
import { href } from "../../desk/router";
import { statusWord } from "../../desk/town";
import { confirm } from "../../desk/ui/overlay";
import { Button, Card, Chip, Problem, useAction, useLoad } from "../../desk/ui/parts";
import { statusTones } from "../../desk/words";
import { t } from "../../shared/i18n";
import { printSheets } from "./paper";
import type { Resident } from "./types";

async function membersOf(p: Resident): Promise<Resident[]> {
	const all: Resident[] = [];
	await lines<Resident>("/v1/residents", { query: { site: p.site, resident: p.id } }, (rows) => all.push(...rows));
	return all;
}

export function Household({ person: p }: { person: Resident }) {
	const { data, error, reload } = useLoad(() => membersOf(p), [p.id, p.site, p.door]);
	const [code, setCode] = useState<{ code: string; phones_ended: number } | null>(null);
	const work = useAction();
	const renew = async () => {
		const question = {
			title: t({ zh: "换发本户激活码？", en: "Void the household's activation code?" }),
			text: t({
				zh: "原激活码作废，本户已激活的手机全部退出，需用新码重新激活。通行证丢失或手机丢失时使用。",
				en: "The old code is void and all phones of the household are signed out: for a sheet or phone that was lost.",
			}),
			yes: t({ zh: "换发", en: "Void it" }),
			danger: true,
		};
		if (await confirm(question)) {
			await work.run(async () => {
				setCode(await call("POST", `/v1/residents/${p.id}/activation/renew`, { body: {} }));
			});
		}
	};
	return (
		<Card
			title={
				data
					? t({ zh: `同户 ${data.length} 人`, en: `The household: ${data.length}` })
					: t({ zh: "同户", en: "The household" })
			}
			extra={
				<div class="actions">
					<Button busy={work.busy} onClick={() => void work.run(() => printSheets([p.site], { resident: p.id }))}>
						{t({ zh: "打印本户通行证", en: "Print the household's passes" })}
					</Button>
					<Button busy={work.busy} onClick={() => void renew()}>
						{t({ zh: "换发激活码", en: "New activation code" })}
					</Button>
				</div>
			}
		>
			<Problem cause={error} retry={() => void reload()} />
			<Problem cause={work.error} />
			{code && (
				<p role="status">
					{t({ zh: "新激活码：", en: "The new code: " })}
					<code class="people-code">{code.code}</code>{" "}
					{t({
						zh: `已退出 ${code.phones_ended} 部手机；重新打印的通行证上也有此码。`,
						en: `${code.phones_ended} phones were signed out; it is on the sheet when that is printed again.`,
					})}
				</p>
			)}
			<ul class="people-members">
				{data?.map((m) => (
					<li key={m.id}>
						{m.id === p.id ? <b>{m.name}</b> : <a href={href(["residents", m.id])}>{m.name}</a>}{" "}
						<Chip tone={statusTones[m.status]}>{statusWord(m.status)}</Chip>
					</li>
				))}
			</ul>
		</Card>
	);
}
