package office

import (
	"cmp"
	"context"
	"slices"

	"passgate/checkpoint"
)

// part is one of the three who look after somebody.
type part struct {
	field string
	roles []checkpoint.Role
	of    func(*Three) *string
}

// parts are the three, in the order in which they are named.
var parts = [...]part{
	{"leader", []checkpoint.Role{checkpoint.RoleLeader}, func(t *Three) *string { return &t.Leader }},
	{"cadre", []checkpoint.Role{checkpoint.RoleGrid, checkpoint.RoleLeader}, func(t *Three) *string { return &t.Cadre }},
	{"medic", []checkpoint.Role{checkpoint.RoleMedic}, func(t *Three) *string { return &t.Medic }},
}

// checkThree refuses three people who do not answer for a node in the right roles.
func (o *Office) checkThree(three *Three, node string) error {
	reg := o.store.Registry()
	for _, p := range parts {
		login := *p.of(three)
		who, ok := reg.Staff(login)
		switch {
		case login == "":
			return &checkpoint.FieldError{Field: p.field, Why: "is missing: give the login of a " + p.words()}
		case !ok || who.Disabled:
			return &checkpoint.FieldError{Field: p.field, Why: "is no account that is in use"}
		case !slices.Contains(p.roles, who.Role):
			return &checkpoint.FieldError{Field: p.field, Why: "must have the role " + p.words() + ", this account is " + string(who.Role)}
		case !answersFor(reg, who, node):
			return &checkpoint.FieldError{Field: p.field, Why: "answers for another part of the grid than the person's home"}
		}
	}
	if three.Leader == three.Cadre {
		return &checkpoint.FieldError{Field: "cadre", Why: "is the leader: it takes three people"}
	}
	return nil
}

func (p *part) words() string {
	words := string(p.roles[0])
	for _, role := range p.roles[1:] {
		words += " or " + string(role)
	}
	return words
}

func answersFor(reg *checkpoint.Registry, who *checkpoint.Staff, node string) bool {
	return reg.Within(node, who.Grid)
}

// Appoint finds three people for somebody who lives at a node: of each role the one
// who answers for the smallest part of the grid around it. A *Refusal names whom there
// is none of.
func (o *Office) Appoint(node string) (three Three, err error) {
	reg := o.store.Registry()
	nearest := make([]*checkpoint.Staff, 0, 16)
	for _, who := range reg.StaffList() {
		if !who.Disabled && answersFor(reg, who, node) {
			nearest = append(nearest, who)
		}
	}
	slices.SortStableFunc(nearest, func(a, b *checkpoint.Staff) int { // by login within a level
		return cmp.Compare(levelOf(reg, b.Grid), levelOf(reg, a.Grid))
	})
	for _, p := range parts {
		i := slices.IndexFunc(nearest, func(who *checkpoint.Staff) bool {
			return slices.Contains(p.roles, who.Role) && who.Login != three.Leader
		})
		if i < 0 {
			return three, refuse(CodeWrongState, "no account of the role %s answers for %s: an observation needs a leader, a cadre and a medic", p.words(), node)
		}
		*p.of(&three) = nearest[i].Login
	}
	return three, nil
}

func levelOf(reg *checkpoint.Registry, node string) int {
	if n, ok := reg.Grid(node); ok {
		return n.Level
	}
	return 0
}

// ChangeThree names other people; who is "" stays. Errors: ErrNotFound, *FieldError,
// *Refusal, ErrUnavailable.
func (o *Office) ChangeThree(ctx context.Context, id checkpoint.MatterID, by uint32, note string, three Three) (checkpoint.Matter, error) {
	return o.turnObservation(ctx, id, by, note, func(m *checkpoint.Matter, body *Observation) error {
		if !m.Open() || m.State == ObservationEnding {
			return overRefusal()
		}
		now := body.Three
		for _, p := range parts {
			if login := *p.of(&three); login != "" {
				*p.of(&now) = login
			}
		}
		if now == body.Three {
			return errDone
		}
		if err := o.checkThree(&now, m.Node); err != nil {
			return err
		}
		body.Three = now
		if cadre, ok := o.store.Registry().Staff(now.Cadre); ok {
			m.Owner = cadre.Num
		}
		return nil
	})
}

func overRefusal() error {
	return refuse(CodeWrongState, "this observation is over: it stays as it was")
}
