// A gate's window in columns: 100,000 passages in a few megabytes, filtered in
// milliseconds. Texts are kept once and named by a number; a filter is worked out once
// for each different text, not for each row. Knows nothing of workers or pages.

import { compare, grown, spread, Texts } from "./texts";

/** One passage as the server streams it. */
export interface Row {
	occurred_at: string;
	recorded_at: string;
	person?: Named & { known_as?: Named };
	direction: string;
	decision: string;
	reason: string;
	color: string;
	action: string;
	flags: string[];
	/** °C; null: not measured. */
	temperature: number | null;
	temperature_method: string;
	who: string;
	device: string;
	lane: string;
	plate: string;
	/** The same for all who sat in one car. */
	vehicle: string;
	purpose: string;
	override: string;
	annulled: boolean;
	annulment: boolean;
	staff: string;
	source: string;
}

export interface Named {
	id: string;
	name_masked: string;
}

/** What rows are wanted; what is empty or left out lets all through. */
export interface Filter {
	direction?: string;
	decision?: string;
	reason?: string;
	flag?: string;
	/** °C, both included. */
	min?: number;
	max?: number;
	/** Only those without a reading. */
	unmeasured?: boolean;
	/** Part of the masked name or of the ID. */
	name?: string;
	plate?: string;
	lane?: string;
	staff?: string;
	vehicle?: string;
	/** Only those that were refused, measured again or left incomplete. */
	stopped?: boolean;
}

export type SortKey = "at" | "temperature" | "name" | TextKey;

/** What the rows of a filter come to. */
export interface Summary {
	rows: number;
	people: number;
	/** Counted are passages that were let through and not taken back. */
	in: number;
	out: number;
	stopped: number;
	fevers: number;
	annulled: number;
	/** By half hour from its beginning in UTC ms. */
	flow: Half[];
	/** Refusals and the like by reason, most frequent first. */
	reasons: { reason: string; count: number }[];
}

export interface Half {
	at: number;
	in: number;
	out: number;
	stopped: number;
	fevers: number;
}

/** What the filters can choose from. */
export interface Choices {
	reasons: string[];
	flags: string[];
	lanes: string[];
	staff: string[];
}

export const HALF_HOUR = 30 * 60_000;

const textKeys = [
	"direction",
	"decision",
	"reason",
	"color",
	"action",
	"temperature_method",
	"who",
	"device",
	"lane",
	"plate",
	"vehicle",
	"purpose",
	"override",
	"staff",
	"source",
] as const;
type TextKey = (typeof textKeys)[number];

const ANNULLED = 1;
const ANNULMENT = 2;

export class Columns {
	length = 0;
	private occurred = new Float64Array(1024);
	private recorded = new Float64Array(1024);
	private tenths = new Uint16Array(1024); // of °C; 0: not measured
	private marks = new Uint8Array(1024);
	private readonly people = new Texts();
	private readonly names: string[] = []; // of people, by their code
	private readonly known: (Named | undefined)[] = [];
	private readonly flags = new Texts(); // combinations, with blanks between them
	private readonly texts = Object.fromEntries(textKeys.map((key) => [key, new Texts()])) as Record<TextKey, Texts>;

	add(row: Row): void {
		const n = this.length;
		this.occurred = grown(this.occurred, n);
		this.recorded = grown(this.recorded, n);
		this.tenths = grown(this.tenths, n);
		this.marks = grown(this.marks, n);
		this.occurred[n] = Date.parse(row.occurred_at);
		this.recorded[n] = Date.parse(row.recorded_at);
		this.tenths[n] = row.temperature === null ? 0 : Math.round(row.temperature * 10);
		this.marks[n] = (row.annulled ? ANNULLED : 0) | (row.annulment ? ANNULMENT : 0);
		this.people.set(n, row.person?.id ?? "");
		const person = this.people.at[n] ?? 0;
		this.names[person] ??= row.person?.known_as
			? `${row.person.name_masked}→${row.person.known_as.name_masked}`
			: (row.person?.name_masked ?? "");
		this.known[person] = row.person?.known_as;
		this.flags.set(n, row.flags.join(" "));
		for (const key of textKeys) {
			this.texts[key].set(n, row[key]);
		}
		this.length++;
	}

	row(n: number): Row {
		const person = this.people.at[n] ?? 0;
		const id = this.people.values[person] ?? "";
		const known = this.known[person];
		const flags = this.flags.get(n);
		const marks = this.marks[n] ?? 0;
		const texts = Object.fromEntries(textKeys.map((key) => [key, this.texts[key].get(n)])) as Record<TextKey, string>;
		return {
			...texts,
			occurred_at: new Date(this.occurred[n] ?? 0).toISOString(),
			recorded_at: new Date(this.recorded[n] ?? 0).toISOString(),
			...(id && {
				person: { id, name_masked: (this.names[person] ?? "").split("→")[0] ?? "", ...(known && { known_as: known }) },
			}),
			flags: flags === "" ? [] : flags.split(" "),
			temperature: this.tenths[n] ? (this.tenths[n] ?? 0) / 10 : null,
			annulled: (marks & ANNULLED) !== 0,
			annulment: (marks & ANNULMENT) !== 0,
		};
	}

