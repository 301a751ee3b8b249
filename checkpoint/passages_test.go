package checkpoint

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

var updatePassages = flag.Bool("update", false, "write the passages for the guard's page anew")

// passageFile is what the tests of the guard's page replay: a phone that is offline
// has to decide as the script does, as far as it can know. A line a site, then a
// line a person.
const passageFile = "../gateway/web/src/gate/engine/testdata/passages.jsonl"

type passageSite struct {
	Residential bool                              `json:"residential"`
	Rules       map[string]any                    `json:"rules"`
	Table       map[string]map[string]passageCell `json:"table"`
}

type passageCell struct {
	Decision string   `json:"decision"`
	Reason   string   `json:"reason"`
	Action   string   `json:"action"`
	Flags    []string `json:"flags"`
}

func passageCellOf(o Outcome) passageCell {
	return passageCell{o.Decision.String(), o.Reason.String(), o.Action.String(), o.Flags.Names()}
}

type passagePerson struct {
	Site  int           `json:"site"`
	Own   bool          `json:"own"`
	By    string        `json:"by"` // pass, resident, walk_in
	Scans []passageScan `json:"scans"`
}

type passageScan struct {
	At          int64       `json:"at"`
	Direction   string      `json:"direction"`
	Void        string      `json:"void,omitempty"` // why the pass is no good
	Temperature Celsius     `json:"temperature"`
	Plate       bool        `json:"plate,omitempty"`
	Disinfected bool        `json:"disinfected,omitempty"`
	Override    bool        `json:"override,omitempty"`
	Want        passageCell `json:"want"`
}

// Passages of people of whom nothing speaks against them, at sites with all sorts
// of rules, each at one gate, as they are answered here. The page's tests replay
// them; so what the two decide cannot drift apart unseen.
func TestPhonesDecideByTheSamePassages(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	random := rand.New(rand.NewPCG(6, 11)) //nolint:gosec // to be the same each time
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	devices := passageTown(t, s, random)
	for _, d := range devices {
		site, _ := s.Registry().Site(d.Code)
		must(t, lines.Encode(passageSiteOf(t, site)))
	}
	for i := range 96 {
		must(t, lines.Encode(passagesOf(t, s, clock, random, devices, i)))
	}
	if *updatePassages {
		must(t, os.WriteFile(passageFile, text.Bytes(), 0o600))
	}
	kept, err := os.ReadFile(passageFile)
	must(t, err)
	if !bytes.Equal(kept, text.Bytes()) {
		t.Errorf("%s is not what is decided here: run this test with -update, then the page's tests, and see whether decide.ts has to change", passageFile)
	}
}

