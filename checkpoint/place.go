package checkpoint

import (
	"fmt"
	"time"
)

// Site is a place with at least one gate. Times of day are local to the site's
// zone, temperatures are °C with one decimal.
type Site struct {
	Num           uint32        `json:"num"`  // stored in events; given once, never reused
	Code          string        `json:"code"` // official code or a chosen name, the ID in the API
	Name          string        `json:"name"`
	Kind          SiteKind      `json:"kind"`
	Grid          string        `json:"grid"` // node of the grid tree that answers for it
	Closed        bool          `json:"closed"`
	OpensAt       string        `json:"opens_at,omitempty"`  // "06:00"; empty: always open
	ClosesAt      string        `json:"closes_at,omitempty"` // "22:00"; may lie past midnight ("02:00")
	TemperatureOn TemperatureOn `json:"temperature_on"`
	FeverLine     Celsius       `json:"fever_line"` // at or above: fever, default 37.3
	LowLine       Celsius       `json:"low_line"`   // below: measure elsewhere, default 35.0
	RemeasureMin  int           `json:"remeasure_minutes"`
	AntiPassback  Strictness    `json:"anti_passback"`
	ReplayedPass  Strictness    `json:"replayed_pass"`
}

// Defaults of a site's rules, where its record names none.
const (
	DefaultFeverLine    Celsius = 37_3
	DefaultLowLine      Celsius = 35_0
	DefaultRemeasureMin         = 10
	maxRemeasureMin             = 60
)

// withDefaults fills what was left out and refuses what cannot be.
func (s Site) withDefaults() (Site, error) {
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
	if s.ReplayedPass == "" {
		s.ReplayedPass = Warn
	}
	switch {
	case !validCode(s.Code):
		return s, &FieldError{"code", "must be 1 to 40 letters, digits, '-' or '_'"}
	case s.Name == "" || len(s.Name) > 120:
		return s, &FieldError{"name", "must have 1 to 120 bytes"}
	case int(s.Kind) >= len(siteKindNames):
		return s, &FieldError{"kind", "is not a site kind"}
	case !s.FeverLine.Valid() || !s.LowLine.Valid() || s.LowLine >= s.FeverLine:
		return s, &FieldError{"fever_line", "fever_line and low_line must be 30.0 to 45.0 °C, low below fever"}
	case s.RemeasureMin < 1 || s.RemeasureMin > maxRemeasureMin:
		return s, &FieldError{"remeasure_minutes", "must be 1 to 60"}
	case !s.AntiPassback.valid():
		return s, &FieldError{"anti_passback", "must be off, warn or deny"}
	case !s.ReplayedPass.valid():
		return s, &FieldError{"replayed_pass", "must be off, warn or deny"}
	case !s.TemperatureOn.valid():
		return s, &FieldError{"temperature_on", "must be in, out, both or none"}
	}
	if (s.OpensAt == "") != (s.ClosesAt == "") {
		return s, &FieldError{"opens_at", "opens_at and closes_at go together"}
	}
	for _, v := range []string{s.OpensAt, s.ClosesAt} {
		if at, err := time.Parse("15:04", v); v != "" && (err != nil || at.Format("15:04") != v) {
			return s, &FieldError{"opens_at", fmt.Sprintf("%q is not a time of day like 06:30", v)}
		}
	}
	return s, nil
}

// openAt tells whether t lies in the site's hours, in zone.
func (s Site) openAt(t time.Time, zone *time.Location) bool {
	if s.OpensAt == "" {
		return true
	}
	now := t.In(zone).Format("15:04")
	if s.OpensAt <= s.ClosesAt {
		return s.OpensAt <= now && now < s.ClosesAt
	}
	return now >= s.OpensAt || now < s.ClosesAt
}

// Gate is one way into a site. A residential site has at most one open gate.
type Gate struct {
	Num  uint32 `json:"num"`
	Code string `json:"code"`
	Name string `json:"name"`
	Site string `json:"site"` // code of its site, never changed
	Open bool   `json:"open"`
}

// GridNode is one node of the four-level grid: 1 subdistrict, 2 management
// area, 3 community, village or compound, 4 micro-grid.
type GridNode struct {
	ID     string `json:"id"`
	Parent string `json:"parent,omitempty"` // empty for the root
	Name   string `json:"name"`
	Level  int    `json:"level"`
	Head   string `json:"head,omitempty"` // login of the responsible person
}

// Device is a guard's phone, bound to one gate. It authenticates by a token of
// which only the hash is kept.
type Device struct {
	Num         uint32 `json:"num"`
	Code        string `json:"code"` // ID in the API, made by the server
	Gate        string `json:"gate"`
	Lane        string `json:"lane"` // what the guards call it
	TokenHash   []byte `json:"token_hash,omitempty"`
	EnrolHash   []byte `json:"enrol_hash,omitempty"` // of the one-time code; empty once used
	EnrolBefore int64  `json:"enrol_before,omitempty"`
	EnrolledAt  int64  `json:"enrolled_at,omitempty"` // UTC ms, 0 = not yet
	RevokedAt   int64  `json:"revoked_at,omitempty"`  // UTC ms, 0 = in use
	CreatedAt   int64  `json:"created_at"`
}

// Role is what a member of staff may do.
type Role string

// The roles; gateway/access.go says what each of them may call.
const (
	RoleAdmin      Role = "admin"
	RoleLeader     Role = "leader"
	RoleEnroller   Role = "enroller"
	RoleGrid       Role = "grid"
	RoleMedic      Role = "medic"
	RolePharmacist Role = "pharmacist"
	RoleInspector  Role = "inspector"
	RoleTracer     Role = "tracer"
	RoleAuditor    Role = "auditor"
)

// Staff is an account. Its powers reach the subtree below Grid.
type Staff struct {
	Num          uint32 `json:"num"`
	Login        string `json:"login"`
	Name         string `json:"name"`
	Role         Role   `json:"role"`
	Grid         string `json:"grid"`
	PasswordHash string `json:"password_hash"` // argon2id, PHC string
	Epoch        uint32 `json:"epoch"`         // raised to end every session
	Disabled     bool   `json:"disabled"`
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

// validCode bounds what may become part of a key, a URL or a file name.
func validCode(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || (c == '-' || c == '_') && i > 0
		if !ok {
			return false
		}
	}
	return true
}
