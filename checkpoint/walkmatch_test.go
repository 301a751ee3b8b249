package checkpoint

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

// lisi is what a guard wrote down in these tests.
var lisi = WalkIn{Name: "李四", IDTail: "123X", Phone: "13900000000"}

// written is a scan of somebody whom the guard wrote down.
func (g *gatePost) written(who WalkIn, way Direction, temp Celsius) ScanRequest {
	req := g.request(0, way, temp)
	req.Who, req.WalkIn, req.Presented = ByWalkIn, &who, "walk:"+who.Name
	return req
}

// walkInOf enters a new walk-in at the mall.
func (g *gatePost) walkInOf(who WalkIn) uint64 {
	g.t.Helper()
	return g.send(g.written(who, In, 36_5)).Person.ID
}

// insideOf is how many people are inside the mall.
func insideOf(t testing.TB, s *Store, code string) int {
	t.Helper()
	site, _ := s.Registry().Site(code)
	n, err := s.Inside(t.Context(), []*Site{site})
	must(t, err)
	return n[0]
}

func match(t testing.TB, s *Store, walkIn, resident uint64) {
	t.Helper()
	m, err := s.MatchWalkIn(t.Context(), walkIn, resident, "tracer-1")
	must(t, err)
	if want := (Match{walkIn, resident, m.At, "tracer-1"}); m != want || m.At == 0 {
		t.Fatalf("match %+v, want %+v", m, want)
	}
}

func unmatch(t testing.TB, s *Store, walkIn, resident uint64) {
	t.Helper()
	if was, err := s.UnmatchWalkIn(t.Context(), walkIn); err != nil || was != resident {
		t.Fatalf("taken back from %016x, %v", was, err)
	}
}

