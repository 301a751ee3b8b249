// Forms as data: fields, what they begin with, what becomes of them. The server checks;
// what it finds wrong is shown at the field that it names.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import { localInput, parseLocal } from "../time";
import { problemText } from "../words";
import { PersonField } from "./findperson";
import { Button, faultOf, Problem, useAction } from "./parts";
import { gateOptions, nodeOptions, type Option, Pick, siteOptions, staffOptions } from "./pick";

export type Value = string | number | boolean | null;
export type Values = Record<string, Value>;

export interface Field {
	name: string;
	label: string;
	/**
	 * datetime gives RFC 3339 in UTC of what is typed in the site's zone; day gives "2026-11-24";
	 * number gives a number, or null if left empty; person gives an ID; the others give text. text is the default.
	 */
	kind?:
		| "text"
		| "area"
		| "number"
		| "password"
		| "tel"
		| "select"
		| "pick"
		| "check"
		| "datetime"
		| "day"
		| "time"
		| "site"
		| "gate"
		| "node"
		| "staff"
		| "person"
		| "hidden";
	options?: readonly Option[];
	required?: boolean;
	hint?: ComponentChildren;
	placeholder?: string;
	min?: number;
	max?: number;
	step?: number;
	rows?: number;
	/** Roles of a staff field; all if left out. */
	roles?: string[];
	/** Of a person field: words for who is chosen from the beginning. */
	named?: string;
	/** Shown only when it holds, by what is typed so far. */
	when?: (values: Values) => boolean;
	autocomplete?: string;
}

interface FormProps {
	fields: readonly Field[];
	initial?: Values;
	submit: (values: Values) => Promise<unknown>;
	submitText?: string;
	danger?: boolean;
	/** Beside the button: to go back, say. */
	extra?: ComponentChildren;
	onCancel?: () => void;
	/** Told of each change. */
	onChange?: (values: Values) => void;
	children?: ComponentChildren;
}

function beginning(fields: readonly Field[], initial: Values): Values {
	const values: Values = {};
	for (const f of fields) {
		const first = initial[f.name];
		values[f.name] =
			first ??
			(f.kind === "check"
				? false
				: f.kind === "number"
					? null
					: f.kind === "select" && f.required
						? (f.options?.[0]?.value ?? "")
						: "");
	}
	return values;
}

export function Form({
	fields,
	initial = {},
	submit,
	submitText,
	danger,
	extra,
	onCancel,
	onChange,
	children,
}: FormProps) {
	const [values, setValues] = useState(() => beginning(fields, initial));
	const { busy, error, run } = useAction();
	const shown = fields.filter((f) => f.kind !== "hidden" && (f.when?.(values) ?? true));
	const named = error instanceof ApiError ? shown.find((f) => f.name === error.field) : undefined;
	const set = (name: string, value: Value) => {
		const next = { ...values, [name]: value };
		setValues(next);
		onChange?.(next);
	};
	return (
		<form
			class="form"
			onSubmit={(e) => {
				e.preventDefault();
				const given = { ...values };
				for (const f of fields) {
					if (f.when && !f.when(values)) {
						delete given[f.name];
					}
				}
				void run(() => submit(given));
			}}
		>
			{shown.map((f) => (
				<FieldInput
					key={f.name}
					field={f}
					value={values[f.name] ?? null}
					onValue={(value) => set(f.name, value)}
					error={f === named ? problemText(error) : undefined}
				/>
			))}
			{children}
			{!named && <Problem cause={error} />}
			<div class="actions">
				{extra}
				{onCancel && <Button onClick={onCancel}>{t({ zh: "取消", en: "Cancel" })}</Button>}
				<Button type="submit" kind={danger ? "danger" : "main"} busy={busy}>
					{submitText ?? t({ zh: "保存", en: "Save" })}
				</Button>
			</div>
		</form>
	);
}

interface FieldProps {
	field: Field;
	value: Value;
	onValue: (value: Value) => void;
	error?: string | undefined;
}

