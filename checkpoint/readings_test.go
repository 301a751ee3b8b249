package checkpoint

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint/drift"
)

// reading is a scan of a person with a temperature taken by a method.
func (g *gatePost) reading(person uint64, way Direction, temp Celsius, by Method) ScanRequest {
	req := g.request(person, way, temp)
	req.Method = by
	return req
}

// counted is how often each temperature was read at a gate on a day, as text:
// "forehead in 36.5".
func counted(t testing.TB, s *Store, gate string, day Day) map[string]int {
	t.Helper()
	all, err := s.GateReadings(t.Context(), day)
	must(t, err)
	out := map[string]int{}
	for way, h := range all[gate] {
		for i, n := range h {
			if n > 0 {
				out[fmt.Sprintf("%s %s %s", way.Method, way.Direction, Celsius(drift.Lowest+i))] = int(n)
			}
		}
	}
	return out
}

func TestReadingsOfAGateAreCountedOnce(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	home.send(home.reading(ids[0], Out, 36_5, Forehead))
	home.send(home.reading(ids[1], Out, 36_5, Forehead))
	again := home.reading(ids[1], In, 36_5, Forehead)
	home.send(again)
	home.send(again) // a retry
	clock.Advance(time.Minute)
	home.send(home.reading(ids[0], In, 36_5, Wrist))
	home.send(home.reading(ids[1], In, 38_0, Ear)) // measure again
	home.scan(ids[1], In, 45_0)                    // nobody said how
	home.send(home.reading(ids[0], In, 30_0, Armpit))
	home.send(home.reading(ids[1], Out, 0, Forehead)) // no reading
	taken := home.reading(ids[0], Out, 36_7, Forehead)
	home.send(taken)
	_, err := home.takeBack("annul-0001", taken, ids[0])
	must(t, err)
	mall.send(mall.reading(ids[0], In, 36_5, Forehead))
	want := map[string]int{
		"forehead out 36.5": 2, "forehead in 36.5": 1, "wrist in 36.5": 1, "ear in 38.0": 1, " in 45.0": 1, "armpit in 30.0": 1,
		"forehead out 36.7": 1,
	}
	today := s.DayAt(s.now())
	for range 3 {
		projectAll(t, s)
		if got := counted(t, s, "v-01-g1", today); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v\nwant %v", got, want)
		}
	}
	if got := counted(t, s, "mall-01-g1", today); len(got) != 1 || got["forehead in 36.5"] != 1 {
		t.Errorf("the mall: %v", got)
	}
	all, err := s.GateReadings(t.Context(), today)
	must(t, err)
	if len(all) != 2 {
		t.Errorf("%d gates with readings, want 2", len(all))
	}
	gate, _ := s.Registry().Gate("v-01-g1")
	if n := s.rdb.HLen(t.Context(), s.keys.readings(gate.Num, today)).Val(); n != int64(len(want)) {
		t.Errorf("%d counts for %d values", n, len(want))
	}
	if left := s.rdb.TTL(t.Context(), s.keys.readings(gate.Num, today)).Val(); left <= 71*time.Hour || left > 72*time.Hour {
		t.Errorf("the counts are kept for %s more, want 3 days", left)
	}
}

// A day begins at midnight at the place, not in Greenwich; one step of the
// projector may hold both sides of either.
func TestReadingsBelongToTheDayAtThePlace(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	for i, at := range []string{
		"2020-02-11T15:59:59.999Z", "2020-02-11T16:00:00.000Z", "2020-02-11T23:59:59.999Z", "2020-02-12T00:00:00.000Z",
	} {
		when, err := time.Parse(time.RFC3339, at)
		must(t, err)
		clock.ms.Store(when.UnixMilli())
		home.send(home.reading(id, []Direction{Out, In}[i%2], 36_0+Celsius(i), Forehead))
	}
	projectAll(t, s)
	eleventh, err := ParseDay("2020-02-11")
	must(t, err)
	if got := counted(t, s, "v-01-g1", eleventh); !reflect.DeepEqual(got, map[string]int{"forehead out 36.0": 1}) {
		t.Errorf("the 11th: %v", got)
	}
	want := map[string]int{"forehead in 36.1": 1, "forehead out 36.2": 1, "forehead in 36.3": 1}
	if got := counted(t, s, "v-01-g1", eleventh+1); !reflect.DeepEqual(got, want) {
		t.Errorf("the 12th: %v", got)
	}
	if n := len(allEvents(t, s, "v-01-g1")); n != 4 {
		t.Errorf("%d events in the index, want 4", n)
	}
}

// allEvents reads the index of a gate around now.
func allEvents(t testing.TB, s *Store, gate string) (events []ScanEvent) {
	t.Helper()
	w := Window{Gate: gate, From: s.now() - 2*86_400_000, To: s.now() + 86_400_000}
	must(t, s.Events(t.Context(), w, func(e *ScanEvent) error { events = append(events, *e); return nil }))
	return events
}

