package demo

import (
	"context"
	"fmt"
)

// How people without a readable pass are named, as shares of the scans.
const (
	lookUpShare   = 0.03 // found in the list by the guard
	documentShare = 0.01
	plateShare    = 0.05 // come by car
	purposeShare  = 0.5  // say what they leave home for
	lowAgainShare = 0.2  // of the second readings after a low one
)

// compose makes the scan of an act: who is it, and what does the guard write
// down. It gets a pass from the server if one is shown.
func (r *run) compose(ctx context.Context, a act) (*scan, error) {
	lanes := r.lanes[a.gate]
	s := &scan{
		id:     fmt.Sprintf("%x-%x-%d", a.at, a.person+1, a.deed),
		device: lanes[(a.person+1)%len(lanes)], gate: a.gate, site: r.oracle.gates[a.gate].site,
		person: a.person, at: a.at, recorded: r.now.UnixMilli(), in: a.in, temperature: a.temperature,
	}
	if s.temperature != 0 {
		s.method = "forehead"
	}
	s.plate, s.disinfected, s.override = a.plate, a.plate != "" && s.in && !a.dirty, a.override
	if !s.in && r.oracle.sites[s.site].residential && r.chance(purposeShare, drawPurpose, a.person, a.at) {
		s.purpose = purposes[r.draw(drawPurpose, a.person, a.at)%uint64(len(purposes))]
	}
	body, err := r.identify(ctx, s, a.deed)
	if err != nil {
		return nil, err
	}
	first := r.secondOf(s, a)
	if first != "" {
		s.firstReading = fmt.Sprintf("%d/%s", s.device, first)
	}
	if o := r.outageAt(s.device, s.at); o != nil {
		s.late, s.told = true, r.tellOffline(s, a.deed)
	}
	s.freeze(body, first)
	return s, nil
}

var purposes = []string{"supplies", "medical", "work", "other"}

// plateOf is the number plate of somebody's car.
func (r *run) plateOf(person int) string {
	return fmt.Sprintf("鲁A%05d", r.draw(drawPlate, person, 0)%100_000)
}

// identify settles how the person is named.
func (r *run) identify(ctx context.Context, s *scan, d deed) (b scanBody, err error) {
	if d == unknownDocument {
		s.who, s.unreadable = "id_document", "unknown_person"
		b.IDDocument = fmt.Sprintf("E%08d", r.draw(drawHow, 0, s.at)%100_000_000)
		return b, nil
	}
	if d == nobody {
		s.who, s.unreadable = "nobody", "unknown_person"
		return b, nil
	}
	f := &r.folk[s.person]
	switch {
	case f.guest != nil:
		s.who, b.WalkIn = "walk_in", f.guest
		return b, nil
	case f.visit.text != "" && r.draw(drawHow, s.person, s.at)%3 > 0:
		s.who, s.pass, b.Pass = "visitor", &f.visit.valid, f.visit.text
		return b, nil
	case f.visit.text != "":
		s.who, b.IDDocument = "id_document", f.document
		return b, nil
	}
	var shown issued
	how := float64(r.draw(drawHow, s.person, s.at)>>11) / (1 << 53)
	switch {
	case d == foreignCode:
		s.who, s.unreadable, b.Pass = "app", "not_our_pass", foreign[r.draw(drawHow, s.person, s.at)%uint64(len(foreign))]
		return b, nil
	case d == expiredCode:
		s.who = "app"
		shown, err = r.oldPass(ctx, s.person, s.at)
	case d == revokedPaper:
		s.who, shown = "paper", f.void
	case d == forgedCode:
		if shown, err = r.appPass(ctx, s.person, s.at); err != nil {
			return b, err
		}
		s.who, s.unreadable = "app", "bad_signature"
		b.Pass, err = forge(shown.text)
		return b, err
	case how < documentShare:
		s.who, b.IDDocument = "id_document", f.document
		return b, nil
	case how < documentShare+lookUpShare:
		s.who, b.Resident = "resident", r.oracle.people[s.person].id
		return b, nil
	case f.phone:
		s.who = "app"
		shown, err = r.appPass(ctx, s.person, s.at)
	default:
		s.who = "paper"
		shown, err = r.paperPass(ctx, s.person, s.at)
	}
	s.pass, b.Pass = &shown.valid, shown.text
	return b, err
}

// secondOf gives the ID of the first reading if this is a second one, and takes
// it by another method.
func (r *run) secondOf(s *scan, a act) string {
	if a.deed == secondReading {
		s.method = "armpit"
		return a.word
	}
	if s.person < 0 || s.temperature == 0 {
		return ""
	}
	f := &r.folk[s.person]
	if a.deed == lowForehead {
		f.low, f.lowGate, f.lowAt = s.id, s.gate, s.at
		return ""
	}
	if a.deed != pass1 || f.low == "" || f.lowGate != s.gate || s.at-f.lowAt > 5*minute {
		return ""
	}
	first := f.low
	f.low, s.method = "", "wrist"
	if r.chance(lowAgainShare, drawLowAgain, s.person, s.at) {
		s.temperature = 345
	}
	return first
}

// tellOffline is what a phone without a network tells: it reads the pass and
// the thermometer, and knows of nobody's status.
func (r *run) tellOffline(s *scan, d deed) *told {
	switch {
	case s.unreadable == "bad_signature":
		return &told{deny, s.unreadable, sendBack}
	case s.unreadable != "":
		return &told{deny, s.unreadable, register}
	case s.pass != nil && s.at >= s.pass.expires*1000+passLeeway:
		return &told{deny, "expired", register}
	case s.temperature == 0 && r.oracle.sites[s.site].measures(s.in):
		return &told{incomplete, "temperature_required", measureAgain}
	case s.temperature >= feverLine && d == secondReading:
		return &told{deny, "fever", holdHere}
	case s.temperature >= feverLine:
		return &told{remeasure, "remeasure", measureAgain}
	case s.temperature != 0 && s.temperature < lowLine && s.method == "forehead":
		return &told{remeasure, "temperature_low", measureAgain}
	}
	return &told{pass, "ok", admit}
}
