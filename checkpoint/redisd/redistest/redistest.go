// Package redistest runs a package's tests on a Redis of their own: a
// redis-server, or with PASSGATE_TEST_REDIS=cluster a Redis Cluster of three
// masters and three replicas on loopback, with =sentinel a master with two
// replicas and three sentinels, or with =memory the one in the process.
package redistest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"passgate/checkpoint/redisd"
)

// Redis is what the tests run on.
type Redis struct {
	Addrs    []string
	Master   string // name of the master that Addrs, sentinels then, know; or ""
	InMemory bool
}

// Main starts the Redis, hands it to use, runs the tests and gives their exit
// status; 1 if it cannot be started.
func Main(m *testing.M, use func(Redis)) int {
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return failed(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r, stop, err := start(context.Background(), os.Getenv("PASSGATE_TEST_REDIS"), dir)
	if err != nil {
		return failed(err)
	}
	defer stop()
	use(r)
	status := m.Run()
	if r.Master == "" && !r.InMemory {
		if err := unknownCommands(r.Addrs); err != nil {
			return failed(err)
		}
	}
	return status
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func start(ctx context.Context, kind, dir string) (Redis, func(), error) {
	switch kind {
	case "", "single":
		srv, err := redisd.Start(ctx, redisd.Options{Dir: dir})
		if err != nil {
			return Redis{}, nil, fmt.Errorf("redistest: %w", err)
		}
		return Redis{Addrs: []string{srv.Socket()}}, func() { _ = srv.Stop(ctx) }, nil
	case "cluster":
		cluster, err := redisd.StartCluster(ctx, redisd.ClusterOptions{Dir: dir, Masters: 3, Replicas: 1})
		if err != nil {
			return Redis{}, nil, fmt.Errorf("redistest: %w", err)
		}
		return Redis{Addrs: cluster.Addrs()}, func() { _ = cluster.Stop() }, nil
	case "sentinel":
		group, err := redisd.StartSentinel(ctx, redisd.SentinelOptions{Dir: dir})
		if err != nil {
			return Redis{}, nil, fmt.Errorf("redistest: %w", err)
		}
		return Redis{Addrs: group.Addrs(), Master: redisd.SentinelMaster}, func() { _ = group.Stop() }, nil
	case "memory":
		mini := miniredis.NewMiniRedis()
		if err := mini.Start(); err != nil {
			return Redis{}, nil, fmt.Errorf("redistest: %w", err)
		}
		return Redis{Addrs: []string{mini.Addr()}, InMemory: true}, mini.Close, nil
	}
	return Redis{}, nil, fmt.Errorf("PASSGATE_TEST_REDIS=%s: want single, cluster, sentinel or memory", kind)
}