const picks: Partial<Record<NonNullable<Field["kind"]>, (f: Field) => readonly Option[]>> = {
	site: siteOptions,
	gate: gateOptions,
	node: nodeOptions,
	staff: (f) => staffOptions(...(f.roles ?? [])),
	pick: (f) => f.options ?? [],
};

/** One field of a form, for forms that are laid out otherwise as well. */
export function FieldInput({ field: f, value, onValue, error }: FieldProps) {
	const id = useId();
	const options = f.kind && picks[f.kind]?.(f);
	if (options) {
		return (
			<Pick
				label={f.label}
				value={String(value ?? "")}
				options={options}
				onPick={onValue}
				required={f.required}
				error={error}
			/>
		);
	}
	if (f.kind === "person") {
		return (
			<PersonField
				label={f.label}
				value={String(value ?? "")}
				named={f.named}
				onValue={onValue}
				required={f.required}
				error={error}
			/>
		);
	}
	const name = f.required || f.kind === "check" ? f.label : `${f.label}${t({ zh: "（可不填）", en: " (optional)" })}`;
	if (f.kind === "check") {
		return (
			<div class={`field check ${error ? "wrong" : ""}`}>
				<label>
					<input
						type="checkbox"
						checked={value === true}
						onChange={(e) => onValue(e.currentTarget.checked)}
						{...faultOf(id, error)}
					/>
					{name}
				</label>
				{f.hint && <small>{f.hint}</small>}
				{error && <em id={`${id}-error`}>{error}</em>}
			</div>
		);
	}
	return (
		<div class={`field ${error ? "wrong" : ""}`}>
			<label for={id}>{name}</label>
			<Input id={id} field={f} value={value} onValue={onValue} error={error} />
			{f.hint && <small id={`${id}-hint`}>{f.hint}</small>}
			{error && <em id={`${id}-error`}>{error}</em>}
		</div>
	);
}

function Input({
	id,
	field: f,
	value,
	onValue,
	error,
}: {
	id: string;
	field: Field;
	value: Value;
	onValue: (value: Value) => void;
	error: string | undefined;
}) {
	const common = {
		id,
		required: f.required ?? false,
		placeholder: f.placeholder ?? "",
		...faultOf(id, error, f.hint ? `${id}-hint` : undefined),
	};
	const text = String(value ?? "");
	switch (f.kind) {
		case "area":
			return <textarea {...common} rows={f.rows ?? 3} value={text} onInput={(e) => onValue(e.currentTarget.value)} />;
		case "select":
			return (
				<select {...common} value={text} onChange={(e) => onValue(e.currentTarget.value)}>
					{!f.required && <option value="">—</option>}
					{f.options?.map((o) => (
						<option key={o.value} value={o.value}>
							{o.label}
						</option>
					))}
				</select>
			);
		case "number":
			return (
				<input
					{...common}
					type="number"
					inputMode="decimal"
					min={f.min}
					max={f.max}
					step={f.step ?? 1}
					value={text}
					onInput={(e) => onValue(e.currentTarget.value === "" ? null : e.currentTarget.valueAsNumber)}
				/>
			);
		case "datetime":
			return (
				<input
					{...common}
					type="datetime-local"
					value={text === "" ? "" : localInput(text)}
					onInput={(e) => onValue(parseLocal(e.currentTarget.value))}
				/>
			);
		default: {
			const rest = {
				...common,
				autocomplete: f.autocomplete ?? "off",
				value: text,
				onInput: (e: { currentTarget: HTMLInputElement }) => onValue(e.currentTarget.value),
			};
			return f.kind === "day" ? (
				<input {...rest} type="date" />
			) : f.kind === "time" ? (
				<input {...rest} type="time" />
			) : f.kind === "password" ? (
				<input {...rest} type="password" />
			) : f.kind === "tel" ? (
				<input {...rest} type="tel" />
			) : (
				<input {...rest} type="text" />
			);
		}
	}
}
