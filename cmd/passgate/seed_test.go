package main

import (
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"passgate/checkpoint"
)

// Servers that start at the same time on an empty store, neither of which knows of the
// other yet: one of them gives a password, which stays in force.
func TestOneFirstLoginOfServersThatStartTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret, err := loadSecrets(filepath.Join(dir, "keys"), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	backend, err := openBackend(t.Context(), "managed", dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.stop)
	var stores [2]*checkpoint.Store
	for i := range stores {
		client := backend.client(patient)
		t.Cleanup(func() { _ = client.Close() })
		if stores[i], err = checkpoint.Open(t.Context(), checkpoint.Config{Client: client, FieldKey: secret.field, IndexKey: secret.index}); err != nil {
			t.Fatal(err)
		}
	}
	var passwords, hashes [2]string
	var all sync.WaitGroup
	for i, store := range stores {
		all.Go(func() {
			var err error
			if passwords[i], err = firstLogin(t.Context(), store, false); err != nil {
				t.Error(err)
			}
			if admin, ok := store.Registry().Staff(adminLogin); ok {
				hashes[i] = admin.PasswordHash
			}
		})
	}
	all.Wait()
	if (passwords[0] == "") == (passwords[1] == "") {
		t.Errorf("passwords %q: one server and no other is to give one", passwords)
	}
	if hashes[0] == "" || hashes[0] != hashes[1] {
		t.Errorf("the servers know different accounts: %q", hashes)
	}
}
