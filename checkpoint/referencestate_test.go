package checkpoint

// temperature: a first high or low reading waits for a second one at the same
// site within the window. Two high ones are a fever, also of people who are
// refused anyway. A low one talks no high one away.
func (c *refCase) temperature(e *refEvent) {
	first := c.p.waiting
	current := first == nil || c.at >= first.event.OccurredAt // this scan is not older than the first reading
	answers := first != nil && current && c.at <= first.event.OccurredAt+int64(c.rules.RemeasureMin)*refMinute &&
		first.site == c.site && (c.req.RemeasureOf == "" || e.RemeasureOf == first.event.Hash)
	wasHigh, wasLow := answers && first.high, answers && !first.high
	temp := c.req.Temperature
	switch {
	case temp == 0:
		wanted := map[TemperatureOn]bool{TemperatureBoth: true, TemperatureIn: c.in, TemperatureOut: !c.in}[c.rules.TemperatureOn]
		if wanted && c.going() {
			c.set(Incomplete, ReasonTemperatureRequired, MeasureAgain)
		}
	case temp >= c.rules.FeverLine:
		c.o.Flags |= FlagTemperatureHigh
		c.high(e, first, wasHigh, current)
	case temp < c.rules.LowLine:
		c.low(e, answers, wasLow, current)
	case answers:
		c.reading = nil
		if wasHigh {
			c.o.Flags |= FlagRemeasured
		}
	}
}

func (c *refCase) high(e *refEvent, first *refReading, again, current bool) {
	if !again {
		if current {
			c.reading = &refReading{e, c.site, true}
		}
		if c.o.Action = MeasureAgain; c.going() {
			c.set(Remeasure, ReasonRemeasure, MeasureAgain)
		}
		return
	}
	c.reading = nil
	if c.p.fever == nil {
		c.fever = &refFever{owner: c.p, first: first.event, second: e}
	}
	if c.o.Action = HoldHere; c.going() {
		c.set(Deny, ReasonFever, HoldHere)
	}
}

func (c *refCase) low(e *refEvent, answers, again, current bool) {
	switch {
	case again:
		c.reading = nil
		if c.rules.LowAgain != Off {
			c.o.Flags |= FlagTemperatureLow
		}
		if c.rules.LowAgain == StrictDeny && c.going() && !c.own {
			c.set(Deny, ReasonTemperatureLow, Register)
		}
	case c.going():
		if !answers && current {
			c.reading = &refReading{e, c.site, false}
		}
		c.set(Remeasure, ReasonTemperatureLow, MeasureAgain)
	}
}

// whereabouts compares with the last passage, unless that is newer. Nobody is
// kept out of their home by it. Who left although refused and shows a good pass
// at the same gate within the window has not left twice.
func (c *refCase) whereabouts() {
	last := c.p.last
	if !c.going() || last == nil || c.at < last.at {
		return
	}
	tidied := !c.in && last.refused && last.gate.num == c.gate.num && c.at <= last.at+int64(c.rules.RemeasureMin)*refMinute
	if c.rules.AntiPassback != Off && c.in == c.inside && !tidied {
		strict := c.rules.AntiPassback == StrictDeny
		switch {
		case c.in && strict && !c.own:
			c.set(Deny, ReasonAlreadyInside, SendBack)
			return
		case c.in:
			c.o.Flags |= FlagAlreadyInside
		case strict:
			c.set(Deny, ReasonNotInside, Register)
			return
		default:
			c.o.Flags |= FlagNotInside
		}
	}
	same := c.req.Who == ByAppPass && last.pass != nil && c.req.Pass.ID == *last.pass
	if c.in && last.in && same && last.gate.num != c.gate.num {
		switch {
		case c.rules.ReplayedPass == StrictDeny && !c.own:
			c.set(Deny, ReasonReplayedPass, Register)
		case c.rules.ReplayedPass != Off:
			c.o.Flags |= FlagReplayedPass
		}
	}
}

// keep records the event and the state after it. A late scan replaces no newer
// passage.
func (c *refCase) keep(e *refEvent) {
	p := c.p
	if v := c.permit; v != nil && c.going() {
		e.Permit, e.PermitUntil, e.PermitLeft = v.number, v.until, EntriesUnlimited
		if v.allowed > 0 {
			v.used++
			e.PermitLeft = uint8(v.allowed - v.used)
		}
	}
	if c.outing && c.going() {
		p.household.outings = append(p.household.outings, e)
	}
	if c.fever != nil {
		p.fever, e.opened = c.fever, true
	}
	p.waiting = c.reading
	p.record = append(p.record, e)
	if passed := e.passed(); passed != nil && (p.last == nil || passed.at >= p.last.at) {
		if c.in && c.req.Who == ByAppPass {
			passed.pass = &c.req.Pass.ID
		}
		p.last = passed
	}
}

// passed is the passage that an event is, nil if the person stayed where they
// were: who is let pass has passed, and so has who leaves and only had to be
// registered.
func (e *refEvent) passed() *refPassage {
	if e.Decision == Pass || e.Direction == Out && e.Action == Register {
		return &refPassage{at: e.OccurredAt, in: e.Direction == In, refused: e.Decision != Pass, gate: e.gate}
	}
	return nil
}
