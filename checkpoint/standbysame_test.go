package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// sameCase is one scan as Redis would get it and as the copy does: of two people
// who are the same in every way.
type sameCase struct {
	online, degraded ScanRequest
	who              [2]uint64
	permit           *refSite // for which they have one
}

// What a gateway decides by its copy is what Redis decides, in random cases of
// everything that it holds: passes, status, home, permits, fever cases, revoked
// devices and passes, closed sites, hours, temperatures, vehicles, emergencies.
// When they are recorded, the rules agree with every one of them.
func TestDegradedDecisionsEqualOnlineOnes(t *testing.T) {
	t.Parallel()
	rounds, each := 2, 400
	if os.Getenv("PASSGATE_LONG") != "" {
		rounds, each = 25, 400 // 10,000
	}
	town := newHistoryTown(t)
	town.clock.ms.Store(testStart.UnixMilli())
	rng := rand.New(rand.NewPCG(20, 26)) //nolint:gosec // has to repeat itself
	counts := map[string]int{}
	for round := range rounds {
		rules := map[*refSite]SiteRules{}
		for _, site := range town.sites {
			r := anyRules(rng, site.kind)
			r.Capacity, r.Outings, r.OutingDays = 0, 0, 0 // not held, see Standby
			rules[site] = r
		}
		town.put(t, rules)
		cases := town.sameCases(t, rng, round, each)
		b := newStandby(t, town.s, t.TempDir(), StandbyConfig{})
		b.cutAll()
		var mu sync.Mutex
		var workers sync.WaitGroup
		for some := range slices.Chunk(cases, each/16) {
			workers.Go(func() {
				for i := range some {
					same(t, b, &some[i], func(what string) {
						mu.Lock()
						defer mu.Unlock()
						counts[what]++
					})
				}
			})
		}
		workers.Wait()
		b.back(t)
		for i := range cases {
			recordedAsTold(t, town.s, cases[i].who[1])
		}
	}
	met := []string{
		"ok", "expired", "not_yet_valid", "revoked", "unknown_person", "status_red", "quarantine", "outsider", "site_closed", "outside_hours",
		"temperature_required", "temperature_low", "remeasure", "fever", "device_revoked", "bad_signature",
		"flag breach", "flag override", "flag fever_case", "flag status_yellow", "flag walk_in",
	}
	if rounds > 10 {
		met = append(met, "permit_expired", "permit_used", "disinfection_required", "flag other_vehicle", "flag escort")
	}
	for _, reason := range met {
		if counts[reason] == 0 {
			t.Errorf("no case of %s", reason)
		}
	}
	t.Logf("%d cases: %v", rounds*each, counts)
}

// same holds the two answers against each other.
func same(t *testing.T, b *Standby, c *sameCase, count func(string)) {
	t.Helper()
	refused := ReasonOK
	if c.online.Presented == "forged" {
		refused = ReasonBadSignature
	}
	want, wantErr := b.s.take(t.Context(), c.online, refused)
	got, gotErr := b.answer(t.Context(), c.degraded, refused)
	if (wantErr == nil) != (gotErr == nil) {
		t.Errorf("online %v, degraded %v of %+v", wantErr, gotErr, c.online)
		return
	}
	if gotErr == nil && got.Flags&FlagDegraded == 0 {
		t.Errorf("not degraded: %+v", got)
	}
	got.Flags &^= FlagDegraded
	if got.Outcome != want.Outcome || got.Call != want.Call || (got.Person == nil) != (want.Person == nil) {
		t.Errorf("online %+v\ndegraded %+v\nof %+v", want.Outcome, got.Outcome, c.degraded)
	}
	if want.Person != nil && (got.Person.NameMasked != want.Person.NameMasked || got.Person.Home != want.Person.Home || got.Person.Kind != want.Person.Kind) {
		t.Errorf("online %+v, degraded %+v", want.Person, got.Person)
	}
	if (got.Permit.Number == 0) != (want.Permit.Number == 0) || got.Permit.Left != want.Permit.Left || got.Permit.Until != want.Permit.Until {
		t.Errorf("online permit %+v, degraded %+v", want.Permit, got.Permit)
	}
	count(want.Reason.String())
	for _, flag := range want.Flags.Names() {
		count("flag " + flag)
	}
}

// recordedAsTold sees to it that the record has no conflict.
func recordedAsTold(t *testing.T, s *Store, person uint64) {
	t.Helper()
	for _, e := range trailOf(t, s, person) {
		if e.Flags&FlagConflict != 0 {
			t.Errorf("%x: %+v is a conflict", person, e)
		}
	}
}