func TestMatchedHistoryIsReadInOrderOfTime(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall, pharmacy := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01"), post(t, s, clock, "pharmacy-01")
	other := WalkIn{Name: "李四", Phone: "13900000000"}
	var walkIn, second uint64
	for range 90 { // more than a chunk on either side
		home.scan(id, Out, 36_5)
		clock.Advance(time.Minute)
		walkIn = mall.walkInOf(lisi)
		clock.Advance(time.Minute)
		mall.send(mall.written(lisi, Out, 0))
		clock.Advance(time.Minute)
		second = pharmacy.walkInOf(other)
		home.scan(id, In, 36_5) // in the same millisecond
		clock.Advance(time.Minute)
	}
	apart := map[uint64][]ScanEvent{id: trailOf(t, s, id), walkIn: trailOf(t, s, walkIn), second: trailOf(t, s, second)}
	match(t, s, walkIn, id)
	match(t, s, second, id)
	whole := trailOf(t, s, id)
	if len(whole) != 90*5 {
		t.Fatalf("%d events, want %d", len(whole), 90*5)
	}
	again := map[uint64][]ScanEvent{}
	for i, e := range whole {
		if i > 0 && e.OccurredAt < whole[i-1].OccurredAt {
			t.Fatalf("event %d lies before the one ahead of it", i)
		}
		again[e.Person] = append(again[e.Person], e)
	}
	if !reflect.DeepEqual(again, apart) {
		t.Error("the joined trail does not hold the events of its parts, each in its order")
	}
	if own := trailOf(t, s, walkIn); !reflect.DeepEqual(own, apart[walkIn]) {
		t.Error("the walk-in's own trail has changed")
	}
	var part []ScanEvent
	from, to := whole[100].OccurredAt, whole[200].OccurredAt
	must(t, s.Trail(t.Context(), id, from, to, func(e *ScanEvent) error { part = append(part, *e); return nil }))
	all := slices.DeleteFunc(slices.Clone(whole), func(e ScanEvent) bool { return e.OccurredAt < from || e.OccurredAt >= to })
	if !reflect.DeepEqual(part, all) {
		t.Errorf("a window has %d events, want %d", len(part), len(all))
	}
	enough, n := errors.New("enough"), 0
	err := s.Trail(t.Context(), id, from, to, func(*ScanEvent) error {
		if n++; n == 7 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 7 {
		t.Errorf("stopped after %d events with %v", n, err)
	}
	unmatch(t, s, walkIn, id)
	unmatch(t, s, second, id)
	if own := trailOf(t, s, id); !reflect.DeepEqual(own, apart[id]) {
		t.Error("after undoing it the resident's trail is not what it was")
	}
}

func TestMatchedWordsAreAScanOfTheResident(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	old := mall.written(lisi, In, 36_5)
	walkIn := mall.send(old).Person.ID
	clock.Advance(time.Minute)
	match(t, s, walkIn, id)

	t.Log("judged by the resident's home and status")
	entered := home.written(lisi, In, 36_5)
	res := home.send(entered)
	want(t, res, Pass, ReasonOK, Admit, 0)
	if res.Person.ID != id || res.Person.Kind != KindResident {
		t.Errorf("person %+v", res.Person)
	}
	must(t, s.SetStatus(t.Context(), id, StatusRed))
	clock.Advance(time.Minute)
	denied := mall.written(lisi, In, 36_5)
	want(t, mall.send(denied), Deny, ReasonStatusRed, Escort, FlagBreach)
	if n := len(trailOf(t, s, walkIn)); n != 1 {
		t.Errorf("%d events in the walk-in's own trail", n)
	}
	if trail := trailOf(t, s, id); len(trail) != 3 || trail[0].Person != walkIn || trail[1].Person != id || trail[2].Who != ByWalkIn {
		t.Errorf("trail %+v", trail)
	}
	views, err := s.Views(t.Context(), []uint64{walkIn, id})
	must(t, err)
	if v := views[walkIn]; v.Kind != KindWalkIn || v.KnownAs == nil || v.KnownAs.ID != id || v.KnownAs.NameMasked != "王*明" || v.KnownAs.Home != "v-01" {
		t.Errorf("view %+v, known as %+v", v, v.KnownAs)
	}
	if views[id].KnownAs != nil {
		t.Error("the resident is known as somebody else")
	}

	t.Log("repeats get their first answers, before and after it is undone")
	repeat := func() {
		t.Helper()
		want(t, mall.send(old), Pass, ReasonOK, Admit, FlagWalkIn|FlagOutsider)
		want(t, home.send(entered), Pass, ReasonOK, Admit, 0)
		want(t, mall.send(denied), Deny, ReasonStatusRed, Escort, FlagBreach)
		for _, req := range []ScanRequest{old, entered, denied} {
			res := mall.send(req)
			if !res.Duplicate || req.ID != old.ID && res.Person.ID != id {
				t.Errorf("%s: %+v of %+v", req.ID, res, res.Person)
			}
			req.Temperature++
			s.recent = newRecentScans() // as at another gateway
			if _, err := s.Scan(t.Context(), req); !errors.Is(err, ErrOtherContent) {
				t.Errorf("%s with other content: %v", req.ID, err)
			}
			s.recent = newRecentScans()
		}
	}
	repeat()
	unmatch(t, s, walkIn, id)
	repeat()
	clock.Advance(time.Hour)
	repeat()
	if a, b := len(trailOf(t, s, walkIn)), len(trailOf(t, s, id)); a != 1 || b != 2 {
		t.Errorf("%d and %d events after repeats, want 1 and 2", a, b)
	}

	t.Log("new ones are the walk-in's again")
	want(t, mall.send(mall.written(lisi, In, 36_5)), Pass, ReasonOK, Admit, FlagWalkIn|FlagOutsider|FlagAlreadyInside)
	if n := len(trailOf(t, s, walkIn)); n != 2 {
		t.Errorf("%d events in the walk-in's own trail", n)
	}

	t.Log("and then somebody else's")
	next := mustEnrol(t, s, resident(2, "v-01"))[0]
	match(t, s, walkIn, next)
	repeat()
	want(t, home.send(home.written(lisi, In, 36_5)), Pass, ReasonOK, Admit, 0)
	if n := len(trailOf(t, s, next)); n != 3 {
		t.Errorf("%d events in the next one's trail, want the walk-in's 2 and 1", n)
	}
}

func TestMatchRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	mall := post(t, s, clock, "mall-01")
	walkIn, other := mall.walkInOf(lisi), mall.walkInOf(WalkIn{Name: "孙八"})
	match(t, s, walkIn, ids[0])
	for name, c := range map[string]struct {
		walkIn, resident uint64
		by, field        string
		err              error
	}{
		"itself":             {other, other, "tracer-1", "resident", nil},
		"another walk-in":    {other, walkIn, "tracer-1", "resident", nil},
		"nobody on record":   {other, ids[0] + 1, "tracer-1", "", ErrNotFound},
		"of nobody":          {other + 1, ids[0], "tracer-1", "", ErrNotFound},
		"of a resident":      {ids[1], ids[0], "tracer-1", "id", nil},
		"somebody else's":    {walkIn, ids[1], "tracer-1", "", ErrMatched},
		"by nobody":          {other, ids[0], "", "by", nil},
		"of a matched one":   {other, other ^ 1, "tracer-1", "", ErrNotFound},
		"a walk-in's itself": {walkIn, walkIn, "tracer-1", "resident", nil},
	} {
		_, err := s.MatchWalkIn(t.Context(), c.walkIn, c.resident, c.by)
		var bad *FieldError
		if c.err != nil && !errors.Is(err, c.err) || c.field != "" && (!errors.As(err, &bad) || bad.Field != c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m, err := s.MatchOf(t.Context(), walkIn); err != nil || m.Resident != ids[0] {
		t.Errorf("the match is %+v, %v", m, err)
	}
	if m, err := s.MatchOf(t.Context(), other); err != nil || m != (Match{WalkIn: other}) {
		t.Errorf("an unmatched one is %+v, %v", m, err)
	}
	unmatch(t, s, other, 0)
	if _, err := s.UnmatchWalkIn(t.Context(), ids[0]); err == nil {
		t.Error("a resident was unmatched")
	}

	t.Log("sixteen, and no more")
	for i := range MaxWalkIns - 1 {
		match(t, s, mall.walkInOf(WalkIn{Name: "孙八", Phone: fmt.Sprintf("139000001%02d", i)}), ids[0])
	}
	var bad *FieldError
	if _, err := s.MatchWalkIn(t.Context(), other, ids[0], "tracer-1"); !errors.As(err, &bad) || bad.Field != "resident" {
		t.Errorf("the 17th: %v", err)
	}
	unmatch(t, s, walkIn, ids[0])
	match(t, s, other, ids[0])
	if n := len(trailOf(t, s, ids[0])); n != MaxWalkIns {
		t.Errorf("%d events in the trail of sixteen walk-ins", n)
	}
}

// Where the resident is, who is inside and a reading that waits come out of both
// histories.
func TestMatchJoinsTheStateOfBoth(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	clock.Advance(time.Minute)
	walkIn := mall.walkInOf(lisi)
	inside := func(name string, village, mall int) {
		t.Helper()
		if v, m := insideOf(t, s, "v-01"), insideOf(t, s, "mall-01"); v != village || m != mall {
			t.Errorf("%s: %d in the village and %d in the mall, want %d and %d", name, v, m, village, mall)
		}
	}
	inside("apart", 1, 1)
	match(t, s, walkIn, id)
	inside("one person", 0, 1)
	match(t, s, walkIn, id)
	inside("again", 0, 1)
	unmatch(t, s, walkIn, id)
	inside("undone", 1, 1)
	unmatch(t, s, walkIn, id)
	inside("undone again", 1, 1)
	match(t, s, walkIn, id)
	clock.Advance(time.Minute)
	want(t, mall.scan(id, Out, 0), Pass, ReasonOK, Admit, 0) // was inside
	inside("left", 0, 0)

	t.Log("a first high reading of the walk-in, a second one of the resident")
	first := mall.written(lisi, In, 38_0)
	unmatch(t, s, walkIn, id)
	want(t, mall.send(first), Remeasure, ReasonRemeasure, MeasureAgain, FlagWalkIn|FlagOutsider|FlagTemperatureHigh)
	match(t, s, walkIn, id)
	clock.Advance(time.Minute)
	want(t, mall.scan(id, In, 38_4), Deny, ReasonFever, HoldHere, FlagTemperatureHigh)
}

// A fever case that was opened on the walk-in holds the resident.
func TestMatchCarriesTheOpenFeverCase(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	mall := post(t, s, clock, "mall-01")
	sick := func(who WalkIn) (uint64, FeverID) {
		clock.Advance(time.Second)
		res := mall.send(mall.written(who, In, 38_0))
		clock.Advance(time.Minute)
		want(t, mall.send(mall.written(who, In, 38_4)), Deny, ReasonFever, HoldHere, FlagWalkIn|FlagOutsider|FlagTemperatureHigh)
		trail := trailOf(t, s, res.Person.ID)
		return res.Person.ID, trail[len(trail)-1].Fever
	}
	held := func(who uint64) {
		t.Helper()
		clock.Advance(time.Second)
		want(t, mall.scan(who, In, 36_5), Deny, ReasonFever, HoldHere, FlagFeverCase)
	}
	free := func(who uint64) {
		t.Helper()
		clock.Advance(time.Second)
		want(t, mall.scan(who, In, 36_5), Pass, ReasonOK, Admit, 0)
		clock.Advance(time.Second)
		want(t, mall.scan(who, Out, 0), Pass, ReasonOK, Admit, 0)
	}
	walkIn, fever := sick(lisi)
	match(t, s, walkIn, ids[0])
	held(ids[0])
	unmatch(t, s, walkIn, ids[0])
	free(ids[0])
	match(t, s, walkIn, ids[1])
	held(ids[1])
	other, second := sick(WalkIn{Name: "孙八"})
	match(t, s, other, ids[1])
	_, err := s.CloseFever(t.Context(), fever, FeverScreenedNegative, "medic-1", "")
	must(t, err)
	held(ids[1]) // for the other one
	_, err = s.CloseFever(t.Context(), second, FeverScreenedNegative, "medic-1", "")
	must(t, err)
	free(ids[1])

	t.Log("closed, but the resident was not reached: closing again does it")
	third, again := sick(WalkIn{Name: "周九"})
	match(t, s, third, ids[0])
	_, err = s.CloseFever(t.Context(), again, FeverHandedOver, "medic-1", "")
	must(t, err)
	must(t, s.walkInStep(t.Context(), ids[0], "hold", raw(uint64(again))))
	_, err = s.CloseFever(t.Context(), again, FeverHandedOver, "medic-1", "")
	must(t, err)
	free(ids[0])
}

// Whatever a match or its undoing had done when it was cut off, doing it again
// completes it, and until then nothing is wrong that was right before.
func TestMatchThatWasCutOffIsCompletedByRepeating(t *testing.T) {
	t.Parallel()
	for _, done := range []string{"nothing", "the list", "the list and the match"} {
		t.Run(done, func(t *testing.T) {
			t.Parallel()
			s, clock := newStore(t)
			id := mustEnrol(t, s, resident(1, "v-01"))[0]
			mall := post(t, s, clock, "mall-01")
			walkIn := mall.walkInOf(lisi)
			if done != "nothing" {
				must(t, s.walkInStep(t.Context(), id, "link", raw(walkIn), MaxWalkIns))
				if n := len(trailOf(t, s, id)); n != 0 {
					t.Errorf("%d events joined before the walk-in is known", n)
				}
			}
			if done == "the list and the match" {
				must(t, s.walkInStep(t.Context(), walkIn, "match", raw(id), s.now(), "tracer-1"))
				if n := len(trailOf(t, s, id)); n != 1 {
					t.Errorf("%d events joined, want 1", n)
				}
			}
			match(t, s, walkIn, id)
			want(t, mall.scan(id, Out, 0), Pass, ReasonOK, Admit, 0) // was inside
			if n := len(trailOf(t, s, id)); n != 2 || insideOf(t, s, "mall-01") != 0 {
				t.Errorf("%d events, %d inside", n, insideOf(t, s, "mall-01"))
			}

			t.Log("undoing, cut off behind its first step")
			_, err := s.run(t.Context(), s.rdb, walkInScript, []string{s.keys.person(walkIn)}, "unmatch", s.now())
			must(t, err)
			if n := len(trailOf(t, s, id)); n != 1 {
				t.Errorf("%d events, the walk-in's is none of them", n)
			}
			unmatch(t, s, walkIn, id)
			if list := s.rdb.HGet(t.Context(), s.keys.person(id), "j").Val(); list != "" || insideOf(t, s, "mall-01") != 1 {
				t.Errorf("list %x, %d inside", list, insideOf(t, s, "mall-01"))
			}
		})
	}
}

// Matching and undoing by many at once ends in one of the two, whole.
func TestMatchingAndUndoingAtOnceEndsWhole(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	mall := post(t, s, clock, "mall-01")
	walkIn := mall.walkInOf(lisi)
	for range 10 {
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				var err error
				if i%3 == 2 {
					_, err = s.UnmatchWalkIn(t.Context(), walkIn)
				} else {
					_, err = s.MatchWalkIn(t.Context(), walkIn, ids[i%3], "tracer-1")
				}
				if err != nil && !errors.Is(err, ErrMatched) && !errors.Is(err, ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		now, err := s.MatchOf(t.Context(), walkIn)
		must(t, err)
		for _, id := range ids {
			list := s.rdb.HGet(t.Context(), s.keys.person(id), "j").Val()
			if now.Resident == id && list != raw(walkIn) || now.Resident != id && len(trailOf(t, s, id)) != 0 {
				t.Fatalf("known as %016x; %016x has the list %x", now.Resident, id, list)
			}
		}
		if n := insideOf(t, s, "mall-01"); n != 1 {
			t.Fatalf("%d inside, want one person under whatever name", n)
		}
	}
}

// A scan of a walk-in is taken back by the same words, wherever it lies.
func TestAnnulmentFindsTheScanOfAMatchedWalkIn(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	mall := post(t, s, clock, "mall-01")
	before := mall.written(lisi, In, 36_5)
	walkIn := mall.send(before).Person.ID
	match(t, s, walkIn, id)
	clock.Advance(time.Minute)
	during := mall.written(lisi, Out, 0)
	want(t, mall.send(during), Pass, ReasonOK, Admit, 0)
	if n := insideOf(t, s, "mall-01"); n != 0 {
		t.Errorf("%d inside", n)
	}
	res, err := mall.takeBack("annul-0001", during, walkIn) // by the words
	must(t, err)
	if res.Person != id || insideOf(t, s, "mall-01") != 1 {
		t.Errorf("%+v, %d inside", res, insideOf(t, s, "mall-01"))
	}
	res, err = mall.takeBack("annul-0002", before, walkIn)
	must(t, err)
	if res.Person != walkIn || insideOf(t, s, "mall-01") != 0 {
		t.Errorf("%+v, %d inside", res, insideOf(t, s, "mall-01"))
	}
	for _, e := range trailOf(t, s, id) {
		if !e.Annulled && !e.IsAnnulment() {
			t.Errorf("%+v counts", e)
		}
	}
	want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	if _, err := mall.takeBack("annul-0003", mall.written(lisi, In, 36_5), walkIn); !errors.Is(err, ErrNotFound) {
		t.Errorf("a scan that is nowhere: %v", err)
	}
	unmatch(t, s, walkIn, id)
	again, err := mall.takeBack("annul-0001", during, walkIn)
	if !errors.Is(err, ErrOtherContent) && (err != nil || again.Person != id) {
		t.Errorf("after undoing: %+v, %v", again, err)
	}
}

func TestCandidatesHaveThePhoneAndTheLikeliestComesFirst(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	rows := []NewResident{resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"), resident(4, "v-01")}
	rows[0].Phone, rows[1].Phone, rows[2].Phone = lisi.Phone, lisi.Phone, lisi.Phone
	rows[1].Name, rows[1].IDNumber = "李四", "P000123X"
	rows[2].Name = "李四"
	rows[3].Name, rows[3].IDNumber = "李四", "Q000123X" // another phone: not found, though it fits
	ids := mustEnrol(t, s, rows...)
	mall := post(t, s, clock, "mall-01")
	got, err := s.WalkInCandidates(t.Context(), mall.walkInOf(WalkIn{"李四", "123x", lisi.Phone}))
	must(t, err)
	type row struct {
		id         uint64
		name, tail bool
	}
	var rowsGot []row
	for _, c := range got {
		rowsGot = append(rowsGot, row{c.ID, c.SameName, c.SameTail})
	}
	if want := []row{{ids[1], true, true}, {ids[2], true, false}, {ids[0], false, false}}; !slices.Equal(rowsGot, want) {
		t.Errorf("candidates %v, want %v", rowsGot, want)
	}
	if got, err := s.WalkInCandidates(t.Context(), mall.walkInOf(WalkIn{Name: "李四", IDTail: "123X"})); err != nil || len(got) != 0 {
		t.Errorf("without a phone: %v, %v", got, err)
	}
	var bad *FieldError
	if _, err := s.WalkInCandidates(t.Context(), ids[0]); !errors.As(err, &bad) || bad.Field != "id" {
		t.Errorf("of a resident: %v", err)
	}
}

func TestMergedEventsStopAtAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	sequence := func(err error, at ...int64) iter.Seq2[ScanEvent, error] {
		return func(yield func(ScanEvent, error) bool) {
			for _, t := range at {
				if !yield(ScanEvent{OccurredAt: t}, nil) {
					return
				}
			}
			if err != nil {
				yield(ScanEvent{}, err)
			}
		}
	}
	var got []int64
	err := mergeEvents([]iter.Seq2[ScanEvent, error]{sequence(nil), sequence(nil, 1, 4, 6), sequence(broken, 2, 3, 5), sequence(nil, 9)},
		func(e *ScanEvent) error { got = append(got, e.OccurredAt); return nil })
	if !errors.Is(err, broken) || !slices.Equal(got, []int64{1, 2, 3, 4, 5}) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := mergeEvents([]iter.Seq2[ScanEvent, error]{sequence(broken)}, nil); !errors.Is(err, broken) {
		t.Errorf("the first one broken: %v", err)
	}
}
