package checkpoint

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// gatePost is one device with which tests scan.
type gatePost struct {
	t      testing.TB
	s      *Store
	clock  *testClock
	device uint32
	n      int
}

func post(t testing.TB, s *Store, clock *testClock, site string) *gatePost {
	t.Helper()
	d, ok := s.Registry().Device(site + "-d1")
	if !ok {
		t.Fatalf("no device at %s", site)
	}
	return &gatePost{t: t, s: s, clock: clock, device: d.Num}
}

// request is a normal scan of a person, which tests bend.
func (g *gatePost) request(person uint64, way Direction, temp Celsius) ScanRequest {
	g.n++
	return ScanRequest{
		ID: fmt.Sprintf("scan-%06d", g.n), Device: g.device, OccurredAt: g.clock.Now().UnixMilli(),
		Direction: way, Who: ByResident, Person: person, Presented: FormatPersonID(person), Temperature: temp,
	}
}

func (g *gatePost) send(req ScanRequest) ScanResult {
	g.t.Helper()
	res, err := g.s.Scan(g.t.Context(), req)
	if err != nil {
		g.t.Fatalf("scan: %v", err)
	}
	return res
}

func (g *gatePost) scan(person uint64, way Direction, temp Celsius) ScanResult {
	g.t.Helper()
	return g.send(g.request(person, way, temp))
}

func appPass(person uint64, at time.Time, jti string) *PassClaims {
	p := &PassClaims{Person: person, NotBefore: at.Unix(), ExpiresAt: at.Unix() + 600}
	copy(p.ID[:], jti)
	return p
}

