package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// secrets are what a server needs to know and nobody else: 32 bytes each.
// They come from the environment or from files in DIR/keys with mode 0600,
// never from a flag. Losing the field or the index key loses the residents.
type secrets struct {
	field   []byte // PASSGATE_FIELD_KEY, field.key: encrypts identities; nil once dropped
	index   []byte // PASSGATE_INDEX_KEY, index.key: finds them
	newer   []checkpoint.FieldKey
	session []byte // PASSGATE_SESSION_KEY, session.key: signs the sessions of staff
	audit   []byte // PASSGATE_AUDIT_KEY, audit.key: signs heads of the audit
	journal []byte // PASSGATE_JOURNAL_KEY, journal.key: seals what the journal holds
}

// loadSecrets reads the secrets, or makes those that are in neither place.
// The server refuses data that was written with others.
func loadSecrets(dir string, env func(string) string) (secrets, error) {
	var s secrets
	_, _, newer, err := loadFieldKeys(dir, env)
	if err != nil {
		return s, err
	}
	s.newer = newer
	for _, one := range []struct {
		into           *[]byte
		variable, file string
	}{
		{&s.field, "PASSGATE_FIELD_KEY", "field.key"},
		{&s.index, "PASSGATE_INDEX_KEY", "index.key"},
		{&s.session, "PASSGATE_SESSION_KEY", "session.key"},
		{&s.audit, "PASSGATE_AUDIT_KEY", "audit.key"},
		{&s.journal, "PASSGATE_JOURNAL_KEY", "journal.key"},
	} {
		if text := env(one.variable); text != "" {
			*one.into, err = parseSecret(text, one.variable)
		} else if _, missing := os.Stat(filepath.Join(dir, one.file)); missing != nil && one.into == &s.field && len(newer) > 0 {
			continue // version 1 was dropped
		} else {
			*one.into, err = secretFile(filepath.Join(dir, one.file))
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// secretFile reads a secret, or makes the file.
func secretFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key) //nolint:errcheck // never fails, says crypto/rand
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		return key, writePrivate(path, []byte(hex.EncodeToString(key)+"\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("secret: others can read %s; run: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own folder
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	return parseSecret(string(text), path)
}

func parseSecret(text, where string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("secret: %s must hold 64 hexadecimal digits (32 bytes)", where)
	}
	return key, nil
}

// openKeys opens the ring that signs passes: from PASSGATE_KEYS, or from
// DIR/keys/passes, where a first start makes it.
func openKeys(dir string, env func(string) string, now time.Time) (*codes.Ring, error) {
	if text := env("PASSGATE_KEYS"); text != "" {
		return codes.RingFromEnv(text)
	}
	ring, err := codes.OpenRing(dir)
	if errors.Is(err, codes.ErrNoRing) {
		return codes.CreateRing(dir, now)
	}
	if err == nil && !ring.SignsFeed() { // made before there was a feed
		if _, err := ring.RotateFeed(now); err != nil && !errors.Is(err, codes.ErrReadOnly) {
			return nil, err
		}
	}
	return ring, err
}
