package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"passgate/checkpoint"
)

type keysFieldsCmd struct {
	List   keysFieldsListCmd   `cmd:"" help:"Show the versions of the field key, who holds them and what is sealed with them."`
	Rotate keysFieldsRotateCmd `cmd:"" help:"Make a new version and seal everything with it, while gates go on."`
	Drop   keysFieldsDropCmd   `cmd:"" help:"Destroy a version that nothing needs any more."`
}

// Help is shown by --help.
func (keysFieldsCmd) Help() string {
	return `The field key encrypts names, document numbers, phones and notes in Redis; the
index key finds people by document and phone. They change together.

If a key may have come into wrong hands: close the hole first, then "rotate" and
"drop". Whoever has the old key and a copy of Redis or a backup from before can
read that copy; from the change on they read nothing new. What the old index key
still opens are the IDs of households, visitors, walk-ins and plates, guess by
guess. Old backups hold the old key: destroy them.

Example:

    passgate keys fields rotate --data /var/lib/passgate`
}

// fieldStoreFlags say where keys and people are.
type fieldStoreFlags struct {
	dataFlag
	Redis  string `default:"managed" env:"PASSGATE_REDIS" help:"The server's Redis, as for \"passgate serve\". Beside a running server, its managed one is found by --data." placeholder:"REDIS"`
	Prefix string `default:"pg:" env:"PASSGATE_PREFIX" help:"Prefix of every key in Redis."`

	barrier time.Duration // shorter in tests
}

// fieldStore is a store with the keys' folder.
type fieldStore struct {
	*checkpoint.Store
	dir   string
	env   func(string) string
	close func()
}

func (f fieldStoreFlags) open(ctx context.Context, con *console) (*fieldStore, error) {
	dir := filepath.Join(f.Data, "keys")
	if _, err := existingSecrets(dir, con.Env); err != nil {
		return nil, err
	}
	field, index, newer, err := loadFieldKeys(dir, con.Env)
	if err != nil {
		return nil, badInput("%w", err)
	}
	backend, err := openBesides(ctx, f.Redis, f.Data)
	if err != nil {
		return nil, err
	}
	client := backend.client(patient)
	done := func() { _ = client.Close(); backend.stop() }
	store, err := checkpoint.Open(ctx, checkpoint.Config{Client: client, Prefix: f.Prefix, FieldKey: field, IndexKey: index, NewerKeys: newer, FieldBarrier: f.barrier, AsIs: true})
	if err != nil {
		done()
		return nil, fieldKeyError(err)
	}
	return &fieldStore{store, dir, con.Env, done}, nil
}

// reload takes up the keys as they are in the folder now.
func (f *fieldStore) reload() (bool, error) {
	field, index, newer, err := loadFieldKeys(f.dir, f.env)
	if err != nil {
		return false, err
	}
	return f.LoadFieldKeys(field, index, newer)
}

func fieldKeyError(err error) error {
	switch {
	case errors.Is(err, checkpoint.ErrFieldKey):
		return &exitError{exitNo, err}
	case errors.Is(err, checkpoint.ErrUnavailable):
		return unreachable("%w: run the same command again, it goes on where it was", err)
	}
	return err
}

