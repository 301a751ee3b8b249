package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/redis/go-redis/v9"
)

// historyTown is a town in which one history after the other is lived through:
// a store of its own, whose clock only the history moves, and the reference's
// picture of the same places. Its sites have every mixture of rules, the same in
// every town.
type historyTown struct {
	s       *Store
	clock   *testClock
	sites   []*refSite
	gates   map[uint32]*refGate // by device
	devices map[*refSite][]uint32
	lived   int // histories so far; each has its own days and people
	changed map[*refSite]SiteRules
}

const (
	historyHomes = 12 // residential sites, the first ones
	historySites = 36
	historyDays  = 40 // from one history to the next, so that none sees another's times
)

func newHistoryTown(t testing.TB) *historyTown {
	t.Helper()
	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	town := &historyTown{
		s: openStore(t, fmt.Sprintf("t%d:", testPrefixes.Add(1)), clock), clock: clock,
		gates: map[uint32]*refGate{}, devices: map[*refSite][]uint32{}, changed: map[*refSite]SiteRules{},
	}
	rng := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // has to repeat itself
	public := SiteKinds()[2:]
	for i := range historySites {
		kind := public[i%len(public)]
		if i < historyHomes {
			kind = SiteKind(i % 2)
		}
		town.sites = append(town.sites, &refSite{code: fmt.Sprintf("h-%02d", i), kind: kind, rules: anyRules(rng, kind)})
	}
	must(t, town.s.Change(t.Context(), town.build))
	reg := town.s.Registry()
	for _, site := range town.sites {
		stored, _ := reg.Site(site.code)
		site.num, site.rules = stored.Num, stored.SiteRules
		for _, at := range []string{"-g1-a", "-g1-b", "-g2-a", "-g2-off"} {
			d, _ := reg.Device(site.code + at)
			g, _ := reg.Gate(d.Gate)
			town.gates[d.Num] = &refGate{g.Num, site, d.RevokedAt != 0}
			town.devices[site] = append(town.devices[site], d.Num)
		}
	}
	return town
}

// build puts two gates with two phones each at every site; one is out of use.
func (town *historyTown) build(d *Draft) error {
	if err := d.PutGridNode(GridNode{ID: "root", Name: "许商街道", Level: 1}); err != nil {
		return err
	}
	for _, site := range town.sites {
		stored := Site{Code: site.code, Name: site.code, Kind: site.kind, Grid: "root", SiteRules: site.rules}
		if err := d.PutSite(stored); err != nil {
			return err
		}
		for _, gate := range []string{"-g1", "-g2"} {
			// Of a village only one gate is open; its other one can scan as well.
			if err := d.PutGate(Gate{Code: site.code + gate, Name: gate, Site: site.code, Open: gate == "-g1"}); err != nil {
				return err
			}
		}
		for _, at := range []string{"-g1-a", "-g1-b", "-g2-a", "-g2-off"} {
			dev := Device{Code: site.code + at, Gate: site.code + at[:3], Lane: at[4:], EnrolledAt: 1, TokenHash: []byte(site.code + at)}
			if at == "-g2-off" {
				dev.RevokedAt = 1
			}
			if err := d.PutDevice(dev); err != nil {
				return err
			}
		}
	}
	return nil
}

// anyRules draws what a site may decide.
func anyRules(rng *rand.Rand, kind SiteKind) SiteRules {
	strict := []Strictness{Off, Warn, StrictDeny}
	r := SiteRules{
		Closed: rng.IntN(8) == 0, ResidentsOnly: rng.IntN(6) == 0, Disinfection: rng.IntN(3) == 0,
		TemperatureOn: []TemperatureOn{TemperatureIn, TemperatureOut, TemperatureBoth, TemperatureBoth, TemperatureNone}[rng.IntN(5)],
		FeverLine:     []Celsius{37_3, 37_0}[rng.IntN(2)],
		LowLine:       []Celsius{35_0, 36_0}[rng.IntN(2)],
		RemeasureMin:  []int{1, 10, 60}[rng.IntN(3)],
		LowAgain:      strict[rng.IntN(3)], AntiPassback: strict[rng.IntN(3)], ReplayedPass: strict[rng.IntN(3)],
	}
	if rng.IntN(3) == 0 {
		hours := [][2]string{{"06:00", "22:00"}, {"12:30", "14:00"}, {"22:00", "06:00"}, {"00:00", "12:00"}}[rng.IntN(4)]
		r.OpensAt, r.ClosesAt = hours[0], hours[1]
	}
	if rng.IntN(2) == 0 {
		r.Capacity = 1 + rng.IntN(2)
	}
	if kind.Residential() && rng.IntN(3) > 0 {
		r.Outings, r.OutingDays = 1+rng.IntN(2), []int{1, 2, 14}[rng.IntN(3)]
	}
	return r
}

// change gives a site other rules until the history ends.
func (town *historyTown) change(t testing.TB, site *refSite, rules SiteRules) {
	t.Helper()
	if _, ok := town.changed[site]; !ok {
		town.changed[site] = site.rules
	}
	town.put(t, map[*refSite]SiteRules{site: rules})
}

func (town *historyTown) put(t testing.TB, rules map[*refSite]SiteRules) {
	t.Helper()
	must(t, town.s.Change(t.Context(), func(d *Draft) error {
		for site, r := range rules {
			stored, _ := d.Site(site.code)
			edited := *stored
			edited.SiteRules = r
			if err := d.PutSite(edited); err != nil {
				return err
			}
		}
		return nil
	}))
	for site := range rules {
		stored, _ := town.s.Registry().Site(site.code)
		site.rules = stored.SiteRules
	}
}

// reset begins a history: the first rules, nobody inside anywhere, days that no
// history has seen.
func (town *historyTown) reset(t testing.TB) (midnight int64) {
	t.Helper()
	if len(town.changed) > 0 {
		town.put(t, town.changed)
		clear(town.changed)
	}
	_, err := town.s.rdb.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for part := range Partitions {
			p.Del(t.Context(), town.s.keys.inside(part))
		}
		return nil
	})
	must(t, err)
	town.s.occupied.Store(nil)
	town.lived++
	midnight = testStart.UnixMilli() - 12*refHour + int64(town.lived)*historyDays*refDay
	town.clock.ms.Store(midnight)
	return midnight
}
