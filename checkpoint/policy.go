package checkpoint

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Policy is a campaign: rules that the town lays over those of many sites for
// a time. It begins and ends by occurred_at, so at every gateway at the same
// instant. Once made it is never edited, only ended: what is known of it is
// how late scans are judged.
type Policy struct {
	Num    uint32 `json:"num"`    // order of creation
	Code   string `json:"code"`   // the ID in the API, never used twice
	Name   string `json:"name"`   // 1 to 120 bytes
	Ground string `json:"ground"` // the decree or reason, 1 to 500 bytes
	From   int64  `json:"from"`   // UTC ms, included
	Until  int64  `json:"until"`  // UTC ms, excluded; 0 = until it is ended
	// Nodes (whole subtrees of the grid) and Sites say where, either of them is
	// enough; both empty is the whole town. At most 200 of each.
	Nodes []string     `json:"nodes,omitempty"`
	Sites []string     `json:"sites,omitempty"`
	Parts []PolicyPart `json:"parts"` // 1 to 16, a later one wins field by field

	// Scope is the grid node that its author answers for, empty for the town.
	// What the town orders lies over what a part of it orders, whichever is newer.
	Scope string `json:"scope,omitempty"`

	CreatedBy string `json:"created_by"` // login
	CreatedAt int64  `json:"created_at"`
	EndedBy   string `json:"ended_by,omitempty"` // login, empty if nobody ended it
	EndedAt   int64  `json:"ended_at,omitempty"`
}

// PolicyPart is what a policy changes at some kinds of sites.
type PolicyPart struct {
	Kinds []SiteKind `json:"kinds,omitempty"` // empty = all
	Rules RulesPatch `json:"rules"`
	Note  string     `json:"note,omitempty"` // which words of the decree it carries out, at most 300 bytes
}

// Bounds of policies. What is over is kept for history; only when there are
// maxPolicies in all do the oldest go, and none that a late scan can ask for.
const (
	maxPoliciesOpen = 200
	maxPolicies     = 1000
	maxPolicyParts  = 16
	maxPolicyScope  = 200
	maxPolicyAhead  = 366 * 24 * time.Hour
	policyHistory   = 61 * 24 * time.Hour // longer than any retention of events
)

// PolicyState is where a policy stands at a time.
type PolicyState string

// A policy comes, is in force and has ended.
const (
	PolicyComing  PolicyState = "coming"
	PolicyInForce PolicyState = "in_force"
	PolicyEnded   PolicyState = "ended"
)

// StateAt tells where the policy stands at a time (UTC ms).
func (p *Policy) StateAt(at int64) PolicyState {
	switch {
	case at >= p.end():
		return PolicyEnded
	case at < p.From:
		return PolicyComing
	}
	return PolicyInForce
}

// end is the first instant at which it is no longer in force.
func (p *Policy) end() int64 {
	end := int64(math.MaxInt64)
	if p.Until != 0 {
		end = p.Until
	}
	if p.EndedAt != 0 {
		end = min(end, p.EndedAt)
	}
	return end
}

// WholeTown tells whether it names no place.
func (p *Policy) WholeTown() bool { return len(p.Nodes) == 0 && len(p.Sites) == 0 }

// Policy finds a policy by its code.
func (r *Registry) Policy(code string) (*Policy, bool) { p, ok := r.policies[code]; return p, ok }

// Policies lists all policies, the over ones too, in order of creation.
func (r *Registry) Policies() []*Policy {
	out := make([]*Policy, 0, len(r.policies))
	for _, p := range r.policies {
		out = append(out, p)
	}
	slices.SortFunc(out, byCreation)
	return out
}

func byCreation(a, b *Policy) int { return cmp.Compare(a.Num, b.Num) }

// PutPolicy adds a policy. Without From it begins now; it never reaches back.
// ErrExists if the code was used before, be it by a policy that has ended.
func (d *Draft) PutPolicy(p Policy) error {
	if _, taken := d.policies[p.Code]; taken {
		return fmt.Errorf("%w: policy %q", ErrExists, p.Code)
	}
	if p.From == 0 {
		p.From = d.now
	}
	p.CreatedAt, p.EndedAt, p.EndedBy = d.now, 0, ""
	p.Parts = slices.Clone(p.Parts)
	if err := d.checkPolicy(&p); err != nil {
		return err
	}
	if err := d.roomForPolicy(); err != nil {
		return err
	}
	p.Num = d.number("policy")
	d.policies[p.Code] = &p
	d.bySite = nil
	return d.write(policyHash, p.Code, p)
}

