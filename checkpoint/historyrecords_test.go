package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// compareRecords compares what is on record after a history: every trail, the
// gates' own logs, what the next scan of each person would find, and how many
// people are inside.
func (r *historyRun) compareRecords() error {
	for _, p := range r.people {
		ref := r.onRecord(p)
		if ref == nil {
			continue
		}
		if err := r.compareTrail(p, ref); err != nil {
			return err
		}
		if err := r.compareState(p, ref); err != nil {
			return err
		}
	}
	if err := r.compareRefusals(); err != nil {
		return err
	}
	return r.compareInside()
}

func (r *historyRun) compareInside() error {
	sites := make([]*Site, len(r.sites))
	for i, site := range r.sites {
		sites[i], _ = r.town.s.Registry().Site(site.code)
	}
	got, err := r.town.s.Inside(r.t.Context(), sites)
	must(r.t, err)
	want := r.ref.inside()
	for i, site := range r.sites {
		if got[i] != want[site] {
			return fmt.Errorf("%d people are inside %s, want %d", got[i], site.code, want[site])
		}
	}
	return nil
}

func (r *historyRun) compareTrail(p *historyPerson, ref *refPerson) error {
	var got []ScanEvent
	must(r.t, r.town.s.Trail(r.t.Context(), p.id, r.base-31*refDay, r.base+29*refDay, func(e *ScanEvent) error {
		got = append(got, *e)
		return nil
	}))
	record := ref.record
	for _, walkIn := range ref.joined {
		record = append(record[:len(record):len(record)], walkIn.record...)
	}
	return r.compareEvents("the trail of "+p.name, got, record)
}

// compareRefusals reads the gates and days of which there should be refusals.
func (r *historyRun) compareRefusals() error {
	type log struct {
		gate uint32
		day  int64
	}
	wants := map[log][]*refEvent{}
	for _, e := range r.ref.turned {
		at := log{e.gate.num, dayOf(e.OccurredAt)}
		wants[at] = append(wants[at], e)
	}
	for at, want := range wants {
		gate, _ := r.town.s.Registry().GateByNum(at.gate)
		var got []ScanEvent
		day := Window{Gate: gate.Code, From: at.day * refDay, To: (at.day + 1) * refDay}
		must(r.t, r.town.s.Refusals(r.t.Context(), day, func(e *ScanEvent) error {
			got = append(got, *e)
			return nil
		}))
		if err := r.compareEvents("the log of gate "+gate.Code, got, want); err != nil {
			return err
		}
	}
	return nil
}

func (r *historyRun) compareEvents(what string, got []ScanEvent, record []*refEvent) error {
	want := make([]ScanEvent, len(record))
	for i, e := range record {
		want[i] = e.ScanEvent
		want[i].Annulled = e.annulled
		if e.opened {
			want[i].Fever = FeverID(fromRaw(string(caseOf(e.Person, e.Hash))))
		}
		if e.annuls != nil {
			want[i].Annuls = e.annuls.Hash
		}
	}
	// What is older than retention is shown of evidence only: other tests.
	past := func(e ScanEvent) bool { return e.OccurredAt < r.town.s.oldestShown() }
	got, want = slices.DeleteFunc(got, past), slices.DeleteFunc(want, past)
	for _, events := range [][]ScanEvent{got, want} {
		for i := range events {
			events[i].Digest = [4]byte{}
		}
		slices.SortFunc(events, func(a, b ScanEvent) int {
			return cmp.Or(cmp.Compare(a.OccurredAt, b.OccurredAt), bytes.Compare(a.Hash[:], b.Hash[:]))
		})
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s has %d events, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("%s has\n got  %s\n want %s", what, r.event(&got[i]), r.event(&want[i]))
		}
	}
	return nil
}

// event tells all that does not differ from one run of a history to the next.
func (r *historyRun) event(e *ScanEvent) string {
	shown := *e
	at, recorded := r.time(e.OccurredAt), r.time(e.RecordedAt)
	shown.Person, shown.Fever, shown.OccurredAt, shown.RecordedAt, shown.PermitUntil = 0, 0, 0, 0, 0
	return fmt.Sprintf("%s recorded %s %+v", at, recorded, shown)
}

// compareState reads the fields of scan.lua (see Keys in the package comment).
func (r *historyRun) compareState(p *historyPerson, ref *refPerson) error {
	values, err := r.town.s.rdb.HMGet(r.t.Context(), r.town.s.keys.person(p.id), "l", "m", "f", "v").Result()
	must(r.t, err)
	for i, want := range []string{ref.last.stored(), ref.waiting.stored(), ref.fever.stored(), string(storedPermits(ref.permits))} {
		got, _ := values[i].(string)
		if got != want {
			return fmt.Errorf("%s: field %c is %q, want %q", p.name, "lmfv"[i], r.steady(got), r.steady(want))
		}
	}
	return nil
}

// steady leaves out what differs from one run of a history to the next.
func (r *historyRun) steady(field string) string {
	base := binary.BigEndian.AppendUint64(nil, uint64(r.base))[2:4]
	return string(bytes.ReplaceAll([]byte(field), base, []byte("..")))
}

func (l *refPassage) stored() string {
	if l == nil {
		return ""
	}
	way := byte('o')
	if l.in {
		way = 'i'
	} else if l.refused {
		way = 'x'
	}
	b := append([]byte{way}, binary.BigEndian.AppendUint64(nil, uint64(l.at))[2:]...)
	b = binary.BigEndian.AppendUint32(b, l.gate.site.num)
	b = binary.BigEndian.AppendUint32(b, l.gate.num)
	if l.pass != nil {
		b = append(b, l.pass[:]...)
	}
	return string(b)
}

func (f *refReading) stored() string {
	if f == nil {
		return ""
	}
	kind := byte('l')
	if f.high {
		kind = 'h'
	}
	b := append([]byte{kind, byte(f.event.Temperature - 299)}, binary.BigEndian.AppendUint64(nil, uint64(f.event.OccurredAt))[2:]...)
	b = binary.BigEndian.AppendUint32(b, f.site.num)
	return string(append(b, f.event.Hash[:]...))
}

func (f *refFever) stored() string {
	if f == nil {
		return ""
	}
	return string(caseOf(f.owner.id, f.second.Hash))
}
