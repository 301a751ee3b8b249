package checkpoint

import (
	"encoding/binary"
	"fmt"
	"time"
)

// scanCall is one scan with all that Redis needs to decide it.
type scanCall struct {
	req     *ScanRequest
	event   ScanEvent // without outcome
	device  *Device
	site    *Site
	rules   *SiteRules // in force at occurred_at
	version int64
	rule    []byte
	cells   string
	known   Reason // expired, not yet valid
	flags   Flags
	inTime  error // why occurred_at can no longer be recorded
	fresh   []byte
	walkIn  string // masked name
	apart   bool   // no resident that the walk-in was once known as has the scan

	outingsSince int64 // UTC ms, start of the days whose outings count
}

// prepareScan checks the request and gathers what the script is given.
func (s *Store) prepareScan(req *ScanRequest) (*scanCall, error) {
	c, err := s.readScan(req)
	if err != nil {
		return nil, err
	}
	if !s.recent.claim(c.event.Hash, req.OccurredAt, c.event.Digest) {
		return nil, ErrOtherContent
	}
	c.judge(s)
	return c, nil
}

// readScan checks the request by itself.
func (s *Store) readScan(req *ScanRequest) (*scanCall, error) {
	if err := s.Outdated(); err != nil {
		return nil, err
	}
	if len(req.ID) < 8 || len(req.ID) > 64 {
		return nil, &FieldError{"id", "must have 8 to 64 characters, unique for each scan of this device"}
	}
	if len(req.Plate) > 20 {
		return nil, &FieldError{"plate", "must have at most 20 bytes"}
	}
	if req.Vehicle != "" && (len(req.Vehicle) < 8 || len(req.Vehicle) > 64) {
		return nil, &FieldError{"vehicle", "must have 8 to 64 characters, unique for each passage of a car"}
	}
	reg := s.Registry()
	device, ok := reg.DeviceByNum(req.Device)
	if !ok {
		return nil, notFound("device", fmt.Sprint(req.Device))
	}
	gate, ok := reg.Gate(device.Gate)
	if !ok {
		return nil, notFound("gate", device.Gate)
	}
	site, ok := reg.Site(gate.Site)
	if !ok {
		return nil, notFound("site", gate.Site)
	}
	now := s.now()
	c := &scanCall{req: req, device: device, site: site, rules: reg.RulesAt(site, req.OccurredAt), version: reg.Version}
	c.inTime = s.inTime(req, device, now)
	c.event = ScanEvent{
		OccurredAt: req.OccurredAt, RecordedAt: now, Direction: req.Direction, Who: req.Who,
		Temperature: req.Temperature, Method: req.Method, Gate: gate.Num, Device: device.Num,
		Disinfected: req.Disinfected, Plate: req.Plate, Hash: scanHash(device.Num, req.ID),
		Staff: s.onShift(device.Num, req.OccurredAt), Purpose: req.Purpose, Override: req.Override,
	}
	if device.Paper { // nobody is on shift on paper
		c.event.Staff = req.TypedBy
	}
	if req.Journaled != 0 {
		c.event.RecordedAt = req.Journaled
	}
	if req.RemeasureOf != "" {
		c.event.RemeasureOf = scanHash(device.Num, req.RemeasureOf)
	}
	if req.Vehicle != "" {
		c.event.Vehicle = scanHash(device.Num, req.Vehicle)
	}
	if err := c.identify(s); err != nil {
		return nil, err
	}
	c.event.Digest = contentDigest(req)
	return c, nil
}

// revoked tells that the device was out of use when the scan first came.
func (c *scanCall) revoked() bool {
	at := c.device.RevokedAt
	return at != 0 && (c.req.Journaled == 0 || at <= c.req.Journaled)
}

// inTime tells why occurred_at may not be recorded any more, or yet.
func (s *Store) inTime(req *ScanRequest, device *Device, now int64) error {
	away := time.Duration(req.OccurredAt-now) * time.Millisecond
	switch {
	case req.Journaled != 0 && req.OccurredAt > req.Journaled+freshWindow.Milliseconds(), req.Journaled == 0 && away > freshWindow:
		return &FieldError{"occurred_at", fmt.Sprintf("lies %s in the future: the device's clock is wrong", away.Round(time.Second))}
	case away < -s.retention:
		return &FieldError{"occurred_at", fmt.Sprintf("is older than the %d days that events are kept", int(s.retention.Hours()/24))}
	case !req.Late && req.Journaled == 0 && away < -freshWindow:
		return &FieldError{"occurred_at", fmt.Sprintf("lies %s back: scans older than %s go through the batch route", (-away).Round(time.Second), freshWindow)}
	case req.Late && req.OccurredAt < device.EnrolledAt:
		return &FieldError{"occurred_at", "lies before this device was enrolled"}
	case req.OccurredAt <= 0:
		return &FieldError{"occurred_at", "is missing"}
	}
	return nil
}

