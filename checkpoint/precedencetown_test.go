package checkpoint

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// facts describe one scan: what is so, by name. What they do not name is as it
// should be: a green person who is looked up, with a normal temperature, at an
// open gate, seen for the first time.
type facts map[string]string

// with joins two descriptions; ok is false if they contradict each other.
func (f facts) with(more facts) (joined facts, ok bool) {
	joined = maps.Clone(f)
	for name, value := range more {
		if old, known := joined[name]; known && old != value {
			return nil, false
		}
		joined[name] = value
	}
	return joined, true
}

// scene is one scan that something speaks against, with a site, a gate and
// people of its own.
type scene struct {
	name     string
	facts    facts
	troubles []trouble
	way      Direction
	kind     SiteKind
	own      bool

	code   string // of its site
	pass   [8]byte
	person uint64
	mate   uint64 // of the same household
	other  uint64 // who takes the last place inside
	req    ScanRequest
	first  ScanResult // before the rules were made strict, if it is a repeat
}

// people are those of a scene, in the order of person, mate, other.
func (sc *scene) people(n int) []NewResident {
	home, door := "v-02", fmt.Sprintf("%d", n)
	if sc.own {
		home = sc.code
	}
	people := make([]NewResident, 3)
	for i := range people {
		people[i] = resident(3*n+i, home)
		people[i].Grid, people[i].Door = "", door
	}
	if sc.kind.Residential() {
		people[2].Site = sc.code
	}
	return people
}

// found puts the site of a scene under mild rules, its gates and its devices.
func (sc *scene) found(d *Draft) error {
	if err := d.PutSite(Site{Code: sc.code, Name: sc.code, Kind: sc.kind, Grid: "root", SiteRules: sc.rules(false)}); err != nil {
		return err
	}
	gates := []string{"1"}
	if sc.facts["last"] == "in, other gate" {
		gates = append(gates, "2")
	}
	for _, n := range gates {
		gate := sc.code + "-g" + n
		if err := d.PutGate(Gate{Code: gate, Site: sc.code, Open: n == "1"}); err != nil {
			return err
		}
		if err := d.PutDevice(Device{Code: sc.code + "-d" + n, Gate: gate, Lane: n, EnrolledAt: 1, TokenHash: []byte(gate)}); err != nil {
			return err
		}
	}
	return nil
}

// rules of the scene's site: mild ones, under which its history happens, or
// those that the scan is judged by.
func (sc *scene) rules(strict bool) SiteRules {
	r := SiteRules{TemperatureOn: TemperatureNone, AntiPassback: Off, ReplayedPass: Off}
	if sc.facts["household"] == "used up" && sc.kind.Residential() {
		r.Outings = 1
	}
	if !strict {
		return r
	}
	r.Closed = sc.facts["site"] == "closed"
	if sc.facts["time"] == "night" { // it is noon in Shanghai
		r.OpensAt, r.ClosesAt = "13:00", "22:00"
	}
	if sc.facts["room"] == "full" {
		r.Capacity = 1
	}
	r.Disinfection = sc.facts["car"] == "dirty"
	switch sc.facts["reading"] {
	case "missing":
		r.TemperatureOn = TemperatureBoth
	case "low again":
		r.LowAgain = StrictDeny
	}
	if sc.facts["passback"] == "deny" {
		r.AntiPassback = StrictDeny
	}
	if sc.facts["replay"] == "deny" {
		r.ReplayedPass = StrictDeny
	}
	return r
}

// strict puts in force what speaks against the scan.
func (sc *scene) strict(d *Draft) error {
	site, _ := d.Site(sc.code)
	now := *site
	now.SiteRules = sc.rules(true)
	if err := d.PutSite(now); err != nil {
		return err
	}
	if sc.facts["device"] != "revoked" {
		return nil
	}
	dev, _ := d.Device(sc.code + "-d1")
	revoked := *dev
	revoked.RevokedAt = d.Now()
	return d.PutDevice(revoked)
}

// temperatures of the readings.
var readings = map[string]Celsius{"": 36_5, "high": 38_2, "high again": 38_3, "low": 34_1, "low again": 34_2}

// stage plays many scenes in one store, step by step and side by side.
type stage struct {
	t      *testing.T
	s      *Store
	clock  *testClock
	scenes []*scene
}

// each runs fn for every scene and then lets a second pass.
func (st *stage) each(fn func(ctx context.Context, sc *scene) error) {
	st.t.Helper()
	var wg sync.WaitGroup
	for part := range slices.Chunk(st.scenes, len(st.scenes)/16+1) {
		wg.Go(func() {
			for _, sc := range part {
				if err := fn(st.t.Context(), sc); err != nil {
					st.t.Errorf("%s: %v", sc.name, err)
				}
			}
		})
	}
	wg.Wait()
	if st.t.Failed() {
		st.t.FailNow()
	}
	st.clock.Advance(time.Second)
}

// send scans as the gateway does: what names nobody is refused.
func (st *stage) send(ctx context.Context, sc *scene, req ScanRequest) (ScanResult, error) {
	if reason, ok := unreadable[sc.facts["code"]]; ok {
		return st.s.Refuse(ctx, req, reason)
	}
	return st.s.Scan(ctx, req)
}

