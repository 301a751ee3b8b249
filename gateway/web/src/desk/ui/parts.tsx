// Small parts that all screens of the desk share.
import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { problemText } from "../words";

/** What a colour means; the word beside it says it, too. */
export type Tone = "ok" | "care" | "stop" | "info" | "quiet";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: "main" | "danger" | "plain"; busy?: boolean };

/** A button; while busy it cannot be pressed. */
export function Button({ kind = "plain", busy = false, disabled, class: extra, ...rest }: ButtonProps) {
	return (
		<button
			type="button"
			{...rest}
			class={`btn ${kind === "plain" ? "" : kind} ${extra ?? ""}`}
			disabled={disabled || busy}
			aria-busy={busy || undefined}
		/>
	);
}

/** A word with a colour. */
export function Chip({ tone = "quiet", children }: { tone?: Tone | undefined; children: ComponentChildren }) {
	return <span class={`chip ${tone}`}>{children}</span>;
}

export function Card({
	title,
	extra,
	children,
}: {
	title?: ComponentChildren;
	extra?: ComponentChildren;
	children: ComponentChildren;
}) {
	return (
		<section class="card">
			{(title || extra) && (
				<header>
					<h2>{title}</h2>
					{extra}
				</header>
			)}
			{children}
		</section>
	);
}

/** A row of what filters and what acts, above a list. */
export function Toolbar({ children }: { children: ComponentChildren }) {
	return <div class="toolbar">{children}</div>;
}

/** Names and values. A value of null or "" is left out. */
export function Facts({ rows }: { rows: [name: ComponentChildren, value: ComponentChildren][] }) {
	return (
		<dl class="facts">
			{rows
				.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false)
				.map(([name, value], i) => (
					<div key={i}>
						<dt>{name}</dt>
						<dd>{value}</dd>
					</div>
				))}
		</dl>
	);
}

/** What stands where a list would be. */
export function Empty({ children }: { children?: ComponentChildren }) {
	return <p class="empty">{children ?? t({ zh: "没有记录", en: "Nothing here" })}</p>;
}

export function Busy({ children }: { children?: ComponentChildren }) {
	return (
		<p class="busy" role="status">
			{children ?? t({ zh: "读取中…", en: "Loading…" })}
		</p>
	);
}

/** How far a long job is; of unknown: it moves without an end. */
export function Progress({ done, of, children }: { done: number; of?: number; children?: ComponentChildren }) {
	const name = typeof children === "string" ? children : t({ zh: "进度", en: "Progress" });
	return (
		<div class="progress" role="status">
			<progress aria-label={name} {...(of === undefined ? {} : { value: done, max: of })} />
			<span>{children ?? (of === undefined ? done : `${done} / ${of}`)}</span>
		</div>
	);
}

/** What went wrong, if anything did, and a way to try again. */
export function Problem({ cause, retry }: { cause: unknown; retry?: () => void }) {
	return cause ? (
		<div class="problem" role="alert">
			<span>{problemText(cause)}</span>
			{retry && <Button onClick={retry}>{t({ zh: "重试", en: "Try again" })}</Button>}
		</div>
	) : null;
}

export interface Tab {
	key: string;
	title: ComponentChildren;
}

/** Choosing one of several views of the same thing; arrows move, as in any tab list. */
export function Tabs({ tabs, now, onPick }: { tabs: Tab[]; now: string; onPick: (key: string) => void }) {
	const list = useRef<HTMLDivElement>(null);
	const step = (by: number) => {
		const i = tabs.findIndex((tab) => tab.key === now);
		const next = (i + by + tabs.length) % tabs.length;
		onPick(tabs[next]?.key ?? now);
		list.current?.querySelectorAll("button")[next]?.focus();
	};
	return (
		<div
			class="tabs"
			role="tablist"
			ref={list}
			onKeyDown={(e) => {
				const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
				if (by) {
					e.preventDefault();
					step(by);
				}
			}}
		>
			{tabs.map((tab) => (
				<button
					type="button"
					role="tab"
					key={tab.key}
					aria-selected={tab.key === now}
					tabIndex={tab.key === now ? 0 : -1}
					onClick={() => onPick(tab.key)}
				>
					{tab.title}
				</button>
			))}
		</div>
	);
}

export interface Loaded<T> {
	data: T | null;
	error: unknown;
	busy: boolean;
	reload: () => Promise<void>;
}

/**
 * Loads something for the screen, again when one of deps changes (compared as text). What
 * is there stays while it is loaded again; an answer that was overtaken is dropped.
 */
export function useLoad<T>(load: () => Promise<T>, deps: readonly unknown[] = []): Loaded<T> {
	const key = JSON.stringify(deps);
	const [state, setState] = useState<{ key: string; data: T | null; error: unknown; busy: boolean }>({
		key,
		data: null,
		error: null,
		busy: true,
	});
	const turn = useRef(0);
	const latest = useRef(load);
	latest.current = load;
	const reload = useCallback(async () => {
		turn.current++;
		const mine = turn.current;
		setState((s) => ({ key, data: s.key === key ? s.data : null, error: null, busy: true }));
		try {
			const data = await latest.current();
			if (mine === turn.current) {
				setState({ key, data, error: null, busy: false });
			}
		} catch (error) {
			if (mine === turn.current) {
				setState((s) => ({ key, data: s.data, error, busy: false }));
			}
		}
	}, [key]);
	useEffect(() => {
		void reload();
		return () => {
			turn.current++;
		};
	}, [reload]);
	return { data: state.key === key ? state.data : null, error: state.error, busy: state.busy, reload };
}

/** Runs one action at a time and keeps its failure to be shown. */
export function useAction(): {
	busy: boolean;
	error: unknown;
	run: (work: () => Promise<unknown>) => Promise<boolean>;
} {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<unknown>(null);
	const running = useRef(false);
	const run = useCallback(async (work: () => Promise<unknown>) => {
		if (running.current) {
			return false;
		}
		running.current = true;
		setBusy(true);
		setError(null);
		try {
			await work();
			return true;
		} catch (cause) {
			setError(cause);
			return false;
		} finally {
			running.current = false;
			setBusy(false);
		}
	}, []);
	return { busy, error, run };
}

/** What tells a screen reader that a field is wrong, and why; what is said of it besides stays. */
export function faultOf(id: string, error: string | undefined, hint?: string) {
	return {
		"aria-invalid": error ? true : undefined,
		"aria-describedby": [hint, error && `${id}-error`].filter(Boolean).join(" ") || undefined,
	};
}
