package checkpoint

import (
	"fmt"
	"strings"
)

// The reference decides scans in plain Go, over plain structs, as DESIGN.md
// (section 5) and the comments of this package say: a second statement of the
// whole decision, to hold the scripts against. It shares the words of requests
// and answers with the Store and nothing that decides: no table, no bytes, no
// times of day, nothing of the scripts. This file has who is who and what is on
// record; referencerules_test.go has the rules.
type reference struct {
	gates  map[uint32]*refGate // by device
	people map[uint64]*refPerson
	guests map[WalkIn]*refPerson
	ids    map[WalkIn]uint64         // that the words of a walk-in will get
	told   map[refScanID]ScanRequest // the first content of each identity
	turned map[refScanID]*refEvent   // answered without a person, in the gate's own log
	looked map[*refSite]int          // people inside at the last look at sites with a limit
	// distort changes what the rules see of one scan, for tests that have to find
	// a difference.
	distort func(*refCase)
}

type refSite struct {
	num   uint32
	code  string
	kind  SiteKind
	rules SiteRules
}

// refGate is a gate seen from one of its devices.
type refGate struct {
	num     uint32
	site    *refSite
	revoked bool // the device
}

type refScanID struct {
	device uint32
	id     string
	at     int64
}

type refPerson struct {
	id         uint64
	kind       PersonKind
	status     Status
	home       *refSite // nil for those without one
	generation uint32
	household  *refHousehold
	permits    []*refPermit // oldest first
	knownAs    *refPerson   // the resident that a walk-in turned out to be
	former     []*refPerson // residents that a walk-in was known as for a time
	joined     []*refPerson // walk-ins that a resident turned out to be

	last    *refPassage
	waiting *refReading
	fever   *refFever
	record  []*refEvent
}

// refHousehold has the exits that counted.
type refHousehold struct{ outings []*refEvent }

type refPermit struct {
	number        uint32
	exempt        bool // from the limit of outings, and no visit
	site          *refSite
	from, until   int64
	allowed, used int // allowed 0: as often as one likes
	plate         string
}

type refPassage struct {
	at      int64
	in      bool
	refused bool // left although refused
	gate    *refGate
	pass    *[8]byte // the app pass of an entry
}

type refReading struct {
	event *refEvent
	site  *refSite
	high  bool
}

// refFever is a case. It holds back its owner, and whom they are known as.
type refFever struct {
	owner         *refPerson
	first, second *refEvent
	closed        bool
}

// refEvent is one entry of the record.
type refEvent struct {
	ScanEvent
	scan     refScanID
	gate     *refGate
	opened   bool // a fever case
	annulled bool
	annuls   *refEvent // what this event takes back; nil for a scan
	asked    AnnulRequest
}

// refAnswer is what the caller hears. problem is empty if it was answered.
type refAnswer struct {
	Outcome
	person   uint64 // 0: nobody
	recorded int64
	again    bool
	problem  string
}

const (
	refMinute = int64(60_000)
	refHour   = 60 * refMinute
	refDay    = 24 * refHour
)

// scan answers a scan that arrives at now.
func (r *reference) scan(req *ScanRequest, now int64) refAnswer {
	gate := r.gates[req.Device]
	id := refScanID{req.Device, req.ID, req.OccurredAt}
	if first, ok := r.told[id]; ok && !sameContent(&first, req) {
		return refAnswer{problem: "other content"}
	}
	r.told[id] = *req
	if e := r.turned[id]; e != nil {
		return refAnswer{Outcome: e.Outcome, recorded: e.RecordedAt, again: true}
	}
	p := r.who(req)
	for _, owner := range p.trails() {
		if e := owner.find(id); e != nil {
			return r.again(req, now, refAnswer{Outcome: e.Outcome, person: owner.id, recorded: e.RecordedAt, again: true})
		}
	}
	walkIn := req.WalkIn != nil
	if p != nil && p.knownAs != nil {
		p, walkIn = p.knownAs, false
	}
	if problem := refTime(req, now); problem != "" {
		return refAnswer{problem: problem}
	}
	e := &refEvent{scan: id, gate: gate, ScanEvent: refEventOf(req, gate, now)}
	if req.Late {
		e.Flags |= FlagLate
	}
	if walkIn {
		e.Flags |= FlagWalkIn
	}
	switch {
	case gate.revoked:
		return r.refuse(req, e, Outcome{Deny, ReasonDeviceRevoked, SendBack, e.Flags})
	case p == nil && !walkIn:
		return r.refuse(req, e, Outcome{Deny, ReasonUnknownPerson, Register, e.Flags})
	case p == nil:
		p = r.welcome(*req.WalkIn)
	}
	r.decide(p, req, e)
	return refAnswer{Outcome: e.Outcome, person: p.id, recorded: now}
}