var unreadable = map[string]Reason{
	"damaged": ReasonMalformed, "foreign": ReasonNotOurPass, "unknown key": ReasonUnknownKey, "forged": ReasonBadSignature,
}

// scan is a scan of the scene's past, by a device of any site.
func (st *stage) scan(sc *scene, what, device string, person uint64, way Direction, temp Celsius) ScanRequest {
	d, ok := st.s.Registry().Device(device)
	if !ok {
		st.t.Errorf("no device %s", device)
		d = &Device{}
	}
	return ScanRequest{
		ID: "past-" + sc.code + "-" + what, Device: d.Num, OccurredAt: st.clock.Now().UnixMilli(), Direction: way,
		Who: ByResident, Person: person, Presented: FormatPersonID(person), Temperature: temp,
	}
}

// showing lets the person show the scene's app pass.
func (sc *scene) showing(req ScanRequest, from int64) ScanRequest {
	req.Who, req.Presented = ByAppPass, "pass of "+sc.code
	req.Pass = &PassClaims{Person: sc.person, ID: sc.pass, NotBefore: from, ExpiresAt: from + 600}
	return req
}

// passed is the person's last passage, whatever the table says of it.
func (st *stage) passed(ctx context.Context, sc *scene) error {
	now := st.clock.Now().Unix()
	var req ScanRequest
	switch sc.facts["last"] {
	case "in":
		req = st.scan(sc, "in", sc.code+"-d1", sc.person, In, 36_5)
	case "in, other gate":
		req = sc.showing(st.scan(sc, "in", sc.code+"-d2", sc.person, In, 36_5), now)
	case "in, other site":
		req = sc.showing(st.scan(sc, "in", "mall-01-d1", sc.person, In, 36_5), now)
	case "out":
		req = st.scan(sc, "out", sc.code+"-d1", sc.person, Out, 36_5)
	default:
		return nil
	}
	req.Override = OverridePolice
	_, err := st.s.Scan(ctx, req)
	return err
}

// measured is the first reading where the scan is the second one.
func (st *stage) measured(ctx context.Context, sc *scene) error {
	first := map[string]Celsius{"high again": 38_0, "low again": 34_0}[sc.facts["reading"]]
	if first == 0 {
		return nil
	}
	_, err := st.s.Scan(ctx, st.scan(sc, "first", sc.code+"-d1", sc.person, sc.way, first))
	return err
}

// feverish opens a case: two high readings on the way out of the mall.
func (st *stage) feverish(ctx context.Context, sc *scene) error {
	if sc.facts["case"] != "open" {
		return nil
	}
	for _, what := range []string{"high-1", "high-2"} {
		if _, err := st.s.Scan(ctx, st.scan(sc, what, "mall-01-d1", sc.person, Out, 39_0)); err != nil {
			return err
		}
	}
	return nil
}

// crowded lets others take the household's outing and the last place.
func (st *stage) crowded(ctx context.Context, sc *scene) error {
	if sc.facts["household"] == "used up" {
		if _, err := st.s.Scan(ctx, st.scan(sc, "mate", sc.code+"-d1", sc.mate, Out, 36_5)); err != nil {
			return err
		}
	}
	if sc.facts["room"] != "full" {
		return nil
	}
	_, err := st.s.Scan(ctx, st.scan(sc, "other", sc.code+"-d1", sc.other, In, 36_5))
	return err
}

// permitted writes the person's permit for the scene's site.
func (st *stage) permitted(ctx context.Context, sc *scene) error {
	what := sc.facts["permit"]
	if what == "" {
		return nil
	}
	site, _ := st.s.Registry().Site(sc.code)
	now := st.clock.Now().UnixMilli()
	from, until, allowed, used := now-3_600_000, now+3_600_000, byte(0), byte(0)
	switch what {
	case "coming":
		from = now + 1_800_000
	case "over":
		until = now - 1_800_000
	case "used":
		allowed, used = 1, 1
	}
	b := append(appendUint32(nil, 7), 'v')
	b = append(appendUint32(b, site.Num), logHeadOf(0, from)[8:]...)
	b = append(append(b, logHeadOf(0, until)[8:]...), allowed, used, 0, 0, 0, 0)
	return st.s.rdb.HSet(ctx, st.s.keys.person(sc.person), "v", b).Err()
}

// prepare makes the scan, for now.
func (st *stage) prepare(_ context.Context, sc *scene) error {
	f := sc.facts
	req := st.scan(sc, "the-scan", sc.code+"-d1", sc.person, sc.way, readings[f["reading"]])
	if f["reading"] == "missing" {
		req.Temperature = 0
	}
	if f["shows"] == "app" {
		req = sc.showing(req, st.clock.Now().Unix()+map[string]int64{"": -60, "over": -900, "early": 900}[f["valid"]])
	}
	if f["person"] == "unknown" {
		req.Person ^= 1 // in nobody's use
		if req.Pass != nil {
			req.Pass.Person = req.Person
		}
	}
	if f["car"] == "dirty" {
		req.Plate = "鲁A12345"
	}
	if f["emergency"] == "yes" {
		req.Override = OverrideMedical
	}
	if f["told"] == "otherwise" {
		req.Late, req.Told = true, &told
	}
	req.cutOff = f["gateway"] == "cut off"
	sc.req = req
	return nil
}

// told is an answer that no rule gives.
var told = Told{Incomplete, ReasonGuard, HoldHere}
