package trajectory

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// history is what one person really did, and what the gates saw of it.
type history struct {
	truth  []Stay
	events []Event
	asOf   int64
	rules  Rules
	single bool // no two events in a row were lost
}

// truthRules: nobody stays anywhere for more than 12 h but at home, site 1.
var truthRules = Rules{LateFlags: lateFlag, MaxStayOf: func(site uint32, _ int64) time.Duration {
	if site == home {
		return 0
	}
	return 12 * time.Hour
}}

// walker makes the history of one person, event by event.
type walker struct {
	t       *rapid.T
	h       history
	now     int64
	offline map[uint32]bool // devices that send late
}

func (w *walker) pass(most int64, label string) { w.now += rapid.Int64Range(1, most).Draw(w.t, label) }

// scan records an event now, at the site's one device, and gives its index.
func (w *walker) scan(site uint32, direction byte, accepted bool) int {
	e := Event{
		At: w.now, ID: rapid.Uint64().Draw(w.t, "id"), RecordedAt: w.now,
		Site: site, Gate: site * 10, Device: site * 100, Direction: direction, Accepted: accepted,
	}
	if w.offline[site] {
		e.Flags = lateFlag
	}
	w.h.events = append(w.h.events, e)
	return len(w.h.events) - 1
}

// turnedAway is refused at a gate, perhaps, and goes on.
func (w *walker) turnedAway() {
	if rapid.IntRange(0, 3).Draw(w.t, "turned away") == 0 {
		w.scan(rapid.Uint32Range(1, 4).Draw(w.t, "refusing site"), In, false)
		w.pass(hour, "again")
	}
}

// visit enters a site, and leaves it unless they stay.
func (w *walker) visit(stays bool) {
	site := rapid.Uint32Range(1, 4).Draw(w.t, "site")
	s := Stay{Site: site, EntryGate: site * 10, From: w.now}
	s.Events = append(s.Events, w.scan(site, In, true))
	most, again := 6*hour-1, 6*hour // within the longest stay
	if site == home {
		most, again = 200*hour, 100*hour
	}
	w.pass(most, "length")
	if stays {
		s.To, s.Open = w.now, true
	} else {
		accepted := rapid.IntRange(0, 4).Draw(w.t, "exit denied") > 0
		if !accepted && rapid.Bool().Draw(w.t, "and stays on") { // until a good exit
			s.Events = append(s.Events, w.scan(site, Out, false))
			s.because(ExitRefused)
			w.pass(again, "stays on")
			accepted = true
		}
		if !accepted {
			s.because(ExitRefused)
		}
		s.To, s.ExitGate = w.now, site*10
		s.Events = append(s.Events, w.scan(site, Out, accepted))
	}
	if w.offline[site] {
		s.Flags = lateFlag
		s.because(LateUpload)
	}
	w.h.truth = append(w.h.truth, s)
}

// upload says when the server got each event: what a device kept comes in the
// order in which it happened, up to two days later.
func (w *walker) upload() {
	sent := map[uint32]int64{}
	for i := range w.h.events {
		e := &w.h.events[i]
		if e.Flags&lateFlag != 0 {
			e.RecordedAt = max(e.At+rapid.Int64Range(0, 48*hour).Draw(w.t, "delay"), sent[e.Device])
			sent[e.Device] = e.RecordedAt
		}
	}
}

// histories draws true movements: visits one after the other, each with an
// entry and an exit, refused attempts in between, devices that send late, some
// events sent twice, uploads in any order, perhaps still inside at the end.
func histories() *rapid.Generator[history] {
	return rapid.Custom(func(t *rapid.T) history {
		w := walker{t: t, h: history{rules: truthRules}, now: rapid.Int64Range(0, 1000).Draw(t, "begin"), offline: map[uint32]bool{}}
		for site := range uint32(4) {
			w.offline[site+1] = rapid.IntRange(0, 2).Draw(t, "offline") == 0
		}
		visits := rapid.IntRange(0, 8).Draw(t, "visits")
		for i := range visits {
			w.pass(6*hour, "away")
			w.turnedAway()
			w.visit(i == visits-1 && rapid.Bool().Draw(t, "still inside"))
		}
		w.upload()
		w.h.asOf = w.now
		return w.h
	})
}

// arriving is the history's events in any order, some of them twice.
func arriving(h history, t *rapid.T) []Event {
	events := slices.Clone(h.events)
	for _, e := range h.events {
		if rapid.IntRange(0, 3).Draw(t, "sent twice") == 0 {
			e.RecordedAt += rapid.Int64Range(0, hour).Draw(t, "later")
			events = append(events, e)
		}
	}
	return rapid.Permutation(events).Draw(t, "arrival")
}

// lossy draws histories of which some events never arrived.
func lossy() *rapid.Generator[history] { return losing(false) }

// singleLosses draws histories of which no two events in a row were lost.
func singleLosses() *rapid.Generator[history] { return losing(true) }

func losing(single bool) *rapid.Generator[history] {
	return rapid.Custom(func(t *rapid.T) history {
		h := histories().Draw(t, "history")
		before, kept := false, []Event{}
		for _, e := range h.events { // attempts tell of no stay: they are not what is lost
			lost := (e.entry() || e.exit()) && rapid.IntRange(0, 2).Draw(t, "lost") == 0 && !(single && before)
			if e.entry() || e.exit() {
				before = lost
			}
			if !lost {
				kept = append(kept, e)
			}
		}
		h.events, h.single = kept, single
		h.asOf += rapid.Int64Range(0, 40*hour).Draw(t, "asked later")
		return h
	})
}

// TestHistoriesAreVaried sees to it that the generators draw what the properties
// are about.
func TestHistoriesAreVaried(t *testing.T) {
	t.Parallel()
	var seen Why
	open, twice, lost := 0, 0, 0
	for seed := range 200 {
		h := lossy().Example(seed)
		for _, s := range Fold(h.events, h.asOf, h.rules) {
			seen |= s.Why
		}
		whole := histories().Example(seed)
		for _, s := range whole.truth {
			if s.Open {
				open++
			}
			if len(s.Events) == 3 {
				twice++
			}
		}
		lost += len(h.truth) - len(Fold(h.events, h.asOf, h.rules))
		if !slices.IsSortedFunc(whole.events, func(a, b Event) int { return cmp.Compare(a.At, b.At) }) {
			t.Fatal("a history is not in order")
		}
	}
	want := NeverLeft | EnteredAgain | SeenElsewhere | ExitOnly | Again | ExitRefused | LateUpload | TwoPlaces
	if seen&want != want || seen&ClockSetBack != 0 || open == 0 || twice == 0 || lost == 0 {
		t.Errorf("rules %v, %d open, %d refused and then out, %d stays lost", seen.Codes(), open, twice, lost)
	}
}
