package checkpoint

import "slices"

// refCase is one scan while it is decided: what every rule may look at, the
// verdict that the ones before it reached, and what recording has to keep.
type refCase struct {
	*reference
	p     *refPerson
	req   *ScanRequest
	gate  *refGate
	site  *refSite
	rules SiteRules
	o     Outcome

	at      int64
	in, own bool
	inside  bool // the site, by the last passage

	permit  *refPermit  // by which the person is let in
	outing  bool        // of the household, if the person is let out
	reading *refReading // that waits for its second one after this scan
	fever   *refFever   // opened by this scan
}

// decide gives the event its outcome and keeps what follows from it.
func (r *reference) decide(p *refPerson, req *ScanRequest, e *refEvent) {
	c := &refCase{
		reference: r, p: p, req: req, gate: e.gate, site: e.gate.site, rules: e.gate.site.rules,
		at: req.OccurredAt, in: req.Direction == In, o: Outcome{Flags: e.Flags}, reading: p.waiting,
	}
	c.own = p.home == c.site
	c.inside = p.last != nil && p.last.in && p.last.gate.site == c.site
	if r.distort != nil {
		r.distort(c)
	}
	plain := c.o.Flags
	c.table()
	stays := slices.Contains([]Status{StatusRed, StatusObservation, StatusQuarantine}, c.p.status)
	if (c.going() || !stays) && !c.pass() && !stays {
		c.o.Flags = plain
	}
	c.permits()
	c.feverCase()
	c.openSite()
	c.quota()
	c.vehicle()
	c.temperature(e)
	c.whereabouts()
	if req.Override != 0 {
		c.o.Flags |= FlagOverride
		if c.o.Decision != Pass {
			c.o.Decision, c.o.Action = Pass, Admit
		}
	}
	if t := req.Told; t != nil {
		if t.Decision != c.o.Decision || t.Reason != c.o.Reason && req.Override == 0 {
			c.o.Flags |= FlagConflict
		}
		c.o.Decision, c.o.Reason, c.o.Action = t.Decision, t.Reason, t.Action
	}
	e.Outcome, e.Person = c.o, p.id
	c.keep(e)
}

// set replaces the verdict; flags stay.
func (c *refCase) set(d Decision, r Reason, a Action) {
	c.o.Decision, c.o.Reason, c.o.Action = d, r, a
}

func (c *refCase) going() bool { return c.o.Decision == Pass }

// pass refuses one that is not good at the time of the scan; a minute is
// forgiven at both ends.
func (c *refCase) pass() bool {
	p := c.req.Pass
	switch {
	case p == nil:
		return true
	case c.at < p.NotBefore*1000-refMinute:
		c.set(Deny, ReasonNotYetValid, Register)
	case c.at >= p.ExpiresAt*1000+refMinute:
		c.set(Deny, ReasonExpired, Register)
	case p.Generation != c.p.generation:
		c.set(Deny, ReasonRevoked, Register)
	default:
		return true
	}
	return false
}

// table: who may go where, by status.
func (c *refCase) table() {
	switch c.p.status {
	case StatusRed:
		c.confined(ReasonStatusRed)
	case StatusObservation, StatusQuarantine:
		c.confined(ReasonQuarantine)
	case StatusGone:
		if c.set(Deny, ReasonRevoked, Register); !c.in {
			c.set(Pass, ReasonRevoked, Register)
			c.o.Flags |= FlagOutsider
		}
	default:
		c.free()
	}
}

// confined people are seen home and not let out of it.
func (c *refCase) confined(reason Reason) {
	switch {
	case c.own && c.in:
		c.set(Pass, reason, Escort)
		c.o.Flags |= FlagEscort
		return
	case c.own:
		c.set(Deny, reason, SendBack)
	case c.in:
		c.set(Deny, reason, Escort)
	default:
		c.set(Pass, reason, Escort)
	}
	c.o.Flags |= FlagBreach
}

// free people go where they like but into other people's villages; strangers
// are kept out of all sites that are for residents only.
func (c *refCase) free() {
	foreign := c.p.status == StatusVisitor || c.p.status == StatusOutsider
	if c.p.status == StatusYellow {
		c.o.Flags |= FlagStatusYellow
	}
	if c.in && !c.own && (c.site.kind.Residential() || foreign && c.rules.ResidentsOnly) {
		c.set(Deny, ReasonOutsider, Register)
		return
	}
	c.set(Pass, ReasonOK, Admit)
	if foreign {
		c.o.Flags |= FlagOutsider
	}
}

