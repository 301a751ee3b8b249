package demo

import "strings"

// Wire names that the oracle decides with. They are spelt out here, and not
// taken from the server, so that a renamed string shows.
const (
	pass, deny, remeasure, incomplete = "pass", "deny", "remeasure", "incomplete"

	admit, measureAgain, register = "admit", "measure_again", "register"
	holdHere, escort, sendBack    = "hold_here", "escort", "send_back"
	disinfect                     = "disinfect"
)

// flags are facts about a scan, a bit each.
type flags uint32

const (
	late flags = 1 << iota
	conflict
	alreadyInside
	notInside
	replayedPass
	remeasured
	temperatureLow
	temperatureHigh
	breach
	statusYellow
	outsider
	walkIn
	escorted
	outsideHours
	overridden
	feverCase
	overstayed
	otherVehicle
)

var flagWords = []string{
	"late", "conflict", "already_inside", "not_inside", "replayed_pass", "remeasured", "temperature_low",
	"temperature_high", "breach", "status_yellow", "outsider", "walk_in", "escort", "outside_hours",
	"override", "fever_case", "overstayed", "other_vehicle",
}

func (f flags) String() string {
	var words []string
	for i, w := range flagWords {
		if f&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return strings.Join(words, "+")
}

// flagsOf reads what the server says; ok is false for a word that is new.
func flagsOf(words []string) (f flags, ok bool) {
	for _, w := range words {
		found := false
		for i, known := range flagWords {
			if w == known {
				f |= 1 << i
				found = true
			}
		}
		if !found {
			return f, false
		}
	}
	return f, true
}

// verdict is the oracle's answer to a scan.
type verdict struct {
	decision, reason, action string
	flags                    flags
}

// color is what fills the guard's screen: red unless it is a pass; yellow if a
// flag is about the person and not about the record.
func (v verdict) color() string {
	switch {
	case v.decision != pass:
		return "red"
	case v.flags&^(late|conflict) != 0:
		return "yellow"
	}
	return "green"
}

// situation is what a person wants to do, seen from where they live.
type situation int

const (
	comeHome    situation = iota
	leaveHome             // by the gate of one's own village or compound
	enterHomes            // a village or compound that is not one's own
	enterPublic           // anything else
	leave                 // any place but home
	situations
)

func situationOf(in, residential, own bool) situation {
	switch {
	case in && own:
		return comeHome
	case own:
		return leaveHome
	case in && residential:
		return enterHomes
	case in:
		return enterPublic
	}
	return leave
}

// go and no of people who may move about.
var (
	goes     = verdict{pass, "ok", admit, 0}
	stranger = verdict{deny, "outsider", register, 0}
)

// care is a go with a flag.
func care(f flags) verdict { return verdict{pass, "ok", admit, f} }

// confined people are let home, with company, and nowhere else; those who are
// out are seen home.
func confined(reason string) [situations]verdict {
	return [situations]verdict{
		comeHome:    {pass, reason, escort, escorted},
		leaveHome:   {deny, reason, sendBack, breach},
		enterHomes:  {deny, reason, escort, breach},
		enterPublic: {deny, reason, escort, breach},
		leave:       {pass, reason, escort, breach},
	}
}

// table is the first answer, by status and situation. Permits, closed sites, the
// temperature and the whereabouts come after it.
var table = map[string][situations]verdict{
	"green":     {goes, goes, stranger, goes, goes},
	"recovered": {goes, goes, stranger, goes, goes},
	"yellow": {
		care(statusYellow), care(statusYellow),
		{deny, "outsider", register, statusYellow},
		care(statusYellow), care(statusYellow),
	},
	"visitor":     {care(outsider), care(outsider), stranger, care(outsider), care(outsider)},
	"outsider":    {care(outsider), care(outsider), stranger, care(outsider), care(outsider)},
	"red":         confined("status_red"),
	"observation": confined("quarantine"),
	"quarantine":  confined("quarantine"),
}