// sameCases enrols twins and draws what each pair of them does.
func (town *historyTown) sameCases(t *testing.T, rng *rand.Rand, round, n int) []sameCase {
	t.Helper()
	rows := make([]NewResident, 0, 2*n)
	for i := range n {
		home := town.sites[rng.IntN(historyHomes)].code
		for twin := range 2 {
			rows = append(rows, NewResident{
				Name: "王小明", IDNumber: fmt.Sprintf("P%02d%05d", round, 2*i+twin), Site: home, Door: fmt.Sprintf("%d-%d-%d", round, i, twin), Grid: "root",
			})
		}
	}
	ids := mustEnrol(t, town.s, rows...)
	cases := make([]sameCase, n)
	for i := range cases {
		cases[i].who = [2]uint64{ids[2*i], ids[2*i+1]}
		town.fate(t, rng, &cases[i])
	}
	town.clock.Advance(time.Duration(1+rng.IntN(7)) * time.Hour)
	for i := range cases {
		town.draw(rng, &cases[i], fmt.Sprintf("%02d-%05d", round, i))
	}
	return cases
}

// fate gives both twins the same status, permit, fever case, and so on.
func (town *historyTown) fate(t *testing.T, rng *rand.Rand, c *sameCase) {
	t.Helper()
	var fate []func(person uint64)
	if rng.IntN(2) == 0 {
		status := Statuses()[rng.IntN(len(Statuses()))]
		fate = append(fate, func(person uint64) { must(t, town.s.SetStatus(t.Context(), person, status)) })
	}
	if rng.IntN(4) == 0 { // a permit for a home, of now, later or before, used up or not
		var number uint32
		c.permit, number = town.sites[rng.IntN(historyHomes)], rng.Uint32()
		from := town.clock.ms.Load() + (rng.Int64N(48)-24)*refHour
		until := from + (1+rng.Int64N(30))*refHour
		allowed, used := byte(rng.IntN(2)), byte(rng.IntN(2))
		fate = append(fate, func(person uint64) {
			b := append(appendUint32(appendUint32(nil, number), 0)[:4], 'v')
			b = append(appendUint32(b, c.permit.num), logHeadOf(0, from)[8:]...)
			b = append(append(b, logHeadOf(0, until)[8:]...), allowed, used)
			plate := plateHash("鲁A12345")
			must(t, town.s.rdb.HSet(t.Context(), town.s.keys.person(person), "v", append(b, plate[:4]...)).Err())
		})
	}
	if rng.IntN(6) == 0 {
		fate = append(fate, func(person uint64) {
			must(t, town.s.rdb.HSet(t.Context(), town.s.keys.person(person), "f", raw(person)).Err())
		})
	}
	if rng.IntN(6) == 0 {
		fate = append(fate, func(person uint64) {
			_, err := town.s.Revoke(t.Context(), person)
			must(t, err)
		})
	}
	for _, f := range fate {
		f(c.who[0])
		f(c.who[1])
	}
}

// draw makes a scan for each of the twins.
func (town *historyTown) draw(rng *rand.Rand, c *sameCase, name string) {
	site := town.sites[rng.IntN(len(town.sites))]
	if c.permit != nil && rng.IntN(8) > 0 {
		site = c.permit
	}
	devices := town.devices[site]
	now := town.clock.ms.Load()
	req := ScanRequest{
		Device: devices[rng.IntN(len(devices))], OccurredAt: now - rng.Int64N(60_000), Direction: []Direction{In, Out}[rng.IntN(2)],
		Temperature: []Celsius{0, 36_5, 36_5, 36_5, 38_0, 34_0}[rng.IntN(6)], Method: Forehead,
		Purpose: []Purpose{PurposeUnsaid, PurposeMedical, PurposeOther}[rng.IntN(3)], Disinfected: rng.IntN(2) == 0,
	}
	if rng.IntN(3) == 0 {
		req.Plate = []string{"鲁A12345", "鲁AD54321"}[rng.IntN(2)]
	}
	if rng.IntN(10) == 0 {
		req.Override = OverrideMedical
	}
	way, odd := rng.IntN(10), rng.IntN(4)
	for twin, into := range []*ScanRequest{&c.online, &c.degraded} {
		*into = req
		into.ID = fmt.Sprintf("same-%s-%d", name, twin)
		into.Person, into.Who = c.who[twin], ByResident
		into.Presented = FormatPersonID(into.Person)
		switch {
		case way < 4: // an app pass, at times old, early, or of an earlier generation
			from := now/1000 + []int64{-60, -900, 900, -60}[odd]
			into.Who, into.Person, into.Presented = ByAppPass, 0, "pass"
			into.Pass = &PassClaims{Person: c.who[twin], NotBefore: from, ExpiresAt: from + 600}
		case way == 4:
			into.Who, into.Person, into.Presented = ByAppPass, 0, "forged"
		case way == 5:
			into.Person ^= 1
		case way == 6:
			into.Who, into.Person, into.Presented = ByWalkIn, 0, "walk "+name
			into.WalkIn = &WalkIn{Name: "李四", Phone: fmt.Sprintf("138%08d", testPrefixes.Add(1))}
		}
	}
}