// identify settles whose trail the scan goes to.
func (c *scanCall) identify(s *Store) error {
	switch req := c.req; {
	case req.Pass != nil:
		c.event.Person = req.Pass.Person
	case req.WalkIn != nil:
		id, masked, blob, err := s.walkIn(*req.WalkIn)
		if err != nil {
			return err
		}
		c.event.Person, c.walkIn, c.fresh = id, masked, blob
		c.flags |= FlagWalkIn
	default:
		c.event.Person = req.Person
	}
	return nil
}

// passLeeway forgives clocks at both ends of a pass's validity.
const passLeeway = 60_000

// judge computes what needs no state: validity in time, the site's rules.
func (c *scanCall) judge(s *Store) {
	req, site := c.req, c.site
	if p := req.Pass; p != nil {
		switch {
		case req.OccurredAt < p.NotBefore*1000-passLeeway:
			c.known = ReasonNotYetValid
		case req.OccurredAt >= p.ExpiresAt*1000+passLeeway:
			c.known = ReasonExpired
		}
	}
	if req.Late {
		c.flags |= FlagLate
	}
	if req.Degraded {
		c.flags |= FlagDegraded
	}
	r := c.rules
	c.cells = cellsOf(site.Kind, req.Direction, r.ResidentsOnly)
	at := time.UnixMilli(req.OccurredAt)
	entering := req.Direction == In
	outings := 0
	if r.Outings > 0 && !entering && !req.Purpose.exempt() {
		outings = r.Outings
		c.outingsSince = r.outingsSince(at, s.zone)
	}
	c.rule = []byte{
		bit(r.TemperatureOn.needs(req.Direction)), r.AntiPassback.level(), r.ReplayedPass.level(),
		bit(r.Closed), bit(!r.openAt(at, s.zone)), bit(entering && s.full(site, r)),
		bit(site.Kind.Residential() && !(entering && r.ResidentsOnly)),
		bit(r.Disinfection && entering && req.Plate != "" && !req.Disinfected), byte(outings), //nolint:gosec // at most 100
		r.FeverLine.code(), r.LowLine.code(), byte(r.RemeasureMin), r.LowAgain.level(),
		bit(req.cutOff),
	}
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// keys are KEYS of the script.
func (c *scanCall) keys(k keys) []string {
	id := c.event.Person
	p := partitionOf(id)
	words := append(make([]string, 0, 8), k.person(id), k.log(p), k.partition(p), k.trail(id), k.inside(p))
	if c.rare() {
		words = append(words, k.outings(p), k.fevers(p), k.identity(id))
	}
	return words
}

// rare tells that the script may need what most scans do without.
func (c *scanCall) rare() bool {
	e, r := &c.event, c.rules
	return c.req.Told != nil || e.RemeasureOf != [8]byte{} || e.Plate != "" || c.outingsSince != 0 ||
		e.Temperature.code() >= r.FeverLine.code() || c.walkIn != ""
}

// args are ARGV of the script.
func (c *scanCall) args() []any {
	e := &c.event
	head := logHeadOf(e.Person, e.OccurredAt)
	passing := append(make([]byte, 0, 24), byte(e.Direction))
	passing = append(passing, placeOf(e.OccurredAt, c.site.Num, e.Gate)...)
	if e.Direction == In && c.req.Who == ByAppPass && c.req.Pass != nil {
		passing = append(passing, c.req.Pass.ID[:]...)
	}
	words := append(make([]any, 0, 14), e.OccurredAt, c.identity(), e.appendBody(nil, true), head, passing, c.site.Num, c.numbers())
	if !c.rare() {
		return words
	}
	first, told, plate := "", "", ""
	if e.RemeasureOf != [8]byte{} {
		first = string(e.RemeasureOf[:])
	}
	if t := c.req.Told; t != nil {
		told = string(Outcome{Decision: t.Decision, Reason: t.Reason, Action: t.Action}.pack())
	}
	if e.Plate != "" {
		hash := plateHash(e.Plate)
		plate = string(hash[:])
	}
	return append(words, told, first, plate, c.outingsSince, caseOf(e.Person, e.Hash), c.walkIn, c.fresh)
}

// numbers are what the script reads byte by byte.
func (c *scanCall) numbers() []byte {
	e, flags := &c.event, c.flags
	b := append(make([]byte, 0, 128), c.rule...)
	b = append(b, e.Temperature.code(), byte(c.known), byte(flags>>16), byte(flags>>8), byte(flags),
		bit(c.inTime == nil), bit(e.Override != 0), bit(c.apart))
	b = binary.BigEndian.AppendUint32(b, uint32(c.version)) //nolint:gosec // raised by one for a change of the town
	generation, pass := uint32(0), c.req.Pass
	if pass != nil {
		generation = pass.Generation
	}
	b = binary.BigEndian.AppendUint32(append(b, bit(pass != nil)), generation)
	return append(b, c.cells...)
}

// placeOf is where and when of a scan as the script keeps it: 14 bytes.
func placeOf(occurredAt int64, site, gate uint32) []byte {
	b := append(make([]byte, 0, 14), logHeadOf(0, occurredAt)[8:]...)
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, site), gate)
}

func (c *scanCall) identity() []byte { return append(c.event.Hash[:8:8], c.event.Digest[:]...) }