func trailOf(t testing.TB, s *Store, person uint64) (out []ScanEvent) {
	t.Helper()
	err := s.Trail(t.Context(), person, 0, maxWindow, func(e *ScanEvent) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	now := s.now()
	err = s.Trail(t.Context(), person, now-30*86_400_000, now+86_400_000, func(e *ScanEvent) error {
		out = append(out, *e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func want(t testing.TB, got ScanResult, d Decision, r Reason, a Action, f Flags) {
	t.Helper()
	if w := (Outcome{d, r, a, f}); got.Outcome != w {
		t.Errorf("got %v %v %v %v, want %v %v %v %v", got.Decision, got.Reason, got.Action, got.Flags.Names(),
			w.Decision, w.Reason, w.Action, w.Flags.Names())
	}
}

func resident(n int, site string) NewResident {
	return NewResident{Name: "王小明", IDNumber: fmt.Sprintf("P%07d", n), Site: site, Door: fmt.Sprintf("1-1-%d", n), Grid: "mg-1"}
}

func TestScanRecordsOneEventInTrailAndGateIndex(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	res := home.scan(person, Out, 36_5)
	want(t, res, Pass, ReasonOK, Admit, 0)
	if res.Color() != Green || res.Person.NameMasked != "王*明" || res.Person.Home != "v-01" || res.Duplicate {
		t.Errorf("answer %+v, person %+v", res, res.Person)
	}
	trail := trailOf(t, s, person)
	if len(trail) != 1 || trail[0].Temperature != 36_5 || trail[0].Direction != Out {
		t.Fatalf("trail %+v", trail)
	}
	now := clock.Now().UnixMilli()
	eventually(t, "the event in the gate's window", func() bool {
		page, err := s.Page(t.Context(), Window{Gate: "v-01-g1", From: now, To: now + 1}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) == 0 {
			return false
		}
		e := page.Events[0]
		e.Digest = trail[0].Digest // not kept in the gate index
		if len(page.Events) != 1 || e != trail[0] {
			t.Fatalf("gate index holds %+v, trail %+v", page.Events, trail[0])
		}
		return true
	})
}

func TestSameScanFiftyTimesAtOnceIsOneEventWithOneAnswer(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	req := post(t, s, clock, "v-01").request(person, In, 36_5)
	results := make([]ScanResult, 50)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			var err error
			if results[i], err = s.Scan(t.Context(), req); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first := 0
	for _, r := range results {
		if !r.Duplicate {
			first++
		}
		r.Duplicate = results[0].Duplicate
		if !reflect.DeepEqual(r, results[0]) {
			t.Errorf("answers differ: %+v and %+v", r, results[0])
		}
	}
	if trail := trailOf(t, s, person); first != 1 || len(trail) != 1 {
		t.Errorf("%d first answers, %d events", first, len(trail))
	}
}

func TestRetryGetsTheFirstAnswerWhateverChanged(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	req := home.request(person, In, 36_5)
	req.Who, req.Pass = ByAppPass, appPass(person, clock.Now(), "jti-0001")
	first := home.send(req)

	changes := map[string]func(){
		"status red": func() { must(t, s.SetStatus(t.Context(), person, StatusRed)) },
		"revoked":    func() { _, err := s.Revoke(t.Context(), person); must(t, err) },
		"site closed": func() {
			must(t, s.Change(t.Context(), func(d *Draft) error {
				site, _ := d.Site("v-01")
				closed := *site
				closed.Closed = true
				return d.PutSite(closed)
			}))
		},
		"expired, hours later": func() { clock.Advance(5 * time.Hour) },
	}
	for what, change := range changes {
		change()
		again := home.send(req)
		if !again.Duplicate || again.Outcome != first.Outcome || again.RecordedAt != first.RecordedAt {
			t.Errorf("after %s: %+v, first was %+v", what, again, first)
		}
	}
	other := req
	other.Temperature = 36_6
	if _, err := s.Scan(t.Context(), other); !errors.Is(err, ErrOtherContent) {
		t.Errorf("other content: %v", err)
	}
	// A gateway that never saw the first one finds it in the record, too.
	second := openStore(t, s.keys.prefix, clock)
	if again, err := second.Scan(t.Context(), req); err != nil || !again.Duplicate || again.Outcome != first.Outcome {
		t.Errorf("at another gateway: %+v, %v", again, err)
	}
	if _, err := second.Scan(t.Context(), other); !errors.Is(err, ErrOtherContent) {
		t.Errorf("other content at another gateway: %v", err)
	}
	if trail := trailOf(t, s, person); len(trail) != 1 {
		t.Errorf("%d events", len(trail))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOneIdentityForTwoPeopleIsRefused(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	home := post(t, s, clock, "v-01")
	req := home.request(ids[0], In, 36_5)
	home.send(req)
	req.Person, req.Presented = ids[1], FormatPersonID(ids[1])
	if _, err := s.Scan(t.Context(), req); !errors.Is(err, ErrOtherContent) {
		t.Errorf("got %v", err)
	}
}

func TestOccurredAtOutsideItsBoundsIsTheCallersMistake(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	for _, c := range []struct {
		name string
		away time.Duration
		late bool
		ok   bool
	}{
		{"now", 0, false, true},
		{"two minutes back", -2 * time.Minute, false, true},
		{"three minutes back", -3 * time.Minute, false, false},
		{"three minutes ahead", 3 * time.Minute, false, false},
		{"three minutes ahead, batch", 3 * time.Minute, true, false},
		{"a day back, batch", -24 * time.Hour, true, true},
		{"past retention, batch", -29 * 24 * time.Hour, true, false},
	} {
		req := home.request(person, In, 36_5)
		req.OccurredAt += c.away.Milliseconds()
		req.Late = c.late
		_, err := s.Scan(t.Context(), req)
		var field *FieldError
		if c.ok != (err == nil) || err != nil && (!errors.As(err, &field) || field.Field != "occurred_at") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRefusalsWithoutAPersonGoToTheGatesOwnLog(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	home := post(t, s, clock, "v-01")
	req := home.request(0, In, 36_5)
	req.Presented = "https://example.invalid/pay"
	for i := range 3 {
		res, err := s.Refuse(t.Context(), req, ReasonNotOurPass)
		must(t, err)
		want(t, res, Deny, ReasonNotOurPass, Register, 0)
		if res.Duplicate != (i > 0) || res.Person != nil {
			t.Errorf("attempt %d: %+v", i, res)
		}
	}
	unknown := home.scan(12345, In, 36_5)
	want(t, unknown, Deny, ReasonUnknownPerson, Register, 0)
	for range maxRefusalsPerMinute + 20 {
		_, err := s.Refuse(t.Context(), home.request(0, In, 0), ReasonMalformed)
		must(t, err)
	}
	now, n := s.now(), 0
	must(t, s.Refusals(t.Context(), Window{Gate: "v-01-g1", From: now, To: now + 1}, func(*ScanEvent) error { n++; return nil }))
	if n != maxRefusalsPerMinute {
		t.Errorf("%d refusals kept, want the cap %d", n, maxRefusalsPerMinute)
	}
}

// The person is enrolled, or the key is loaded, between a refusal and its
// retry: the retry still gets the refusal; the next scan does not.
func TestRefusalDoesNotFlipWhenThePersonBecomesKnown(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	home := post(t, s, clock, "v-01")
	req := home.request(0, In, 36_5)
	req.Presented = "doc:P0000001"
	_, err := s.Refuse(t.Context(), req, ReasonUnknownPerson)
	must(t, err)
	req.Person = mustEnrol(t, s, resident(1, "v-01"))[0]
	if again := home.send(req); again.Reason != ReasonUnknownPerson || !again.Duplicate {
		t.Errorf("the retry got %+v", again)
	}
	want(t, home.scan(req.Person, In, 36_5), Pass, ReasonOK, Admit, 0)
}

func TestRevokedDeviceStillGetsTheAnswersItHad(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	req := home.request(person, In, 36_5)
	first := home.send(req)
	revokeDevice(t, s, "v-01-d1")
	if again := home.send(req); !again.Duplicate || again.Outcome != first.Outcome {
		t.Errorf("the retry got %+v", again)
	}
	want(t, home.scan(person, Out, 36_5), Deny, ReasonDeviceRevoked, SendBack, 0)
	if trail := trailOf(t, s, person); len(trail) != 1 {
		t.Errorf("%d events", len(trail))
	}
}

// A scan whose answer was lost comes again from the offline queue, with what
// the device told meanwhile.
func TestScanThatComesAgainFromTheOfflineQueueGetsItsFirstAnswer(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	req := home.request(person, In, 36_5)
	first := home.send(req)
	req.Late, req.Told = true, &Told{Decision: Pass, Reason: ReasonOK, Action: Admit}
	if again := home.send(req); !again.Duplicate || again.Outcome != first.Outcome {
		t.Errorf("got %+v, first %+v", again, first)
	}
}

func TestTrailStaysInChunksInAnyOrderOfArrival(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	const n = 700
	base := clock.Now().UnixMilli() - 10*86_400_000
	for i := range n {
		req := home.request(person, In, 36_5)
		req.Late = true
		req.OccurredAt = base + int64(i*7919%n)/3*1000 // shuffled, three at each second
		home.send(req)
	}
	trail := trailOf(t, s, person)
	if len(trail) != n {
		t.Fatalf("%d events of %d", len(trail), n)
	}
	for i := 1; i < n; i++ {
		if trail[i].OccurredAt < trail[i-1].OccurredAt {
			t.Fatalf("event %d is out of order", i)
		}
	}
	table, err := s.rdb.HGet(t.Context(), s.keys.person(person), "c").Result()
	must(t, err)
	for number := range len(table)/8 + 1 {
		key := chunk(s.keys.trail(person), number)
		size, err := s.rdb.ZCard(t.Context(), key).Result()
		must(t, err)
		enc := "listpack"
		if !testInMemory { // the in-process Redis has no encodings
			enc, err = s.rdb.ObjectEncoding(t.Context(), key).Result()
			must(t, err)
		}
		if size == 0 || size > 120 || enc != "listpack" {
			t.Errorf("chunk %d has %d members in %s", number, size, enc)
		}
	}
}

// The script spells decisions, reasons and flags as numbers; they must be the
// numbers of this package.
func TestScriptConstantsAreThoseOfThisPackage(t *testing.T) {
	t.Parallel()
	wants := map[string]int{
		"PASS": int(Pass), "DENY": int(Deny), "REMEASURE": int(Remeasure), "INCOMPLETE": int(Incomplete),
		"ADMIT": int(Admit), "MEASURE": int(MeasureAgain), "REGISTER": int(Register), "HOLD": int(HoldHere),
		"ESCORT": int(Escort), "SEND_BACK": int(SendBack), "DISINFECT": int(Disinfect),
		"NOT_YET_VALID": int(ReasonNotYetValid), "REVOKED": int(ReasonRevoked), "STATUS_RED": int(ReasonStatusRed), "QUARANTINE": int(ReasonQuarantine), "OUTSIDER": int(ReasonOutsider),
		"PERMIT_EXPIRED": int(ReasonPermitExpired), "PERMIT_USED": int(ReasonPermitUsed),
		"SITE_CLOSED": int(ReasonSiteClosed), "SITE_FULL": int(ReasonSiteFull), "OUTSIDE_HOURS": int(ReasonOutsideHours),
		"QUOTA": int(ReasonQuota), "TEMPERATURE_REQUIRED": int(ReasonTemperatureRequired),
		"TEMPERATURE_LOW": int(ReasonTemperatureLow), "MEASURE_AGAIN": int(ReasonRemeasure), "FEVER": int(ReasonFever),
		"ALREADY_INSIDE": int(ReasonAlreadyInside), "NOT_INSIDE": int(ReasonNotInside),
		"REPLAYED_PASS": int(ReasonReplayedPass), "DISINFECTION": int(ReasonDisinfection), "CUT_OFF": int(ReasonCutOff),
		"F_CONFLICT": int(FlagConflict), "F_INSIDE": int(FlagAlreadyInside), "F_NOT_INSIDE": int(FlagNotInside),
		"F_REPLAYED": int(FlagReplayedPass), "F_REMEASURED": int(FlagRemeasured), "F_LOW": int(FlagTemperatureLow),
		"F_HIGH": int(FlagTemperatureHigh), "F_HOURS": int(FlagOutsideHours), "F_OVERRIDE": int(FlagOverride),
		"F_CASE": int(FlagFeverCase), "F_OVERSTAYED": int(FlagOverstayed), "F_OTHER_VEHICLE": int(FlagOtherVehicle),
		"RECORD": permitRecord,
	}
	for _, m := range regexp.MustCompile(`(?m)^local ([A-Z_, ]+) = ([0-9, ]+)$`).FindAllStringSubmatch(verdictSource, -1) {
		names, values := regexp.MustCompile(`[A-Z_]+`).FindAllString(m[1], -1), regexp.MustCompile(`\d+`).FindAllString(m[2], -1)
		if len(names) != len(values) {
			t.Fatalf("%q", m[0])
		}
		for i, name := range names {
			if v, _ := strconv.Atoi(values[i]); v != wants[name] {
				t.Errorf("%s is %d in the script, %d here", name, v, wants[name])
			}
			delete(wants, name)
		}
	}
	if len(wants) > 0 {
		t.Errorf("not found in the script: %v", wants)
	}
	if int(StatusOutsider) != 7 {
		t.Errorf("the script gives walk-ins status 7, outsider is %d", StatusOutsider)
	}
}
