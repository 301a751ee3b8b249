package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"passgate/checkpoint"
	"passgate/gateway"
	"passgate/loadtest/town"
)

// adminLogin is the account that a first start makes.
const adminLogin = "admin"

// firstLogin makes the admin account if there is none and returns its password,
// or "" if there is one already. With renew it gets another password, and its
// sessions end: a demo prints one at every start. Of servers that start at the same time
// on an empty store one gets a password.
func firstLogin(ctx context.Context, store *checkpoint.Store, renew bool) (string, error) {
	if !renew && len(store.Registry().StaffList()) > 0 {
		return "", nil // there is one, or somebody runs it under other names
	}
	password := strings.ToLower(rand.Text()[:16])
	hash, err := gateway.HashPassword(password)
	if err != nil {
		return "", err
	}
	made := false
	err = store.Change(ctx, func(d *checkpoint.Draft) error {
		if made = renew || len(d.StaffList()) == 0; !made {
			return nil // another server was first
		}
		account := checkpoint.Staff{Login: adminLogin, Name: "管理员", Role: checkpoint.RoleAdmin, PasswordHash: hash}
		if old, known := d.Staff(adminLogin); known {
			account.Epoch, account.BadgeHash = old.Epoch+1, old.BadgeHash
		}
		return d.PutStaff(account)
	})
	if err != nil || !made {
		return "", err
	}
	return password, nil
}

// seedTown puts the demo town into a store that has no places yet, and enrols
// its residents. Doing it again changes nothing, so that a start that was cut
// off is finished by the next one.
func seedTown(ctx context.Context, store *checkpoint.Store, residents int, progress io.Writer) error {
	if len(store.Registry().Sites()) == 0 {
		// Nobody knows it: whoever is to sign in is given a password by an admin.
		hash, err := gateway.HashPassword(rand.Text())
		if err != nil {
			return fmt.Errorf("demo town: %w", err)
		}
		err = store.Change(ctx, func(d *checkpoint.Draft) error { return errors.Join(putTown(d), putHeads(d, hash)) })
		if err != nil {
			return fmt.Errorf("demo town: %w", err)
		}
	}
	var last string
	for r := range town.Residents(demoSeed, residents) {
		last = r.IDNumber
	}
	if _, err := store.FindByDocument(ctx, last); last == "" || err == nil {
		return nil // they are all in
	}
	rows := make([]checkpoint.NewResident, 0, seedBatch)
	done := 0
	flush := func() error {
		results, err := store.Enrol(ctx, rows)
		// Enrolling again changes nothing, and a busy machine is no reason to fail.
		for try := 1; errors.Is(err, checkpoint.ErrUnavailable) && try <= seedTries && ctx.Err() == nil; try++ {
			_, _ = fmt.Fprintf(progress, "demo town: the store is slow, trying again (%d of %d)\n", try, seedTries)
			results, err = store.Enrol(ctx, rows)
		}
		if err != nil {
			return fmt.Errorf("demo residents: %w", err)
		}
		for i, r := range results {
			if r.Err != nil {
				return fmt.Errorf("demo resident %d: %w", done+i, r.Err)
			}
		}
		done += len(rows)
		rows = rows[:0]
		if done%20_000 == 0 || done == residents {
			_, _ = fmt.Fprintf(progress, "demo town: %d of %d residents enrolled\n", done, residents)
		}
		return nil
	}
	for r := range town.Residents(demoSeed, residents) {
		rows = append(rows, checkpoint.NewResident{
			Name: r.Name, IDNumber: r.IDNumber, Phone: r.Phone, Site: r.Site, Door: r.Door, Grid: r.Grid,
		})
		if len(rows) == seedBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(rows) > 0 {
		return flush()
	}
	return nil
}

const (
	demoSeed  = 2020
	seedBatch = 5000
	seedTries = 20
)

// putTown puts grid, sites and gates of Xushang into the registry.
func putTown(d *checkpoint.Draft) error {
	for _, n := range town.Grid() {
		if err := d.PutGridNode(checkpoint.GridNode{ID: n.ID, Parent: n.Parent, Name: n.Name, Level: n.Level}); err != nil {
			return err
		}
	}
	for _, site := range town.Sites() {
		kind, err := checkpoint.ParseSiteKind(site.Kind)
		if err != nil {
			return err
		}
		if err := d.PutSite(checkpoint.Site{
			Code: site.Code, Name: site.Name, Kind: kind, Grid: site.Grid, SiteRules: checkpoint.SiteRules{
				Closed: site.Closed, TemperatureOn: checkpoint.TemperatureOn(site.TemperatureOn),
				AntiPassback: checkpoint.Strictness(site.AntiPassback),
			},
		}); err != nil {
			return err
		}
	}
	for _, g := range town.Gates() {
		if err := d.PutGate(checkpoint.Gate{Code: g.Code, Name: g.Name, Site: g.Site, Open: g.Open}); err != nil {
			return err
		}
	}
	return nil
}

// putHeads puts somebody who answers for it on every node of the grid, and a medic into
// every management area.
func putHeads(d *checkpoint.Draft, hash string) error {
	for _, n := range d.GridNodes() {
		head := checkpoint.Staff{Login: "head-" + n.ID, Name: n.Name + "负责人", Role: checkpoint.RoleGrid, Grid: n.ID, PasswordHash: hash}
		if n.Level <= 2 {
			head.Role = checkpoint.RoleLeader
		}
		answered := *n
		answered.Head = head.Login
		if err := errors.Join(d.PutStaff(head), d.PutGridNode(answered)); err != nil {
			return err
		}
		if n.Level != 2 {
			continue
		}
		medic := checkpoint.Staff{Login: "medic-" + n.ID, Name: n.Name + "医护", Role: checkpoint.RoleMedic, Grid: n.ID, PasswordHash: hash}
		if err := d.PutStaff(medic); err != nil {
			return err
		}
	}
	return nil
}
