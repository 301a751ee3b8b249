package world

// Kinds of scans. What is right for each stands in Scan.Want.
const (
	KindRegular    = "regular"    // a good pass, in good health: let pass
	KindResident   = "resident"   // no pass; the guard finds the resident: let pass
	KindDocument   = "document"   // no pass, but an identity document: let pass
	KindWalkIn     = "walk_in"    // a stranger at a shop, written down: let pass
	KindForged     = "forged"     // a pass with another signature: refused. Here and for the next three the same person has a good one seconds later
	KindForeign    = "foreign"    // the code of something else, a payment: refused
	KindExpired    = "expired"    // an app pass of half an hour ago, a screenshot: refused
	KindLow        = "low"        // a forehead chilled by frost: measured again, with a good reading
	KindReplayed   = "replayed"   // a copy of an app pass that was just let in elsewhere: let pass and flagged, or refused, as the rules have it
	KindFever      = "fever"      // 37.3 °C or more: measured again, still so, held. The person stays away from then on
	KindQuarantine = "quarantine" // leaves home in spite of quarantine: refused
	KindOutsider   = "outsider"   // wants to visit another village or compound: refused
	KindLate       = "late"       // told to pass by a phone without a network, and uploaded later: what was told stands
	KindDouble     = "double"     // the same scan once more, at once: the same answer
)

// Shares of what goes wrong, of all scans unless it says otherwise. They are
// assumptions: often enough that some thousand scans show nearly all of them,
// seldom enough that they do not change what a run costs.
const (
	shareForged   = 0.001 // a few try
	shareForeign  = 0.003 // the wrong app is open
	shareExpired  = 0.01  // a screenshot, or a phone whose clock is slow
	shareLow      = 0.005 // of the scans with a reading, on a cold morning
	shareResident = 0.01  // phone and paper forgotten
	shareDocument = 0.005 // old people among the few whose number is known here
	shareWalkIn   = 0.002 // deliveries
	shareLate     = 0.005 // a gate in a dead spot
	shareDouble   = 0.005 // impatient thumbs
	shareReplayed = 0.002 // of the entries with an app pass: a household with one phone
	shareForgot   = 0.01  // of the exits, which nobody scans: nothing is sent, and the next entry is let pass

	shareFever    = 0.0003 // of the people, once
	shareOutsider = 0.005  // of the trips
)

var (
	wantOK         = []string{"ok"}
	wantForged     = []string{"bad_signature"}
	wantForeign    = []string{"not_our_pass"}
	wantExpired    = []string{"expired"}
	wantLow        = []string{"temperature_low"}
	wantReplayed   = []string{"ok", "replayed_pass"}
	wantHigh       = []string{"remeasure", "fever"} // fever: it is known from an earlier run
	wantFever      = []string{"fever"}
	wantQuarantine = []string{"quarantine"}
	wantOutsider   = []string{"outsider"}
)

// dice give the numbers of one question, the same for the same question.
type dice uint64

func roll(seed, question, n uint64) dice { return dice(mix(mix(seed^question<<56) ^ n)) }

func (d *dice) next() uint64 {
	*d = dice(mix(uint64(*d)))
	return uint64(*d)
}

func (d *dice) below(n int) int { return int(d.next() % uint64(n)) } // #nosec G115 -- n is small and positive

// unit gives a number from 0 up to, but not, 1.
func (d *dice) unit() float64 { return float64(d.next()>>11) / (1 << 53) }

// Questions of the dice.
const (
	askLeg = 1 + iota
	askTrip
	askPerson
	askWay
	askReading
)

// normalReading is 36.0 to 37.2 °C, mostly about 36.6, in tenths.
func normalReading(draw uint64) int { return 360 + int(draw%7) + int(draw>>8%7) } // #nosec G115 -- below 7
