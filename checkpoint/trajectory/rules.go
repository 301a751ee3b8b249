package trajectory

// Why names the rules that made a stay what it is, a bit each. It is 0 where
// entry and exit were seen and nothing about them is in doubt.
type Why uint16

// The rules, in the order of Explanations.
const (
	NeverLeft     Why = 1 << iota // ended by the site's longest stay
	EnteredAgain                  // ended by another entry at the same site
	SeenElsewhere                 // ended by an entry or exit at another site
	ExitOnly                      // only the exit was seen
	Again                         // began with an entry while inside
	ExitRefused                   // an exit was refused, whether they left then or later
	LateUpload                    // an event came after the fact
	ToldOtherwise                 // an event has one of Rules.ConflictFlags
	ClockSetBack                  // a device's events came in another order than they are dated
	TwoPlaces                     // its events cross those of a stay elsewhere
	OneInstant                    // another event at the same instant: which came first is not known
	inferredWhy   = NeverLeft | EnteredAgain | SeenElsewhere | ExitOnly
	conflictWhy   = ToldOtherwise | ClockSetBack | TwoPlaces | OneInstant
)

// Explanation puts a rule in words.
type Explanation struct {
	Why  Why    `json:"-"`
	Code string `json:"code"` // stable
	Mark string `json:"mark"` // the mark of the stay that it sets, "" for none
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

var explanations = [...]Explanation{
	{
		NeverLeft, "never_left", "inferred", "未见离开，按该场所最长停留时间推定离开",
		"No exit was seen: it ends where the longest stay at this site does.",
	},
	{
		EnteredAgain, "entered_again", "inferred", "未见离开又在同一场所进入，推定在再次进入时离开",
		"No exit was seen before the next entry here: it ends at that entry, at the latest possible time.",
	},
	{
		SeenElsewhere, "seen_elsewhere", "inferred", "未见离开，后在别处出现，推定在别处出现时离开",
		"No exit was seen before they passed a gate elsewhere: it ends then, at the latest possible time.",
	},
	{
		ExitOnly, "exit_only", "unknown_start", "只见离开，未见进入，何时进入不明",
		"Only the exit was seen: they were there, since when is not known.",
	},
	{
		Again, "reentry", "reentry", "按记录已在场内又进入",
		"They entered while they were inside already: the exit between was missed, or the code was shown twice.",
	},
	{
		ExitRefused, "exit_refused", "", "离开时曾被拦下；其后再次离开的以后一次为准，否则视为当时已离开",
		"An exit was refused. If the next thing seen is another exit here, they left then, otherwise at the refused one.",
	},
	{
		LateUpload, "late", "late", "设备离线，事后补传",
		"A device that was offline sent it after the fact; it stands where it happened.",
	},
	{
		ToldOtherwise, "told_otherwise", "conflict", "设备离线时的答复与按规则应作的判定不一致",
		"What a device told offline is not what the rules would have said.",
	},
	{
		ClockSetBack, "clock_set_back", "conflict", "同一设备补传的先后与所记时间相反，设备时钟可能被调慢",
		"The device sent them in another order than they are dated: its clock was set back, or its queue was out of order.",
	},
	{
		TwoPlaces, "two_places", "conflict", "与另一场所的进出交错，可能有人冒用，或一个场所在另一个之内",
		"Its entry and exit cross those at another site: somebody else with the pass, or one site within the other.",
	},
	{
		OneInstant, "one_instant", "conflict", "同一时刻另有一次进出，先后不明",
		"Something else was recorded for the same instant: which came first is not known.",
	},
}

// Explanations lists all rules, in order.
func Explanations() []Explanation { return explanations[:] }

// Explain lists the rules among these, in order; never nil.
func (w Why) Explain() []Explanation {
	out := make([]Explanation, 0, 2)
	for _, x := range explanations {
		if w&x.Why != 0 {
			out = append(out, x)
		}
	}
	return out
}

// Codes lists the codes of the rules, in order; never nil.
func (w Why) Codes() []string {
	out := make([]string, 0, 2)
	for _, x := range w.Explain() {
		out = append(out, x.Code)
	}
	return out
}

// because notes a rule and sets the mark that goes with it.
func (s *Stay) because(w Why) {
	s.Why |= w
	s.Inferred = s.Why&inferredWhy != 0
	s.UnknownStart = s.Why&ExitOnly != 0
	s.Reentry = s.Why&Again != 0
	s.Late = s.Why&LateUpload != 0
	s.Conflict = s.Why&conflictWhy != 0
}
