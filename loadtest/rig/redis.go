package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a redis-server without a gateway.
type Redis struct {
	PID    int
	Socket string        // through which anybody of this user may do what a gateway does
	Client *redis.Client // may do everything

	dir   string
	child *Child
}

// StartRedis runs a redis-server of its own with the settings of the rig's, down
// to how durable it is. The caller closes it.
func (r *Rig) StartRedis(ctx context.Context) (_ *Redis, err error) {
	text, err := os.ReadFile(filepath.Join(r.DataDir, "redis", "redis.conf"))
	if err != nil {
		return nil, fmt.Errorf("rig: settings of Redis: %w", err)
	}
	s := new(Redis)
	if s.dir, err = os.MkdirTemp(filepath.Dir(r.DataDir), "pgref-"); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	config := filepath.Join(s.dir, "redis.conf")
	s.Socket = filepath.Join(s.dir, "redis.sock")
	if err := os.WriteFile(config, []byte(elsewhere(string(text), s.dir, s.Socket)), 0o600); err != nil {
		return nil, fmt.Errorf("rig: settings of Redis: %w", err)
	}
	if s.child, err = Spawn("redis-server", nil, nil, config); err != nil {
		return nil, err
	}
	s.PID = s.child.PID
	s.Client = redis.NewClient(operator(s.Socket, r.Redis.Options().Password))
	for s.Client.Ping(ctx).Err() != nil {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("rig: redis-server does not answer: %w\n%s", ctx.Err(), s.child.Complaints())
		case <-s.child.Ended():
			return nil, fmt.Errorf("rig: redis-server ended: %w\n%s", s.child.outcome(), &s.child.said)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return s, nil
}

// operator are the options of a client who may do everything. A pipeline is
// written in one piece.
func operator(socket, secret string) *redis.Options {
	return &redis.Options{
		Network: "unix", Addr: socket, Protocol: 2, Username: "passgate-operator", Password: secret,
		MaxRetries: -1, PoolSize: 8, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		ReadBufferSize: 1 << 20, WriteBufferSize: 1 << 20,
		ContextTimeoutEnabled: true, DisableIdentity: true,
	}
}

// elsewhere gives a redis.conf other places for its files.
func elsewhere(config, dir, socket string) string {
	var b strings.Builder
	for line := range strings.Lines(config) {
		switch name, _, _ := strings.Cut(line, " "); name {
		case "unixsocket", "dir", "pidfile":
		default:
			b.WriteString(line)
		}
	}
	fmt.Fprintf(&b, "dir %q\nunixsocket %q\npidfile %q\n", dir, socket, filepath.Join(dir, "redis.pid"))
	return b.String()
}

// Close ends the server and removes its folder.
func (s *Redis) Close() error {
	var err error
	if s.Client != nil {
		_ = s.Client.Close()
	}
	if s.child != nil {
		err = s.child.Close()
		s.child = nil
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
