package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scan makes one scan and compares the answers.
func (r *historyRun) scan(m move, p *historyPerson, site *refSite) error {
	x := m.scan
	device := r.town.devices[site][x.phone]
	if x.like != likeNone && r.before != nil {
		p = r.before
		site := r.town.gates[r.sentBy].site
		if device = r.town.devices[site][x.phone]; x.like == likeSame {
			device, x.in = r.sentBy, r.sentIn
		}
	}
	r.before, r.sentBy, r.sentIn = p, device, x.in
	req := r.request(x, p, device)
	r.name(&req, x, p)
	if x.remeasure == 1 {
		req.RemeasureOf = p.last
	} else if x.remeasure == 2 && len(r.sent) > 0 {
		req.RemeasureOf = r.sent[m.who%len(r.sent)].ID
	}
	p.last = req.ID
	return r.send(req)
}

// request is a scan without a name.
func (r *historyRun) request(x scanMove, p *historyPerson, device uint32) ScanRequest {
	r.scans++
	rules := &r.town.gates[device].site.rules
	req := ScanRequest{
		ID: fmt.Sprintf("scan-%06d", r.scans), Device: device, Direction: Out, Plate: x.plate, Disinfected: x.disinfected,
		Purpose: x.purpose, Override: x.override, Told: x.told, Method: Forehead,
		Temperature: map[temperatureMove]Celsius{
			tempNormal: 36_5, tempFeverLine: rules.FeverLine, tempBelowFever: rules.FeverLine - 1, tempHigh: 39_5,
			tempLowLine: rules.LowLine, tempBelowLow: rules.LowLine - 1, tempLow: 33_0,
		}[x.temperature],
	}
	if x.in {
		req.Direction = In
	}
	if x.vehicle {
		req.Vehicle = "vehicle-1"
	}
	if req.Temperature == 0 {
		req.Method = MethodUnknown
	}
	req.OccurredAt, req.Late = r.when(x.when, p)
	if !req.Late {
		req.Told = nil
	}
	return req
}

// when gives the time of a scan, and whether it comes late.
func (r *historyRun) when(m timeMove, p *historyPerson) (at int64, late bool) {
	now := r.now()
	switch m {
	case timeHourBack:
		return now - refHour, true
	case timeDayBack:
		return now - refDay, true
	case timeOfAnother:
		for i := range slices.Backward(r.sent) {
			if r.sent[i].ID == p.last {
				return r.sent[i].OccurredAt, true
			}
		}
	case timeOfMoment:
		slices.Sort(r.moments)
		if past, _ := slices.BinarySearch(r.moments, now+1); past > 0 {
			return r.moments[past-1], true
		}
	case timeJustFresh:
		return now - 2*refMinute, false
	case timeTooOld:
		return now - 2*refMinute - 1, false
	case timeAhead:
		return now + 2*refMinute, false
	case timeTooFarAhead:
		return now + 2*refMinute + 1, false
	case timeJustKept:
		return now - 28*refDay, true
	case timeForgotten:
		return now - 28*refDay - 1, true
	case timeMinuteBack:
		return now - refMinute, false
	}
	return now, false
}

// name lets a person be named as the move says, or as they can be.
func (r *historyRun) name(req *ScanRequest, x scanMove, p *historyPerson) {
	req.Who, req.Presented = x.by, fmt.Sprint(x.by, " ", p.name)
	switch {
	case p.words != nil:
		req.Who, req.WalkIn, req.Presented = ByWalkIn, p.words, p.name
	case x.by == ByResident || x.by == ByDocument:
		req.Person = p.id
	default:
		req.Pass = r.pass(x, p, req.OccurredAt)
		req.Presented = fmt.Sprintf("%s %s pass %s of generation %d", p.name, x.by, req.Pass.ID, req.Pass.Generation)
	}
}

// pass is one that a person shows at a time.
func (r *historyRun) pass(x scanMove, p *historyPerson, at int64) *PassClaims {
	if x.pass == passShownBefore && len(p.passes) > 0 {
		return p.passes[len(p.passes)-1]
	}
	length := map[WhoKind]int64{ByAppPass: 600, ByPaperPass: 28 * 86400, ByVisitorPass: 86400}[x.by]
	claims := &PassClaims{Person: p.id, NotBefore: at/1000 - 100}
	if ref := r.onRecord(p); ref != nil {
		claims.Generation = ref.generation
	}
	switch x.pass {
	case passBeginsInAMinute:
		claims.NotBefore = (at + refMinute) / 1000
	case passBeginsLater:
		claims.NotBefore = (at+refMinute)/1000 + 1
	case passEndedEarlier:
		claims.NotBefore = (at-refMinute)/1000 - length
	case passEndedAMinuteAgo:
		claims.NotBefore = (at-refMinute)/1000 - length + 1
	case passOfBefore:
		claims.Generation = max(claims.Generation, 1) - 1
	}
	claims.ExpiresAt = claims.NotBefore + length
	copy(claims.ID[:], fmt.Sprintf("%08d", r.scans))
	p.passes = append(p.passes, claims)
	r.moments = append(r.moments, claims.NotBefore*1000-refMinute, claims.ExpiresAt*1000+refMinute)
	return claims
}

// send has both judge a scan.
func (r *historyRun) send(req ScanRequest) error {
	r.sent = append(r.sent, req)
	before := req.OccurredAt
	want := r.ref.scan(&req, r.now())
	res, err := r.town.s.Scan(r.t.Context(), req)
	site := r.town.gates[req.Device].site
	r.moments = append(r.moments, before+int64(site.rules.RemeasureMin)*refMinute, before+15*refMinute)
	if want.problem == "" && !want.again {
		r.seen(want.Outcome)
	}
	return r.compare(func() string { return r.what(&req) }, want, res, err)
}

