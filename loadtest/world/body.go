package world

import (
	"strconv"
	"time"
)

// body is a scan as a phone at a gate sends it.
type body struct {
	id    string
	at    int64 // UTC ms
	way   string
	name  string // how the person is named: pass, resident, id_document or walk_in
	value string // the name; of a walk-in JSON
	// temperature is in tenths of a degree, 0 where none is taken; remeasureOf the
	// scan with the first reading.
	temperature int
	remeasureOf string
	// told is what the phone told on its own; it makes the scan a batch of one.
	told bool
}

const wireTime = "2006-01-02T15:04:05.000Z"

// json writes it. No value holds anything that JSON escapes: they are IDs, passes
// in the compact form, digits, and names of package town.
func (b *body) json() []byte {
	out := make([]byte, 0, 400)
	if b.told {
		out = append(out, `{"scans":[`...)
	}
	out = append(out, `{"id":"`...)
	out = append(out, b.id...)
	out = append(out, `","occurred_at":"`...)
	out = time.UnixMilli(b.at).UTC().AppendFormat(out, wireTime)
	out = append(out, `","`...)
	out = append(out, b.name...)
	if b.name == "walk_in" {
		out = append(append(out, `":`...), b.value...)
	} else {
		out = append(append(append(out, `":"`...), b.value...), '"')
	}
	out = append(append(append(out, `,"direction":"`...), b.way...), '"')
	if b.temperature != 0 {
		out = append(out, `,"temperature":`...)
		out = strconv.AppendInt(out, int64(b.temperature/10), 10)
		out = append(out, '.', byte('0'+b.temperature%10), ',')
		out = append(out, `"temperature_method":"forehead"`...)
	}
	if b.remeasureOf != "" {
		out = append(append(append(out, `,"remeasure_of":"`...), b.remeasureOf...), '"')
	}
	if b.told {
		return append(out, `,"told":{"decision":"pass","reason":"ok","action":"admit"}}]}`...)
	}
	return append(out, '}')
}