// passageTown makes sites with rules by chance; each has a device of its code.
func passageTown(t *testing.T, s *Store, random *rand.Rand) (devices []*Device) {
	t.Helper()
	sites := make([]Site, 16)
	for i := range sites {
		sites[i] = passageSiteBy(random, i)
	}
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for _, site := range sites {
			if err := d.PutSite(site); err != nil {
				return err
			}
			if err := d.PutGate(Gate{Code: site.Code, Name: "门", Site: site.Code, Open: true}); err != nil {
				return err
			}
			if err := d.PutDevice(Device{Code: site.Code, Gate: site.Code, Lane: "1", EnrolledAt: 1, TokenHash: []byte(site.Code)}); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, site := range sites {
		d, _ := s.Registry().Device(site.Code)
		devices = append(devices, d)
	}
	return devices
}

func passageSiteBy(random *rand.Rand, i int) Site {
	pick := func(of ...Strictness) Strictness { return of[random.IntN(len(of))] }
	code := fmt.Sprintf("p-%02d", i)
	site := Site{Code: code, Name: code, Kind: []SiteKind{Village, Mall}[i%2], Grid: "area-1", SiteRules: SiteRules{
		Closed: random.IntN(8) == 0, ResidentsOnly: random.IntN(4) == 0, Disinfection: random.IntN(3) == 0,
		TemperatureOn: []TemperatureOn{TemperatureIn, TemperatureOut, TemperatureBoth, TemperatureNone}[random.IntN(4)],
		AntiPassback:  pick(Off, Warn, StrictDeny), LowAgain: pick(Off, Warn, StrictDeny), RemeasureMin: 5 + random.IntN(10),
	}}
	switch random.IntN(4) {
	case 0:
		site.OpensAt, site.ClosesAt = "06:00", "18:30"
	case 1:
		site.OpensAt, site.ClosesAt = "18:00", "02:00"
	}
	return site
}

// passageSiteOf is a site as devices are told of it.
func passageSiteOf(t *testing.T, site *Site) passageSite {
	t.Helper()
	text, err := json.Marshal(site.SiteRules)
	must(t, err)
	rules := map[string]any{"from": nil, "until": nil, "residents_only": false, "opens_at": "", "closes_at": "", "disinfection": false}
	must(t, json.Unmarshal(text, &rules))
	view := passageSite{site.Kind.Residential(), rules, map[string]map[string]passageCell{"own": {}, "other": {}}}
	for _, way := range []Direction{In, Out} {
		view.Table["own"][way.String()] = passageCellOf(tableCell(StatusGreen, site.Kind, way, true))
		view.Table["other"][way.String()] = passageCellOf(tableCell(StatusGreen, site.Kind, way, false))
	}
	return view
}

// passagesOf lets somebody come and go at one site.
func passagesOf(t *testing.T, s *Store, clock *testClock, random *rand.Rand, devices []*Device, i int) passagePerson {
	t.Helper()
	who := passagePerson{Site: random.IntN(len(devices)), By: []string{"pass", "resident", "walk_in"}[random.IntN(3)]}
	device := devices[who.Site]
	site, _ := s.Registry().Site(device.Code)
	who.Own = who.By != "walk_in" && site.Kind.Residential() && random.IntN(2) == 0
	home := "v-01"
	if who.Own {
		home = site.Code
	}
	id := mustEnrol(t, s, resident(1000+i, home))[0]
	on, err := s.Resident(t.Context(), id)
	must(t, err)
	for n := range 8 {
		clock.Advance(time.Duration(1+random.IntN(400)) * time.Minute / time.Duration(1+39*random.IntN(2)))
		scan, req := passageBy(random, who.By, clock.Now(), on)
		req.ID, req.Device = fmt.Sprintf("passage-%d-%d", i, n), device.Num
		if who.By == "walk_in" {
			req.WalkIn = &WalkIn{Name: "过客" + string(rune('一'+i))}
		} else if who.By == "resident" {
			req.Person = id
		}
		res, err := s.Scan(t.Context(), req)
		must(t, err)
		scan.Want = passageCellOf(res.Outcome)
		who.Scans = append(who.Scans, scan)
	}
	return who
}

// passageBy is one passage by chance, as the phone has it and as it comes here.
func passageBy(random *rand.Rand, by string, now time.Time, on Resident) (scan passageScan, req ScanRequest) {
	req = ScanRequest{OccurredAt: now.UnixMilli(), Direction: []Direction{In, Out}[random.IntN(2)], Who: ByResident}
	if reading := random.IntN(6); reading > 0 {
		req.Temperature = []Celsius{36_5, 36_9, 34_9, 37_3, 38_2}[reading-1]
	}
	if random.IntN(4) == 0 {
		req.Plate, req.Disinfected = "鲁A12345", random.IntN(2) == 0
	}
	if random.IntN(10) == 0 {
		req.Override = OverrideFire
	}
	scan = passageScan{
		At: req.OccurredAt, Direction: req.Direction.String(), Temperature: req.Temperature, Plate: req.Plate != "",
		Disinfected: req.Disinfected, Override: req.Override != 0,
	}
	switch by {
	case "walk_in":
		req.Who = ByWalkIn
	case "pass":
		req.Who = ByPaperPass
		req.Pass = &PassClaims{Person: on.ID, Generation: on.Generation, NotBefore: now.Unix() - 60, ExpiresAt: now.Unix() + 60}
		switch random.IntN(12) {
		case 0:
			scan.Void, req.Pass.NotBefore, req.Pass.ExpiresAt = "expired", now.Unix()-600, now.Unix()-60
		case 1:
			scan.Void, req.Pass.NotBefore, req.Pass.ExpiresAt = "not_yet_valid", now.Unix()+61, now.Unix()+600
		case 2:
			scan.Void, req.Pass.Generation = "revoked", on.Generation+1
		}
	}
	return scan, req
}
