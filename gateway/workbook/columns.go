package workbook

import (
	"slices"
	"strings"
	"unicode"

	"passgate/gateway/cells"
)

// Column is a field of a resident, by its place in a row's Fields.
type Column int

// The columns.
const (
	ColumnName Column = iota
	ColumnID
	ColumnPhone
	ColumnSite
	ColumnDoor
	ColumnGrid
	ColumnCount
)

// ColumnNames are the import's's, in the order of the constants.
var ColumnNames = [ColumnCount]string{"name", "id_number", "phone", "site", "door", "grid"}

// What else is looked for in a header: parts of a door, and who somebody is in the
// household.
const (
	inputBuilding Column = ColumnCount + iota
	inputUnit
	inputRoom
	inputRelation
	inputCount
)

// heading is what a column holds. A weak one gives way to another column for the
// same field: 社区 to 小区, 联系电话 to 手机号.
type heading struct {
	field Column
	weak  bool
}

// headings are what people call the columns, as normalHeading writes it.
var headings = func() map[string]heading {
	all := map[string]heading{}
	for field, words := range map[Column]string{
		ColumnName:    "name fullname 姓名 居民姓名 人员姓名 成员姓名 名字",
		ColumnID:      "idnumber idno idcard 身份证号 身份证号码 身份证 证件号 证件号码 公民身份号码 公民身份证号 居民身份证号 身份证件号码 身份号码",
		ColumnPhone:   "phone phonenumber mobile 手机号 手机号码 手机 | 电话 电话号码 联系电话 联系方式 本人电话",
		ColumnSite:    "site 村居 村居名称 村居代码 所在村居 所属村居 小区 小区名称 所在小区 居住小区 村 村名 村庄 行政村 村居小区 村居社区 村居小区社区 | 社区 所在社区 所属社区 社区名称",
		ColumnDoor:    "door 门牌 门牌号 门牌号码 楼栋门牌 楼门牌 楼栋单元门牌 楼栋单元房号 楼栋单元室 楼栋单元门牌房号 楼号单元房号 | 住址 家庭住址 居住地址 详细地址 现住址 地址",
		ColumnGrid:    "grid 网格 网格编号 微网格 所属网格",
		inputBuilding: "building 楼栋 楼号 楼栋号 栋号 幢号 楼",
		inputUnit:     "unit 单元 单元号",
		inputRoom:     "room 房号 房间号 室号 室 房间 户室",
		inputRelation: "relation 与户主关系 户主关系 与户主的关系 家庭关系",
	} {
		strong, weak, _ := strings.Cut(words, "|")
		for _, word := range strings.Fields(strong) {
			all[word] = heading{field, false}
		}
		for _, word := range strings.Fields(weak) {
			all[word] = heading{field, true}
		}
	}
	return all
}()

// normalHeading drops what does not tell headings apart: case, width, spaces, marks
// for required columns, remarks in brackets.
func normalHeading(text string) string {
	text = narrow(text)
	for _, bracket := range []string{"(居)", "(社区)"} { // 村(居)
		text = strings.Replace(text, bracket, bracket[1:len(bracket)-1], 1)
	}
	for _, bracket := range []string{"(", "[", "【"} {
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

// columns says in which cell each input stands, -1 for nowhere.
type columns [inputCount]int

// findColumns reads a row as a header. It is one if it names name and ID number.
// twice is a field that two columns claim to be.
func findColumns(row []string) (at columns, ok bool, twice string) {
	var weak [inputCount]bool
	for i := range at {
		at[i] = -1
	}
	for i, cell := range row {
		h, known := headings[normalHeading(cell)]
		switch {
		case !known, at[h.field] >= 0 && h.weak:
		case at[h.field] >= 0 && !weak[h.field]:
			twice = fieldName(h.field)
		default:
			at[h.field], weak[h.field] = i, h.weak
		}
	}
	return at, at[ColumnName] >= 0 && at[ColumnID] >= 0, twice
}

func fieldName(field Column) string {
	if field < ColumnCount {
		return ColumnNames[field]
	}
	return [...]string{"building", "unit", "room", "relation"}[field-ColumnCount]
}

// below takes in the second row of a header, which names parts of what the first
// names: 住址 above 楼栋, 单元 and 房号. False if it is no such row.
func (at *columns) below(row []string) bool {
	found, some := *at, false
	for i, cell := range row {
		if trim(cell) == "" {
			continue
		}
		h, known := headings[normalHeading(cell)]
		if !known {
			return false
		}
		for field, was := range found { // the group's own heading
			if was == i && Column(field) != h.field {
				found[field] = -1
			}
		}
		if found[h.field] < 0 {
			found[h.field], some = i, true
		}
	}
	if some && found[ColumnName] >= 0 && found[ColumnID] >= 0 {
		*at = found
		return true
	}
	return false
}

// again takes in a header that stands between the rows once more; what it does not
// name stays, unless it gives that column to something else.
func (at *columns) again(next columns) {
	for input, was := range at {
		if next[input] < 0 && was >= 0 && !slices.Contains(next[:], was) {
			next[input] = was
		}
	}
	*at = next
}

// cell is one input of a row, as it stands there without blanks around it.
func (at *columns) cell(row []string, input Column) string {
	if i := at[input]; i >= 0 && i < len(row) {
		return trim(row[i])
	}
	return ""
}

// pick takes the fields out of a row.
func (at *columns) pick(row []string) [ColumnCount]string {
	var fields [ColumnCount]string
	for field := range fields {
		fields[field] = cells.Unguard(at.cell(row, Column(field)))
	}
	fields[ColumnID] = strings.Join(strings.Fields(narrow(unquoted(fields[ColumnID]))), "")
	fields[ColumnPhone] = narrow(unquoted(fields[ColumnPhone]))
	fields[ColumnSite] = strings.Join(strings.Fields(narrow(fields[ColumnSite])), "")
	fields[ColumnGrid] = narrow(fields[ColumnGrid])
	door, room := unquoted(fields[ColumnDoor]), at.cell(row, inputRoom)
	if room == "" && at[inputRoom] < 0 {
		room, door = door, ""
	}
	fields[ColumnDoor] = doorOf(at.cell(row, inputBuilding), at.cell(row, inputUnit), room, door)
	return fields
}

// unquoted takes off the apostrophe that people put in front of digits to have them
// taken as text.
func unquoted(text string) string { return trim(strings.TrimLeft(text, "'’‘`")) }

// narrow turns full-width letters and digits, and blanks of all kinds, into plain
// ones, and takes out what cannot be seen.
func narrow(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - 0xfee0
		case unicode.IsSpace(r) && r != '\n' && r != '\r':
			return ' '
		case r == '\ufeff' || r >= '\u200b' && r <= '\u200f':
			return -1
		}
		return r
	}, text)
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
