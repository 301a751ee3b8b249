package checkpoint

import "fmt"

// Decision is what the gate does with a person who asks to pass.
type Decision uint8

// The decisions, in the order in which they are stored (never renumber: the
// number is part of every recorded event).
const (
	Pass       Decision = iota // go through
	Deny                       // do not let through
	Remeasure                  // take the temperature again before deciding
	Incomplete                 // something that the rule asks for is missing
)

var decisionNames = [...]string{"pass", "deny", "remeasure", "incomplete"}

// String returns the wire name, for example "pass".
func (d Decision) String() string { return nameOf(decisionNames[:], int(d)) }

// ParseDecision reads a wire name.
func ParseDecision(s string) (Decision, error) {
	i, err := indexOf(decisionNames[:], s, "decision")
	return Decision(i), err
}

// Action tells the guard what to do next.
type Action uint8

// The actions, in stored order.
const (
	Admit        Action = iota // open the gate
	MeasureAgain               // measure again, with another method if the reading was low
	Register                   // write down who it is before anything else
	HoldHere                   // keep the person here until hand-over, phone the number shown
	Escort                     // bring the person home or see them out
	SendBack                   // ask the person to turn back
	Disinfect                  // disinfect the vehicle first
)

var actionNames = [...]string{"admit", "measure_again", "register", "hold_here", "escort", "send_back", "disinfect"}

// String returns the wire name, for example "hold_here".
func (a Action) String() string { return nameOf(actionNames[:], int(a)) }

// Color is the colour that fills the guard's screen.
type Color string

// Green and Yellow both mean go; Yellow comes with flags that say why care is
// due. Red means: not now.
const (
	Green  Color = "green"
	Yellow Color = "yellow"
	Red    Color = "red"
)

// ColorOf derives the colour: it is never stored, so it cannot disagree with
// the decision.
func ColorOf(d Decision, f Flags) Color {
	switch {
	case d != Pass:
		return Red
	case f&carefulFlags != 0:
		return Yellow
	default:
		return Green
	}
}

// Flags are facts about one recorded scan, a bit each; at most
// 19, which is what a stored outcome has room for.
type Flags uint32

// The flags, in stored order.
const (
	FlagLate            Flags = 1 << iota // uploaded after the fact by the batch route
	FlagConflict                          // the server would have decided otherwise than the device told
	FlagAlreadyInside                     // entered a site where the person already was
	FlagNotInside                         // left a site where the person was not
	FlagReplayedPass                      // the same app pass entered twice with no exit between
	FlagRemeasured                        // a second reading was normal after a high first one
	FlagTemperatureLow                    // the accepted reading is below the low line
	FlagTemperatureHigh                   // the reading is at or above the fever line
	FlagBreach                            // a person under observation or red is not at home
	FlagStatusYellow                      // the person's status is yellow
	FlagOutsider                          // not a resident of this town
	FlagWalkIn                            // named by the guard, not identified
	FlagEscort                            // status asks for company on the way home
	FlagOutsideHours                      // let home although the site is closed
	FlagOverride                          // an emergency: the person on shift let pass, whatever the rules say
	FlagFeverCase                         // the person has an open fever case
	FlagOverstayed                        // a visitor left after the permit had ended
	FlagOtherVehicle                      // the vehicle is not the one on the permit
	FlagDegraded                          // decided by a gateway that could not reach Redis, from its copy
)

var flagNames = [...]string{
	"late", "conflict", "already_inside", "not_inside", "replayed_pass", "remeasured",
	"temperature_low", "temperature_high", "breach", "status_yellow", "outsider", "walk_in",
	"escort", "outside_hours", "override", "fever_case", "overstayed", "other_vehicle",
	"degraded",
}

// carefulFlags are those that turn a pass from green to yellow; "late",
// "conflict" and "degraded" are about the record, not about the person.
const carefulFlags = ^(FlagLate | FlagConflict | FlagDegraded)

// Names lists the set flags by wire name, never nil, so that JSON shows [].
func (f Flags) Names() []string {
	out := make([]string, 0, 2)
	for i := range flagNames {
		if f&(1<<i) != 0 {
			out = append(out, flagNames[i])
		}
	}
	return out
}

// Outcome is the whole answer to one scan as it is stored: four bytes.
type Outcome struct {
	Decision Decision
	Reason   Reason
	Action   Action
	Flags    Flags
}

// Color is the screen colour of the outcome.
func (o Outcome) Color() Color { return ColorOf(o.Decision, o.Flags) }

// pack gives the stored form: the top 3 of 19 flags, decision (2 bits) and
// action (3 bits); reason; the other flags big-endian.
func (o Outcome) pack() []byte {
	return []byte{
		byte(o.Flags>>16)<<5 | byte(o.Decision)<<3 | byte(o.Action), byte(o.Reason), byte(o.Flags >> 8), byte(o.Flags),
	}
}

// unpackOutcome reads what pack wrote; b holds at least outcomeSize bytes.
func unpackOutcome(b []byte) (Outcome, error) {
	o := Outcome{
		Decision: Decision(b[0] >> 3 & 3),
		Action:   Action(b[0] & 7),
		Reason:   Reason(b[1]),
		Flags:    Flags(b[0]>>5)<<16 | Flags(b[2])<<8 | Flags(b[3]),
	}
	if int(o.Action) >= len(actionNames) || int(o.Reason) >= len(reasons) {
		return Outcome{}, fmt.Errorf("checkpoint: stored outcome %x is not one that this version knows", b[:outcomeSize])
	}
	return o, nil
}

const outcomeSize = 4

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("unknown(%d)", i)
}

func indexOf(names []string, s, what string) (int, error) {
	for i, n := range names {
		if n == s {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s %q is none of %v", what, s, names)
}
