package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
	"passgate/cmd/passgate/doctor"
	"passgate/codes"
	"passgate/gateway"
)

// heldKeys are the secrets at hand.
type heldKeys struct {
	index, journal []byte
	versions       []int // of the field key
	unusable       bool  // some could not be read or are not there
}

// lookAtKeys looks for the secrets where serve does, and makes none.
func (cmd *doctorCmd) lookAtKeys(env func(string) string, now time.Time) (k doctor.KeyFolder, held heldKeys) {
	k = doctor.LookAtKeys(cmd.Settings.Data)
	k.Now = now
	field, index, newer, err := loadFieldKeys(k.Path, env)
	k.Err, held.index = err, index
	if field != nil {
		held.versions = append(held.versions, 1)
	}
	for _, n := range newer {
		held.versions = append(held.versions, n.Version)
	}
	for _, s := range secretNames {
		if s.variable == "PASSGATE_KEYS" {
			continue // the ring, below
		}
		key, err := presentSecret(k.Path, s.variable, s.file, env)
		switch {
		case errors.Is(err, fs.ErrNotExist) && (s.file != "field.key" || len(newer) == 0): // version 1 may have been dropped
			k.Missing = append(k.Missing, s.file)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			k.Err = errors.Join(k.Err, err)
		case s.file == "journal.key":
			held.journal = key
		}
	}
	var ring *codes.Ring
	if text := env("PASSGATE_KEYS"); text != "" {
		ring, err = codes.RingFromEnv(text)
	} else {
		ring, err = codes.OpenRing(k.Path)
	}
	switch {
	case errors.Is(err, codes.ErrNoRing):
		k.Missing = append(k.Missing, "keys.json")
	case err != nil:
		k.Err = errors.Join(k.Err, err)
	default:
		k.Ring = ring.List()
	}
	held.unusable = k.Err != nil || len(k.Missing) > 0
	return k, held
}

// presentSecret reads a secret that is there; fs.ErrNotExist if it is not.
func presentSecret(dir, variable, file string, env func(string) string) ([]byte, error) {
	if text := env(variable); text != "" {
		return parseSecret(text, variable)
	}
	path := filepath.Join(dir, file)
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return secretFile(path)
}

// lookAtRedis asks the servers, and the store what it says of itself; nil if it
// could not be asked.
func (cmd *doctorCmd) lookAtRedis(ctx context.Context, held heldKeys) ([]*doctor.RedisServer, *doctor.StoreFacts, error) {
	s := &cmd.Settings
	if s.Redis == "memory" {
		return nil, &doctor.StoreFacts{Where: "--redis memory"}, nil
	}
	b, err := cmd.openToLook(ctx)
	if err != nil {
		return nil, nil, err
	}
	client := b.client(checkpoint.Tune)
	defer func() { _ = client.Close() }()
	servers := doctor.LookAtRedis(ctx, &doctor.RedisLook{
		Client: client, Options: b.options, Where: b.what, Prefix: s.Prefix, Managed: s.Redis == "managed", Now: cmd.clock(),
	})
	for _, server := range servers {
		if server.Err != nil {
			return servers, nil, nil
		}
	}
	store := &doctor.StoreFacts{Where: b.what, Kept: true, FieldKeys: held.versions, NoKeys: held.unusable, Archived: s.archiveDir() != ""}
	store.Survey, store.Err = checkpoint.LookAt(ctx, client, s.Prefix, held.index)
	return servers, store, nil
}

// openToLook says how to connect; it starts nothing. A managed Redis is asked as its
// operator, who may ask for settings.
func (cmd *doctorCmd) openToLook(ctx context.Context) (*backend, error) {
	s := &cmd.Settings
	if s.Redis != "managed" {
		b, err := openBackend(ctx, s.Redis, s.Data, slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, badInput("%w", err)
		}
		return b, nil
	}
	b, err := openRunning(s.Data)
	if err == nil {
		err = b.asOperator(s.Redis, s.Data)
	}
	if err != nil {
		return nil, badInput("%w", err)
	}
	return b, nil
}

func (cmd *doctorCmd) lookAtMachine(env func(string) string) doctor.Machine {
	s, pid := &cmd.Settings, 0
	managed := s.Redis == "managed"
	if managed {
		pid = redisd.Owner(filepath.Join(s.Data, "redis"))
	}
	m := doctor.LookAtMachine(cmp.Or(cmd.root, "/"), pid, env("GOMEMLIMIT"))
	m.OwnRedis, m.Connections = managed, gateway.MaxConnections
	return m
}
