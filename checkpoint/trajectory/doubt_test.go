package trajectory

import (
	"reflect"
	"testing"
	"time"
)

// The flags of the examples.
const (
	lateFlag     uint32 = 1
	disputedFlag uint32 = 1 << 3
)

// sent is an event of a device that was offline, and when the server got it.
func sent(e Event, device uint32, recorded int64) Event {
	e.Device, e.RecordedAt, e.Flags = device, recorded, e.Flags|lateFlag
	return e
}

// whys are the rules of each stay.
func whys(stays []Stay) []Why {
	out := make([]Why, len(stays))
	for i, s := range stays {
		out[i] = s.Why
	}
	return out
}

func TestWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	const day = 24 * hour
	for name, c := range map[string]struct {
		events []Event
		want   []Why
	}{
		"told otherwise": {
			[]Event{in(mall, hour), {At: 2 * hour, Site: mall, Direction: Out, Accepted: true, Flags: disputedFlag}, in(shop, 3*hour), out(shop, 4*hour)},
			[]Why{ToldOtherwise, 0},
		},
		"uploaded late, in the order in which it happened": {
			[]Event{sent(in(mall, hour), 1, 5*hour), sent(out(mall, 2*hour), 1, 6*hour), in(shop, 3*hour), out(shop, 4*hour)},
			[]Why{LateUpload, 0},
		},
		"one device sent the exit before the entry": {
			[]Event{sent(in(mall, hour), 1, 6*hour), sent(out(mall, 2*hour), 1, 5*hour), in(shop, 3*hour), out(shop, 4*hour)},
			[]Why{LateUpload | ClockSetBack, 0},
		},
		"the clock was set back between out and in": { // in truth: out, then in
			[]Event{in(home, 0), sent(out(home, 3*hour), 1, day), sent(in(home, 2*hour), 1, day+1)},
			[]Why{EnteredAgain, Again | LateUpload | ClockSetBack},
		},
		"a refused attempt tells that the clock was set back": {
			[]Event{sent(denied(in(mall, 2*hour)), 1, day), sent(in(mall, hour), 1, day+1), out(mall, 3*hour)},
			[]Why{LateUpload | ClockSetBack},
		},
		"only what is out of order with another is": {
			[]Event{
				sent(in(mall, hour), 1, day), sent(out(mall, 2*hour), 1, day+1),
				sent(in(mall, 4*hour), 1, day+3), sent(out(mall, 5*hour), 1, day+2),
				sent(in(mall, 6*hour), 1, day+4), sent(out(mall, 7*hour), 1, day+5),
			},
			[]Why{LateUpload, LateUpload | ClockSetBack, LateUpload},
		},
		"two devices send in any order": {
			[]Event{sent(in(mall, hour), 1, 6*hour), sent(out(mall, 2*hour), 2, 5*hour)},
			[]Why{LateUpload},
		},
		"what is sent at once overtakes what waits": {
			[]Event{sent(in(mall, hour), 1, 6*hour), {At: 2 * hour, RecordedAt: 2 * hour, Site: mall, Device: 1, Direction: Out, Accepted: true}},
			[]Why{LateUpload},
		},
		"recorded in one millisecond": {
			[]Event{sent(in(mall, hour), 1, day), sent(out(mall, 2*hour), 1, day)},
			[]Why{LateUpload},
		},
		"two sites crossed": {
			[]Event{in(mall, hour), in(shop, 2*hour), out(mall, 3*hour), out(shop, 4*hour)},
			[]Why{SeenElsewhere | TwoPlaces, SeenElsewhere | TwoPlaces, ExitOnly | TwoPlaces, ExitOnly | TwoPlaces},
		},
		"out of one while inside the other": {
			[]Event{in(mall, hour), out(shop, 2*hour), out(mall, 3*hour)},
			[]Why{SeenElsewhere | TwoPlaces, ExitOnly | TwoPlaces, ExitOnly | TwoPlaces},
		},
		"one site visited between": { // a forgotten scan is likelier
			[]Event{in(mall, hour), in(shop, 2*hour), out(shop, 3*hour), out(mall, 4*hour)},
			[]Why{SeenElsewhere, 0, ExitOnly},
		},
		"crossed too late": {
			[]Event{in(mall, hour), in(shop, 2*hour), out(mall, 11*hour+1)},
			[]Why{SeenElsewhere, SeenElsewhere, ExitOnly},
		},
		"two sites in one instant": {
			[]Event{in(mall, hour), {At: hour, ID: 1, Site: shop, Direction: In, Accepted: true}, out(mall, 2*hour)},
			[]Why{SeenElsewhere | OneInstant, OneInstant}, // the shop has the lower ID
		},
		"in and out in one instant": {
			[]Event{in(mall, hour), {At: hour, ID: 1 << 60, Site: mall, Direction: Out, Accepted: true}},
			[]Why{OneInstant},
		},
		"one entry twice in one instant": {
			[]Event{in(mall, hour), {At: hour, ID: 1 << 60, Site: mall, Direction: In, Accepted: true}, out(mall, 2*hour)},
			[]Why{EnteredAgain, Again},
		},
		"refused elsewhere in one instant": {
			[]Event{in(mall, hour), denied(Event{At: hour, ID: 1, Site: shop, Direction: In}), out(mall, 2*hour)},
			[]Why{0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := examples
			rules.LateFlags, rules.ConflictFlags = lateFlag, disputedFlag
			stays := Fold(c.events, 3*day, rules)
			if got := whys(stays); !reflect.DeepEqual(got, c.want) {
				t.Fatalf("\ngot  %v\nwant %v\n%+v", got, c.want, stays)
			}
		})
	}
}

