package checkpoint

import (
	"encoding/binary"
	"slices"
	"strings"
)

// stateAfter works out from a person's events what the next scan has to find:
// the last passage and the reading that waits for its second one, in the form
// in which the scan script keeps them (scan.lua, verdict.lua). The app pass of
// the last entry is not part of a record and is left out.
func stateAfter(reg *Registry, events []ScanEvent) (last, waiting []byte) {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b ScanEvent) int {
		switch {
		case a.OccurredAt != b.OccurredAt:
			return int(a.OccurredAt - b.OccurredAt)
		case a.RecordedAt != b.RecordedAt:
			return int(a.RecordedAt - b.RecordedAt)
		}
		return strings.Compare(string(a.Hash[:]), string(b.Hash[:]))
	})
	var first firstReading
	for i := range events {
		e := &events[i]
		gate, ok := reg.GateByNum(e.Gate)
		if !ok {
			continue // gates are never taken away
		}
		site, ok := reg.Site(gate.Site)
		if !ok {
			continue
		}
		if e.Moved() {
			last = append([]byte{e.wayPassed()}, placeOf(e.OccurredAt, site.Num, e.Gate)...)
		}
		first.see(e, site.Num, reg.RulesAt(site, e.OccurredAt))
	}
	return last, first.pack()
}

// wayPassed is the first byte of the stored last passage.
func (e *ScanEvent) wayPassed() byte {
	switch {
	case e.Direction == In:
		return 'i'
	case e.Decision == Pass:
		return 'o'
	}
	return 'x' // left although refused
}

// firstReading is a high or low temperature that waits for a second one.
type firstReading struct {
	event *ScanEvent
	site  uint32
	high  bool
}

// see applies the temperature rule of verdict.lua to one event.
func (f *firstReading) see(e *ScanEvent, site uint32, rules *SiteRules) {
	if e.Temperature == 0 {
		return
	}
	waits := f.event != nil && f.site == site &&
		e.OccurredAt <= f.event.OccurredAt+int64(rules.RemeasureMin)*60_000 &&
		(e.RemeasureOf == [8]byte{} || e.RemeasureOf == f.event.Hash)
	high, low := e.Flags&FlagTemperatureHigh != 0, e.Temperature < rules.LowLine
	switch {
	case high && !(waits && f.high):
		*f = firstReading{e, site, true}
	case low && !waits && e.Reason == ReasonTemperatureLow:
		*f = firstReading{e, site, false}
	case low && f.high, low && !waits:
	case waits:
		*f = firstReading{}
	}
}

// pack is the stored form: 'h' or 'l', code 1, time 6, site 4, hash 8.
func (f *firstReading) pack() []byte {
	if f.event == nil {
		return nil
	}
	b := []byte{'l', f.event.Temperature.code()}
	if f.high {
		b[0] = 'h'
	}
	b = append(b, logHeadOf(0, f.event.OccurredAt)[8:]...)
	return append(appendUint32(b, f.site), f.event.Hash[:]...)
}

func appendUint32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }
