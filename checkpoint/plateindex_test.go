package checkpoint

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// byPlate reads a plate's events of the last and the next day.
func byPlate(t testing.TB, s *Store, plate string) (events []ScanEvent) {
	t.Helper()
	const day = 86_400_000
	must(t, s.ByPlate(t.Context(), plate, s.now()-day, s.now()+day, func(e *ScanEvent) error {
		events = append(events, *e)
		return nil
	}))
	return events
}

// drive is a scan of somebody in a vehicle.
func (g *gatePost) drive(person uint64, way Direction, plate string) ScanRequest {
	req := g.request(person, way, 36_5)
	req.Plate, req.Vehicle = plate, "car-"+fmt.Sprint(g.clock.Now().UnixMilli())
	return req
}

func TestVehicleIsFoundByItsPlateAtEveryGateInOrderOfTime(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"))
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	first := home.drive(ids[0], Out, "鲁A12345")
	home.send(first)
	with := home.drive(ids[1], Out, "鲁A12345")
	home.send(with)
	mall.send(mall.drive(ids[2], In, "鲁A54321"))
	mall.scan(ids[2], In, 36_5) // on foot
	clock.Advance(time.Minute)
	last := mall.drive(ids[0], In, "鲁A12345")
	mall.send(last)
	clock.Advance(time.Minute)
	late := mall.drive(ids[1], In, "鲁A12345")
	late.OccurredAt, late.Late = late.OccurredAt-90_000, true // between the others
	mall.send(late)
	projectAll(t, s)

	events := byPlate(t, s, "鲁A12345")
	type passage struct {
		person uint64
		at     int64
		gate   string
		car    [8]byte
	}
	var got []passage
	for _, e := range events {
		gate, _ := s.Registry().GateByNum(e.Gate)
		got = append(got, passage{e.Person, e.OccurredAt, gate.Code, e.Vehicle})
		if e.Plate != "鲁A12345" || e.Temperature != 36_5 || e.Decision != Pass {
			t.Errorf("%+v", e)
		}
	}
	start := testStart.UnixMilli()
	want := []passage{
		{ids[0], start, "v-01-g1", scanHash(home.device, first.Vehicle)},
		{ids[1], start, "v-01-g1", scanHash(home.device, first.Vehicle)},
		{ids[1], start + 30_000, "mall-01-g1", scanHash(mall.device, late.Vehicle)},
		{ids[0], start + 60_000, "mall-01-g1", scanHash(mall.device, last.Vehicle)},
	}
	if len(got) > 1 && got[0].person == ids[1] { // at one time they lie by person
		got[0], got[1] = got[1], got[0]
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if got := byPlate(t, s, "鲁A54321"); len(got) != 1 || got[0].Person != ids[2] {
		t.Errorf("the other car: %+v", got)
	}
	for _, window := range []struct {
		from, to int64
		n        int
	}{{start, start + 1, 2}, {start + 1, start + 60_000, 1}, {start + 1, start + 60_001, 2}, {start, start, 0}} {
		n := 0
		must(t, s.ByPlate(t.Context(), "鲁A12345", window.from, window.to, func(*ScanEvent) error { n++; return nil }))
		if n != window.n {
			t.Errorf("%+v: %d events", window, n)
		}
	}
}

// What a plate's set holds comes from the log alone, whole, however often it
// is read.
func TestPlatesSetIsTheSameAfterProjectingAgain(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	const n = 300 // more than two chunks
	for i := range n {
		home.send(home.drive(id, []Direction{Out, In}[i%2], "鲁A12345"))
		clock.Advance(time.Minute)
	}
	projectAll(t, s)
	once, keys := byPlate(t, s, "鲁A12345"), len(allKeys(t, s))
	projectAll(t, s)
	if again := byPlate(t, s, "鲁A12345"); len(once) != n || !reflect.DeepEqual(again, once) || len(allKeys(t, s)) != keys {
		t.Errorf("%d events, then %d; %d keys, then %d", len(once), len(again), keys, len(allKeys(t, s)))
	}
	trail := trailOf(t, s, id)
	for i := range once {
		trail[i].Digest = [4]byte{} // only a trail has it
	}
	if !reflect.DeepEqual(once, trail) {
		t.Error("the set does not hold what the person's trail holds")
	}
	stop := errors.New("enough")
	seen := 0
	err := s.ByPlate(t.Context(), "鲁A12345", 0, maxWindow, func(*ScanEvent) error { return nil })
	must(t, err)
	err = s.ByPlate(t.Context(), "鲁A12345", testStart.UnixMilli(), s.now(), func(*ScanEvent) error {
		if seen++; seen == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || seen != 3 {
		t.Errorf("stopped after %d events by %v", seen, err)
	}
}

func TestPlateIsFoundHoweverItWasWritten(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	for _, plate := range []string{"鲁A12345", "鲁01·54321", "abc 123", NoPlate, ""} {
		home.send(home.drive(id, Out, plate))
		clock.Advance(time.Minute)
	}
	projectAll(t, s)
	for asked, stored := range map[string]string{
		"鲁Ａ·１２３４５": "鲁A12345", "鲁a 12345": "鲁A12345", "鲁0154321": "鲁01·54321", "鲁01-54321": "鲁01·54321", "ABC123": "abc 123",
	} {
		if got := byPlate(t, s, asked); len(got) != 1 || got[0].Plate != stored {
			t.Errorf("%s: %+v", asked, got)
		}
	}
	if got := byPlate(t, s, "鲁A12346"); len(got) != 0 {
		t.Errorf("another plate: %+v", got)
	}
	sets := 0
	for _, key := range allKeys(t, s) {
		if strings.Contains(key, "鲁") || strings.Contains(key, "12345") || strings.Contains(key, "ABC") {
			t.Errorf("key %q tells the plate", key)
		}
		if strings.Contains(key, ":v:") {
			sets++
		}
	}
	if sets != 3 { // vehicles without a plate would all be one
		t.Errorf("%d sets, want 3", sets)
	}
	for _, c := range []struct {
		plate    string
		from, to int64
		field    string
	}{
		{NoPlate, 0, 1, "plate"},
		{"", 0, 1, "plate"},
		{" · ", 0, 1, "plate"},
		{"鲁A12345", -1, 1, "to"},
		{"鲁A12345", 1, 0, "to"},
		{"鲁A12345", 0, maxWindow + 1, "to"},
	} {
		fieldError(t, s.ByPlate(t.Context(), c.plate, c.from, c.to, func(*ScanEvent) error { return nil }), c.field, "")
	}
}

func TestPlatesSetMarksTheAnnulledPassage(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	scan := home.drive(id, Out, "鲁A12345")
	home.send(scan)
	_, err := home.takeBack("annul-0001", scan, id)
	must(t, err)
	projectAll(t, s)
	events := byPlate(t, s, "鲁A12345")
	if len(events) != 2 || events[0].Annulled == events[1].Annulled || events[0].IsAnnulment() == events[1].IsAnnulment() {
		t.Errorf("%+v", events)
	}
}

func TestProjectorFillsThePlatesSet(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	home.send(home.drive(id, Out, "鲁AD12345"))
	eventually(t, "the car is found", func() bool { return len(byPlate(t, s, "鲁AD12345")) == 1 })
}

func TestPlateMemberReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := ScanEvent{
			Person: rapid.Uint64().Draw(t, "person"), OccurredAt: testStart.UnixMilli(), RecordedAt: testStart.UnixMilli() + 5,
			Outcome:   Outcome{Decision: Pass, Action: Admit, Flags: FlagLate},
			Direction: rapid.SampledFrom([]Direction{In, Out}).Draw(t, "way"), Who: ByWalkIn, Temperature: 36_6, Method: Wrist,
			Gate: rapid.Uint32().Draw(t, "gate"), Device: rapid.Uint32().Draw(t, "device"), Plate: "鲁A12345",
			Vehicle: [8]byte{7}, Hash: [8]byte{1, 2, 3}, Disinfected: rapid.Bool().Draw(t, "disinfected"),
		}
		member := string(e.plateMember())
		got, err := parsePlateMember(e.OccurredAt, member)
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%+v, %v; want %+v", got, err, e)
		}
		cut := rapid.IntRange(0, gateHead).Draw(t, "cut")
		if _, err := parsePlateMember(e.OccurredAt, member[:cut]); !errors.Is(err, errEvent) {
			t.Fatalf("the first %d bytes: %v", cut, err)
		}
	})
}
