package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// onlyLong leaves what takes long to PASSGATE_LONG=1: the demo runs in the plain
// run on a Redis of its own.
func onlyLong(t *testing.T) {
	t.Helper()
	if os.Getenv("PASSGATE_LONG") == "" {
		t.Skip("set PASSGATE_LONG=1 to run the demo on three and more servers")
	}
}

// shortDir is a directory whose path is short enough for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// agrees runs the demo on a Redis of the user's, which it has to leave empty.
func agrees(t *testing.T, at string, servers []*redisd.Server) {
	t.Helper()
	out, errs := newShell(t).must(0, "demo", "--residents", "100", "--days", "1", "--json", "--redis", at)
	var report struct{ Agrees bool }
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.Agrees {
		t.Errorf("the demo on %s: %v\n%s%s", at, err, out, errs)
	}
	for i, s := range servers {
		o, err := redis.ParseURL(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(o)
		if n, err := c.DBSize(t.Context()).Result(); err != nil || n != 0 {
			t.Errorf("server %d is left with %d keys, %v", i, n, err)
		}
		_ = c.Close()
	}
}

func TestDemoAgreesOnACluster(t *testing.T) {
	t.Parallel()
	onlyLong(t)
	c, err := redisd.StartCluster(t.Context(), redisd.ClusterOptions{Dir: shortDir(t), Masters: 3, Replicas: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	agrees(t, "cluster://"+strings.Join(c.Addrs(), ","), c.Nodes()[:3])
}

func TestDemoAgreesBehindSentinels(t *testing.T) {
	t.Parallel()
	onlyLong(t)
	s, err := redisd.StartSentinel(t.Context(), redisd.SentinelOptions{Dir: shortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	agrees(t, "sentinel://"+strings.Join(s.Addrs(), ",")+"/"+redisd.SentinelMaster, []*redisd.Server{s.Master(context.Background())})
}
