package trajectory

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// foldFunc is Fold or a broken variant of it.
type foldFunc func([]Event, int64, Rules) []Stay

// property tells what is wrong with what the function makes of a history.
type property func(foldFunc, history) error

// arbitrary draws events with no sense behind them, many at the same instant.
func arbitrary() *rapid.Generator[history] {
	event := rapid.Custom(func(t *rapid.T) Event {
		return Event{
			At: rapid.Int64Range(0, 20).Draw(t, "at"), ID: rapid.Uint64Range(0, 3).Draw(t, "id"),
			RecordedAt: rapid.Int64Range(0, 20).Draw(t, "recorded"),
			Site:       rapid.Uint32Range(1, 3).Draw(t, "site"), Gate: rapid.Uint32Range(1, 3).Draw(t, "gate"),
			Direction: rapid.SampledFrom([]byte{In, Out}).Draw(t, "direction"),
			Accepted:  rapid.Bool().Draw(t, "accepted"), Flags: rapid.Uint32Range(0, 3).Draw(t, "flags"),
			Device: rapid.Uint32Range(0, 2).Draw(t, "device"),
		}
	})
	return rapid.Custom(func(t *rapid.T) history {
		return history{
			events: rapid.SliceOfN(event, 0, 25).Draw(t, "events"),
			asOf:   rapid.Int64Range(-1, 25).Draw(t, "as of"),
			rules: Rules{
				MaxStay:   time.Duration(rapid.IntRange(-1, 9).Draw(t, "ms")) * time.Millisecond,
				LateFlags: 1, ConflictFlags: 2,
			},
		}
	})
}

// truthIsFound: with nothing lost, the stays are what really happened.
func truthIsFound(f foldFunc, h history) error {
	if got := f(h.events, h.asOf, h.rules); !reflect.DeepEqual(got, h.truth) {
		return fmt.Errorf("got %+v, truth %+v", got, h.truth)
	}
	return nil
}

// whatIsNotMarkedIsTrue: with losses, a stay that no rule had a hand in is one
// that really was, or several at one site of which what lay between was lost. An
// open one has at least begun then.
func whatIsNotMarkedIsTrue(f foldFunc, h history) error {
	for _, s := range f(h.events, h.asOf, h.rules) {
		if s.Why&^LateUpload != 0 {
			continue
		}
		first := slices.IndexFunc(h.truth, func(v Stay) bool { return v.From == s.From && v.Site == s.Site })
		last := slices.IndexFunc(h.truth, func(v Stay) bool { return v.To == s.To && v.Site == s.Site })
		if first < 0 || !s.Open && (last < first || h.single && last != first) {
			return fmt.Errorf("%+v has no mark and was not so: %+v", s, h.truth)
		}
	}
	return nil
}

// staysAreSound: sorted, apart, within asOf, with every entry and exit in
// exactly one stay at the event's own site.
func staysAreSound(f foldFunc, h history) error {
	ordered, stays := Order(h.events), f(h.events, h.asOf, h.rules)
	owner := map[int]Stay{}
	for i, s := range stays {
		if s.From > s.To || s.To > h.asOf || s.Open && (i < len(stays)-1 || s.To != h.asOf) {
			return fmt.Errorf("stay %d is not possible: %+v", i, s)
		}
		if i > 0 && s.From < stays[i-1].To {
			return fmt.Errorf("stays %d and %d overlap: %+v %+v", i-1, i, stays[i-1], s)
		}
		for _, e := range s.Events {
			if _, twice := owner[e]; twice || ordered[e].Site != s.Site {
				return fmt.Errorf("event %+v belongs to another stay than %+v", ordered[e], s)
			}
			owner[e] = s
		}
	}
	for i, e := range ordered {
		_, has := owner[i]
		if counts := e.At <= h.asOf && (e.Direction == Out || e.Direction == In && e.Accepted); counts != has {
			return fmt.Errorf("event %+v: in a stay %v, want %v", e, has, counts)
		}
	}
	return nil
}

