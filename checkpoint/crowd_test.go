package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint/trajectory"
)

// staysAsOf folds the whole records of everybody up to end, told as of a moment.
func (m *movingTown) staysAsOf(end, asOf int64) (stays map[uint64][]trajectory.Stay, events map[uint64][]ScanEvent) {
	reg := m.s.Registry()
	stays, events = map[uint64][]trajectory.Stay{}, m.records()
	for person, all := range events {
		events[person] = slices.DeleteFunc(all, func(e ScanEvent) bool { return e.OccurredAt >= end })
		stays[person] = trajectory.Fold(reg.Facts(events[person]), asOf, reg.StayRules())
	}
	return stays, events
}

// crowdOracle asks of everybody, for every window, whether they were there.
func (m *movingTown) crowdOracle(windows []CrowdWindow, atLeast int) (lines []string) {
	reg, now := m.s.Registry(), m.s.now()
	at, together := map[uint64][]int{}, map[uint64]int64{}
	for i, w := range windows {
		end, asOf := min(w.To, now+1), min(w.To, now)
		stays, events := m.staysAsOf(end, asOf)
		code := w.Site
		var gate *Gate
		if code == "" {
			gate, _ = reg.Gate(w.Gate)
			code = gate.Site
		}
		site, _ := reg.Site(code)
		for person := range events {
			there := false
			for _, e := range events[person] {
				there = there || gate != nil && e.Gate == gate.Num && e.OccurredAt >= w.From && (e.Direction == Out || e.Decision == Pass)
			}
			for _, stay := range stays[person] {
				if stay.Site != site.Num || stay.To < w.From || stay.From >= end || stay.To == w.From && stay.From != stay.To {
					continue
				}
				there = there || gate == nil
				together[person] += min(stay.To, asOf) - max(stay.From, w.From)
			}
			if there {
				at[person] = append(at[person], i)
			}
		}
	}
	for person, list := range at {
		if len(list) >= atLeast {
			lines = append(lines, fmt.Sprintf("%x at %v for %d", person, list, together[person]/60_000))
		}
	}
	slices.Sort(lines)
	return lines
}

// Who was at several places, and who was inside at a moment, is what looking at
// everybody's whole record says.
func TestCrowdsAndWhoIsInsideAreThoseOfTheOracle(t *testing.T) {
	t.Parallel()
	towns, found := 4, 0
	if os.Getenv("PASSGATE_LONG") != "" {
		towns = 200
	}
	movingTowns(t, towns, func(t *testing.T, m *movingTown) {
		for range 12 {
			found += m.checkCrowd(t)
			found += m.checkInside(t)
		}
	})
	if found < 50 && !testInMemory {
		t.Errorf("%d people found: the towns prove too little", found)
	}
}

func (m *movingTown) checkCrowd(t *testing.T) int {
	t.Helper()
	windows := make([]CrowdWindow, 2+m.rng.IntN(3))
	for i := range windows {
		w := &windows[i]
		w.From = m.begin + m.rng.Int64N(movingDays*24-1)*3600_000
		w.To = w.From + (1+m.rng.Int64N(12))*3600_000
		site := []string{"mall-01", "works-01", "pharmacy-01", "v-01"}[m.rng.IntN(4)]
		if m.rng.IntN(2) == 0 {
			w.Site = site
		} else {
			w.Gate = site + "-g1"
		}
	}
	atLeast := 2 + m.rng.IntN(len(windows)-1)
	res, err := m.s.Crowd(t.Context(), windows, atLeast, MaxContacts)
	must(t, err)
	var got []string
	for _, c := range res.Members {
		got = append(got, fmt.Sprintf("%x at %v for %d", c.Person, c.Windows, c.Minutes))
	}
	slices.Sort(got)
	want := m.crowdOracle(windows, atLeast)
	if d := difference(got, want); d != "" || len(got) != res.Total {
		t.Fatalf("%+v at least %d of %d: %s", windows, atLeast, res.Total, d)
	}
	return len(got)
}

