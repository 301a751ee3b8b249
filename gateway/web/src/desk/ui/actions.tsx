// What can be done about a record: buttons, each with the form or the question that it
// needs. Who may not do it does not see it; what cannot be done now says why.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { may, type Role } from "../session";
import { type Field, Form, type Values } from "./form";
import { confirm, Dialog, toast } from "./overlay";
import { Button, Problem, useAction } from "./parts";

export interface Action<T> {
	key: string;
	title: string;
	/** Who may; whoever sees the record, if left out. */
	roles?: readonly Role[];
	/** Whether it is of any use now. */
	when?: (row: T) => boolean;
	/** Why it cannot be done though it would be of use; "" if it can. */
	not?: (row: T) => string;
	/** What is asked for; without fields it is done at once, or after a question with ask or danger. */
	fields?: (row: T) => Field[];
	initial?: (row: T) => Values;
	/** Said above the form, or in the question. */
	about?: (row: T) => ComponentChildren;
	/** What the form's button says; the title, if left out. */
	submit?: string;
	main?: boolean;
	/** It is asked about first, though it is no danger. */
	ask?: boolean;
	danger?: boolean;
	run: (row: T, values: Values) => Promise<unknown>;
	/** Said when it is done. */
	done?: string;
}

interface ActionsProps<T> {
	row: T;
	actions: readonly Action<T>[];
	/** Told what the action gave. */
	onDone: (given: unknown) => unknown;
	/** Forms lie over the page instead of under the buttons. */
	dialog?: boolean;
}

/** The buttons of one record; the form of the one that is open stands below them. */
export function Actions<T>({ row, actions, onDone, dialog }: ActionsProps<T>) {
	const [open, setOpen] = useState("");
	const { busy, error, run } = useAction();
	const useful = actions.filter((a) => (!a.roles || may(...a.roles)) && (a.when?.(row) ?? true));
	const now = useful.find((a) => a.key === open);
	useEffect(() => {
		if (open !== "" && !now) {
			setOpen("");
		}
	}, [open, now]);
	const finish = async (action: Action<T>, given: unknown) => {
		setOpen("");
		toast(action.done ?? t({ zh: `已完成：${action.title}`, en: `Done: ${action.title}` }));
		await onDone(given);
	};
	const press = async (action: Action<T>) => {
		if (action.fields) {
			setOpen(open === action.key ? "" : action.key);
			return;
		}
		const question = {
			title: action.title,
			text: action.about?.(row),
			danger: action.danger ?? false,
			yes: action.submit ?? action.title,
		};
		if ((action.danger || action.ask) && !(await confirm(question))) {
			return;
		}
		await run(async () => finish(action, await action.run(row, {})));
	};
	if (useful.length === 0) {
		return null;
	}
	const form = now && (
		<Form
			key={now.key}
			fields={now.fields?.(row) ?? []}
			initial={now.initial?.(row) ?? {}}
			submitText={now.submit ?? now.title}
			danger={now.danger ?? false}
			onCancel={() => setOpen("")}
			submit={async (values) => finish(now, await now.run(row, values))}
		/>
	);
	return (
		<div class="doing">
			<div class="toolbar">
				{useful.map((a) => {
					const why = a.not?.(row) ?? "";
					return (
						<span key={a.key} class="action">
							<Button
								kind={a.danger ? "danger" : a.main ? "main" : "plain"}
								aria-expanded={a.fields ? open === a.key : undefined}
								busy={busy}
								disabled={why !== ""}
								onClick={() => void press(a)}
							>
								{a.title}
							</Button>
							{why && <small>{why}</small>}
						</span>
					);
				})}
			</div>
			<Problem cause={error} />
			{now && dialog && (
				<Dialog title={now.title} onClose={() => setOpen("")}>
					{now.about?.(row)}
					{form}
				</Dialog>
			)}
			{now && !dialog && (
				<section class="card" aria-label={now.title}>
					{now.about?.(row)}
					{form}
				</section>
			)}
		</div>
	);
}