// EndPolicy ends a policy now, whether it is in force or still to come. One
// that is over stays as it is. ErrNotFound if there is none of this code.
func (d *Draft) EndPolicy(code, by string) error {
	p, ok := d.policies[code]
	if !ok {
		return notFound("policy", code)
	}
	if p.StateAt(d.now) == PolicyEnded {
		return nil
	}
	ended := *p
	ended.EndedAt, ended.EndedBy = d.now, by
	d.policies[code] = &ended
	d.bySite = nil
	return d.write(policyHash, code, ended)
}

func (d *Draft) checkPolicy(p *Policy) error {
	switch {
	case !validCode(p.Code):
		return &FieldError{"code", "must be 1 to 40 letters, digits, '-' or '_'"}
	case p.Name == "" || len(p.Name) > 120:
		return &FieldError{"name", "must have 1 to 120 bytes"}
	case p.Ground == "" || len(p.Ground) > 500:
		return &FieldError{"ground", "must have 1 to 500 bytes: the decree or the reason"}
	case p.From < d.now:
		return &FieldError{"from", "lies in the past: leave it out to begin now"}
	case p.From-d.now > maxPolicyAhead.Milliseconds():
		return &FieldError{"from", "lies more than a year ahead"}
	case p.Until != 0 && p.Until <= p.From:
		return &FieldError{"until", "must lie after from; leave it out for an open end"}
	case len(p.Parts) == 0 || len(p.Parts) > maxPolicyParts:
		return &FieldError{"parts", fmt.Sprintf("must be 1 to %d", maxPolicyParts)}
	}
	if err := d.checkScope(p); err != nil {
		return err
	}
	for i := range p.Parts {
		if err := p.Parts[i].check(); err != nil {
			return renameField(err, func(field string) string { return fmt.Sprintf("parts[%d].%s", i, field) })
		}
	}
	return d.checkTouched(p)
}

func (d *Draft) checkScope(p *Policy) error {
	if len(p.Nodes) > maxPolicyScope {
		return &FieldError{"nodes", fmt.Sprintf("must be at most %d", maxPolicyScope)}
	}
	if len(p.Sites) > maxPolicyScope {
		return &FieldError{"sites", fmt.Sprintf("must be at most %d", maxPolicyScope)}
	}
	for _, node := range p.Nodes {
		if _, ok := d.grid[node]; !ok {
			return &FieldError{"nodes", fmt.Sprintf("there is no grid node %.40q", node)}
		}
	}
	for _, site := range p.Sites {
		if _, ok := d.sites[site]; !ok {
			return &FieldError{"sites", fmt.Sprintf("there is no site %.40q", site)}
		}
	}
	return nil
}

// checkTouched lays the policy over every site that it touches. Fields that
// are only valid together are named together (RulesPatch.check), so where each
// policy is valid alone any several of them are.
func (d *Draft) checkTouched(p *Policy) error {
	touched := false
	for _, site := range d.Sites() {
		if !d.touches(p, site) {
			continue
		}
		rules := site.SiteRules
		for i := range p.Parts {
			if !p.Parts[i].meets(site.Kind) {
				continue
			}
			touched = true
			p.Parts[i].Rules.apply(&rules)
			if err := rules.check(site.Kind); err != nil {
				err = renameField(err, func(field string) string { return fmt.Sprintf("parts[%d].rules.%s", i, field) })
				return explainField(err, fmt.Sprintf("at %s (%s), a %s: ", site.Code, site.Name, site.Kind))
			}
		}
	}
	if !touched {
		return &FieldError{"parts", "no site is of these kinds and in these places: the policy would do nothing"}
	}
	return nil
}

// roomForPolicy keeps the number of policies bounded.
func (d *Draft) roomForPolicy() error {
	open := 0
	var oldest *Policy
	for _, p := range d.policies {
		switch {
		case p.StateAt(d.now) != PolicyEnded:
			open++
		case oldest == nil || p.end() < oldest.end() || p.end() == oldest.end() && p.Num < oldest.Num:
			oldest = p
		}
	}
	if open >= maxPoliciesOpen {
		return &FieldError{"code", fmt.Sprintf("%d policies are in force or to come: end some first", open)}
	}
	if len(d.policies) < maxPolicies {
		return nil
	}
	if d.now-oldest.end() < policyHistory.Milliseconds() {
		return &FieldError{"code", fmt.Sprintf("%d policies are kept, for scans that come late: wait until the oldest are %d days over", len(d.policies), int(policyHistory.Hours()/24))}
	}
	delete(d.policies, oldest.Code)
	d.writes = append(d.writes, registryWrite{policyHash, oldest.Code, ""})
	return nil
}
