// Holds a gate's window beside the page: takes the bytes of the stream, keeps the rows
// in columns, and answers filters, orders and the rows in sight.
import { type Choices, Columns, type Filter, type Row, type SortKey, type Summary } from "./columns";
import { csvOf } from "./csv";

export interface Question {
	/** Counts up: an answer to an older one is dropped. */
	turn: number;
	filter: Filter;
	sort: SortKey;
	down: boolean;
	/** Rows in sight, which come with the answer. */
	from: number;
	to: number;
}

export type ToWorker =
	| { kind: "begin" }
	| { kind: "bytes"; bytes: Uint8Array }
	| { kind: "end" }
	| { kind: "ask"; question: Question }
	| { kind: "rows"; turn: number; from: number; to: number }
	| { kind: "csv" };

export type FromWorker =
	| { kind: "view"; turn: number; total: number; loaded: number; done: boolean; summary: Summary; choices: Choices }
	| { kind: "rows"; turn: number; from: number; rows: Row[] }
	| { kind: "csv"; file: Blob }
	| { kind: "failed"; why: string };

/** ms between two answers while rows come in. */
const FRESH = 300;

const post = (message: FromWorker) => self.postMessage(message);

let columns = new Columns();
let text = new TextDecoder();
let rest = "";
let done = false;
let question: Question | null = null;
let index: Uint32Array = new Uint32Array();
let told = 0;

self.onmessage = (event: MessageEvent<ToWorker>) => {
	try {
		take(event.data);
	} catch (cause) {
		post({ kind: "failed", why: String(cause) });
	}
};

function take(message: ToWorker): void {
	switch (message.kind) {
		case "begin":
			columns = new Columns();
			text = new TextDecoder();
			[rest, done, told] = ["", false, 0];
			break;
		case "bytes":
			addLines(text.decode(message.bytes, { stream: true }), false);
			if (Date.now() - told > FRESH) {
				answer();
			}
			break;
		case "end":
			addLines(text.decode(), true);
			done = true;
			answer();
			break;
		case "ask":
			question = message.question;
			answer();
			break;
		case "rows":
			if (message.turn === question?.turn) {
				[question.from, question.to] = [message.from, message.to];
				sendRows(message.from, message.to);
			}
			break;
		case "csv":
			post({ kind: "csv", file: new Blob(csvOf(columns, index), { type: "text/csv;charset=utf-8" }) });
	}
}

function addLines(chunk: string, last: boolean): void {
	const lines = (rest + chunk).split("\n");
	rest = last ? "" : (lines.pop() ?? "");
	for (const line of lines) {
		if (line !== "") {
			columns.add(JSON.parse(line) as Row);
		}
	}
}

/** Works the question out anew and tells what it comes to. */
function answer(): void {
	if (!question) {
		return;
	}
	const { filter, sort, down, turn, from, to } = question;
	index = columns.select(filter);
	const summary = columns.summary(index);
	if (sort !== "at" || down) {
		columns.sort(index, sort, down);
	}
	post({ kind: "view", turn, total: index.length, loaded: columns.length, done, summary, choices: columns.choices() });
	sendRows(from, to);
	told = Date.now();
}

function sendRows(from: number, to: number): void {
	if (question) {
		post({
			kind: "rows",
			turn: question.turn,
			from,
			rows: Array.from(index.subarray(from, to), (n) => columns.row(n)),
		});
	}
}
