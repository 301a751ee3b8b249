package gateway

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// append writes the answer as encoding/json does, in a third of the time: a test
// holds both together.
func (v *resultView) append(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), v.ID)
	b = appendString(append(b, `,"decision":`...), v.Decision)
	b = appendString(append(b, `,"reason":`...), v.Reason)
	b = appendString(append(b, `,"color":`...), string(v.Color))
	b = appendString(append(b, `,"action":`...), v.Action)
	b = appendString(append(b, `,"text":{"zh":`...), v.Text.ZH)
	b = appendString(append(b, `,"en":`...), v.Text.EN)
	b = v.Person.append(append(b, `},"person":`...))
	b = v.OccurredAt.append(append(b, `,"occurred_at":"`...))
	b = v.RecordedAt.append(append(b, `","recorded_at":"`...))
	b = strconv.AppendBool(append(b, `","duplicate":`...), v.Duplicate)
	b = strconv.AppendBool(append(b, `,"degraded":`...), v.Degraded)
	if v.Permit != nil {
		b = v.Permit.append(append(b, `,"permit":`...))
	}
	if v.Call != "" {
		b = appendString(append(b, `,"call":`...), v.Call)
	}
	b = append(b, `,"flags":[`...)
	for i, flag := range v.Flags {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, flag)
	}
	return append(b, `]}`...)
}

func (g *guardView) append(b []byte) []byte {
	if g == nil {
		return append(b, "null"...)
	}
	b = appendString(append(b, `{"id":`...), g.ID)
	b = appendString(append(b, `,"name_masked":`...), g.NameMasked)
	b = appendString(append(b, `,"kind":`...), g.Kind)
	b = appendString(append(b, `,"home":`...), g.Home)
	return append(b, '}')
}

func (p *permitUseView) append(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"number":`...), uint64(p.Number), 10)
	b = p.Until.append(append(b, `,"until":"`...))
	b = append(b, `","entries_left":`...)
	if p.EntriesLeft == nil {
		return append(b, "null}"...)
	}
	return append(strconv.AppendInt(b, int64(*p.EntriesLeft), 10), '}')
}

// appendString writes a JSON string: as it is where encoding/json would, by
// encoding/json otherwise.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c == '"', c == '\\', c == '<', c == '>', c == '&', c == 0xe2: // U+2028 begins with 0xe2
			return appendQuoted(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendQuoted(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendQuoted(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string never fails
	return append(b, quoted...)
}
