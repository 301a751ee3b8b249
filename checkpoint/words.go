package checkpoint

// The Chinese words for what has a wire name, for tables that people read, and
// the English ones of what a guard's screen says. A test sees to it that none is
// missing.
var (
	directionZH = map[Direction]string{In: "进", Out: "出"}
	statusZH    = [len(statusNames)]string{
		"绿码", "黄码", "红码", "医学观察", "隔离", "康复", "来访", "外来", "已故或迁出",
	}
	statusEN = [len(statusNames)]string{
		"Green", "Yellow", "Red", "Under medical observation", "In quarantine", "Recovered", "Visitor", "Not of this town", "Deceased or moved away",
	}
	siteKindZH = [len(siteKindNames)]string{"村", "小区", "商场", "市场", "商铺", "企业", "药店"}
	decisionZH = [len(decisionNames)]string{"放行", "不放行", "复测", "待补"}
	actionZH   = [len(actionNames)]string{
		"开门放行", "再测体温", "先登记", "就地等候", "陪送回住处", "劝返", "车辆消毒",
	}
	actionEN = [len(actionNames)]string{
		"Open the gate", "Take the temperature again", "Register first", "Hold here", "Escort home", "Ask to turn back", "Disinfect the vehicle",
	}
	colorZH = map[Color]string{Green: "绿", Yellow: "黄", Red: "红"}
	flagZH  = [len(flagNames)]string{
		"补传", "不一致", "已在场内", "不在场内", "码重复进入", "复测正常", "体温偏低", "体温偏高", "未居家",
		"黄码", "外来", "手写登记", "需陪送", "时段外回家", "紧急放行", "发热个案", "来访逾期", "非许可车辆",
		"脱机判定",
	}
	flagEN = [len(flagNames)]string{
		"Sent in later", "Would have been decided otherwise", "Already inside", "Was not inside", "Same code entered twice",
		"Normal when measured again", "Low reading", "High reading", "Should be at home", "Status yellow", "Not of this town",
		"Written down by hand", "Needs an escort", "Home after hours", "Emergency", "Open fever case", "Stayed too long",
		"Not the vehicle of the permit", "Decided without the record",
	}
	whereZH = map[Where]string{
		Anywhere: "任何场所", OwnHome: "本人住处", NotOwnHome: "本人住处以外", OtherHomes: "他人住处",
	}
	replacesZH = map[Replaces]string{
		ReplacesNothing: "不改", ReplacesOutsider: "外来拒绝", ReplacesPass: "放行", ReplacesRefusal: "拒绝", ReplacesAny: "一切",
	}
)

// Word is a row of a published table of words: the wire name, and what a screen
// says.
type Word struct{ Name, ZH, EN string }

// ActionWords are those of all actions, in stored order.
func ActionWords() []Word { return wordsOf(actionNames[:], actionZH[:], actionEN[:]) }

// FlagWords are those of all flags, in stored order.
func FlagWords() []Word { return wordsOf(flagNames[:], flagZH[:], flagEN[:]) }

// StatusWords are those of all statuses, in stored order.
func StatusWords() []Word { return wordsOf(statusNames[:], statusZH[:], statusEN[:]) }

func wordsOf(names, zh, en []string) []Word {
	out := make([]Word, len(names))
	for i := range names {
		out[i] = Word{names[i], zh[i], en[i]}
	}
	return out
}

// ZH is the Chinese word.
func (d Direction) ZH() string { return directionZH[d] }

// ZH is the Chinese word.
func (s Status) ZH() string { return nameOf(statusZH[:], int(s)) }

// ZH is the Chinese word.
func (k SiteKind) ZH() string { return nameOf(siteKindZH[:], int(k)) }

// ZH is the Chinese word.
func (d Decision) ZH() string { return nameOf(decisionZH[:], int(d)) }

// ZH is the Chinese word.
func (a Action) ZH() string { return nameOf(actionZH[:], int(a)) }

// ZH is the Chinese word.
func (c Color) ZH() string { return colorZH[c] }

// ZH is the Chinese word.
func (w Where) ZH() string { return whereZH[w] }

// ZH says in Chinese which answer gives way.
func (r Replaces) ZH() string { return replacesZH[r] }

// NamesZH lists the set flags by their Chinese words, in the order of Names.
func (f Flags) NamesZH() []string {
	out := make([]string, 0, 2)
	for i, word := range flagZH {
		if f&(1<<i) != 0 {
			out = append(out, word)
		}
	}
	return out
}
