package checkpoint

import (
	"fmt"
	"time"
)

// SiteRules are what the town may decide about one site. Times of day are local
// to the site's zone, temperatures are °C with one decimal. The zero value of
// a field is its default or "off".
type SiteRules struct {
	Closed        bool          `json:"closed"`
	ResidentsOnly bool          `json:"residents_only,omitempty"` // visitors and outsiders stay out, permits do not help
	OpensAt       string        `json:"opens_at,omitempty"`       // "06:00"; empty: always open
	ClosesAt      string        `json:"closes_at,omitempty"`      // "22:00"; may lie past midnight ("02:00")
	Capacity      int           `json:"capacity,omitempty"`       // people inside at once, 0: no limit; follows the projector
	TemperatureOn TemperatureOn `json:"temperature_on"`
	FeverLine     Celsius       `json:"fever_line"` // at or above: fever, default 37.3
	LowLine       Celsius       `json:"low_line"`   // below: measure elsewhere, default 35.0
	RemeasureMin  int           `json:"remeasure_minutes"`
	LowAgain      Strictness    `json:"low_again,omitempty"` // a second low reading, default warn: pass with a flag
	AntiPassback  Strictness    `json:"anti_passback"`
	ReplayedPass  Strictness    `json:"replayed_pass"`
	Outings       int           `json:"outings,omitempty"`      // of a household in OutingDays, 0: no limit; residential sites
	OutingDays    int           `json:"outing_days,omitempty"`  // local days, today included, 1 to 14
	Disinfection  bool          `json:"disinfection,omitempty"` // vehicles are disinfected on the way in
	// MaxStayHours ends, in trajectories, a stay whose exit was never seen; 0:
	// what is usual at sites of the kind (maxStayOfKind).
	MaxStayHours int `json:"max_stay_hours,omitempty"`
	// ReturneeDays is how long who comes back from outside the province is under
	// observation; 0: DefaultReturneeDays, RegisteredOnly: not at all. Residential sites.
	ReturneeDays int `json:"returnee_days,omitempty"`
}

// Defaults of a site's rules, where its record names none, and their bounds.
const (
	DefaultFeverLine    Celsius = 37_3
	DefaultLowLine      Celsius = 35_0
	DefaultRemeasureMin         = 10
	maxRemeasureMin             = 60
	maxCapacity                 = 1_000_000
	maxOutings                  = 100
	maxOutingDays               = 14
	maxStayHours                = 28 * 24

	DefaultReturneeDays = 14
	RegisteredOnly      = -1
	maxReturneeDays     = 60
)

// maxStayOfKind is the max_stay_hours of a site that names none, by its kind; 0
// is no limit: people live there.
var maxStayOfKind = [len(siteKindNames)]int{
	Village: 0, Compound: 0, Mall: 24, Market: 24, Shop: 24, Enterprise: 24, Pharmacy: 24,
}

// MaxStayHours is how long a stay without a seen exit lasts at sites of the kind
// that do not say otherwise; 0 is no limit.
func (k SiteKind) MaxStayHours() int { return maxStayOfKind[k] }

// ObservesReturnees is for how many days who comes back to a home here is under
// observation, 0 if not at all.
func (s *SiteRules) ObservesReturnees() int {
	switch s.ReturneeDays {
	case 0:
		return DefaultReturneeDays
	case RegisteredOnly:
		return 0
	}
	return s.ReturneeDays
}

// withDefaults fills what was left out and refuses what cannot be.
func (s SiteRules) withDefaults(kind SiteKind) (SiteRules, error) {
	if s.FeverLine == 0 {
		s.FeverLine = DefaultFeverLine
	}
	if s.LowLine == 0 {
		s.LowLine = DefaultLowLine
	}
	if s.RemeasureMin == 0 {
		s.RemeasureMin = DefaultRemeasureMin
	}
	if s.TemperatureOn == "" {
		s.TemperatureOn = TemperatureBoth
	}
	if s.AntiPassback == "" {
		s.AntiPassback = Warn
	}
	if s.LowAgain == "" {
		s.LowAgain = Warn
	}
	if s.ReplayedPass == "" {
		s.ReplayedPass = Warn
	}
	if s.Outings > 0 && s.OutingDays == 0 {
		s.OutingDays = 1
	}
	return s, s.check(kind)
}

