package checkpoint

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint/trajectory"
)

// outing is what one person really did for some days, as scans that a device
// kept while it was offline, and the stays that it was.
type outing struct {
	scans []ScanRequest
	truth []trajectory.Stay
}

// walk draws an outing that ends before now: visits one after the other, refused
// attempts between them, now and then a refused exit before the good one,
// perhaps still inside at the end.
func walk(rng *rand.Rand, s *Store, now int64) outing {
	const minute = int64(60_000)
	var o outing
	at := now - 9*24*60*minute
	pass := func(most int64) { at += minute + rng.Int64N(most*minute) }
	scan := func(site string, way Direction, decision Decision) {
		dev, _ := s.Registry().Device(site + "-d1")
		told := Told{Decision: Pass, Reason: ReasonOK, Action: Admit}
		if decision != Pass {
			told = Told{Decision: Deny, Reason: ReasonOutsider, Action: SendBack}
		}
		o.scans = append(o.scans, ScanRequest{
			ID: fmt.Sprintf("walk-%06d", rng.IntN(1_000_000)), Device: dev.Num, OccurredAt: at, Direction: way, Who: ByResident,
			Temperature: 36_5, Late: true, Told: &told,
		})
	}
	places := []string{"v-01", "mall-01", "pharmacy-01"}
	for visit := range 8 {
		pass(300)
		if rng.IntN(3) == 0 {
			scan("v-02", In, Deny)
			pass(60)
		}
		code := places[rng.IntN(len(places))]
		site, _ := s.Registry().Site(code)
		gate, _ := s.Registry().Gate(code + "-g1")
		stay := trajectory.Stay{Site: site.Num, EntryGate: gate.Num, From: at, Late: true, Why: trajectory.LateUpload}
		scan(code, In, Pass)
		pass(600)
		if visit == 7 && rng.IntN(2) == 0 {
			stay.To, stay.Open = at, true
		} else {
			if rng.IntN(4) == 0 {
				scan(code, Out, Deny)
				stay.Why |= trajectory.ExitRefused
				pass(120)
			}
			scan(code, Out, Pass)
			stay.To, stay.ExitGate = at, gate.Num
		}
		o.truth = append(o.truth, stay)
	}
	return o
}

// end is the last thing that is known of an outing.
func (o *outing) end() int64 { return o.truth[len(o.truth)-1].To }

// staysOf are somebody's stays as the store tells them, without what depends on
// the order of arrival: which server decided what, and that a queue was sent out
// of order.
func staysOf(t *testing.T, s *Store, person uint64, asOf int64) []trajectory.Stay {
	t.Helper()
	events, err := s.TrailEvents(t.Context(), person, asOf-20*24*3_600_000, asOf+1)
	must(t, err)
	reg := s.Registry()
	stays := trajectory.Fold(reg.Facts(events), asOf, reg.StayRules())
	for i := range stays {
		v := &stays[i]
		v.Why &^= trajectory.ClockSetBack | trajectory.ToldOtherwise
		v.Conflict, v.Flags, v.Events = false, 0, nil
	}
	return stays
}