func (r *historyRun) what(q *ScanRequest) string {
	gate, told := r.town.gates[q.Device], ""
	if q.Told != nil {
		told = fmt.Sprintf(" told %+v", *q.Told)
	}
	return fmt.Sprintf("%s of %s %s %s gate %d at %s, [%s] after %q, plate %q %v, %s, override %q, late %v%s", q.ID, q.Presented, q.Direction,
		gate.site.code, gate.num, r.time(q.OccurredAt), q.Temperature, q.RemeasureOf, q.Plate, q.Disinfected, q.Purpose, q.Override, q.Late, told)
}

// forged shows a code that is none of ours.
func (r *historyRun) forged(m move, site *refSite) error {
	device := r.town.devices[site][m.scan.phone]
	req := r.request(m.scan, r.people[0], device)
	req.Who, req.Presented = m.scan.by, "forged"
	reason := []Reason{ReasonBadSignature, ReasonNotOurPass, ReasonMalformed, ReasonUnknownKey}[m.who%4]
	want := r.ref.forged(&req, reason, r.now())
	res, err := r.town.s.Refuse(r.t.Context(), req, reason)
	return r.compare(func() string { return r.what(&req) }, want, res, err)
}

// again sends an earlier scan as it was, out of a queue, or with other content.
func (r *historyRun) again(m move, p *historyPerson) error {
	if len(r.sent) == 0 {
		return nil
	}
	req := r.sent[len(r.sent)-1-m.n%len(r.sent)]
	switch m.choice % 10 {
	case 0:
		req.Temperature = 36_6
	case 1:
		req.Direction = In + Out - req.Direction
	case 2:
		req.Plate += "x"
	case 3:
		req.Purpose = PurposeOther
	case 4:
		if p.words == nil {
			req.Who, req.Pass, req.WalkIn, req.Person, req.Presented = ByResident, nil, nil, p.id, "resident "+p.name
		}
	case 5:
		req.Late, req.Told = true, &Told{Deny, ReasonStatusRed, SendBack}
	}
	return r.send(req)
}

// annul takes an earlier scan back, in its time and out of it.
func (r *historyRun) annul(m move, p *historyPerson) error {
	if len(r.sent) == 0 {
		return nil
	}
	scan := r.sent[len(r.sent)-1-m.n%min(4, len(r.sent))]
	req := AnnulRequest{
		ID: fmt.Sprintf("annul-%06d", len(r.annuls)), Device: scan.Device, Scan: scan.ID, OccurredAt: scan.OccurredAt, At: r.now(), Person: r.whose(&scan),
	}
	switch m.choice {
	case 0:
		req.At, req.Late = scan.OccurredAt+15*refMinute, true
	case 1:
		req.At, req.Late = scan.OccurredAt+15*refMinute+1, true
	case 2:
		req.Person = p.id
	case 3:
		req.At = scan.OccurredAt - 1
	case 4:
		req.Late = true
	case 5:
		req.Device = r.sent[0].Device
	case 6, 7:
		if len(r.annuls) > 0 {
			req = r.annuls[len(r.annuls)-1]
			req.Late = true
			req.At += int64(m.choice - 6)
		}
	}
	r.annuls = append(r.annuls, req)
	want := r.ref.annul(&req, r.now())
	res, err := r.town.s.Annul(r.t.Context(), req)
	got := ScanResult{Outcome: want.Outcome, Person: &PersonView{ID: res.Person}, RecordedAt: res.RecordedAt, Duplicate: res.Duplicate}
	what := func() string {
		return fmt.Sprintf("%s takes back %s at %s, late %v", req.ID, req.Scan, r.time(req.At), req.Late)
	}
	return r.compare(what, want, got, err)
}

// whose scan it is, by the names that were given.
func (r *historyRun) whose(req *ScanRequest) uint64 {
	if p := r.ref.who(req); p != nil {
		return p.id
	}
	return 1
}

// compare holds the store's answer against the reference's.
func (r *historyRun) compare(what func() string, want refAnswer, res ScanResult, err error) error {
	got := refAnswer{Outcome: res.Outcome, recorded: res.RecordedAt, again: res.Duplicate}
	if res.Person != nil {
		got.person = res.Person.ID
	}
	if err != nil {
		got = refAnswer{problem: problemOf(err)}
	}
	now := r.now()
	r.told = append(r.told, func() string { return fmt.Sprintf("%10s  %s: %s", r.time(now), what(), r.line(got)) })
	if got != want {
		return fmt.Errorf("%s:\n got  %s\n want %s", what(), r.line(got), r.line(want))
	}
	return nil
}

func (r *historyRun) line(a refAnswer) string {
	if a.problem != "" {
		return a.problem
	}
	who := "nobody"
	for _, p := range r.people {
		if p.id == a.person {
			who = p.name
		}
	}
	return fmt.Sprintf("%s %s %s [%s] %s recorded %s again %v", a.Decision, a.Reason, a.Action, strings.Join(a.Flags.Names(), " "), who,
		r.time(a.recorded), a.again)
}

// problemOf is the reference's word for an error.
func problemOf(err error) string {
	var field *FieldError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &field):
		return "field " + field.Field
	case errors.Is(err, ErrOtherContent):
		return "other content"
	case errors.Is(err, ErrNotFound):
		return "not found"
	case errors.Is(err, ErrTooLate):
		return "too late"
	case errors.Is(err, ErrAnnulled):
		return "annulled"
	case errors.Is(err, ErrRevoked):
		return "revoked"
	case errors.Is(err, ErrMatched):
		return "matched"
	}
	return err.Error()
}