// knownInstantsHold: from an accepted entry to the next entry or exit (or the
// longest stay, or asOf) the person is at the entry's site and nowhere else.
func knownInstantsHold(f foldFunc, h history) error {
	ordered, stays := Order(h.events), f(h.events, h.asOf, h.rules)
	for i, e := range ordered {
		if e.Direction != In || !e.Accepted || e.At > h.asOf {
			continue
		}
		until := h.asOf
		for _, next := range ordered[i+1:] {
			if next.Direction == Out || next.Direction == In && next.Accepted {
				until = min(until, next.At)
				break
			}
		}
		if end, ok := h.rules.limit(e.Site, e.At); ok {
			until = min(until, end)
		}
		covered := slices.ContainsFunc(stays, func(s Stay) bool {
			return s.Site == e.Site && s.From == e.At && s.To >= until && slices.Contains(s.Events, i)
		})
		if !covered {
			return fmt.Errorf("after %+v until %d the person is not there: %+v", e, until, stays)
		}
	}
	return nil
}

// arrivalDoesNotMatter: backwards, in order of recording and with every event
// doubled, the result is the same.
func arrivalDoesNotMatter(f foldFunc, h history) error {
	want := f(h.events, h.asOf, h.rules)
	backwards := slices.Clone(h.events)
	slices.Reverse(backwards)
	for _, events := range [][]Event{backwards, byRecording(h.events), append(backwards, h.events...)} {
		if got := f(events, h.asOf, h.rules); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("arrived as %+v: got %+v, want %+v", events, got, want)
		}
	}
	return nil
}

// setBackIsFound: an entry or exit is in doubt if and only if another late event
// of the device contradicts it, as comparing each with each tells.
func setBackIsFound(f foldFunc, h history) error {
	ordered := slices.DeleteFunc(Order(h.events), func(e Event) bool { return e.At > h.asOf })
	late := func(e Event) bool { return e.Device != 0 && e.Flags&h.rules.LateFlags != 0 }
	for _, s := range f(h.events, h.asOf, h.rules) {
		doubt := slices.ContainsFunc(s.Events, func(i int) bool {
			return late(ordered[i]) && slices.ContainsFunc(ordered, func(o Event) bool {
				return late(o) && o.Device == ordered[i].Device && cmp.Compare(o.At, ordered[i].At)*cmp.Compare(o.RecordedAt, ordered[i].RecordedAt) < 0
			})
		})
		if got := s.Why&ClockSetBack != 0; got != doubt || doubt && !s.Conflict {
			return fmt.Errorf("%+v of %+v: in doubt %v", s, ordered, doubt)
		}
	}
	return nil
}

func byRecording(events []Event) []Event {
	return slices.SortedFunc(slices.Values(events), func(a, b Event) int {
		return cmp.Compare(a.RecordedAt, b.RecordedAt)
	})
}

// properties lists what must hold and on which histories; any says that it holds
// of all events whatever.
var properties = map[string]struct {
	holds property
	on    func() *rapid.Generator[history]
	any   bool
}{
	"truth is found": {truthIsFound, histories, false},
	"what is not marked is true, with losses":        {whatIsNotMarkedIsTrue, lossy, false},
	"what is not marked is true, with single losses": {whatIsNotMarkedIsTrue, singleLosses, false},
	"stays are sound with losses":                    {staysAreSound, lossy, false},
	"stays are sound with any events":                {staysAreSound, arbitrary, true},
	"set back clocks are found":                      {setBackIsFound, arbitrary, true},
	"known instants hold with losses":                {knownInstantsHold, lossy, false},
	"known instants hold with any events":            {knownInstantsHold, arbitrary, true},
	"arrival does not matter":                        {arrivalDoesNotMatter, arbitrary, true},
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for name, p := range properties {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				if err := p.holds(Fold, p.on().Draw(t, "history")); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestAnyPermutationGivesTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := arbitrary().Draw(t, "history")
		mixed := rapid.Permutation(h.events).Draw(t, "arrival")
		before := slices.Clone(mixed)
		if got, want := Fold(mixed, h.asOf, h.rules), Fold(h.events, h.asOf, h.rules); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if !reflect.DeepEqual(mixed, before) {
			t.Fatal("Fold changed the events it was given")
		}
	})
}

