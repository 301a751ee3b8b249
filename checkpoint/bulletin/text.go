package bulletin

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// paragraph are the lines of the first sentences of the text.
var paragraph = []string{"in", "out", "people", "denied", "fevers_opened", "observations"}

// Text is the bulletin as it is pasted into a group's chat: one paragraph, then what
// somebody has to see to, then what was done. Lines of 0 without a change are left out.
func (o *Bulletin) Text(zone *time.Location) string {
	var b strings.Builder
	day := time.UnixMilli(o.From).In(zone)
	fmt.Fprintf(&b, "【%s疫情防控每日通报】%s（星期%s）\n", o.Name, day.Format("2006年1月2日"), string([]rune("日一二三四五六")[day.Weekday()]))
	words := make([]string, len(paragraph))
	for i, key := range paragraph {
		words[i] = o.Entries[places[key]].words()
	}
	fmt.Fprintf(&b, "%s，%s。\n", o.untilWords(zone), strings.Join(words, "，"))
	var urgent, done, corrected []string
	for i := range o.Entries {
		e := &o.Entries[i]
		if e.Correction != 0 {
			corrected = append(corrected, fmt.Sprintf("%s%+d%s", e.Line.ZH, e.Correction, e.Line.Unit))
		}
		switch {
		case e.Line.Urgent && e.Number > 0:
			urgent = append(urgent, e.words())
		case e.Line.Urgent, slices.Contains(paragraph, e.Line.Key), e.Line.Of != "", e.Number == 0 && (e.Change() == 0 || !e.HasBefore):
		default:
			done = append(done, e.words())
		}
	}
	list(&b, "需要处置：", urgent)
	list(&b, "工作情况：", done)
	list(&b, "发布后更正：", corrected)
	return b.String()
}

// words are for example 进入120人次（↑12）.
func (e *Entry) words() string {
	text := fmt.Sprintf("%s%d%s", e.Line.ZH, e.Number, e.Line.Unit)
	if change := e.ChangeText(); change != "" && change != "=" {
		text += "（" + change + "）"
	}
	return text
}

// untilWords say up to when it counts.
func (o *Bulletin) untilWords(zone *time.Location) string {
	if o.Over {
		return "全天"
	}
	return "截至" + time.UnixMilli(o.CountedAt).In(zone).Format("15:04")
}

func list(b *strings.Builder, head string, items []string) {
	if len(items) == 0 {
		return
	}
	b.WriteString(head + "\n")
	for i, item := range items {
		fmt.Fprintf(b, "%d. %s\n", i+1, item)
	}
}
