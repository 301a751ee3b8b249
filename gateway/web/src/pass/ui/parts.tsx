// Small parts that all screens of this page share.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { keepFocus } from "../../shared/modal";
import { problemText } from "../words";

/** Outlines of icons on a 24 × 24 field, drawn with the text's colour. */
const outlines = {
	code: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2v2h-2zM14 18h2v2h-2zM18 18h2v2h-2z",
	status: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
	records: "M5 4h14v17H5zM9 9h6M9 13h6M9 17h3M9 2v4M15 2v4",
	care: "M12 20C6 16 3 12.5 3 9a4.5 4.5 0 0 1 9-1 4.5 4.5 0 0 1 9 1c0 3.5-3 7-9 11z",
	more: "M4 7h16M4 12h16M4 17h16",
	go: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12l3 3 5-6",
	caution: "M12 3l10 18H2zM12 10v5M12 17.5v.5",
	stop: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM8 12h8",
	eye: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v6M12 16.5v.5",
	phone: "M5 3h4l2 5-2.5 2a12 12 0 0 0 5.5 5.5l2-2.5 5 2v4a2 2 0 0 1-2 2A17 17 0 0 1 3 5a2 2 0 0 1 2-2z",
	sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
	cut: "M3 3l18 18M5 12a10 10 0 0 1 4-2.5M2 8a15 15 0 0 1 4-2.5M19 12a10 10 0 0 0-3-2M22 8a15 15 0 0 0-11-3.5M9 16a4 4 0 0 1 5 0M12 19.5v.5",
	clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
	in: "M14 4h6v16h-6M3 12h11M10 8l4 4-4 4",
	out: "M10 4H4v16h6M9 12h12M17 8l4 4-4 4",
	add: "M12 5v14M5 12h14",
	close: "M6 6l12 12M18 6L6 18",
	big: "M8 3H3v5M16 3h5v5M8 21H3v-5M16 21h5v-5",
} as const;

export type IconName = keyof typeof outlines;

/** An icon beside a word that says the same: hidden from screen readers. */
export function Icon({ name }: { name: IconName }) {
	return (
		<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
			<path d={outlines[name]} />
		</svg>
	);
}

/** A message that is read aloud when it appears. */
export function Note({
	tone,
	icon,
	children,
}: {
	tone?: "warn" | "stop";
	icon: IconName;
	children: ComponentChildren;
}) {
	return (
		<div class={`note ${tone ?? ""}`} role="status">
			<Icon name={icon} />
			<div>{children}</div>
		</div>
	);
}

/** What went wrong with a call, if anything did. */
export function Problem({ cause }: { cause: unknown }) {
	return cause ? (
		<p class="problem" role="alert">
			{t(problemText(cause))}
		</p>
	) : null;
}

/** Runs one thing at a time and keeps its failure to be shown. */
export function useAction(): { busy: boolean; failure: unknown; run: (work: () => Promise<void>) => Promise<boolean> } {
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<unknown>(null);
	const running = useRef(false);
	const run = useCallback(async (work: () => Promise<void>) => {
		if (running.current) {
			return false;
		}
		running.current = true;
		setBusy(true);
		setFailure(null);
		try {
			await work();
			return true;
		} catch (cause) {
			setFailure(cause);
			return false;
		} finally {
			running.current = false;
			setBusy(false);
		}
	}, []);
	return { busy, failure, run };
}

/** Loads something for the screen; key says what, and a new key loads anew. */
export function useLoad<T>(
	key: string,
	load: () => Promise<T>,
): { value: T | null; failure: unknown; reload: () => void } {
	const [state, setState] = useState<{ key: string; value: T | null; failure: unknown }>({
		key,
		value: null,
		failure: null,
	});
	const [turn, setTurn] = useState(0);
	useEffect(() => {
		let current = true;
		load().then(
			(value) => current && setState({ key, value, failure: null }),
			(failure: unknown) => current && setState((s) => ({ key, value: s.key === key ? s.value : null, failure })),
		);
		return () => {
			current = false;
		};
	}, [key, turn]);
	const fresh = state.key === key;
	return {
		value: fresh ? state.value : null,
		failure: fresh ? state.failure : null,
		reload: useCallback(() => setTurn((n) => n + 1), []),
	};
}

/** A sheet over the page: takes the focus, gives it back, closes with Escape. */
export function Sheet({
	title,
	onClose,
	children,
}: {
	title: string;
	onClose: () => void;
	children: ComponentChildren;
}) {
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const before = document.activeElement as HTMLElement | null;
		box.current?.focus();
		document.body.classList.add("covered");
		return () => {
			document.body.classList.remove("covered");
			before?.focus?.();
		};
	}, []);
	const onKeyDown = (e: KeyboardEvent) => {
		if (e.key === "Escape") {
			onClose();
		} else if (e.key === "Tab") {
			keepFocus(box.current, e);
		}
	};
	return (
		<div class="sheet-ground">
			<div
				class="sheet"
				role="dialog"
				aria-modal="true"
				aria-label={title}
				tabIndex={-1}
				ref={box}
				onKeyDown={onKeyDown}
			>
				<header>
					<h2>{title}</h2>
					<button type="button" class="round" aria-label={t({ zh: "关闭", en: "Close" })} onClick={onClose}>
						<Icon name="close" />
					</button>
				</header>
				{children}
			</div>
		</div>
	);
}

/** A link that phones; nothing without a number. */
export function CallLink({ name, phone }: { name: string; phone: string }) {
	return phone ? (
		<a class="button call" href={`tel:${phone}`}>
			<Icon name="phone" />
			<span>
				{name} {phone}
			</span>
		</a>
	) : null;
}
