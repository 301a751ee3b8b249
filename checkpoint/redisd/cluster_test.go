package redisd

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func clusterClient(t *testing.T, c *Cluster) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: c.Addrs(), DialerRetries: 1,
		// By default a client that met a dead master looks for its heir once a minute.
		ClusterStateReloadInterval: 200 * time.Millisecond,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestClusterServesEverySlot(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c, err := StartCluster(ctx, ClusterOptions{Dir: tempDir(t), Masters: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	if len(c.Addrs()) != 3 {
		t.Fatalf("addresses: %v", c.Addrs())
	}
	cc := clusterClient(t, c)
	for i := range 200 {
		if err := cc.Set(ctx, fmt.Sprint("key", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range c.Nodes() {
		size, err := client(t, s).DBSize(ctx).Result()
		if err != nil || size == 0 {
			t.Errorf("node %d holds %d keys, %v; the slots are not shared out", i, size, err)
		}
	}
	pids := []int{}
	for _, s := range c.Nodes() {
		pids = append(pids, s.PID())
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("node %d is alive after Stop", pid)
		}
	}
}

func TestReplicaTakesOverFromAKilledMaster(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c, err := StartCluster(ctx, ClusterOptions{Dir: tempDir(t), Masters: 3, Replicas: 1, NodeTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	if err := c.Nodes()[0].Kill(); err != nil {
		t.Fatal(err)
	}
	heir := client(t, c.Nodes()[3])
	eventually(t, "the replica is a master", func() bool {
		info, err := heir.Info(ctx, "replication").Result()
		return err == nil && hasLine(info, "role:master")
	})
	cc := clusterClient(t, c)
	eventually(t, "every slot is served again", func() bool {
		for i := range 50 {
			if cc.Set(ctx, fmt.Sprint("key", i), i, 0).Err() != nil {
				return false
			}
		}
		return true
	})
}

func TestImpossibleClusterIsRefused(t *testing.T) {
	t.Parallel()
	for _, shape := range [][2]int{{0, 0}, {3, -1}, {60, 1}} {
		if c, err := StartCluster(testContext(t), ClusterOptions{Dir: tempDir(t), Masters: shape[0], Replicas: shape[1]}); err == nil {
			_ = c.Stop()
			t.Errorf("a cluster of %v was started", shape)
		}
	}
}