// arrivals are ways in which the scans of a person come to the store.
var arrivals = map[string]func(ctx context.Context, s *Store, rng *rand.Rand, scans []ScanRequest) error{
	"in order": func(ctx context.Context, s *Store, _ *rand.Rand, scans []ScanRequest) error {
		return sendAll(ctx, s, scans)
	},
	"backwards, each twice": func(ctx context.Context, s *Store, _ *rand.Rand, scans []ScanRequest) error {
		for i := len(scans) - 1; i >= 0; i-- {
			if err := sendAll(ctx, s, []ScanRequest{scans[i], scans[i]}); err != nil {
				return err
			}
		}
		return nil
	},
	"in any order, some twice": func(ctx context.Context, s *Store, rng *rand.Rand, scans []ScanRequest) error {
		mixed := append(append([]ScanRequest{}, scans...), scans[:len(scans)/2]...)
		rng.Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
		return sendAll(ctx, s, mixed)
	},
	"all at once": func(ctx context.Context, s *Store, _ *rand.Rand, scans []ScanRequest) error {
		var wg sync.WaitGroup
		errs := make([]error, len(scans))
		for i := range scans {
			wg.Go(func() { errs[i] = sendAll(ctx, s, scans[i:i+1]) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	},
}

func sendAll(ctx context.Context, s *Store, scans []ScanRequest) error {
	for _, scan := range scans {
		if _, err := s.Scan(ctx, scan); err != nil {
			return err
		}
	}
	return nil
}

func TestScansInAnyOrderOfArrivalGiveTheTrueStays(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	n := 0
	for seed := range uint64(6) {
		for name, arrive := range arrivals {
			n++
			rng := rand.New(rand.NewPCG(seed, uint64(len(name)))) //nolint:gosec // a test repeats itself
			o := walk(rng, s, s.now())
			person := mustEnrol(t, s, resident(n, "v-01"))[0]
			for i := range o.scans {
				o.scans[i].Person, o.scans[i].Presented = person, FormatPersonID(person)
			}
			if err := arrive(t.Context(), s, rng, o.scans); err != nil {
				t.Fatalf("%s, seed %d: %v", name, seed, err)
			}
			if got := staysOf(t, s, person, o.end()); !reflect.DeepEqual(got, o.truth) {
				t.Errorf("%s, seed %d:\ngot   %+v\ntruth %+v", name, seed, got, o.truth)
			}
		}
	}
}

func TestAQueueSentOutOfOrderIsInDoubt(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	mall := post(t, s, clock, "mall-01")
	told := Told{Decision: Pass, Reason: ReasonOK, Action: Admit}
	for _, scan := range []struct {
		way Direction
		ago time.Duration
	}{{In, 3 * time.Hour}, {Out, 5 * time.Hour}} { // in truth in, then out with the clock set back
		req := mall.request(person, scan.way, 36_5)
		req.OccurredAt, req.Late, req.Told = s.now()-scan.ago.Milliseconds(), true, &told
		mall.send(req)
		clock.Advance(time.Second)
	}
	events, err := s.TrailEvents(t.Context(), person, 0, 24*3_600_000)
	if err != nil || len(events) != 0 {
		t.Fatalf("%d events of another time, %v", len(events), err)
	}
	events, err = s.TrailEvents(t.Context(), person, s.now()-24*3_600_000, s.now())
	must(t, err)
	reg := s.Registry()
	stays := trajectory.Fold(reg.Facts(events), s.now(), reg.StayRules())
	if len(stays) != 2 || stays[0].Why&trajectory.ClockSetBack == 0 || stays[1].Why&trajectory.ClockSetBack == 0 || !stays[1].Conflict {
		t.Errorf("stays %+v", stays)
	}
}

// lasts is how long a stay at a site begun at a time lasts if nothing more is
// seen, 0 for ever.
func lasts(t *testing.T, s *Store, code string, from int64) time.Duration {
	t.Helper()
	site, ok := s.Registry().Site(code)
	if !ok {
		t.Fatalf("no site %s", code)
	}
	rules := s.Registry().StayRules()
	entry := trajectory.Event{At: from, Site: site.Num, Direction: trajectory.In, Accepted: true}
	stays := trajectory.Fold([]trajectory.Event{entry}, from+100*24*3_600_000, rules)
	d := time.Duration(stays[0].To-from) * time.Millisecond
	if stays[0].Open {
		d = 0
	}
	if longest := rules.LongestOf(site.Num); d == 0 && longest > 0 || longest > 0 && d > longest {
		t.Errorf("%s: %v is longer than the longest, %v", code, d, longest)
	}
	return d
}

func TestLongestStay(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	const hour = int64(3_600_000)
	change := func(code string, hours int) error {
		return s.Change(t.Context(), func(d *Draft) error {
			site, _ := d.Site(code)
			changed := *site
			changed.MaxStayHours = hours
			return d.PutSite(changed)
		})
	}
	check := func(when, code string, from int64, want time.Duration) {
		t.Helper()
		if got := lasts(t, s, code, from); got != want {
			t.Errorf("%s: %s: a stay lasts %v, want %v", when, code, got, want)
		}
	}
	before := s.now() - hour
	check("by kind", "v-01", before, 0)
	check("by kind", "c-01", before, 0)
	check("by kind", "mall-01", before, 24*time.Hour)
	check("by kind", "pharmacy-01", before, 24*time.Hour)

	must(t, change("mall-01", 6))
	must(t, change("c-01", 48))
	check("by site", "mall-01", before, 6*time.Hour)
	check("by site", "c-01", before, 48*time.Hour)
	wantField(t, change("mall-01", -1), "max_stay_hours")
	wantField(t, change("mall-01", 673), "max_stay_hours")

	night := Policy{
		Code: "night", Name: "夜间", Ground: "通告", CreatedBy: "wang", From: s.now() + hour, Until: s.now() + 3*hour,
		Parts: []PolicyPart{{Kinds: []SiteKind{Mall, Village}, Rules: RulesPatch{MaxStayHours: ptr(2)}}},
	}
	putPolicy(t, s, night)
	check("before the policy", "mall-01", night.From-1, 6*time.Hour)
	check("under the policy", "mall-01", night.From, 2*time.Hour)
	check("under the policy", "v-01", night.From, 2*time.Hour)
	check("not touched", "c-01", night.From, 48*time.Hour)
	check("after the policy", "v-01", night.Until, 0)
	clock.Advance(10 * time.Hour)
	endless := night
	endless.Code, endless.From, endless.Until = "endless", 0, 0
	endless.Parts = []PolicyPart{{Rules: RulesPatch{MaxStayHours: ptr(0)}}}
	putPolicy(t, s, endless)
	check("what began under a policy that is over", "mall-01", night.From, 2*time.Hour)
	check("back to what is usual", "mall-01", s.now(), 24*time.Hour)
	check("back to what is usual", "c-01", s.now(), 0)
	endless.Code, endless.Parts = "wrong", []PolicyPart{{Rules: RulesPatch{MaxStayHours: ptr(1000)}}}
	wantField(t, s.Change(t.Context(), func(d *Draft) error { return d.PutPolicy(endless) }), "parts[0].rules.max_stay_hours")
}