func (m *movingTown) checkInside(t *testing.T) int {
	t.Helper()
	code := []string{"mall-01", "works-01", "pharmacy-01", "v-01", "c-01"}[m.rng.IntN(5)]
	site, _ := m.s.Registry().Site(code)
	at := m.begin + m.rng.Int64N(movingDays*24*60)*60_000
	if m.rng.IntN(3) == 0 { // the very moment of a scan
		at = m.scans[m.rng.IntN(len(m.scans))].OccurredAt
	}
	occupants, err := m.s.InsideAt(t.Context(), code, at)
	must(t, err)
	var got, want []string
	for i, o := range occupants {
		got = append(got, fmt.Sprintf("%x since %d by %d", o.Person, o.Since, o.Gate))
		if i > 0 && o.Since < occupants[i-1].Since {
			t.Errorf("the order of %+v", occupants)
		}
	}
	stays, _ := m.staysAsOf(at+1, at)
	for person, list := range stays {
		for _, stay := range list {
			if stay.Open && stay.Site == site.Num {
				want = append(want, fmt.Sprintf("%x since %d by %d", person, stay.From, stay.EntryGate))
			}
		}
	}
	if d := difference(got, want); d != "" || len(got) != len(want) {
		t.Fatalf("inside %s at %d: %s", code, at, d)
	}
	return len(got)
}

// Whoever came home and has not passed a gate since is at home, however long
// ago; of a mall that is true for its longest stay.
func TestPeopleAreAtHomeForDays(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	post(t, s, clock, "v-01").scan(person, In, 36_5)
	clock.Advance(2 * time.Hour)
	other := mustEnrol(t, s, resident(2, "v-01"))[0]
	post(t, s, clock, "mall-01").scan(other, In, 36_5)
	projectAll(t, s)
	inside := func(site string) int {
		people, err := s.InsideAt(t.Context(), site, s.now())
		must(t, err)
		return len(people)
	}
	for days, want := range []int{1, 0, 0} {
		if got := inside("mall-01"); got != want {
			t.Errorf("%d in the mall after %d days, want %d", got, days, want)
		}
		if got := inside("v-01"); got != 1 {
			t.Errorf("%d at home after %d days, want 1", got, days)
		}
		clock.Advance(24 * time.Hour)
	}
}

func TestCrowdRefusesWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	now := clock.Now().UnixMilli()
	w := func(edit func(*CrowdWindow)) []CrowdWindow {
		good := CrowdWindow{Site: "mall-01", From: now - 3600_000, To: now}
		bad := good
		edit(&bad)
		return []CrowdWindow{good, bad}
	}
	same := func(*CrowdWindow) {}
	for name, c := range map[string]struct {
		windows        []CrowdWindow
		atLeast, limit int
		field          string
	}{
		"one window":         {w(same)[:1], 2, 10, "windows"},
		"too many":           {slices.Repeat(w(same), 11), 2, 10, "windows"},
		"at one":             {w(same), 1, 10, "at_least"},
		"at more than given": {w(same), 3, 10, "at_least"},
		"no list":            {w(same), 2, 0, "limit"},
		"no place":           {w(func(w *CrowdWindow) { w.Site = "" }), 2, 10, "windows"},
		"two places":         {w(func(w *CrowdWindow) { w.Gate = "mall-01-g1" }), 2, 10, "windows"},
		"backwards":          {w(func(w *CrowdWindow) { w.To = w.From }), 2, 10, "windows"},
		"too long":           {w(func(w *CrowdWindow) { w.From = w.To - maxWindow - 1 }), 2, 10, "windows"},
		"in the future":      {w(func(w *CrowdWindow) { w.From, w.To = now+1, now+2 }), 2, 10, "windows"},
		"no such site":       {w(func(w *CrowdWindow) { w.Site = "none" }), 2, 10, ""},
		"no such gate":       {w(func(w *CrowdWindow) { w.Site, w.Gate = "", "none" }), 2, 10, ""},
		"nothing wrong":      {w(same), 2, 10, "-"},
	} {
		_, err := s.Crowd(t.Context(), c.windows, c.atLeast, c.limit)
		var field *FieldError
		switch {
		case c.field == "-" && err != nil, c.field == "" && !errors.Is(err, ErrNotFound):
			t.Errorf("%s: %v", name, err)
		case c.field != "" && c.field != "-" && (!errors.As(err, &field) || field.Field != c.field):
			t.Errorf("%s: %v, want a refusal of %s", name, err, c.field)
		}
	}
	var field *FieldError
	if _, err := s.InsideAt(t.Context(), "mall-01", now+1); !errors.As(err, &field) || field.Field != "at" {
		t.Errorf("inside in the future: %v", err)
	}
	if _, err := s.InsideAt(t.Context(), "none", now); !errors.Is(err, ErrNotFound) {
		t.Errorf("inside nowhere: %v", err)
	}
}
