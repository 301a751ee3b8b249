package checkpoint

import (
	"cmp"
	"errors"
	"slices"
)

// RulesPatch names some of a site's rules; a field that is nil stays as it is.
type RulesPatch struct {
	Closed        *bool          `json:"closed,omitempty"`
	ResidentsOnly *bool          `json:"residents_only,omitempty"`
	OpensAt       *string        `json:"opens_at,omitempty"` // with closes_at; both empty: always open
	ClosesAt      *string        `json:"closes_at,omitempty"`
	Capacity      *int           `json:"capacity,omitempty"`
	TemperatureOn *TemperatureOn `json:"temperature_on,omitempty"`
	FeverLine     *Celsius       `json:"fever_line,omitempty"` // with low_line
	LowLine       *Celsius       `json:"low_line,omitempty"`
	RemeasureMin  *int           `json:"remeasure_minutes,omitempty"`
	LowAgain      *Strictness    `json:"low_again,omitempty"`
	AntiPassback  *Strictness    `json:"anti_passback,omitempty"`
	ReplayedPass  *Strictness    `json:"replayed_pass,omitempty"`
	Outings       *int           `json:"outings,omitempty"`     // residential sites
	OutingDays    *int           `json:"outing_days,omitempty"` // 1 if outings are named and days are not
	Disinfection  *bool          `json:"disinfection,omitempty"`
	MaxStayHours  *int           `json:"max_stay_hours,omitempty"` // 0: what is usual at sites of the kind
	ReturneeDays  *int           `json:"returnee_days,omitempty"`  // 0: 14 days, -1: registered only
}

// apply lays the patch over rules.
func (p *RulesPatch) apply(r *SiteRules) {
	lay(&r.Closed, p.Closed)
	lay(&r.ResidentsOnly, p.ResidentsOnly)
	lay(&r.OpensAt, p.OpensAt)
	lay(&r.ClosesAt, p.ClosesAt)
	lay(&r.Capacity, p.Capacity)
	lay(&r.TemperatureOn, p.TemperatureOn)
	lay(&r.FeverLine, p.FeverLine)
	lay(&r.LowLine, p.LowLine)
	lay(&r.RemeasureMin, p.RemeasureMin)
	lay(&r.LowAgain, p.LowAgain)
	lay(&r.AntiPassback, p.AntiPassback)
	lay(&r.ReplayedPass, p.ReplayedPass)
	lay(&r.Outings, p.Outings)
	lay(&r.OutingDays, p.OutingDays)
	lay(&r.Disinfection, p.Disinfection)
	lay(&r.MaxStayHours, p.MaxStayHours)
	lay(&r.ReturneeDays, p.ReturneeDays)
}

