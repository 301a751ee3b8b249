package checkpoint

import "fmt"

// Direction of a passage, seen from the site: In enters it.
type Direction byte

// The two directions; the byte is also their stored form.
const (
	In  Direction = 'i'
	Out Direction = 'o'
)

// String returns "in" or "out".
func (d Direction) String() string {
	if d == Out {
		return "out"
	}
	return "in"
}

// ParseDirection reads "in" or "out".
func ParseDirection(s string) (Direction, error) {
	switch s {
	case "in":
		return In, nil
	case "out":
		return Out, nil
	}
	return 0, fmt.Errorf("direction %q is neither in nor out", s)
}

// Status is a person's standing with the town. The number is stored.
type Status uint8

// The statuses, in stored order (never renumber).
const (
	StatusGreen Status = iota
	StatusYellow
	StatusRed
	StatusObservation
	StatusQuarantine
	StatusRecovered
	StatusVisitor
	StatusOutsider
	StatusGone // deceased or moved away
)

var statusNames = [...]string{
	"green", "yellow", "red", "observation", "quarantine", "recovered", "visitor", "outsider", "gone",
}

// Statuses lists every status in stored order.
func Statuses() []Status {
	out := make([]Status, len(statusNames))
	for i := range out {
		out[i] = Status(i)
	}
	return out
}

// String returns the wire name, for example "observation".
func (s Status) String() string { return nameOf(statusNames[:], int(s)) }

// ParseStatus reads a wire name.
func ParseStatus(s string) (Status, error) {
	i, err := indexOf(statusNames[:], s, "status")
	return Status(i), err
}

// SiteKind is what sort of place a site is.
type SiteKind uint8

// The kinds, in stored order. Village and Compound are residential: their
// people live there and outsiders are kept out.
const (
	Village SiteKind = iota
	Compound
	Mall
	Market
	Shop
	Enterprise
	Pharmacy
)

var siteKindNames = [...]string{"village", "compound", "mall", "market", "shop", "enterprise", "pharmacy"}

// SiteKinds lists every kind in stored order.
func SiteKinds() []SiteKind {
	out := make([]SiteKind, len(siteKindNames))
	for i := range out {
		out[i] = SiteKind(i)
	}
	return out
}

// String returns the wire name, for example "village".
func (k SiteKind) String() string { return nameOf(siteKindNames[:], int(k)) }

// Residential tells whether people live there.
func (k SiteKind) Residential() bool { return k == Village || k == Compound }

// ParseSiteKind reads a wire name.
func ParseSiteKind(s string) (SiteKind, error) {
	i, err := indexOf(siteKindNames[:], s, "site kind")
	return SiteKind(i), err
}

// Rule is one row of the decision table: for whom, where and which way, and
// what follows. It is the answer of the step "table"; Precedence says what comes
// before and after it.
type Rule struct {
	Status    Status
	Kind      SiteKind
	Direction Direction
	OwnHome   bool
	Outcome   Outcome
}

// Table returns the whole decision table: status × site kind × direction ×
// own home. It is the only statement of these rules; the script is given its
// cells as an argument and holds none of its own.
func Table() []Rule {
	var rows []Rule
	for _, k := range SiteKinds() {
		for _, d := range []Direction{In, Out} {
			for _, s := range Statuses() {
				for _, own := range []bool{false, true} {
					rows = append(rows, Rule{s, k, d, own, tableCell(s, k, d, own)})
				}
			}
		}
	}
	return rows
}

// tableCell decides one cell. Three ideas carry it: nobody is locked out of
// their own home; an exit that is refused is advice, the record is made
// anyway; a stranger needs registering before a residential gate opens.
func tableCell(s Status, k SiteKind, d Direction, own bool) Outcome {
	switch s {
	case StatusRed, StatusObservation, StatusQuarantine:
		return confinedCell(s, d, own)
	case StatusGone:
		if d == In {
			return Outcome{Deny, ReasonRevoked, Register, 0}
		}
		return Outcome{Pass, ReasonRevoked, Register, FlagOutsider}
	}
	var care Flags
	switch s {
	case StatusYellow:
		care = FlagStatusYellow
	case StatusVisitor, StatusOutsider:
		care = FlagOutsider
	}
	if d == In && k.Residential() && !own {
		return Outcome{Deny, ReasonOutsider, Register, care &^ FlagOutsider}
	}
	return Outcome{Pass, ReasonOK, Admit, care}
}

// confinedCell is the part of the table for people who have to stay at home.
func confinedCell(s Status, d Direction, own bool) Outcome {
	reason := ReasonQuarantine
	if s == StatusRed {
		reason = ReasonStatusRed
	}
	switch {
	case d == In && own: // coming home: always let in, with company
		return Outcome{Pass, reason, Escort, FlagEscort}
	case d == Out && own: // leaving home: turn back, alert
		return Outcome{Deny, reason, SendBack, FlagBreach}
	case d == In: // entering anywhere else
		return Outcome{Deny, reason, Escort, FlagBreach}
	default: // leaving anywhere else: see them home
		return Outcome{Pass, reason, Escort, FlagBreach}
	}
}

// cellsOf gives the outcomes for every status and own-home as the script reads
// them: outcomeSize bytes at (status*2+own).
func cellsOf(kind SiteKind, way Direction, residentsOnly bool) string {
	return cells[cellKey{kind, way, residentsOnly}]
}

type cellKey struct {
	kind          SiteKind
	way           Direction
	residentsOnly bool
}

var cells = func() map[cellKey]string {
	out := map[cellKey]string{}
	for _, r := range Table() { // status-major, own-minor per kind and direction
		for _, only := range []bool{false, true} {
			key := cellKey{r.Kind, r.Direction, only}
			out[key] += string(r.residentsOnly(only).Outcome.pack())
		}
	}
	return out
}()

// TableOfResidentsOnly returns the rows that are others than those of Table at a
// site with the rule residents_only.
func TableOfResidentsOnly() []Rule {
	var rows []Rule
	for _, r := range Table() {
		if only := r.residentsOnly(true); only != r {
			rows = append(rows, only)
		}
	}
	return rows
}

// residentsOnly is the row under a rule that keeps strangers out of every kind
// of site, not of the residential ones alone.
func (r Rule) residentsOnly(on bool) Rule {
	stranger := r.Status == StatusVisitor || r.Status == StatusOutsider
	if on && stranger && r.Direction == In && !r.OwnHome {
		r.Outcome = Outcome{Deny, ReasonOutsider, Register, 0}
	}
	return r
}