func TestTruthIsFoundInAnyArrival(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		h.events = arriving(h, t)
		if err := truthIsFound(Fold, h); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAllLostIsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		if got := Fold(nil, h.asOf, h.rules); len(got) != 0 {
			t.Fatalf("stays without events: %+v", got)
		}
	})
}

// TestPropertiesCanFail holds broken variants against the properties: each must
// be caught by the one that is there for it.
func TestPropertiesCanFail(t *testing.T) {
	t.Parallel()
	edited := func(edit func([]Event)) foldFunc {
		return func(events []Event, asOf int64, r Rules) []Stay {
			events = slices.Clone(events)
			edit(events)
			return Fold(events, asOf, r)
		}
	}
	for name, c := range map[string]struct {
		broken foldFunc
		caught string
	}{
		"ordered by arrival at the server": {func(events []Event, asOf int64, r Rules) []Stay {
			return fold(byRecording(events), asOf, r)
		}, "truth is found"},
		"walked in the order given": {fold, "arrival does not matter"},
		"a denied entry is believed": {edited(func(events []Event) {
			for i := range events {
				events[i].Accepted = true
			}
		}), "truth is found"},
		"a denied exit is not an exit": {func(events []Event, asOf int64, r Rules) []Stay {
			return Fold(slices.DeleteFunc(slices.Clone(events), func(e Event) bool {
				return e.Direction == Out && !e.Accepted
			}), asOf, r)
		}, "truth is found"},
		"a missing exit is made up after a minute": {func(events []Event, asOf int64, _ Rules) []Stay {
			return Fold(events, asOf, Rules{MaxStay: time.Minute})
		}, "known instants hold with losses"},
		"an entry elsewhere does not end a stay": {func(events []Event, asOf int64, r Rules) []Stay {
			stays := Fold(events, asOf, r)
			for i := range stays {
				if stays[i].Inferred && !stays[i].UnknownStart {
					stays[i].To = asOf
				}
			}
			return stays
		}, "stays are sound with losses"},
		"nothing is marked": {func(events []Event, asOf int64, r Rules) []Stay {
			stays := Fold(events, asOf, r)
			for i := range stays {
				stays[i].Why = 0
			}
			return stays
		}, "what is not marked is true, with single losses"},
		"a missed exit is not marked": {func(events []Event, asOf int64, r Rules) []Stay {
			stays := Fold(events, asOf, r)
			for i := range stays {
				stays[i].Why &^= SeenElsewhere | EnteredAgain
			}
			return stays
		}, "what is not marked is true, with losses"},
		"a refused exit stands": {func(events []Event, asOf int64, r Rules) []Stay {
			f := folder{rules: r}
			for i, e := range Order(events) {
				if e.entry() {
					f.enter(i, &e)
				} else if e.exit() {
					f.exit(i, &e)
					f.refused = false
				}
			}
			f.finish(asOf)
			return f.stays
		}, "truth is found"},
		"only the later of two events is in doubt": {func(events []Event, asOf int64, r Rules) []Stay {
			stays := Fold(events, asOf, r)
			for i := range stays[:min(len(stays), 1)] {
				stays[i].Why &^= ClockSetBack
			}
			return stays
		}, "set back clocks are found"},
		"exits without entry are dropped": {func(events []Event, asOf int64, r Rules) []Stay {
			return slices.DeleteFunc(Fold(events, asOf, r), func(s Stay) bool { return s.UnknownStart })
		}, "stays are sound with any events"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := properties[c.caught]
			for seed := range 300 {
				if p.holds(c.broken, p.on().Example(seed)) != nil {
					return
				}
			}
			t.Fatalf("%q did not catch it in 300 histories", c.caught)
		})
	}
}
