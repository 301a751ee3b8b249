package trajectory

// folder holds the stays so far; while inside, the last one has no end yet.
type folder struct {
	rules  Rules
	doubts map[int]Why // by event
	stays  []Stay
	inside bool
	// refused says that a refused exit ended the last stay, and nothing was
	// seen since.
	refused bool
}

func (f *folder) last() *Stay { return &f.stays[len(f.stays)-1] }

func (f *folder) enter(i int, e *Event) {
	again := Why(0)
	if f.inside && f.cut(e) == EnteredAgain {
		again = Again
	}
	f.begin(i, e, Stay{Site: e.Site, EntryGate: e.Gate, From: e.At}, again)
	f.inside, f.refused = true, false
}

func (f *folder) exit(i int, e *Event) {
	if f.staysOn(e) {
		last := f.last()
		last.To, last.ExitGate = e.At, e.Gate
		f.attach(last, i, e)
	} else {
		crossed := f.crossed(e)
		if f.inside {
			f.cut(e)
		}
		f.begin(i, e, Stay{Site: e.Site, ExitGate: e.Gate, From: e.At, To: e.At}, ExitOnly)
		if crossed {
			for k := range 3 {
				f.stays[len(f.stays)-1-k].because(TwoPlaces)
			}
		}
	}
	if !e.Accepted {
		f.last().because(ExitRefused)
	}
	f.inside, f.refused = false, !e.Accepted
}

// staysOn tells whether an exit ends the last stay: it is still running, or the
// exit that ended it was refused, so that they may have stayed on until now.
func (f *folder) staysOn(e *Event) bool {
	switch {
	case f.inside:
		return f.last().Site == e.Site
	case f.refused:
		return f.last().Site == e.Site && f.within(f.last(), e.At)
	}
	return false
}

// crossed tells whether an exit that ends no stay crosses the stays before it:
// one here that was ended by what was seen elsewhere, and one elsewhere since,
// of which only one end was seen.
func (f *folder) crossed(e *Event) bool {
	if len(f.stays) < 2 {
		return false
	}
	here, there := &f.stays[len(f.stays)-2], f.last()
	half := f.inside && f.within(there, e.At) || !f.inside && there.UnknownStart
	return half && here.Site == e.Site && here.Why&SeenElsewhere != 0 && there.Site != e.Site && f.within(here, e.At)
}

// within tells whether a stay may last to a time without a seen exit.
func (f *folder) within(s *Stay, at int64) bool {
	end, ok := f.rules.limit(s.Site, s.From)
	return !ok || at <= end
}

// begin appends a stay that starts with the event.
func (f *folder) begin(i int, e *Event, s Stay, why Why) {
	s.because(why)
	s.Events = make([]int, 0, 2) // an entry and an exit
	f.attach(&s, i, e)
	f.stays = append(f.stays, s)
}

// attach counts the event to the stay.
func (f *folder) attach(s *Stay, i int, e *Event) {
	s.Events = append(s.Events, i)
	s.Flags |= e.Flags
	why := f.doubts[i]
	if e.Flags&f.rules.ConflictFlags != 0 {
		why |= ToldOtherwise
	}
	if e.Flags&f.rules.LateFlags != 0 {
		why |= LateUpload
	}
	s.because(why)
}

// cut ends the running stay without an exit: at the event that shows that it is
// over, or at the site's longest stay if that was earlier.
func (f *folder) cut(e *Event) Why {
	last, why := f.last(), SeenElsewhere
	last.To = e.At
	if last.Site == e.Site {
		why = EnteredAgain
	}
	if end, ok := f.rules.limit(last.Site, last.From); ok && end < e.At {
		last.To, why = end, NeverLeft
	}
	last.because(why)
	f.inside = false
	return why
}

// finish decides whether the last stay is open or was ended by its limit.
func (f *folder) finish(asOf int64) {
	if !f.inside {
		return
	}
	last := f.last()
	if end, ok := f.rules.limit(last.Site, last.From); ok && end <= asOf {
		last.To = end
		last.because(NeverLeft)
		return
	}
	last.To, last.Open = asOf, true
}