func TestReadingsAreCountedForThreeDays(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	today := s.DayAt(s.now())
	if today.String() != "2020-02-11" {
		t.Errorf("today is %s", today)
	}
	for ago := range Day(3) {
		if _, err := s.SuspectGates(t.Context(), today-ago); err != nil {
			t.Errorf("%d days ago: %v", ago, err)
		}
	}
	for _, day := range []Day{today + 1, today - 3, 0, -1 << 60, 1 << 60} {
		_, err := s.SuspectGates(t.Context(), day)
		var field *FieldError
		if !errors.As(err, &field) || field.Field != "day" || !strings.Contains(field.Why, "from 2020-02-09 to 2020-02-11") {
			t.Errorf("day %d: %v", day, err)
		}
	}
	for _, text := range []string{"", "today", "2020-02-30", "2020-2-11", "2020-02-11T00:00:00Z", "11.02.2020"} {
		if _, err := ParseDay(text); err == nil {
			t.Errorf("%q is taken for a date", text)
		}
	}
}

// bigTown adds five villages to each area, so that every gate has neighbours of
// its own.
func bigTown(t testing.TB, s *Store) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for n := 11; n <= 20; n++ {
			code, grid := fmt.Sprintf("v-%d", n), "mg-1"
			if n > 15 {
				grid = "area-2"
			}
			for _, err := range []error{
				d.PutSite(Site{Code: code, Name: code, Kind: Village, Grid: grid}),
				d.PutGate(Gate{Code: code + "-g1", Name: "东门", Site: code, Open: true}),
				d.PutDevice(Device{Code: code + "-d1", Gate: code + "-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte(code)}),
			} {
				if err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// dayAt lets a gate take 5 * rounds readings spread around a middle value.
func (g *gatePost) dayAt(person uint64, way Direction, by Method, rounds int, middle Celsius, spread ...Celsius) {
	g.t.Helper()
	for range rounds {
		for _, off := range spread {
			g.clock.Advance(time.Second)
			g.send(g.reading(person, way, middle+off, by))
		}
	}
}

func TestSuspectGatesAreNamedByTheirNeighbours(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	bigTown(t, s)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	people := []Celsius{-2, -1, 0, 1, 2}
	at := func(site string, way Direction, by Method, rounds int, middle Celsius, spread ...Celsius) {
		post(t, s, clock, site).dayAt(id, way, by, rounds, middle, spread...)
	}
	// In area-1 people come in from the frost; c-01 has a thermometer that reads
	// 0.6 lower, in both directions, v-15 a guard who measures nobody.
	for _, site := range []string{"v-01", "v-11", "v-12", "v-13", "v-14"} {
		at(site, In, Forehead, 8, 35_4, people...)
		at(site, Out, Forehead, 8, 36_4, people...)
	}
	at("c-01", In, Forehead, 8, 34_8, people...)
	at("c-01", Out, Forehead, 10, 35_8, people...)
	at("v-15", In, Forehead, 40, 36_5, 0)
	at("v-15", Out, Forehead, 6, 36_4, people...)
	// The mall has no frost: it measures at the wrist, which others do not.
	at("mall-01", In, Wrist, 8, 36_4, people...)
	// In area-2 they wait in a warm hall, save at v-16.
	for _, site := range []string{"v-02", "v-17", "v-18", "v-19", "v-20"} {
		at(site, In, Forehead, 8, 36_4, people...)
	}
	at("v-16", In, Forehead, 8, 35_4, people...)
	projectAll(t, s)

	found, err := s.SuspectGates(t.Context(), s.DayAt(s.now()))
	must(t, err)
	var got []string
	for i := range found {
		g := &found[i]
		got = append(got, fmt.Sprintf("%s %s %s %s %d of %.0f to %.0f", g.Gate.Code, g.Finding.Kind, g.Method, g.Direction,
			g.Finding.N, g.Finding.Median, g.Finding.NeighboursMedian))
		if g.Site.Code+"-g1" != g.Gate.Code {
			t.Errorf("gate %s at site %s", g.Gate.Code, g.Site.Code)
		}
	}
	want := []string{
		"c-01-g1 drift forehead out 50 of 358 to 364", // told once, by the direction with more readings
		"v-15-g1 constant forehead in 40 of 365 to 354",
		"v-16-g1 drift forehead in 40 of 354 to 364",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	yesterday, err := s.SuspectGates(t.Context(), s.DayAt(s.now())-1)
	if err != nil || len(yesterday) != 0 {
		t.Errorf("yesterday: %v, %v", yesterday, err)
	}
}

func TestSuspicionSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		finding drift.Suspicion
		zh, en  []string
	}{
		{
			drift.Suspicion{Kind: drift.Drift, Median: 358.2, NeighboursMedian: 364},
			[]string{"低约0.6℃", "漏掉", "换电池", "30分钟", "比对"},
			[]string{"0.6 °C lower", "missed", "battery", "warm up", "compare"},
		},
		{
			drift.Suspicion{Kind: drift.Drift, Median: 372, NeighboursMedian: 364},
			[]string{"高约0.8℃", "误报"},
			[]string{"0.8 °C higher", "taken for feverish"},
		},
		{
			drift.Suspicion{Kind: drift.Constant, Mode: 365, Share: 0.948},
			[]string{"95%", "36.5℃", "值守人员"},
			[]string{"95 %", "36.5 °C", "talk to the guard"},
		},
	} {
		zh, en := (&SuspectGate{Finding: c.finding}).Text()
		for _, words := range []struct {
			text string
			want []string
		}{{zh, c.zh}, {en, c.en}} {
			for _, w := range words.want {
				if !strings.Contains(words.text, w) {
					t.Errorf("%q does not say %q", words.text, w)
				}
			}
		}
	}
}
