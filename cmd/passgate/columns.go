package main

import (
	"strings"
	"unicode"

	"passgate/gateway/cells"
)

// column is a field of a resident, by its place in what is sent.
type column int

const (
	columnName column = iota
	columnID
	columnPhone
	columnSite
	columnDoor
	columnGrid
	columnCount
)

// columnNames are the server's, in the order of the constants.
var columnNames = [columnCount]string{"name", "id_number", "phone", "site", "door", "grid"}

// headings are what people call the columns, as normalHeading writes it.
var headings = map[string]column{
	"name": columnName, "fullname": columnName, "姓名": columnName, "居民姓名": columnName,

	"idnumber": columnID, "idno": columnID, "idcard": columnID, "身份证号": columnID, "身份证号码": columnID, "身份证": columnID,
	"证件号": columnID, "证件号码": columnID, "公民身份号码": columnID,

	"phone": columnPhone, "phonenumber": columnPhone, "mobile": columnPhone, "手机号": columnPhone, "手机号码": columnPhone,
	"手机": columnPhone, "电话": columnPhone, "联系电话": columnPhone, "联系方式": columnPhone,

	"site": columnSite, "村居": columnSite, "村居代码": columnSite, "小区": columnSite, "村": columnSite, "村庄": columnSite,

	"door": columnDoor, "门牌": columnDoor, "门牌号": columnDoor, "楼栋门牌": columnDoor,

	"grid": columnGrid, "网格": columnGrid, "网格编号": columnGrid, "微网格": columnGrid,
}

// normalHeading drops what does not tell headings apart: case, spaces, marks
// for required columns, remarks in brackets.
func normalHeading(text string) string {
	for _, bracket := range []string{"(", "（", "[", "【"} {
		if at := strings.Index(text, bracket); at > 0 {
			text = text[:at]
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// columns says in which cell each field stands, -1 for nowhere.
type columns [columnCount]int

// findColumns reads a row as a header. It is one if it names the three columns
// that are required. twice is a field that two columns claim to be.
func findColumns(row []string) (at columns, ok bool, twice string) {
	for i := range at {
		at[i] = -1
	}
	for i, cell := range row {
		field, known := headings[normalHeading(cell)]
		if !known {
			continue
		}
		if at[field] >= 0 {
			twice = columnNames[field]
			continue
		}
		at[field] = i
	}
	return at, at[columnName] >= 0 && at[columnID] >= 0 && at[columnSite] >= 0, twice
}

// pick takes the fields out of a row, trimmed.
func (at columns) pick(row []string) [columnCount]string {
	var fields [columnCount]string
	for field, i := range at {
		if i >= 0 && i < len(row) {
			fields[field] = cells.Unguard(trim(row[i]))
		}
	}
	return fields
}

// trim takes away space of all kinds and the invisible characters that come
// along when text is copied.
func trim(text string) string {
	return strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\ufeff' || r >= '\u200b' && r <= '\u200f'
	})
}

func blank(row []string) bool {
	for _, cell := range row {
		if trim(cell) != "" {
			return false
		}
	}
	return true
}
