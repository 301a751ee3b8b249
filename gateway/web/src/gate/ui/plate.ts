// Number plates by big keys: which keys can come next, and whether it looks whole.
// The server checks the exact forms (GA 36-2018); here only slips are kept out.

export const NO_PLATE = "无牌";

const PROVINCES = "京津沪渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新";
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"; // never I or O in a serial
const DIGITS = "1234567890";
const TAILS = "学警挂领港澳";

// GB/T 2260: the first two digits of a site's code name its province.
// biome-ignore format: a table
const BY_CODE: Record<string, string> = {
	"11": "京", "12": "津", "13": "冀", "14": "晋", "15": "蒙", "21": "辽", "22": "吉", "23": "黑",
	"31": "沪", "32": "苏", "33": "浙", "34": "皖", "35": "闽", "36": "赣", "37": "鲁", "41": "豫",
	"42": "鄂", "43": "湘", "44": "粤", "45": "桂", "46": "琼", "50": "渝", "51": "川", "52": "贵",
	"53": "云", "54": "藏", "61": "陕", "62": "甘", "63": "青", "64": "宁", "65": "新",
};

/** The character of the province in which a site lies, "" if its code does not say. */
export function provinceOf(site: string): string {
	return BY_CODE[site.slice(0, 2)] ?? "";
}

/** Keys that can follow what is typed. */
export function nextKeys(typed: string): string[] {
	const n = [...typed].length;
	if (n === 0) {
		return [...PROVINCES];
	}
	if (n === 1) {
		return [...LETTERS, "O"]; // O: the province's own authorities
	}
	const last = n === 6 ? [...TAILS] : [];
	return n < 8 ? [...DIGITS, ...LETTERS, ...last] : [];
}

/** Tells whether it has the length of a plate: seven characters, eight with new energy. */
export function whole(typed: string): boolean {
	const n = [...typed].length;
	return typed === NO_PLATE || n === 7 || n === 8;
}

/** 鲁A·12345, as it is painted on the plate. */
export function painted(plate: string): string {
	const chars = [...plate];
	return plate === NO_PLATE || chars.length < 3 ? plate : `${chars.slice(0, 2).join("")}·${chars.slice(2).join("")}`;
}
