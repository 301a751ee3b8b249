// Few parts that every screen is made of: keys for gloves, fields, a screen over the lane.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { Text } from "../types";
import { Icon, type IconName } from "./icons";
import { useModel } from "./model";

export interface KeyProps {
	children?: ComponentChildren;
	icon?: IconName;
	onPress: () => void;
	/** How it looks: main is what is mostly done here. */
	as?: "plain" | "main" | "danger" | "quiet";
	pressed?: boolean;
	disabled?: boolean;
	label?: string;
	class?: string;
	focus?: boolean;
}

/** A key of at least 18 mm. */
export function Key(p: KeyProps) {
	const ref = useRef<HTMLButtonElement>(null);
	useEffect(() => {
		if (p.focus) {
			ref.current?.focus({ preventScroll: true });
		}
	}, [p.focus]);
	return (
		<button
			ref={ref}
			type="button"
			class={`key ${p.as ?? "plain"} ${p.class ?? ""}`}
			aria-pressed={p.pressed}
			aria-label={p.label}
			disabled={p.disabled}
			onClick={p.onPress}
		>
			{p.icon && <Icon name={p.icon} />}
			{p.children !== undefined && <span>{p.children}</span>}
		</button>
	);
}

export interface FieldProps {
	label: Text;
	value: string;
	onInput: (value: string) => void;
	hint?: Text;
	mode?: "text" | "numeric" | "tel" | "search";
	max?: number;
	focus?: boolean;
	name: string;
	type?: "text" | "date";
	optional?: boolean;
}

/** A labelled line to type into. */
export function Field(p: FieldProps) {
	const ref = useRef<HTMLInputElement>(null);
	useEffect(() => {
		if (p.focus) {
			ref.current?.focus({ preventScroll: true });
		}
	}, [p.focus]);
	return (
		<label class="field">
			<span>
				{t(p.label)}
				{p.optional && <small> {t({ zh: "（可不填）", en: "(optional)" })}</small>}
			</span>
			<input
				ref={ref}
				name={p.name}
				type={(p.type ?? "text") as "text"} // the types know each kind of field apart, not one of several
				inputMode={p.mode ?? "text"}
				value={p.value}
				maxLength={p.max}
				autocomplete="off"
				autocapitalize="off"
				spellcheck={false}
				onInput={(e) => p.onInput(e.currentTarget.value)}
			/>
			{p.hint && <small>{t(p.hint)}</small>}
		</label>
	);
}

/** One of a few, all on view. */
export function Choice<V extends string | number>(p: {
	label: Text;
	options: readonly (readonly [V, Text])[];
	value: V;
	onChoose: (value: V) => void;
}) {
	return (
		<fieldset class="choice">
			<legend>{t(p.label)}</legend>
			<div>
				{p.options.map(([value, text]) => (
					<Key key={value} pressed={p.value === value} onPress={() => p.onChoose(value)}>
						{t(text)}
					</Key>
				))}
			</div>
		</fieldset>
	);
}

/** A screen over the lane, with its way back. */
export function Sheet(p: { title: Text; children: ComponentChildren; onBack?: () => void; class?: string }) {
	const model = useModel();
	const title = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		// A field of the screen may have taken the focus already.
		if (!title.current?.closest(".sheet")?.contains(document.activeElement)) {
			title.current?.focus({ preventScroll: true });
		}
	}, []);
	return (
		<main class={`sheet ${p.class ?? ""}`}>
			<header>
				<Key
					icon="back"
					as="quiet"
					label={t({ zh: "返回", en: "Back" })}
					onPress={p.onBack ?? (() => model.screens.back())}
				/>
				<h1 ref={title} tabIndex={-1}>
					{t(p.title)}
				</h1>
			</header>
			<div class="body">{p.children}</div>
		</main>
	);
}

/** What went wrong, said at once to those who listen. */
export function Problem({ text }: { text: string | null | undefined }) {
	return (
		<p class="problem" role="alert" hidden={!text}>
			{text}
		</p>
	);
}
