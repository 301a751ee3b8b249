// What is done with a list of contacts: a file of it, and work for those who call.
import { keep } from "../../desk/call";
import { ground } from "../../desk/ground";
import { href } from "../../desk/router";
import { siteName } from "../../desk/town";
import { confirm, toast } from "../../desk/ui/overlay";
import { Button, Problem, useAction } from "../../desk/ui/parts";
import { t } from "../../shared/i18n";
import { clockTime } from "../../shared/time";
import type { Found, Question } from "./answers";
import { csvOf } from "./rows";
import { addCalls } from "./work";

/** Puts contacts on the call list, after asking. */
export function usePut(kase: string, index: string, called: ReadonlySet<string>, reload: () => Promise<void>) {
	const { busy, error, run } = useAction();
	const put = async (rows: readonly Found["rows"][number][]) => {
		const fresh = rows.filter((r) => !called.has(r.id));
		const outside = fresh.filter((r) => r.outside).length;
		const sure =
			rows.length === 1 ||
			(await confirm({
				title: t({ zh: `把 ${fresh.length} 人加入流调名单？`, en: `Put ${fresh.length} people on the call list?` }),
				text: t({
					zh: `案件 ${kase}。已在名单里的 ${rows.length - fresh.length} 人不变${outside ? `;辖区外 ${outside} 人交给所在网格` : ""}。按排名先后打电话。`,
					en: `Case ${kase}. ${rows.length - fresh.length} are on it already${outside ? `; ${outside} from outside go to their own part of the grid` : ""}. They are called in order of rank.`,
				}),
				yes: t({ zh: "加入名单", en: "Put on the list" }),
			}));
		if (sure && fresh.length > 0) {
			await run(async () => {
				const told = await addCalls(kase, index, fresh);
				toast(
					t({
						zh: `已加入 ${told.added} 人${told.already ? `,${told.already} 人原来就在` : ""}`,
						en: `${told.added} put on the list${told.already ? `, ${told.already} were on it` : ""}`,
					}),
				);
				await reload();
			});
		}
	};
	return { busy, error, run: put };
}

interface ActsProps {
	found: Found;
	rows: readonly Found["rows"][number][];
	selected: ReadonlySet<string | number>;
	question: Question;
	put: ReturnType<typeof usePut>;
	/** How many are on the call list. */
	called: number;
}

/** What can be done with the list: of those who are chosen, else of all that is shown. */
export function Acts({ found, rows, selected, question, put, called }: ActsProps) {
	const chosen = rows.filter((r) => selected.has(r.id));
	const list = chosen.length > 0 ? chosen : rows;
	const whom =
		chosen.length > 0
			? t({ zh: `选中的 ${chosen.length} 人`, en: `the ${chosen.length} chosen` })
			: t({ zh: `这 ${rows.length} 人`, en: `these ${rows.length}` });
	return (
		<div class="ct-acts">
			<small>
				{t({
					zh: `截至 ${clockTime(Date.parse(found.head.as_of))}`,
					en: `As of ${clockTime(Date.parse(found.head.as_of))}`,
				})}
			</small>
			{called > 0 && (
				<a href={href(["calls", ground.value?.kase ?? "", "now"])}>
					{t({ zh: `流调名单 ${called} 人 · 去打电话`, en: `Call list: ${called} · call them` })}
				</a>
			)}
			<Button
				disabled={list.length === 0}
				onClick={() => keep(csvOf(list, siteName), `contacts-${question.id}.csv`, "text/csv;charset=utf-8")}
			>
				CSV
			</Button>
			<Button kind="main" busy={put.busy} disabled={list.length === 0} onClick={() => void put.run(list)}>
				{t({ zh: `把${whom}加入流调名单`, en: `Put ${whom} on the call list` })}
			</Button>
			<Problem cause={put.error} />
		</div>
	);
}
