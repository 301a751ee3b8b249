package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// annulShare of the scans follow a slip of the guard's finger, which is taken back
// before the right one is made: in the wrong direction, with a wrong reading, or
// too early.
const annulShare = 0.004

// slip scans somebody wrongly and takes it back. The scan then gets its first
// answer for ever, and counts for nothing.
func (r *run) slip(ctx context.Context, a act) error {
	a.at -= 9_000
	switch how := r.draw(drawSlip, a.person, a.at) % 3; {
	case how == 0:
		a.in = !a.in
	case how == 1 && a.temperature != 0:
		a.temperature = 375
	}
	wrong, err := r.scanOnce(ctx, a)
	if err != nil || wrong == nil {
		return err // left in a phone without a network
	}
	s, now := wrong.scan, r.now.UnixMilli()
	in := struct {
		ID         string      `json:"id"`
		Scan       string      `json:"scan"`
		OccurredAt string      `json:"occurred_at"`
		AnnulledAt string      `json:"annulled_at"`
		Pass       string      `json:"pass,omitempty"`
		Resident   string      `json:"resident,omitempty"`
		IDDocument string      `json:"id_document,omitempty"`
		WalkIn     *walkInBody `json:"walk_in,omitempty"`
	}{s.id + "-a", s.id, wireTime(s.at), wireTime(now), s.named.Pass, s.named.Resident, s.named.IDDocument, s.named.WalkIn}
	body, err := json.Marshal(in) // #nosec G117 -- a pass is there to be shown
	if err != nil {
		return fmt.Errorf("demo: annulment: %w", err)
	}
	person := &r.oracle.people[s.person]
	person.takeBack(s, now)
	r.oracle.recount(person)
	r.annulled.Add(1)
	for try := range 2 {
		var out struct {
			ID, Scan, Person string
			OccurredAt       string `json:"occurred_at"`
			RecordedAt       string `json:"recorded_at"`
			Duplicate        bool
		}
		q := request{method: http.MethodPost, path: "/v1/scans/annul", token: r.devices[s.device].token, body: body}
		if err := r.c.into(ctx, q, &out); err != nil {
			r.ledger.differ("answers.annulled", "scan "+s.name(), "taken back", err.Error())
			return ctx.Err()
		}
		r.ledger.same("answers.annulled", "scan "+s.name(),
			fmt.Sprint(in.ID, " ", s.id, " ", person.id, " ", in.OccurredAt, " ", in.AnnulledAt, " again ", try == 1),
			fmt.Sprint(out.ID, " ", out.Scan, " ", out.Person, " ", out.OccurredAt, " ", out.RecordedAt, " again ", out.Duplicate))
		if !r.chance(0.5, drawAnnulled, s.person, s.at) {
			return r.sendAgain(ctx, wrong, "again when taken back")
		}
	}
	return nil
}

// takeBack lets a scan count for nothing. The annulment is on record beside it.
func (p *person) takeBack(s *scan, now int64) {
	for i := range p.history {
		if e := &p.history[i]; e.scan == s.name() {
			e.annulled = true
			if e.permit != nil {
				e.permit.used--
			}
		}
	}
	p.history = append(p.history, event{
		at: s.at, recorded: now, device: s.device, in: s.in, verdict: verdict{incomplete, "annulled", register, 0},
		who: s.who, plate: s.plate, car: s.car, annuls: true,
	})
	if h := p.household; h != nil {
		h.outings = slices.DeleteFunc(h.outings, func(o outing) bool { return o.scan == s.name() })
	}
}

// counting gives the events that count, in order of time.
func (p *person) counting() []event {
	events := slices.DeleteFunc(slices.Clone(p.history), func(e event) bool { return e.annulled || e.annuls })
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.recorded, b.recorded))
	})
	return events
}

// recount works out anew where a person is, and which reading waits.
func (o *oracle) recount(p *person) {
	before := p.last
	p.last, p.first = passage{}, reading{}
	for _, e := range p.counting() {
		gate := o.gateOf(e)
		site := o.gates[gate].site
		if e.decision == pass || !e.in && e.action == register {
			p.last = passage{at: e.at, in: e.in, refused: e.decision != pass, site: site, gate: gate}
		}
		p.first = e.waiting(p.first, site)
	}
	if before.at == p.last.at && before.gate == p.last.gate && before.in == p.last.in {
		p.last.pass = before.pass // that of an earlier entry is not known any more
	}
}

// waiting is the reading that waits for a second one after an event.
func (e *event) waiting(first reading, site int) reading {
	waits := first.at != 0 && first.site == site && e.at <= first.at+remeasureWindow &&
		(e.firstReading == "" || e.firstReading == first.scan)
	high, low := e.flags&temperatureHigh != 0, e.temperature < lowLine
	this := reading{e.at, site, e.scan, high, e.temperature}
	switch {
	case e.temperature == 0, low && waits && first.high:
		return first
	case high && waits && first.high:
		return reading{}
	case high, low && !waits && e.reason == "temperature_low":
		return this
	case waits:
		return reading{}
	}
	return first
}
