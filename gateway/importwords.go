package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"passgate/checkpoint"
)

// rowReasons are the reasons for which a row is refused, with what is said in
// Chinese. %s stands for what is particular to the row.
var rowReasons = []textView{
	{EN: "is missing: give the code of the home site", ZH: "未填村居：请填村居名称或代码（CSV 不保留合并单元格，请直接导入 Excel 文件）"},
	{EN: "is missing", ZH: "未填写"},
	{EN: "is an ID number that Excel turned into a number, format the column as text and fill it in again", ZH: "身份证号被 Excel 变成了数字，末尾已丢失：请将该列设为文本后重新填写"},
	{EN: "may hold letters and digits only", ZH: "证件号只能有数字和字母"},
	{EN: "has a letter among the first 17 of its 18 characters%s", ZH: "身份证号前 17 位中有字母（把 0 写成 O、1 写成 I？）"},
	{EN: "must end in a digit or X", ZH: "身份证号末位应为数字或 X"},
	{EN: "has no real birth date in its characters 7 to 14%s", ZH: "身份证号第 7 至 14 位不是真实的出生日期"},
	{EN: "has a check digit that does not fit: a digit is mistyped", ZH: "身份证号校验位不符：有一位写错"},
	{EN: "has 15 digits: that is the old form%s", ZH: "是 15 位旧身份证号：请填现用证件的 18 位号码"},
	{EN: "is a date, not a document number", ZH: "是日期，不是证件号"},
	{EN: "has only digits but not 18 of them%s", ZH: "全是数字但不足或超过 18 位：身份证号为 18 位，其他证件含字母"},
	{EN: "must be an ID number of 18 characters or another document%s", ZH: "应为 18 位身份证号，或 5 至 20 位含字母的其他证件号"},
	{EN: "is a phone number that Excel turned into a number%s", ZH: "手机号被 Excel 变成了数字：请将该列设为文本后重新填写"},
	{EN: "must be a mainland mobile number%s", ZH: "应为 11 位手机号，没有则留空（座机不填）"},
	{EN: "is that of 16 people already%s", ZH: "该手机号已登记 16 人：请填本人号码或留空"},
	{EN: "was damaged by a wrong character set%s", ZH: "文字编码有误，内容已损坏：请另存为 UTF-8 或 GB18030 后重新导入"},
	{EN: "holds control or direction-changing characters", ZH: "含有不可见的控制字符"},
	{EN: "is masked: give the whole name", ZH: "姓名被打码：请填全名"},
	{EN: "has no letter", ZH: "姓名中没有文字"},
	{EN: "is longer than 50 characters or 120 bytes", ZH: "姓名过长"},
	{EN: "must have at most 60 bytes%s", ZH: "门牌过长或含有控制字符"},
	{EN: "is not the code of a known site", ZH: "没有这个村居：请填登记在册的名称或代码"},
	{EN: "is a %s, nobody lives there%s", ZH: "该场所无人居住：请填村或小区"},
	{EN: "is the name of several places, give the code: %s", ZH: "有多个村居同名，请填代码：%s"},
	{EN: "is not a node of the grid", ZH: "没有这个网格"},
	{EN: "does not lie below the home site's own node", ZH: "该网格不属于所填村居"},
	{EN: "is in row %s already, with other particulars", ZH: "第 %s 行已有同一证件号，内容不同：请只保留一行"},
	{EN: "this document is enrolled under another name%s", ZH: "该证件号已登记为另一姓名：两者必有一误"},
	{EN: "this person is on record at %s: import with moves%s", ZH: "此人已登记在 %s：若已搬家，请选择“允许搬迁”后导入，否则请改正本行"},
	{EN: "is of somebody on record as moved away or deceased%s", ZH: "此人已登记为迁出或死亡：如有误，请先更正状态"},
	{EN: "an earlier enrolment of this person%s", ZH: "此人上次登记到另一住处时中断：请先重新导入那一次的文件"},
	{EN: "belongs to a %s on record%s", ZH: "该证件号属于一名在册的非居民，须先转为居民"},
	{EN: "is of a person who lives outside the part of the grid%s", ZH: "此人住在您负责的网格以外"},
	{EN: "lies outside the part of the grid%s", ZH: "该村居在您负责的网格以外"},
	{EN: "has to stay at home (%s): %s", ZH: "此人正在居家管控，解除后方可办理"},
	{EN: "has an open fever case%s", ZH: "此人有未结的发热个案，结案后方可办理"},
	{EN: "has an open record of kind %s", ZH: "此人有未结的登记事项（%s），结束后方可搬迁"},
	{EN: "has %s earlier records and walk-ins already%s", ZH: "此人的历史记录过多，须待其过保存期后再搬迁"},
	{EN: "goes on under another ID%s", ZH: "此人的档案正在变更：请稍后再导入"},
	{EN: "has %s fields, the header has %s", ZH: "单元格比表头多：含逗号的内容请加引号"},
	{EN: "a quotation mark opens or closes%s", ZH: "引号位置有误"},
	{EN: "is not CSV%s", ZH: "不是 CSV 格式"},
}

// chinese gives a row's reason in Chinese.
func chinese(why string) string {
	return cmp.Or(knownChinese(why), "本行有误，详见英文说明")
}

// knownChinese gives one of rowReasons in Chinese, "" for any other.
func knownChinese(why string) string {
	for _, reason := range rowReasons {
		before, after, more := strings.Cut(reason.EN, "%s")
		rest, begins := strings.CutPrefix(why, before)
		if !begins || !more && rest != "" {
			continue
		}
		if after, _, _ = strings.Cut(after, "%s"); after != "" {
			if rest, _, begins = strings.Cut(rest, after); !begins {
				continue // it begins like this one and is another
			}
		}
		return strings.Replace(reason.ZH, "%s", rest, 1)
	}
	return ""
}

// sameDocument is said of a row whose document an earlier one has, with other
// particulars; the store counts the rows that it was given.
func sameDocument(err error, number []int) string {
	var field *checkpoint.FieldError
	var place int
	if !errors.As(err, &field) {
		return ""
	}
	if _, failed := fmt.Sscanf(field.Why, "is in row %d already", &place); failed != nil || place < 1 || place > len(number) {
		return field.Why
	}
	return fmt.Sprintf("is in row %d already, with other particulars", number[place-1])
}
