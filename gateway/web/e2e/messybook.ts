// A clerk's workbook as they really are: titles, a header of two rows, cells over several
// rows, doors in parts, a sheet that is named after its village, and the usual mistakes.
import writeExcelFile, { type SheetData } from "write-excel-file/node";
import { idNumber } from "./build.ts";

export interface MessyBook {
	/** People who go in. */
	people: number;
	/** Rows that cannot, and rows that repeat another one. */
	refused: number;
	twice: number;
	/** Codes of the villages. */
	sites: string[];
	/** One of them, by name, who is in no other list. */
	somebody: string;
}

const HOMES = 10;

/**
 * Writes the workbook, about people of V1 (佟道口村) and V2 (大窦村) who are not enrolled yet:
 * of ID numbers from a serial on, of which it takes a hundred. Those below 200 are the town's.
 */
export async function writeMessyBook(path: string, from = 400): Promise<MessyBook> {
	let serial = from;
	const id = () => idNumber(serial++);
	const flats: SheetData = [
		[{ value: "大窦村居民信息登记表", columnSpan: 8 }, null, null, null, null, null, null, null],
		["填表单位：", null, null, "2020年2月11日"],
		["序号", "村（居）", { value: "住址", columnSpan: 3 }, null, null, "姓名", "身份证号码（18位）", "联系电话"],
		[null, null, "楼栋", "单元", "房号"],
	];
	for (let home = 0; home < HOMES; home++) {
		for (let member = 0; member < 3; member++) {
			const first = member === 0;
			flats.push([
				home * 3 + member + 1,
				home + member === 0 ? { value: "大窦", rowSpan: HOMES * 3 } : null,
				first ? { value: home % 2 ? `${home}号楼` : home, rowSpan: 3 } : null,
				first ? { value: 1, rowSpan: 3 } : null,
				first ? { value: 101 + home, rowSpan: 3 } : null,
				`窦${"甲乙丙丁戊己庚辛壬癸"[home]}${"一二三"[member]}`,
				member === 1 ? `'${id()}` : id().replace(/^(\d{6})/, "$1 "),
				first ? 13800000000 + home : "",
			]);
		}
	}
	flats.push(
		["合计", null, null, null, null, `${HOMES * 3}人`],
		[31, "大窦村", 8, 1, 101, "窦数字", Number(`370126${19700101_0070}`), ""],
		[32, "大窦村", 8, 1, 102, "窦旧证", "370126700101007", ""],
		[33, "没有的村", 8, 1, 103, "窦无村", id(), ""],
		["填表人：窦会计"],
	);
	const rows: SheetData = [["姓 名", "与户主关系", "门牌", "手机", "证件号码"]];
	for (let home = 0; home < HOMES; home++) {
		const name = `佟${"子丑寅卯辰巳午未申酉"[home]}`;
		rows.push([name, "户主", `${home + 50}号`, null, id()], [`${name}妻`, "配偶", null, null, id()]);
	}
	const again = id();
	rows.push(["佟重复", "户主", "90号", null, again], ["佟重复", "户主", "９０号", null, again]);
	const wrong = id();
	rows.push(["佟错位", "户主", "91号", null, wrong.slice(0, 17) + (wrong.endsWith("1") ? "2" : "1")]);
	await writeExcelFile([
		{ data: flats, sheet: "楼房" },
		{ data: rows, sheet: "佟道口" },
	]).toFile(path);
	return { people: HOMES * 5 + 1, refused: 4, twice: 1, sites: ["V1", "V2"], somebody: "窦甲一" };
}