// TestMarks holds each rule to the mark that its explanation names.
func TestMarks(t *testing.T) {
	t.Parallel()
	codes, all := map[string]bool{}, Why(0)
	for _, x := range Explanations() {
		var s Stay
		s.because(x.Why)
		got := map[string]bool{
			"inferred": s.Inferred && !s.UnknownStart, "unknown_start": s.UnknownStart && s.Inferred, "reentry": s.Reentry, "late": s.Late, "conflict": s.Conflict,
		}
		for mark, set := range got {
			if set != (mark == x.Mark) {
				t.Errorf("%s: %s is %v, the explanation says %q", x.Code, mark, set, x.Mark)
			}
		}
		if x.Code == "" || x.ZH == "" || x.EN == "" || codes[x.Code] || all&x.Why != 0 {
			t.Errorf("rule without code or words, or twice: %+v", x)
		}
		codes[x.Code] = true
		all |= x.Why
	}
	if len(codes) != 11 || all != 1<<len(codes)-1 {
		t.Errorf("%d rules %b", len(codes), all)
	}
	if got := (ExitOnly | Again).Codes(); !reflect.DeepEqual(got, []string{"exit_only", "reentry"}) || Why(0).Codes() == nil {
		t.Errorf("codes %v", got)
	}
}

func TestFlagsReachTheStay(t *testing.T) {
	t.Parallel()
	first, second := in(mall, hour), out(mall, 2*hour)
	first.Flags, second.Flags = lateFlag, disputedFlag
	rules := examples
	rules.LateFlags = lateFlag
	got := Fold([]Event{first, second, in(shop, 3*hour)}, 4*hour, rules)
	if got[0].Flags != lateFlag|disputedFlag || !got[0].Conflict || !got[0].Late {
		t.Errorf("disputed stay: %+v", got[0])
	}
	if got[1].Flags != 0 || got[1].Conflict || got[1].Late {
		t.Errorf("plain stay: %+v", got[1])
	}
}

func TestLongestStayDependsOnWhenItBegan(t *testing.T) {
	t.Parallel()
	rules := Rules{MaxStayOf: func(_ uint32, from int64) time.Duration {
		if from < 5*hour {
			return time.Hour
		}
		return 2 * time.Hour
	}}
	got := Fold([]Event{in(mall, hour), in(mall, 6*hour)}, 20*hour, rules)
	if got[0].To != 2*hour || got[1].To != 8*hour {
		t.Errorf("got %+v", got)
	}
}