func (s SiteRules) check(kind SiteKind) error {
	switch {
	case !s.FeverLine.Valid() || !s.LowLine.Valid() || s.LowLine >= s.FeverLine:
		return &FieldError{"fever_line", "fever_line and low_line must be 30.0 to 45.0 °C, low below fever"}
	case s.RemeasureMin < 1 || s.RemeasureMin > maxRemeasureMin:
		return &FieldError{"remeasure_minutes", "must be 1 to 60"}
	case s.Capacity < 0 || s.Capacity > maxCapacity:
		return &FieldError{"capacity", "must be 0 (no limit) to 1000000 people"}
	case s.Outings < 0 || s.Outings > maxOutings:
		return &FieldError{"outings", "must be 0 (no limit) to 100"}
	case s.Outings > 0 && !kind.Residential():
		return &FieldError{"outings", "are those of households: only a village or compound has them"}
	case s.OutingDays < 0 || s.OutingDays > maxOutingDays:
		return &FieldError{"outing_days", "must be 1 to 14"}
	case s.MaxStayHours < 0 || s.MaxStayHours > maxStayHours:
		return &FieldError{"max_stay_hours", "must be 1 to 672 hours, or 0 for what is usual at sites of the kind"}
	case s.ReturneeDays < RegisteredOnly || s.ReturneeDays > maxReturneeDays:
		return &FieldError{"returnee_days", "must be 1 to 60 days, 0 for 14, or -1 to register people who come back and no more"}
	case !s.LowAgain.valid():
		return &FieldError{"low_again", "must be off, warn or deny"}
	case !s.AntiPassback.valid():
		return &FieldError{"anti_passback", "must be off, warn or deny"}
	case !s.ReplayedPass.valid():
		return &FieldError{"replayed_pass", "must be off, warn or deny"}
	case !s.TemperatureOn.valid():
		return &FieldError{"temperature_on", "must be in, out, both or none"}
	case (s.OpensAt == "") != (s.ClosesAt == ""):
		return &FieldError{"opens_at", "opens_at and closes_at go together"}
	}
	return s.checkHours()
}

// checkHours refuses what is no time of day.
func (s *SiteRules) checkHours() error {
	for field, v := range map[string]string{"opens_at": s.OpensAt, "closes_at": s.ClosesAt} {
		if at, err := time.Parse("15:04", v); v != "" && (err != nil || at.Format("15:04") != v) {
			return &FieldError{field, fmt.Sprintf("%.20q is not a time of day like 06:30", v)}
		}
	}
	return nil
}

// openAt tells whether t lies in the site's hours, in zone.
func (s SiteRules) openAt(t time.Time, zone *time.Location) bool {
	if s.OpensAt == "" {
		return true
	}
	now := t.In(zone).Format("15:04")
	if s.OpensAt <= s.ClosesAt {
		return s.OpensAt <= now && now < s.ClosesAt
	}
	return now >= s.OpensAt || now < s.ClosesAt
}

// outingsSince is the start (UTC ms) of the local day with which the span of
// OutingDays ending on t's day begins.
func (s SiteRules) outingsSince(t time.Time, zone *time.Location) int64 {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d-s.OutingDays+1, 0, 0, 0, 0, zone).UnixMilli()
}

// TemperatureOn says on which way the temperature has to be taken.
type TemperatureOn string

// Where the temperature is taken.
const (
	TemperatureIn   TemperatureOn = "in"
	TemperatureOut  TemperatureOn = "out"
	TemperatureBoth TemperatureOn = "both"
	TemperatureNone TemperatureOn = "none"
)

func (t TemperatureOn) valid() bool {
	return t == TemperatureIn || t == TemperatureOut || t == TemperatureBoth || t == TemperatureNone
}

func (t TemperatureOn) needs(d Direction) bool {
	return t == TemperatureBoth || string(t) == d.String()
}

// Strictness says what a suspicious but explainable fact leads to.
type Strictness string

// Off ignores it, Warn lets through with a flag, Deny refuses.
const (
	Off        Strictness = "off"
	Warn       Strictness = "warn"
	StrictDeny Strictness = "deny"
)

func (s Strictness) valid() bool { return s == Off || s == Warn || s == StrictDeny }

// level is the form in which the script reads it.
func (s Strictness) level() byte {
	switch s {
	case Off:
		return 0
	case StrictDeny:
		return 2
	default:
		return 1
	}
}