// again answers a scan that is on record. What was told otherwise is what
// happened: it is recorded, and the other one taken back.
func (r *reference) again(req *ScanRequest, now int64, first refAnswer) refAnswer {
	t := req.Told
	same := t == nil || t.Decision == first.Decision && t.Reason == first.Reason
	if same || refTime(req, now) != "" || strings.HasPrefix(req.ID, "told:") {
		return first
	}
	name := fmt.Sprintf("%x", scanHash(req.Device, req.ID))
	back := AnnulRequest{
		ID: "back:" + name, Device: req.Device, Scan: req.ID, OccurredAt: req.OccurredAt, At: req.OccurredAt, Person: first.person, Late: true,
	}
	switch res := r.annul(&back, now); res.problem {
	case "annulled", "revoked":
		return first
	case "":
	default:
		return res
	}
	told := *req
	told.ID = "told:" + name
	return r.scan(&told, now)
}

// refuse answers a scan of nobody. An emergency passes, but not for a device
// that is out of use.
func (r *reference) refuse(req *ScanRequest, e *refEvent, o Outcome) refAnswer {
	if req.Override != 0 {
		o.Flags |= FlagOverride
		if !e.gate.revoked {
			o.Decision, o.Action = Pass, Admit
		}
	}
	if t := req.Told; t != nil {
		if t.Decision != o.Decision || t.Reason != o.Reason {
			o.Flags |= FlagConflict
		}
		o.Decision, o.Reason, o.Action = t.Decision, t.Reason, t.Action
	}
	e.Outcome, e.Person = o, 0
	r.turned[e.scan] = e
	return refAnswer{Outcome: o, recorded: e.RecordedAt}
}

func (r *reference) who(req *ScanRequest) *refPerson {
	switch {
	case req.Pass != nil:
		return r.people[req.Pass.Person]
	case req.WalkIn != nil:
		return r.guests[*req.WalkIn]
	}
	return r.people[req.Person]
}

// welcome writes down a walk-in: an outsider without a home.
func (r *reference) welcome(words WalkIn) *refPerson {
	p := &refPerson{id: r.ids[words], kind: KindWalkIn, status: StatusOutsider}
	r.guests[words] = p
	return p
}

// sameContent tells whether a scan is the same as one before: all that the
// device presented and measured, not how it arrived.
func sameContent(a, b *ScanRequest) bool {
	return a.Presented == b.Presented && a.Direction == b.Direction && a.Temperature == b.Temperature && a.Method == b.Method &&
		a.RemeasureOf == b.RemeasureOf && a.Plate == b.Plate && a.Vehicle == b.Vehicle && a.Disinfected == b.Disinfected &&
		a.Purpose == b.Purpose && a.Override == b.Override
}

// refTime says what is wrong with the time of a new scan: two minutes either
// way, or back as far as events are kept if it came late.
func refTime(req *ScanRequest, now int64) string {
	away := req.OccurredAt - now
	if away > 2*refMinute || away < -28*refDay || !req.Late && away < -2*refMinute {
		return "field occurred_at"
	}
	return ""
}

func refEventOf(req *ScanRequest, gate *refGate, now int64) ScanEvent {
	e := ScanEvent{
		OccurredAt: req.OccurredAt, RecordedAt: now, Hash: scanHash(req.Device, req.ID), Direction: req.Direction, Who: req.Who,
		Temperature: req.Temperature, Method: req.Method, Gate: gate.num, Device: req.Device, Disinfected: req.Disinfected,
		Plate: req.Plate, Purpose: req.Purpose, Override: req.Override,
	}
	if req.RemeasureOf != "" {
		e.RemeasureOf = scanHash(req.Device, req.RemeasureOf)
	}
	if req.Vehicle != "" {
		e.Vehicle = scanHash(req.Device, req.Vehicle)
	}
	return e
}

func (p *refPerson) find(id refScanID) *refEvent {
	for _, e := range p.record {
		if e.scan == id {
			return e
		}
	}
	return nil
}

// inside counts who is inside each site by their last passage.
func (r *reference) inside() map[*refSite]int {
	n := map[*refSite]int{}
	count := func(p *refPerson) {
		if p.last != nil && p.last.in {
			n[p.last.gate.site]++
		}
	}
	for _, p := range r.people {
		count(p)
	}
	for _, p := range r.guests {
		count(p)
	}
	return n
}

// forged answers a code that names nobody.
func (r *reference) forged(req *ScanRequest, reason Reason, now int64) refAnswer {
	if problem := refTime(req, now); problem != "" {
		return refAnswer{problem: problem}
	}
	gate := r.gates[req.Device]
	e := &refEvent{scan: refScanID{req.Device, req.ID, req.OccurredAt}, gate: gate, ScanEvent: refEventOf(req, gate, now)}
	if req.Late {
		e.Flags |= FlagLate
	}
	action := SendBack
	if reason == ReasonNotOurPass || reason == ReasonMalformed {
		action = Register
	}
	if gate.revoked {
		reason, action = ReasonDeviceRevoked, SendBack
	}
	return r.refuse(req, e, Outcome{Deny, reason, action, e.Flags})
}
