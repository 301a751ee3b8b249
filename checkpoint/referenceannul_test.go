package checkpoint

// annul takes a scan back at now.
func (r *reference) annul(req *AnnulRequest, now int64) refAnswer {
	gate, p := r.gates[req.Device], r.people[req.Person]
	if p == nil {
		for _, guest := range r.guests {
			if guest.id == req.Person {
				p = guest
			}
		}
	}
	switch {
	case gate.revoked:
		return refAnswer{problem: "revoked"}
	case req.At < req.OccurredAt, req.At > now+2*refMinute, !req.Late && req.At < now-2*refMinute:
		return refAnswer{problem: "field annulled_at"}
	case p == nil:
		return refAnswer{problem: "not found"}
	}
	var target *refEvent
	for _, owner := range p.trails() {
		if e := owner.find(refScanID{req.Device, req.Scan, req.OccurredAt}); e != nil && e.annuls == nil && target == nil {
			p, target = owner, e
		}
	}
	if target == nil {
		return refAnswer{problem: "not found"}
	}
	id := refScanID{req.Device, req.ID, req.OccurredAt}
	if before := p.find(id); before != nil {
		if before.asked.Scan != req.Scan || before.asked.At != req.At {
			return refAnswer{problem: "other content"}
		}
		return refAnswer{person: p.id, recorded: before.RecordedAt, again: true}
	}
	switch {
	case req.At-req.OccurredAt > 15*refMinute:
		return refAnswer{problem: "too late"}
	case target.annulled:
		return refAnswer{problem: "annulled"}
	}
	p.takeBack(target)
	e := &refEvent{scan: id, gate: gate, annuls: target, asked: *req, ScanEvent: ScanEvent{
		Person: p.id, OccurredAt: req.OccurredAt, RecordedAt: now, Hash: scanHash(req.Device, req.ID),
		Outcome:   Outcome{Decision: Incomplete, Reason: ReasonAnnulled, Action: Register},
		Direction: target.Direction, Who: target.Who, Gate: gate.num, Device: req.Device,
		Plate: target.Plate, Vehicle: target.Vehicle, Annuls: target.Hash,
	}}
	if req.Late {
		e.Flags |= FlagLate
	}
	p.record = append(p.record, e)
	return refAnswer{person: p.id, recorded: now}
}

// takeBack works the state out anew from the rest of the record. A fever case
// that the scan opened stays open.
func (p *refPerson) takeBack(target *refEvent) {
	target.annulled = true
	for _, v := range p.permits {
		if target.Permit != 0 && v.number == target.Permit && v.used > 0 {
			v.used--
		}
	}
	if h := p.household; h != nil {
		kept := h.outings[:0:0]
		for _, e := range h.outings {
			if e != target {
				kept = append(kept, e)
			}
		}
		h.outings = kept
	}
	p.settle()
	if target.Who == ByWalkIn && p.knownAs != nil {
		p.knownAs.settle()
	}
}

// waitsAfter is the reading that waits for its second one after an event, by
// what is on record of it.
func (e *refEvent) waitsAfter(first *refReading) *refReading {
	if e.Temperature == 0 {
		return first
	}
	site := e.gate.site
	answers := first != nil && first.site == site &&
		e.OccurredAt <= first.event.OccurredAt+int64(site.rules.RemeasureMin)*refMinute &&
		(e.RemeasureOf == [8]byte{} || e.RemeasureOf == first.event.Hash)
	high, low := e.Flags&FlagTemperatureHigh != 0, e.Temperature < site.rules.LowLine
	switch {
	case high && answers && first.high:
		return nil
	case high:
		return &refReading{e, site, true}
	case low && answers && first.high:
		return first // which a low one talks not away
	case low && !answers && e.Reason == ReasonTemperatureLow:
		return &refReading{e, site, false}
	case answers:
		return nil
	}
	return first
}
