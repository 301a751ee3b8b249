// Where a file is dropped or chosen.
import { useState } from "preact/hooks";
import { Card } from "../../../desk/ui/parts";
import { t } from "../../../shared/i18n";

export function Drop({ onFile }: { onFile: (file: File) => void }) {
	const [over, setOver] = useState(false);
	const take = (files: FileList | null | undefined) => {
		const file = files?.[0];
		if (file) {
			onFile(file);
		}
	};
	return (
		<>
			<label
				class={`people-drop ${over ? "over" : ""}`}
				onDragOver={(e) => {
					e.preventDefault();
					setOver(true);
				}}
				onDragLeave={() => setOver(false)}
				onDrop={(e) => {
					e.preventDefault();
					setOver(false);
					take(e.dataTransfer?.files);
				}}
			>
				<b>{t({ zh: "把名册文件拖到这里，或点击选择", en: "Drop the list here, or press to choose it" })}</b>
				<span>{t({ zh: "Excel（.xlsx）或 CSV，最大 8 MB", en: "Excel (.xlsx) or CSV, at most 8 MB" })}</span>
				<input
					type="file"
					accept=".xlsx,.xlsm,.csv,.txt"
					onChange={(e) => {
						take(e.currentTarget.files);
						e.currentTarget.value = "";
					}}
				/>
			</label>
			<Card title={t({ zh: "表格怎么写都行", en: "Any list will do" })}>
				<ul class="people-hints">
					<li>
						{t({
							zh: "要有姓名和身份证号两列；村居可以是一列，也可以是工作表的名称。列的顺序不限。",
							en: "It needs columns for name (姓名) and ID number (身份证号); the village is a column or the sheet's name. Any order.",
						})}
					</li>
					<li>
						{t({
							zh: "门牌可写成一列，也可分楼栋、单元、房号；合并单元格、标题、合计、重复表头都能识别。",
							en: "A door is one column or building, unit and room; merged cells, titles, sums and repeated headers are understood.",
						})}
					</li>
					<li>
						{t({
							zh: "身份证号列要设为“文本”，否则 Excel 会丢掉最后三位，这样的行会被指出来。",
							en: "Format ID numbers as text: Excel loses the last three digits of numbers; such rows are pointed out.",
						})}
					</li>
					<li>
						{t({
							zh: "先给您看结果，确认后才写入。同一份表导入几次都不会重复登记。",
							en: "You see what would happen before anything is written. Importing a list again changes nothing.",
						})}
					</li>
				</ul>
			</Card>
		</>
	);
}