type keysFieldsListCmd struct {
	fieldStoreFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (keysFieldsListCmd) Help() string {
	return `Reads every record to count what is sealed with which version.

Example:

    passgate keys fields list --data ./data`
}

// fieldVersion is what is known of one version.
type fieldVersion struct {
	Version int                             `json:"version"`
	Here    bool                            `json:"here"`
	InUse   bool                            `json:"in_use"`
	HeldBy  []string                        `json:"held_by"`
	Sealed  map[checkpoint.SealedKind]int64 `json:"sealed"`
}

// Run shows the versions.
func (k *keysFieldsListCmd) Run(ctx context.Context, con *console) error {
	store, err := k.open(ctx, con)
	if err != nil {
		return err
	}
	defer store.close()
	versions, err := store.versions(ctx)
	if err != nil {
		return fieldKeyError(err)
	}
	if k.JSON {
		return printJSON(con.Out, map[string]any{"versions": versions})
	}
	t := newTable(con.Out, "VERSION", "STATE", "GATEWAYS", "SEALED WITH IT")
	for _, v := range versions {
		state := "not in use"
		switch {
		case v.InUse:
			state = "in use"
		case !v.Here:
			state = "not here"
		}
		var sealed []string
		for kind, n := range v.Sealed {
			sealed = append(sealed, fmt.Sprintf("%d %s", n, kind))
		}
		slices.Sort(sealed)
		if err := t.add(strconv.Itoa(v.Version), state, strconv.Itoa(len(v.HeldBy)), strings.Join(sealed, ", ")); err != nil {
			return err
		}
	}
	return t.flush()
}

func (f *fieldStore) versions(ctx context.Context) ([]fieldVersion, error) {
	use, err := f.FieldKeysInUse(ctx)
	if err != nil {
		return nil, err
	}
	gateways, err := f.FieldKeyHolders(ctx)
	if err != nil {
		return nil, err
	}
	sealed, err := f.CountSealed(ctx)
	if err != nil {
		return nil, err
	}
	here := f.FieldKeyVersions()
	var all []fieldVersion
	for version := 1; version <= maxFieldKey; version++ {
		v := fieldVersion{
			Version: version, Here: slices.Contains(here, version), InUse: slices.Contains(use, version),
			Sealed: sealed[version], HeldBy: []string{},
		}
		for _, g := range gateways {
			if slices.Contains(g.Versions, version) {
				v.HeldBy = append(v.HeldBy, g.Name)
			}
		}
		if v.Here || v.InUse || len(v.HeldBy) > 0 || len(v.Sealed) > 0 {
			all = append(all, v)
		}
	}
	return all, nil
}

type keysFieldsRotateCmd struct {
	fieldStoreFlags
	Wait time.Duration `default:"1m" help:"How long to wait for gateways to take up the new key."`
	JSON bool          `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (keysFieldsRotateCmd) Help() string {
	return `Makes DATA/keys/field-N.key and index-N.key. Gateways with another data folder
need copies of both before anything else happens; where keys come from the
environment, set PASSGATE_FIELD_KEY_N and PASSGATE_INDEX_KEY_N everywhere first.
Copy them to where the other keys are kept, too.

Takes about a minute longer than sealing all records. It can be stopped at any
time; the same command goes on. Nothing stands still meanwhile. At the end
"passgate keys fields drop" destroys the old version.

Example:

    passgate keys fields rotate --data /var/lib/passgate`
}

// Run rotates, or completes a rotation.
func (k *keysFieldsRotateCmd) Run(ctx context.Context, con *console) error {
	store, err := k.open(ctx, con)
	if err != nil {
		return err
	}
	defer store.close()
	version, err := k.next(ctx, store)
	if err != nil {
		return fieldKeyError(err)
	}
	if err := store.held(ctx, con, version, k.Wait); err != nil {
		return fieldKeyError(err)
	}
	var last checkpoint.RotateProgress
	var said time.Time
	err = store.RotateFieldKey(ctx, version, func(p checkpoint.RotateProgress) {
		if p.Step != last.Step || time.Since(said) > 2*time.Second {
			con.say("version %d: %s (%d people looked at, %d records sealed)", version, p.Step, p.People, p.Sealed)
			said = time.Now()
		}
		last = p
	})
	if err != nil {
		return fieldKeyError(err)
	}
	if k.JSON {
		return printJSON(con.Out, map[string]any{"version": version, "sealed": last.Sealed})
	}
	_, err = fmt.Fprintf(con.Out, "version %d is in use, %d records were sealed anew; \"passgate keys fields drop VERSION\" destroys an old one\n", version, last.Sealed)
	return err
}

// next is the version to change to: one that is waiting to be taken up, or a new
// one.
func (k *keysFieldsRotateCmd) next(ctx context.Context, store *fieldStore) (int, error) {
	use, err := store.FieldKeysInUse(ctx)
	if err != nil {
		return 0, err
	}
	here := store.FieldKeyVersions()
	newest, highest := use[len(use)-1], here[len(here)-1]
	if len(use) > 1 {
		return newest, nil
	}
	if highest > newest {
		return highest, nil
	}
	if highest == maxFieldKey {
		return 0, badInput("there is no version after %d", maxFieldKey)
	}
	// What an earlier change has left undone is done first.
	if err := store.RotateFieldKey(ctx, newest, nil); err != nil {
		return 0, err
	}
	if err := makeFieldKey(store.dir, highest+1); err != nil {
		return 0, err
	}
	_, err = store.reload()
	return highest + 1, err
}

// held waits until all gateways hold a version. Who does not in time is named by
// the rotation itself.
func (f *fieldStore) held(ctx context.Context, con *console, version int, patience time.Duration) error {
	for end, told := time.Now().Add(patience), false; time.Now().Before(end); {
		gateways, err := f.FieldKeyHolders(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(gateways, func(g checkpoint.FieldKeyHolder) bool { return !slices.Contains(g.Versions, version) }) {
			return nil
		}
		if !told {
			con.say("waiting until all %d gateways hold version %d", len(gateways), version)
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return nil
}

type keysFieldsDropCmd struct {
	fieldStoreFlags
	Version     int  `arg:"" help:"The version to destroy."`
	LoseReasons bool `name:"lose-reasons" help:"Also if reasons in the audit are sealed with it: they are unreadable then, the chain stays whole."`
}

// Help is shown by --help.
func (keysFieldsDropCmd) Help() string {
	return `Looks at every record first and refuses while anything needs the version. The
reasons in the audit keep the key they were written with, since the chain covers
them: without --lose-reasons the key stays until the audit is past its time.

Other gateways' copies and backups are not reached from here: remove
field-N.key and index-N.key there (of version 1 only field.key: index.key stays).

Example:

    passgate keys fields drop 1 --data /var/lib/passgate`
}

// Run destroys a version.
func (k *keysFieldsDropCmd) Run(ctx context.Context, con *console) error {
	store, err := k.open(ctx, con)
	if err != nil {
		return err
	}
	defer store.close()
	if k.Version < 1 || k.Version > maxFieldKey {
		return badInput("version %d: give 1 to %d", k.Version, maxFieldKey)
	}
	if err := store.DropFieldKey(ctx, k.Version, k.LoseReasons); err != nil {
		return fieldKeyError(err)
	}
	if err := removeFieldKey(store.dir, k.Version); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.Out, "version %d is destroyed here; remove its files from other gateways, too\n", k.Version)
	return err
}
