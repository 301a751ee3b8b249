// What lies over the page: dialogs, the drawer at the side, messages that go away.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { cover } from "../../shared/modal";
import { Button } from "./parts";

interface OverlayProps {
	title: string;
	onClose: () => void;
	children: ComponentChildren;
}

function Overlay({ kind, title, onClose, children }: OverlayProps & { kind: "dialog" | "drawer" }) {
	const box = useRef<HTMLDialogElement>(null);
	const closing = useRef(onClose);
	closing.current = onClose;
	/** Something was filled in: a tap beside the box must not lose it. */
	const filled = useRef(false);
	useEffect(() => {
		const dialog = box.current;
		const before = document.activeElement;
		const uncover = dialog ? cover(dialog, () => closing.current()) : undefined;
		// Not on the button that closes it, where the browser would put it.
		const field = dialog?.querySelector<HTMLElement>(
			"form input:not([type=hidden]), form textarea, form select, .actions button[type=submit]",
		);
		(kind === "dialog" && field ? field : dialog)?.focus();
		return () => {
			uncover?.();
			if (before instanceof HTMLElement) {
				before.focus();
			}
		};
	}, []);
	return (
		<dialog
			ref={box}
			tabIndex={-1}
			class={`overlay ${kind}`}
			aria-label={title}
			onCancel={(e) => {
				e.preventDefault();
				onClose();
			}}
			onInput={() => {
				filled.current = true;
			}}
			onMouseDown={(e) => {
				if (e.target === box.current && !filled.current) {
					onClose();
				}
			}}
		>
			<div class="inside">
				<header>
					<h2>{title}</h2>
					<Button class="close" aria-label={t({ zh: "关闭", en: "Close" })} onClick={onClose}>
						✕
					</Button>
				</header>
				{children}
			</div>
		</dialog>
	);
}

/** A box in the middle: one question or one form. */
export function Dialog(props: OverlayProps) {
	return <Overlay kind="dialog" {...props} />;
}

/** A panel at the right, over the list that it belongs to. */
export function Drawer(props: OverlayProps) {
	return <Overlay kind="drawer" {...props} />;
}

interface Question {
	title: string;
	text?: ComponentChildren;
	/** What the button says that does it. */
	yes?: string;
	danger?: boolean;
	/** Asks for a reason, which is given back. */
	reason?: boolean;
}

const open = signal<(Question & { answer: (given: { reason: string } | null) => void }) | null>(null);

/** Asks before something is done; null: it is not to be done. */
export function confirm(question: Question): Promise<{ reason: string } | null> {
	return new Promise((resolve) => {
		open.value = {
			...question,
			answer(given) {
				open.value = null;
				resolve(given);
			},
		};
	});
}

function Confirm() {
	const now = open.value;
	const [reason, setReason] = useState("");
	useEffect(() => setReason(""), [now]);
	if (!now) {
		return null;
	}
	return (
		<Dialog title={now.title} onClose={() => now.answer(null)}>
			<form
				class="form"
				onSubmit={(e) => {
					e.preventDefault();
					now.answer({ reason: reason.trim() });
				}}
			>
				{now.text && <div>{now.text}</div>}
				{now.reason && (
					<label class="field">
						<span>{t({ zh: "原因", en: "Reason" })}</span>
						<textarea required rows={3} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />
					</label>
				)}
				<div class="actions">
					<Button onClick={() => now.answer(null)}>{t({ zh: "取消", en: "Cancel" })}</Button>
					<Button type="submit" kind={now.danger ? "danger" : "main"}>
						{now.yes ?? t({ zh: "确定", en: "Go on" })}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

const messages = signal<{ id: number; text: string; bad: boolean }[]>([]);
let next = 0;

/** Says something for a few seconds, aloud to screen readers. */
export function toast(text: string, kind: "done" | "bad" = "done"): void {
	next++;
	const id = next;
	messages.value = [...messages.value.slice(-3), { id, text, bad: kind === "bad" }];
	setTimeout(
		() => {
			messages.value = messages.value.filter((m) => m.id !== id);
		},
		kind === "bad" ? 10_000 : 4_000,
	);
}

/** Where questions and messages appear: once a page. */
export function Overlays() {
	return (
		<>
			<Confirm />
			<div class="toasts" role="status" aria-live="polite">
				{messages.value.map((m) => (
					<p key={m.id} class={m.bad ? "bad" : ""}>
						{m.text}
					</p>
				))}
			</div>
		</>
	);
}
