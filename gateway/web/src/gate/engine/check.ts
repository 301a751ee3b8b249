// What a guard typed is checked before it is taken, so that a slip is put right at
// the gate and not refused hours later, when the phone is online again.
import { ApiError } from "../../shared/api";
import type { ScanInput, Subject } from "../types";

/** A field that cannot be taken: as the server would say it, in both languages. */
function slip(field: string, zh: string, en: string): never {
	throw new ApiError(422, "invalid", `${zh} / ${en}`, field);
}

/** Throws an ApiError that names the field if the scan cannot be one. */
export function checkScan(input: ScanInput): void {
	const { temperature: t, plate = "", subject } = input;
	if (t !== undefined && !(t >= 30 && t <= 45 && Math.abs(t * 10 - Math.round(t * 10)) < 1e-6)) {
		slip("temperature", "体温须在 30.0 至 45.0 之间，一位小数", "give 30.0 to 45.0 °C with one decimal");
	}
	if (new TextEncoder().encode(plate).length > 20) {
		slip("plate", "车牌过长", "the plate is too long");
	}
	checkSubject(subject, input.override !== undefined);
}

function checkSubject(subject: Subject, override: boolean): void {
	if ("nobody" in subject) {
		if (!override) {
			slip("pass", "请扫码或登记人员", "scan a code or say who it is");
		}
	} else if ("resident" in subject) {
		if (!/^[0-9a-f]{16}$/.test(subject.resident)) {
			slip("resident", "人员编号不对", "this is no person's ID");
		}
	} else if ("id_document" in subject) {
		const why = whyNoDocument(subject.id_document);
		if (why) {
			slip("id_document", why.zh, why.en);
		}
	} else if ("walk_in" in subject) {
		checkWalkIn(subject.walk_in);
	}
}

function checkWalkIn(w: { name: string; id_tail: string; phone: string }): void {
	const name = w.name.trim();
	const long = [...name].length > 50 || new TextEncoder().encode(name).length > 120;
	if (long || !/[\p{L}\p{Co}]/u.test(name) || /[\p{Cc}\p{Cf}*]/u.test(name)) {
		slip("walk_in.name", "请填姓名，至少一个字，不超过 40 字", "give the name in letters, at most 40 characters");
	}
	if (w.id_tail !== "" && !/^[A-Za-z0-9]{4}$/.test(w.id_tail.normalize("NFKC"))) {
		slip(
			"walk_in.id_tail",
			"证件后四位应为 4 个字母或数字，没有就留空",
			"the last four characters of the document, or nothing",
		);
	}
	if (!isPhone(w.phone)) {
		slip("walk_in.phone", "不是手机号码，没有就留空", "not a mobile number, leave it out if there is none");
	}
}

/** Whether it is a mainland mobile number, or none. */
export function isPhone(text: string): boolean {
	const digits = text.normalize("NFKC").replace(/[\s\-()]/g, "");
	return digits === "" || /^(\+86|0086|86)?1[3-9]\d{9}$/.test(digits);
}

/** What is wrong with the number of a document; null if nothing is. */
export function whyNoDocument(text: string): { zh: string; en: string } | null {
	const d = text.normalize("NFKC").trim().toUpperCase();
	if (/^\d{17}[\dX]$/.test(d)) {
		if (!isDate(d.slice(6, 14))) {
			return { zh: "身份证号中的出生日期不对，请核对", en: "its birth date is no date: a digit is mistyped" };
		}
		let sum = 0;
		for (let i = 0; i < 17; i++) {
			sum += Number(d[i]) * (2 ** (17 - i) % 11);
		}
		return "10X98765432"[sum % 11] === d[17]
			? null
			: { zh: "身份证号校验位不对，请核对", en: "the check digit does not fit: a digit is mistyped" };
	}
	const digits = /^\d{8}$/.test(d) && !isDate(d);
	const other = digits || (/^[A-Z0-9]{5,20}$/.test(d) && d.length !== 18 && /[A-Z]/.test(d));
	return other ? null : { zh: "证件号码不完整或有误", en: "this is no complete document number" };
}

/** Whether yyyymmdd is a day from 1880 on. */
function isDate(yyyymmdd: string): boolean {
	const iso = `${yyyymmdd.slice(0, 4)}-${yyyymmdd.slice(4, 6)}-${yyyymmdd.slice(6)}`;
	const day = new Date(iso);
	return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(iso) && iso >= "1880";
}