func lay[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// check refuses what would be wrong at any site. What is valid only together
// has to be named together, so that two policies can never mix into a pair that
// neither of them meant.
func (p *RulesPatch) check() error {
	switch {
	case *p == RulesPatch{}:
		return &FieldError{"rules", "names no rule"}
	case (p.OpensAt == nil) != (p.ClosesAt == nil):
		return &FieldError{"rules.opens_at", "opens_at and closes_at go together; both empty: always open"}
	case (p.FeverLine == nil) != (p.LowLine == nil):
		return &FieldError{"rules.fever_line", "fever_line and low_line go together"}
	case p.OutingDays != nil && *p.OutingDays < 1:
		return &FieldError{"rules.outing_days", "must be 1 to 14"}
	}
	rules, err := SiteRules{}.withDefaults(Village) // which takes every rule
	if err != nil {
		return err
	}
	p.apply(&rules)
	return renameField(rules.check(Village), func(field string) string { return "rules." + field })
}

// check refuses a part that would be wrong at any site, and completes it.
func (p *PolicyPart) check() error {
	if len(p.Note) > 300 {
		return &FieldError{"note", "must have at most 300 bytes"}
	}
	for _, kind := range p.Kinds {
		if int(kind) >= len(siteKindNames) {
			return &FieldError{"kinds", "has one that is not a site kind"}
		}
	}
	if p.Rules.Outings != nil && p.Rules.OutingDays == nil {
		p.Rules.OutingDays = new(int)
		*p.Rules.OutingDays = 1
	}
	return p.Rules.check()
}

// meets tells whether the part is about sites of this kind.
func (p *PolicyPart) meets(kind SiteKind) bool {
	return len(p.Kinds) == 0 || slices.Contains(p.Kinds, kind)
}

// touches tells whether a site lies where the policy holds, of whatever kind.
func (r *Registry) touches(p *Policy, site *Site) bool {
	if p.WholeTown() || slices.Contains(p.Sites, site.Code) {
		return true
	}
	return slices.ContainsFunc(p.Nodes, func(node string) bool { return r.Within(site.Grid, node) })
}

// kindPolicy is what one policy changes at sites of one kind.
type kindPolicy struct {
	policy  *Policy
	from    int64 // UTC ms, included
	end     int64 // UTC ms, excluded
	patches []*RulesPatch
}

// at is what the policy changes at sites of a kind, without patches if nothing.
func (p *Policy) at(kind SiteKind) *kindPolicy {
	out := &kindPolicy{policy: p, from: p.From, end: p.end()}
	for i := range p.Parts {
		if p.Parts[i].meets(kind) {
			out.patches = append(out.patches, &p.Parts[i].Rules)
		}
	}
	return out
}

// indexPolicies works out for every site, by its number, what touches it, over
// or not, in the order in which they are laid over each other. It starts from the places that policies name: the
// work grows with what touches, not with sites times policies.
func (r *Registry) indexPolicies() map[uint32][]*kindPolicy {
	var town []*Policy
	byNode, bySite := map[string][]*Policy{}, map[string][]*Policy{}
	changes := map[*Policy][len(siteKindNames)]*kindPolicy{}
	for _, p := range r.Policies() {
		var kinds [len(siteKindNames)]*kindPolicy
		for kind := range kinds {
			kinds[kind] = p.at(SiteKind(kind))
		}
		changes[p] = kinds
		if p.WholeTown() {
			town = append(town, p)
		}
		for _, node := range p.Nodes {
			byNode[node] = append(byNode[node], p)
		}
		for _, site := range p.Sites {
			bySite[site] = append(bySite[site], p)
		}
	}
	out := map[uint32][]*kindPolicy{}
	for _, site := range r.sites {
		here := slices.Concat(town, bySite[site.Code])
		node := site.Grid
		for range maxGridDepth {
			here = append(here, byNode[node]...)
			if n, ok := r.grid[node]; ok {
				node = n.Parent
			}
		}
		slices.SortFunc(here, func(a, b *Policy) int {
			return cmp.Or(cmp.Compare(r.depth(b.Scope), r.depth(a.Scope)), byCreation(a, b))
		})
		for _, p := range slices.Compact(here) {
			if change := changes[p][site.Kind]; len(change.patches) > 0 {
				out[site.Num] = append(out[site.Num], change)
			}
		}
	}
	return out
}

// depth is how far below the whole town (0) a node lies.
func (r *Registry) depth(node string) int {
	d := 0
	for range maxGridDepth {
		n, ok := r.grid[node]
		if !ok || n.Parent == "" {
			break
		}
		node, d = n.Parent, d+1
	}
	return d
}

// policiesOf lists what touches a site. The index of a registry that others see
// is there; that of a draft is made anew after what changes it.
func (r *Registry) policiesOf(site *Site) []*kindPolicy {
	if r.bySite == nil {
		r.bySite = r.indexPolicies()
	}
	return r.bySite[site.Num]
}

// RulesAt are the rules of a site in force at a time (UTC ms): its own, and
// laid over them those of the policies in force then: what a part of the town
// orders under what more of it orders, and the newer over the older. The
// answer is shared: nobody changes it.
func (r *Registry) RulesAt(site *Site, at int64) *SiteRules {
	rules := &site.SiteRules
	for _, p := range r.policiesOf(site) {
		if at < p.from || at >= p.end {
			continue
		}
		if rules == &site.SiteRules {
			own := *rules
			rules = &own
		}
		for _, patch := range p.patches {
			patch.apply(rules)
		}
		if !site.Kind.Residential() {
			rules.Outings = 0 // the site is newer than the policy, which would have been refused
		}
	}
	return rules
}

// PoliciesAt lists the policies that touch a site and are in force at a time
// (UTC ms), in order of creation.
func (r *Registry) PoliciesAt(site *Site, at int64) (out []*Policy) {
	for _, p := range r.policiesOf(site) {
		if p.from <= at && at < p.end {
			out = append(out, p.policy)
		}
	}
	return out
}

// Touched lists the sites that a policy changes something at, by code.
func (r *Registry) Touched(p *Policy) (out []*Site) {
	for _, site := range r.Sites() {
		if r.touches(p, site) && len(p.at(site.Kind).patches) > 0 {
			out = append(out, site)
		}
	}
	return out
}

// RuleChange is one rule that is another one after a change.
type RuleChange struct {
	Field    string // as in the API
	Old, New any    // bool, int, string, Celsius, TemperatureOn or Strictness
}

// ruleNames are the fields of SiteRules as in the API, in the order of values.
var ruleNames = [...]string{
	"closed", "residents_only", "opens_at", "closes_at", "capacity", "temperature_on", "fever_line", "low_line",
	"remeasure_minutes", "low_again", "anti_passback", "replayed_pass", "outings", "outing_days", "disinfection",
	"max_stay_hours", "returnee_days",
}

func (s *SiteRules) values() [len(ruleNames)]any {
	return [...]any{
		s.Closed, s.ResidentsOnly, s.OpensAt, s.ClosesAt, s.Capacity, s.TemperatureOn, s.FeverLine, s.LowLine,
		s.RemeasureMin, s.LowAgain, s.AntiPassback, s.ReplayedPass, s.Outings, s.OutingDays, s.Disinfection,
		s.MaxStayHours, s.ReturneeDays,
	}
}

// changesTo lists in what other rules differ.
func (s *SiteRules) changesTo(other *SiteRules) (out []RuleChange) {
	before, after := s.values(), other.values()
	for i, field := range ruleNames {
		if before[i] != after[i] {
			out = append(out, RuleChange{field, before[i], after[i]})
		}
	}
	return out
}

// renameField gives a *FieldError another field; other errors stay as they are.
func renameField(err error, rename func(string) string) error {
	var field *FieldError
	if errors.As(err, &field) {
		return &FieldError{rename(field.Field), field.Why}
	}
	return err
}

// explainField puts words before what a *FieldError says.
func explainField(err error, words string) error {
	var field *FieldError
	if errors.As(err, &field) {
		return &FieldError{field.Field, words + field.Why}
	}
	return err
}
