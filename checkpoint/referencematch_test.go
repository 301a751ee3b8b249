package checkpoint

import (
	"cmp"
	"slices"
)

// match puts on record that a walk-in was a resident all along: what came before
// is read as one with the resident's record.
func (r *reference) match(walkIn, resident *refPerson) string {
	switch {
	case walkIn == nil:
		return "not found"
	case walkIn.knownAs != nil && walkIn.knownAs != resident:
		return "matched"
	case walkIn.knownAs == nil:
		walkIn.knownAs = resident
		resident.joined = append(resident.joined, walkIn)
	}
	walkIn.settleMatch(resident)
	return ""
}

// unmatch takes that back. Scans made meanwhile stay the resident's.
func (r *reference) unmatch(walkIn *refPerson) string {
	if walkIn == nil {
		return "not found"
	}
	same := func(p *refPerson) bool { return p == walkIn.knownAs }
	if resident := walkIn.knownAs; resident != nil {
		walkIn.former = append(slices.DeleteFunc(walkIn.former, same), resident)
		resident.joined = slices.DeleteFunc(resident.joined, func(p *refPerson) bool { return p == walkIn })
		walkIn.knownAs = nil
	}
	if n := len(walkIn.former); n > 0 {
		walkIn.settleMatch(walkIn.former[n-1])
	}
	return ""
}

func (p *refPerson) settleMatch(resident *refPerson) {
	resident.settleFever()
	p.settle()
	resident.settle()
}

// judgedAs is by whose rules a person goes.
func (p *refPerson) judgedAs() *refPerson {
	if p.knownAs != nil {
		return p.knownAs
	}
	return p
}

// trails are the people in whose records a scan of this one can lie.
func (p *refPerson) trails() []*refPerson {
	if p == nil {
		return nil
	}
	all := append([]*refPerson{p}, p.former...)
	if p.knownAs != nil {
		all = append(all, p.knownAs)
	}
	return all
}

// settleFever holds a resident for an open case of theirs, or of a walk-in that
// they turned out to be, and for no other.
func (p *refPerson) settleFever() {
	if p.fever != nil && (p.fever.closed || p.fever.owner.judgedAs() != p) {
		p.fever = nil
	}
	for _, walkIn := range p.joined {
		if p.fever == nil {
			p.fever = walkIn.fever
		}
	}
}

// close ends a case.
func (f *refFever) close() {
	f.closed = true
	if f.owner.fever == f {
		f.owner.fever = nil
	}
	f.owner.judgedAs().settleFever()
}

// settle works out from the record where a person is and which reading waits. A
// walk-in who is known as somebody has neither: it is the resident's.
func (p *refPerson) settle() {
	before := p.last
	p.last, p.waiting = nil, nil
	if p.knownAs != nil {
		return
	}
	for _, e := range p.inOrder() {
		if passed := e.passed(); passed != nil {
			p.last = passed
		}
		p.waiting = e.waitsAfter(p.waiting)
	}
	// The app pass of an entry is kept with the last passage only.
	if before != nil && p.last != nil && before.at == p.last.at && before.gate.num == p.last.gate.num && before.in == p.last.in {
		p.last.pass = before.pass
	}
}

// inOrder gives the scans that count, by the time at which they were made, and
// of one moment in the order of recording.
func (p *refPerson) inOrder() []*refEvent {
	events := slices.Clone(p.record)
	for _, walkIn := range p.joined {
		events = append(events, walkIn.record...)
	}
	events = slices.DeleteFunc(events, func(e *refEvent) bool { return e.annulled || e.annuls != nil })
	slices.SortStableFunc(events, func(a, b *refEvent) int {
		return cmp.Or(cmp.Compare(a.OccurredAt, b.OccurredAt), cmp.Compare(a.RecordedAt, b.RecordedAt))
	})
	return events
}