// permits open a residential site to strangers, unless it is for residents only.
// The newest that is in force and not used up counts; if none is, the newest says
// why. Who stayed past the end of their visit is noted when they leave.
func (c *refCase) permits() {
	if !c.site.kind.Residential() || c.own || c.in && c.rules.ResidentsOnly {
		return
	}
	var newest *refPermit
	covered, ended := false, false
	for _, v := range slices.Backward(c.p.permits) {
		if v.exempt || v.site != c.site {
			continue
		}
		if newest == nil {
			newest = v
		}
		inForce := c.at >= v.from && c.at < v.until
		covered = covered || inForce
		ended = ended || c.inside && c.at >= v.until && c.p.last.at < v.until
		if c.in && c.permit == nil && inForce && (v.allowed == 0 || v.used < v.allowed) {
			c.permit = v
		}
	}
	switch {
	case !c.in:
		if ended && !covered {
			c.o.Flags |= FlagOverstayed
		}
	case c.o.Reason != ReasonOutsider || newest == nil:
		c.permit = nil
	case c.permit != nil:
		c.set(Pass, ReasonOK, Admit)
		if c.permit.plate != "" && c.req.Plate != "" && c.req.Plate != c.permit.plate {
			c.o.Flags |= FlagOtherVehicle
		}
	case c.at < newest.from:
		c.set(Deny, ReasonNotYetValid, Register)
	case c.at >= newest.until:
		c.set(Deny, ReasonPermitExpired, Register)
	default:
		c.set(Deny, ReasonPermitUsed, Register)
	}
}

// feverCase: who has one is seen home and stays there.
func (c *refCase) feverCase() {
	if c.p.fever == nil {
		return
	}
	c.o.Flags |= FlagFeverCase
	switch {
	case !c.going():
	case c.in == c.own:
		c.o.Action = Escort
	default:
		c.set(Deny, ReasonFever, HoldHere)
	}
}

// openSite: closed, out of hours and full sites let nobody in whose home they
// are not. Who is inside takes no further place.
func (c *refCase) openSite() {
	if !c.going() || !c.in {
		return
	}
	shut := !withinHours(c.rules.OpensAt, c.rules.ClosesAt, c.at)
	full := c.rules.Capacity > 0 && c.looked[c.site] >= c.rules.Capacity && !c.inside
	switch {
	case c.own && (c.rules.Closed || shut):
		c.o.Flags |= FlagOutsideHours
	case c.own:
	case c.rules.Closed:
		c.set(Deny, ReasonSiteClosed, SendBack)
	case shut:
		c.set(Deny, ReasonOutsideHours, SendBack)
	case full:
		c.set(Deny, ReasonSiteFull, SendBack)
	}
}

// withinHours: the closing minute is outside; hours may run over midnight.
// Shanghai is eight hours ahead all year.
func withinHours(opens, closes string, at int64) bool {
	if opens == "" {
		return true
	}
	clock := func(s string) int64 {
		return int64(s[0]-'0')*600 + int64(s[1]-'0')*60 + int64(s[3]-'0')*10 + int64(s[4]-'0')
	}
	now := (at + 8*refHour) / refMinute % 1440
	from, to := clock(opens), clock(closes)
	if from <= to {
		return from <= now && now < to
	}
	return now >= from || now < to
}

// quota: a household has so many outings in so many days, today included. Who
// goes to the doctor, to work or by a permit of their own takes none.
func (c *refCase) quota() {
	if c.rules.Outings == 0 || !c.going() || !c.own || c.in || c.req.Purpose == PurposeMedical || c.req.Purpose == PurposeWork {
		return
	}
	for _, v := range c.p.permits {
		if v.exempt && v.site == c.site && c.at >= v.from && c.at < v.until {
			return
		}
	}
	today := (c.at+8*refHour)/refDay*refDay - 8*refHour
	since, n := today-int64(c.rules.OutingDays-1)*refDay, 0
	for _, e := range c.p.household.outings {
		if e.OccurredAt >= since && e.OccurredAt <= c.at {
			n++
		}
	}
	c.outing = true
	if n >= c.rules.Outings {
		c.set(Deny, ReasonQuota, SendBack)
	}
}

// vehicle: disinfected on the way in.
func (c *refCase) vehicle() {
	if c.rules.Disinfection && c.in && c.req.Plate != "" && !c.req.Disinfected && c.going() {
		c.set(Incomplete, ReasonDisinfection, Disinfect)
	}
}
