package trajectory

import (
	"math"
	"reflect"
	"testing"
	"time"
)

const (
	hour int64 = 3_600_000
	// The sites of the examples, and the gates, which are the site times ten.
	home, mall, shop uint32 = 1, 2, 3
)

func in(site uint32, at int64) Event {
	return Event{At: at, ID: uint64(at), Site: site, Gate: site * 10, Direction: In, Accepted: true}
}

func out(site uint32, at int64) Event {
	return Event{At: at, ID: uint64(at), Site: site, Gate: site * 10, Direction: Out, Accepted: true}
}

func denied(e Event) Event {
	e.Accepted = false
	return e
}

// The examples' rules: a mall holds nobody for more than 10 h, a home forever.
var examples = Rules{
	MaxStayOf: func(site uint32, _ int64) time.Duration {
		if site == home {
			return 0
		}
		return 10 * time.Hour
	},
	ConflictFlags: 1 << 3,
}

func TestRuleByRule(t *testing.T) {
	t.Parallel()
	visit := Stay{Site: mall, EntryGate: 20, ExitGate: 20, From: hour, To: 2 * hour, Events: []int{0, 1}}
	for name, c := range map[string]struct {
		events []Event
		asOf   int64
		want   []Stay
	}{
		"nothing": {nil, 9 * hour, nil},
		"in and out": {
			[]Event{in(mall, hour), out(mall, 2*hour)},
			9 * hour,
			[]Stay{visit},
		},
		"a denied exit is an exit": {
			[]Event{in(mall, hour), denied(out(mall, 2*hour))},
			9 * hour,
			[]Stay{{Site: mall, EntryGate: 20, ExitGate: 20, From: hour, To: 2 * hour, Why: ExitRefused, Events: []int{0, 1}}},
		},
		"a denied exit and a good one": {
			[]Event{in(mall, hour), denied(out(mall, 2*hour)), denied(out(mall, 3*hour)), out(mall, 4*hour)},
			9 * hour,
			[]Stay{{Site: mall, EntryGate: 20, ExitGate: 20, From: hour, To: 4 * hour, Why: ExitRefused, Events: []int{0, 1, 2, 3}}},
		},
		"a denied exit, and something else before the next": {
			[]Event{in(mall, hour), denied(out(mall, 2*hour)), in(mall, 3*hour), out(mall, 4*hour)},
			9 * hour,
			[]Stay{
				{Site: mall, EntryGate: 20, ExitGate: 20, From: hour, To: 2 * hour, Why: ExitRefused, Events: []int{0, 1}},
				{Site: mall, EntryGate: 20, ExitGate: 20, From: 3 * hour, To: 4 * hour, Events: []int{2, 3}},
			},
		},
		"a denied exit and one past the longest stay": {
			[]Event{in(mall, hour), denied(out(mall, 2*hour)), out(mall, 12*hour)},
			19 * hour,
			[]Stay{
				{Site: mall, EntryGate: 20, ExitGate: 20, From: hour, To: 2 * hour, Why: ExitRefused, Events: []int{0, 1}},
				{Site: mall, ExitGate: 20, From: 12 * hour, To: 12 * hour, Inferred: true, UnknownStart: true, Why: ExitOnly, Events: []int{2}},
			},
		},
		"sent back home, and out again the next day": {
			[]Event{denied(out(home, hour)), out(home, 25*hour)},
			30 * hour,
			[]Stay{{Site: home, ExitGate: 10, From: hour, To: 25 * hour, Inferred: true, UnknownStart: true, Why: ExitOnly | ExitRefused, Events: []int{0, 1}}},
		},
		"a denied entry is no entry": {
			[]Event{denied(in(mall, hour))},
			9 * hour,
			nil,
		},
		"a denied entry elsewhere does not cut a stay": {
			[]Event{in(mall, hour), denied(in(shop, hour+1)), out(mall, 2*hour)},
			9 * hour,
			[]Stay{{Site: mall, EntryGate: 20, ExitGate: 20, From: hour, To: 2 * hour, Events: []int{0, 2}}},
		},
		"a second entry ends the first stay": {
			[]Event{in(mall, hour), in(mall, 2*hour), out(mall, 3*hour)},
			9 * hour,
			[]Stay{
				{Site: mall, EntryGate: 20, From: hour, To: 2 * hour, Inferred: true, Why: EnteredAgain, Events: []int{0}},
				{Site: mall, EntryGate: 20, ExitGate: 20, From: 2 * hour, To: 3 * hour, Reentry: true, Why: Again, Events: []int{1, 2}},
			},
		},
		"an entry elsewhere ends the stay": {
			[]Event{in(mall, hour), in(shop, 2*hour), out(shop, 3*hour)},
			9 * hour,
			[]Stay{
				{Site: mall, EntryGate: 20, From: hour, To: 2 * hour, Inferred: true, Why: SeenElsewhere, Events: []int{0}},
				{Site: shop, EntryGate: 30, ExitGate: 30, From: 2 * hour, To: 3 * hour, Events: []int{1, 2}},
			},
		},
		"an exit elsewhere ends the stay": {
			[]Event{in(mall, hour), out(shop, 2*hour)},
			9 * hour,
			[]Stay{
				{Site: mall, EntryGate: 20, From: hour, To: 2 * hour, Inferred: true, Why: SeenElsewhere, Events: []int{0}},
				{Site: shop, ExitGate: 30, From: 2 * hour, To: 2 * hour, Inferred: true, UnknownStart: true, Why: ExitOnly, Events: []int{1}},
			},
		},
		"an exit without entry": {
			[]Event{out(mall, hour), out(mall, 2*hour)},
			9 * hour,
			[]Stay{
				{Site: mall, ExitGate: 20, From: hour, To: hour, Inferred: true, UnknownStart: true, Why: ExitOnly, Events: []int{0}},
				{Site: mall, ExitGate: 20, From: 2 * hour, To: 2 * hour, Inferred: true, UnknownStart: true, Why: ExitOnly, Events: []int{1}},
			},
		},
		"still inside": {
			[]Event{in(mall, hour)},
			9 * hour,
			[]Stay{{Site: mall, EntryGate: 20, From: hour, To: 9 * hour, Open: true, Events: []int{0}}},
		},
		"never left": {
			[]Event{in(mall, hour)},
			11 * hour,
			[]Stay{{Site: mall, EntryGate: 20, From: hour, To: 11 * hour, Inferred: true, Why: NeverLeft, Events: []int{0}}},
		},
		"the next entry is later than the longest stay": {
			[]Event{in(mall, hour), in(mall, 40*hour)},
			41 * hour,
			[]Stay{
				{Site: mall, EntryGate: 20, From: hour, To: 11 * hour, Inferred: true, Why: NeverLeft, Events: []int{0}},
				{Site: mall, EntryGate: 20, From: 40 * hour, To: 41 * hour, Open: true, Events: []int{1}},
			},
		},
		"the exit is later than the longest stay": {
			[]Event{in(mall, hour), out(mall, 40*hour)},
			41 * hour,
			[]Stay{{Site: mall, EntryGate: 20, ExitGate: 20, From: hour, To: 40 * hour, Events: []int{0, 1}}},
		},
		"at home for weeks": {
			[]Event{in(home, hour)},
			900 * hour,
			[]Stay{{Site: home, EntryGate: 10, From: hour, To: 900 * hour, Open: true, Events: []int{0}}},
		},
		"what comes after asOf is not known yet": {
			[]Event{in(mall, hour), out(mall, 4*hour)},
			3 * hour,
			[]Stay{{Site: mall, EntryGate: 20, From: hour, To: 3 * hour, Open: true, Events: []int{0}}},
		},
		"a late upload lands where it belongs": {
			[]Event{out(mall, 2*hour), in(mall, hour)},
			9 * hour,
			[]Stay{visit},
		},
		"no such direction": {
			[]Event{{At: hour, Site: mall, Direction: 'x', Accepted: true}},
			9 * hour,
			nil,
		},
		"the end of time": {
			[]Event{in(mall, math.MaxInt64-1)},
			math.MaxInt64,
			[]Stay{{Site: mall, EntryGate: 20, From: math.MaxInt64 - 1, To: math.MaxInt64, Open: true, Events: []int{0}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Fold(c.events, c.asOf, examples); !reflect.DeepEqual(got, c.want) {
				t.Fatalf("\ngot  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestSameEventWithOtherContentCountsAsRecordedFirst(t *testing.T) {
	t.Parallel()
	first, second := in(shop, hour), in(mall, hour)
	first.RecordedAt, second.RecordedAt = 1, 2
	for _, events := range [][]Event{{first, second}, {second, first}} {
		if got := Fold(events, 2*hour, examples); len(got) != 1 || got[0].Site != shop {
			t.Errorf("got %+v, want one stay at the shop", got)
		}
	}
}

func TestLongestStayByDefault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules    Rules
		wantTo   int64
		wantOpen bool
	}{
		"default":  {Rules{}, 25 * hour, false},
		"two":      {Rules{MaxStay: 2 * time.Hour}, 3 * hour, false},
		"no limit": {Rules{MaxStay: -1}, 100 * hour, true},
	} {
		got := Fold([]Event{in(mall, hour)}, 100*hour, c.rules)
		if got[0].To != c.wantTo || got[0].Open != c.wantOpen {
			t.Errorf("%s: to %d open %v, want %d %v", name, got[0].To, got[0].Open, c.wantTo, c.wantOpen)
		}
	}
}