	/** The rows that fit, in the order in which they came: that of time. */
	select(filter: Filter): Uint32Array {
		const tests = this.tests(filter);
		const least = filter.min === undefined ? 0 : Math.round(filter.min * 10);
		const most = filter.max === undefined ? 0xffff : Math.round(filter.max * 10);
		const measured = filter.min !== undefined || filter.max !== undefined;
		const found = new Uint32Array(this.length);
		let count = 0;
		rows: for (let n = 0; n < this.length; n++) {
			for (const [codes, fitting] of tests) {
				if (!fitting[codes[n] ?? 0]) {
					continue rows;
				}
			}
			const tenths = this.tenths[n] ?? 0;
			if (filter.unmeasured ? tenths !== 0 : measured && (tenths === 0 || tenths < least || tenths > most)) {
				continue;
			}
			found[count++] = n;
		}
		return found.subarray(0, count);
	}

	/** A filter as columns of codes and which codes fit. */
	private tests(filter: Filter): [codes: Uint32Array, fitting: Uint8Array][] {
		const tests: [Uint32Array, Uint8Array][] = [];
		const test = (column: Texts, fits: (text: string, code: number) => boolean) =>
			tests.push([column.at, column.fitting(fits)]);
		for (const key of ["direction", "decision", "reason", "staff", "vehicle", "lane"] as const) {
			const wanted = filter[key];
			if (wanted) {
				test(this.texts[key], (text) => text === wanted);
			}
		}
		if (filter.stopped) {
			test(this.texts.decision, (text) => text !== "pass");
		}
		const { flag, plate, name } = filter;
		if (flag) {
			test(this.flags, (text) => text.split(" ").includes(flag));
		}
		if (plate) {
			const part = plate.toUpperCase().replace(/[\s·•-]/g, "");
			test(this.texts.plate, (text) =>
				text
					.toUpperCase()
					.replace(/[\s·•-]/g, "")
					.includes(part),
			);
		}
		if (name) {
			const part = name.trim().toLowerCase();
			test(this.people, (id, code) => id.startsWith(part) || (this.names[code] ?? "").toLowerCase().includes(part));
		}
		return tests;
	}

	/** Orders rows by a column, equal ones by time. Changes index. */
	sort(index: Uint32Array, key: SortKey, down: boolean): Uint32Array {
		const values = this.values(key);
		const sign = down ? -1 : 1;
		return index.sort((a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0)) || a - b);
	}

	/** For each row a number that orders it. */
	private values(key: SortKey): Float64Array | Uint16Array {
		switch (key) {
			case "at":
				return this.occurred;
			case "temperature":
				return this.tenths;
			case "name":
				return spread(
					this.people,
					this.people.ranks((code) => this.names[code] ?? ""),
					this.length,
				);
			default: {
				const column = this.texts[key];
				return spread(
					column,
					column.ranks((code) => column.values[code] ?? ""),
					this.length,
				);
			}
		}
	}

	summary(index: Uint32Array): Summary {
		const sum: Summary = {
			rows: index.length,
			people: 0,
			in: 0,
			out: 0,
			stopped: 0,
			fevers: 0,
			annulled: 0,
			flow: [],
			reasons: [],
		};
		const halves = new Map<number, Half>();
		const reasons = new Uint32Array(this.texts.reason.values.length);
		const met = new Uint8Array(this.people.values.length);
		const { direction, decision, reason } = this.texts;
		const [entry, pass, fever] = [direction.code("in"), decision.code("pass"), reason.code("fever")];
		for (const n of index) {
			if (this.marks[n]) {
				sum.annulled += (this.marks[n] ?? 0) & ANNULLED;
				continue;
			}
			met[this.people.at[n] ?? 0] = 1;
			const at = Math.floor((this.occurred[n] ?? 0) / HALF_HOUR) * HALF_HOUR;
			let half = halves.get(at);
			if (!half) {
				half = { at, in: 0, out: 0, stopped: 0, fevers: 0 };
				halves.set(at, half);
			}
			const why = reason.at[n] ?? 0;
			if (decision.at[n] === pass) {
				half[direction.at[n] === entry ? "in" : "out"]++;
			} else {
				half.stopped++;
				reasons[why] = (reasons[why] ?? 0) + 1;
			}
			half.fevers += why === fever ? 1 : 0;
		}
		sum.people = met.reduce((a, b) => a + b, 0);
		sum.flow = [...halves.values()].sort((a, b) => a.at - b.at);
		for (const half of sum.flow) {
			sum.in += half.in;
			sum.out += half.out;
			sum.stopped += half.stopped;
			sum.fevers += half.fevers;
		}
		sum.reasons = [...reasons]
			.map((count, code) => ({ reason: reason.values[code] ?? "", count }))
			.filter((r) => r.count > 0)
			.sort((a, b) => b.count - a.count);
		return sum;
	}

	choices(): Choices {
		const flags = new Set(this.flags.values.flatMap((text) => text.split(" ")));
		const some = (texts: Iterable<string>) => [...texts].filter((text) => text !== "").sort(compare);
		return {
			reasons: some(this.texts.reason.values),
			flags: some(flags),
			lanes: some(this.texts.lane.values),
			staff: some(this.texts.staff.values),
		};
	}
}
