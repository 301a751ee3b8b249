package main

import (
	"context"
	"errors"
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

// prepareTour makes the codes that printWelcome shows: of the home of the first demo
// resident who is on record, and of its gate. nil if there is none: somebody has
// made the town their own.
func prepareTour(ctx context.Context, store *checkpoint.Store, residents int) (*tour, error) {
	for r := range town.Residents(demoSeed, residents) {
		id, err := store.FindByDocument(ctx, r.IDNumber)
		gate, open := openGate(store.Registry(), r.Site)
		if err != nil || !open {
			return nil, nil //nolint:nilnil,nilerr // see above
		}
		t := &tour{gate: gate.Name, tail: r.IDNumber[len(r.IDNumber)-4:]}
		return t, errors.Join(t.openHome(ctx, store, id), t.manGate(ctx, store, gate))
	}
	return nil, nil //nolint:nilnil // a town without people
}

func openGate(reg *checkpoint.Registry, site string) (*checkpoint.Gate, bool) {
	for _, g := range reg.Gates() {
		if g.Site == site && g.Open {
			return g, true
		}
	}
	return nil, false
}

// openHome makes the activation code of somebody's household.
func (t *tour) openHome(ctx context.Context, store *checkpoint.Store, id uint64) error {
	person, err := store.Resident(ctx, id)
	if err != nil {
		return fmt.Errorf("demo family: %w", err)
	}
	t.family = person.Name
	if t.code, err = store.ActivationCode(ctx, person.Site, person.Household); err != nil {
		return fmt.Errorf("demo family: %w", err)
	}
	return nil
}

// manGate makes the codes of a phone at the gate and of the guard who holds it.
func (t *tour) manGate(ctx context.Context, store *checkpoint.Store, gate *checkpoint.Gate) error {
	site, _ := store.Registry().Site(gate.Site)
	guard := checkpoint.Staff{Login: demoGuard, Name: "演示值守", Role: checkpoint.RoleGuard, Grid: site.Grid}
	err := store.Change(ctx, func(d *checkpoint.Draft) error { return d.PutStaff(guard) })
	if err != nil {
		return fmt.Errorf("demo guard: %w", err)
	}
	if _, t.badge, err = gateway.MakeBadge(ctx, store, demoGuard); err != nil {
		return fmt.Errorf("demo guard: %w", err)
	}
	if _, t.enrolCode, err = gateway.AddDevice(ctx, store, demoDevice, gate.Code, "演示"); err != nil {
		return fmt.Errorf("demo phone: %w", err)
	}
	return nil
}

// lines are what is printed of the tour, for a server at base.
func (t *tour) lines(base string) []string {
	return []string{
		fmt.Sprintf("try the gate    %s/gate  (%s)", base, t.gate),
		fmt.Sprintf("                code of the phone %s (15 minutes, once), badge %s", t.enrolCode, t.badge),
		fmt.Sprintf("try a pass      %s/pass  (family of %s)", base, t.family),
		fmt.Sprintf("                code %s, last four of the document %s", t.code, t.tail),
	}
}
