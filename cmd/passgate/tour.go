package main

import (
	"context"
	"fmt"

	"passgate/checkpoint"
	"passgate/gateway"
	"passgate/loadtest/town"
)

// tour is what somebody who looks at the demo for the first time needs to stand on
// both sides of a gate: a phone for the guard and the pass of a family.
type tour struct {
	gate, enrolCode, badge string
	family, code, tail     string
}

// The demo's own device and guard: at every start they get other codes.
const (
	demoDevice = "d-demo"
	demoGuard  = "demo-guard"
)

// prepareTour makes the codes that printWelcome shows: of the first village's gate
// and of the first family that lives there.
func prepareTour(ctx context.Context, store *checkpoint.Store) (*tour, error) {
	site, gate, ok := firstVillage(store.Registry())
	if !ok {
		return nil, nil //nolint:nilnil // a town of somebody's own without villages: no tour
	}
	t := &tour{gate: gate.Name}
	var err error
	if _, t.enrolCode, err = gateway.AddDevice(ctx, store, demoDevice, gate.Code, "演示"); err != nil {
		return nil, err
	}
	guard := checkpoint.Staff{Login: demoGuard, Name: "演示门岗", Role: checkpoint.RoleGuard, Grid: site.Grid}
	if err := store.Change(ctx, func(d *checkpoint.Draft) error { return d.PutStaff(guard) }); err != nil {
		return nil, err
	}
	if _, t.badge, err = gateway.MakeBadge(ctx, store, demoGuard); err != nil {
		return nil, err
	}
	return t, t.chooseFamily(ctx, store, site.Code)
}

// firstVillage is the open village with the smallest code that has an open gate.
func firstVillage(reg *checkpoint.Registry) (site *checkpoint.Site, gate *checkpoint.Gate, ok bool) {
	for _, g := range reg.Gates() {
		s, known := reg.Site(g.Site)
		if known && g.Open && !s.Closed && s.Kind == checkpoint.Village && (site == nil || s.Code < site.Code) {
			site, gate = s, g
		}
	}
	return site, gate, site != nil
}

// chooseFamily takes the first demo resident of the site. Whoever changed the
// demo's people gets a tour without a family.
func (t *tour) chooseFamily(ctx context.Context, store *checkpoint.Store, site string) error {
	for r := range town.Residents(demoSeed, demoTourPeople) {
		if r.Site != site {
			continue
		}
		id, err := store.FindByDocument(ctx, r.IDNumber)
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		person, err := store.Resident(ctx, id)
		if err != nil {
			return fmt.Errorf("demo family: %w", err)
		}
		if t.code, err = store.ActivationCode(ctx, site, person.Household); err != nil {
			return fmt.Errorf("demo family: %w", err)
		}
		t.family, t.tail = person.Name, r.IDNumber[len(r.IDNumber)-4:]
		return nil
	}
	return nil
}

// demoTourPeople are so many that the first village is among their homes.
const demoTourPeople = 10_000

// lines are what is printed of the tour, for a server at base.
func (t *tour) lines(base string) []string {
	lines := []string{
		fmt.Sprintf("try the gate    %s/gate  (%s)", base, t.gate),
		fmt.Sprintf("                code of the phone %s (15 minutes, once), badge %s", t.enrolCode, t.badge),
	}
	if t.code != "" {
		lines = append(lines,
			fmt.Sprintf("try a pass      %s/pass  (family of %s)", base, t.family),
			fmt.Sprintf("                code %s, last four of the document %s", t.code, t.tail))
	}
	return lines
}
