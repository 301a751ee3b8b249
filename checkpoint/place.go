package checkpoint

// Site is a place with at least one gate, and its rules.
type Site struct {
	Num  uint32   `json:"num"`  // stored in events; given once, never reused
	Code string   `json:"code"` // official code or a chosen name, the ID in the API
	Name string   `json:"name"`
	Kind SiteKind `json:"kind"`
	Grid string   `json:"grid"` // node of the grid tree that answers for it
	SiteRules
}

// withDefaults fills what was left out and refuses what cannot be.
func (s Site) withDefaults() (Site, error) {
	switch {
	case !validCode(s.Code):
		return s, &FieldError{"code", "must be 1 to 40 letters, digits, '-' or '_'"}
	case s.Name == "" || len(s.Name) > 120:
		return s, &FieldError{"name", "must have 1 to 120 bytes"}
	case int(s.Kind) >= len(siteKindNames):
		return s, &FieldError{"kind", "is not a site kind"}
	}
	var err error
	s.SiteRules, err = s.SiteRules.withDefaults(s.Kind)
	return s, err
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
	// Phone is called when a gate below it holds somebody: at most 20 digits,
	// blanks and dashes, empty to take that of the node above.
	Phone string `json:"phone,omitempty"`
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
	Paper       bool   `json:"paper,omitempty"` // the gate's paper log: no phone
}

// Role is what a member of staff may do.
type Role string

// The roles; gateway/routes.go says what each of them may call.
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
	RoleGuard      Role = "guard" // holds a badge and no password: opens shifts, never signs in
)

// Staff is an account. Its powers reach the subtree below Grid.
type Staff struct {
	Num          uint32 `json:"num"`
	Login        string `json:"login"`
	Name         string `json:"name"`
	Role         Role   `json:"role"`
	Grid         string `json:"grid"`
	PasswordHash string `json:"password_hash"`        // argon2id, PHC string; empty for a guard
	BadgeHash    []byte `json:"badge_hash,omitempty"` // of the badge that opens shifts; empty without one
	TOTP         bool   `json:"totp,omitempty"`       // signing in takes a code as well: see package factor
	Epoch        uint32 `json:"epoch"`                // raised to end every session
	Disabled     bool   `json:"disabled"`
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
