package alarm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a digest that people read.
const (
	maxPlaces = 5    // named of a kind
	maxKinds  = 8    // named of a digest
	maxText   = 3600 // bytes; WeCom takes 4,096 of markdown, the others more
)

// placeCount is how many alarms of a kind a place has.
type placeCount struct {
	Node  string `json:"node"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// kindCount is a kind in a digest.
type kindCount struct {
	Kind   Kind         `json:"kind"`
	ZH     string       `json:"zh"`
	EN     string       `json:"en"`
	Count  int          `json:"count"`
	Again  int          `json:"again"` // of these, told before and acknowledged by nobody
	Places []placeCount `json:"places"`
	Alarms []string     `json:"alarms"` // IDs
}

// summary is what a message says: the gravest kinds first, their places with the most
// alarms first.
func (b *Book) summary(m *message) []kindCount {
	byKind := map[Kind]*kindCount{}
	var order []*kindCount
	for _, g := range m.Groups {
		k := byKind[g.Kind]
		if k == nil {
			text := g.Kind.Text()
			k = &kindCount{Kind: g.Kind, ZH: text.ZH, EN: text.EN}
			byKind[g.Kind], order = k, append(order, k)
		}
		at := slices.IndexFunc(k.Places, func(p placeCount) bool { return p.Node == g.Node })
		if at < 0 {
			at = len(k.Places)
			k.Places = append(k.Places, placeCount{Node: g.Node, Name: b.placeName(g.Node)})
		}
		k.Places[at].Count += len(g.Refs)
		k.Count += len(g.Refs)
		if g.Again {
			k.Again += len(g.Refs)
		}
		for _, ref := range g.Refs {
			k.Alarms = append(k.Alarms, alarmOf(ref))
		}
	}
	all := make([]kindCount, len(order))
	for i, k := range order {
		slices.SortStableFunc(k.Places, func(p, q placeCount) int {
			return cmp.Or(cmp.Compare(q.Count, p.Count), strings.Compare(p.Node, q.Node))
		})
		all[i] = *k
	}
	slices.SortStableFunc(all, func(k, l kindCount) int { return cmp.Compare(k.Kind.Rank(), l.Kind.Rank()) })
	return all
}

// levels are the words for levels.
var levels = map[Level][2]string{Urgent: {"紧急", "urgent"}, Today: {"今日处理", "today"}}

// title is the first line of a message to people.
func (m *message) title() string {
	if m.Test {
		return "卡口通 passgate：提醒通道测试 Test of this channel"
	}
	word := levels[m.Level]
	return fmt.Sprintf("卡口通 passgate：%s提醒 %d 条 (%d %s)", word[0], m.items(), m.items(), word[1])
}

// text is the rest of it: counts and places, nothing of anybody. link is where the
// alarms are read, "" without one.
func (b *Book) text(m *message, link string) string {
	var out strings.Builder
	if m.Test {
		out.WriteString("收到即表示可用 It works.\n")
	}
	all := b.summary(m)
	for i := range all {
		if i == maxKinds {
			fmt.Fprintf(&out, "另有 %d 类 (and %d more kinds)\n", len(all)-i, len(all)-i)
			break
		}
		out.WriteString(all[i].line())
	}
	body := clip(out.String(), maxText)
	if link != "" {
		body += "查看 Open: " + link + "\n"
	}
	return body
}

// line is a kind in one line.
func (k *kindCount) line() string {
	var places []string
	for i, p := range k.Places {
		if i == maxPlaces {
			places = append(places, fmt.Sprintf("另有 %d 处 (and %d more)", len(k.Places)-i, len(k.Places)-i))
			break
		}
		places = append(places, fmt.Sprintf("%s %d", plain(p.Name), p.Count))
	}
	again := ""
	if k.Again > 0 {
		again = fmt.Sprintf("，其中 %d 条逾期未确认 (%d not acknowledged in time)", k.Again, k.Again)
	}
	return fmt.Sprintf("- %s %s:%d%s。%s\n", k.ZH, k.EN, k.Count, again, strings.Join(places, "、"))
}

// plain takes out of a name what a chat would take for form.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("*_`#[]()<>~|\\\n@", r) {
			return ' '
		}
		return r
	}, name)
}

// clip cuts a text to so many bytes, between characters.
func clip(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return text[:bytes]
}
