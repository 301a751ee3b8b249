package redisd

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func startCluster(t *testing.T, o ClusterOptions) *Cluster {
	t.Helper()
	o.Dir, o.Masters, o.Replicas = tempDir(t), 3, 1
	c, err := StartCluster(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	return c
}

// slotOfTag is the slot of keys with the hash tag {x}.
func slotOfTag(t *testing.T, c *Cluster) int {
	t.Helper()
	slot, err := client(t, c.Nodes()[0]).ClusterKeySlot(testContext(t), "{x}").Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(slot)
}

// One cluster in turn: everything that can be done to it, nothing of which may
// lose a key.
func TestEveryOperationKeepsTheKeys(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := startCluster(t, ClusterOptions{NodeTimeout: time.Second, Cuttable: true})
	cc := clusterClient(t, c)
	for i := range 300 {
		if err := cc.Set(ctx, fmt.Sprint("{x}", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	slot := slotOfTag(t, c)
	held := func(what string) {
		t.Helper()
		eventually(t, what, func() bool {
			for i := range 300 {
				if n, err := cc.Get(ctx, fmt.Sprint("{x}", i)).Int(); err != nil || n != i {
					return false
				}
			}
			return true
		})
	}
	old := c.MasterOf(ctx, slot)
	other := c.Nodes()[0]
	if other == old {
		other = c.Nodes()[1]
	}

	finish, err := c.BeginMove(ctx, slot, other)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []*Server{old, other} {
		n, err := client(t, s).ClusterCountKeysInSlot(ctx, slot).Result()
		if err != nil || n != 150 {
			t.Errorf("half way node %d holds %d keys, %v", i, n, err)
		}
	}
	held("single keys are found half way")
	if err := finish(ctx); err != nil {
		t.Fatal(err)
	}
	held("keys are found after a move")
	if now := c.MasterOf(ctx, slot); now != other {
		t.Fatal("the slot was not moved")
	}

	for _, how := range []string{"", "FORCE", "TAKEOVER"} {
		if err := c.Settled(ctx); err != nil {
			t.Fatal(err)
		}
		master := c.MasterOf(ctx, slot)
		replica := c.ReplicaOf(ctx, master)
		if replica == nil {
			t.Fatal("the master has no replica")
		}
		if err := c.Promote(ctx, replica, how); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the others know the new master", func() bool { return c.MasterOf(ctx, slot) == replica })
		held("keys are found after promotion " + how)
	}

	if err := c.Settled(ctx); err != nil {
		t.Fatal(err)
	}
	parted := c.MasterOf(ctx, slot)
	c.Part(parted, false)
	eventually(t, "the replica takes over from a master that is cut off", func() bool {
		now := c.MasterOf(ctx, slot)
		return now != nil && now != parted
	})
	err = client(t, parted).Set(ctx, "{x}0", 1, 0).Err()
	if !redis.IsClusterDownError(err) {
		t.Errorf("a master in a minority still takes writes: %v", err)
	}
	c.Heal()
	if err := c.Settled(ctx); err != nil {
		t.Fatal(err)
	}
	held("keys are found after a parting")
}

func TestWireHoldsBackWhatIsCut(t *testing.T) {
	t.Parallel()
	c := startCluster(t, ClusterOptions{Cuttable: true})
	node := c.Nodes()[0]
	far := redis.NewClient(&redis.Options{Addr: c.Addrs()[0], MaxRetries: -1, ReadTimeout: 200 * time.Millisecond, DialerRetries: 1})
	t.Cleanup(func() { _ = far.Close() })
	if err := far.Ping(testContext(t)).Err(); err != nil {
		t.Fatal(err)
	}
	c.Part(node, false)
	if err := far.Ping(testContext(t)).Err(); err != nil {
		t.Errorf("a client is cut off with the nodes: %v", err)
	}
	c.Part(node, true)
	if err := far.Ping(testContext(t)).Err(); err == nil {
		t.Error("a client is answered through a cut")
	}
	c.Heal()
	eventually(t, "the client is answered again", func() bool { return far.Ping(testContext(t)).Err() == nil })
}

func TestPausedServerAnswersNobodyAndStops(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: tempDir(t), Persist: true})
	set(t, s, "kept")
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	r := controlClient("unix", s.Socket())
	t.Cleanup(func() { _ = r.Close() })
	if err := r.Ping(ctx).Err(); err == nil {
		t.Error("a paused server answers")
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it answers again", func() bool { return r.Ping(testContext(t)).Err() == nil })
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := s.Stop(testContext(t)); err != nil || time.Since(begin) > 5*time.Second {
		t.Errorf("a paused server was stopped in %s: %v", time.Since(begin), err)
	}
}

func TestSentinelReplacesItsMaster(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	s, err := StartSentinel(ctx, SentinelOptions{Dir: tempDir(t), DownAfter: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	first := s.Master(ctx)
	if first != s.Servers()[0] {
		t.Fatal("the first server is not the master")
	}
	if err := s.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	second := s.Master(ctx)
	if second == nil || second == first {
		t.Fatal("nobody was promoted")
	}
	if err := s.Settled(ctx); err != nil {
		t.Fatal(err)
	}
	if err := second.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another master is named", func() bool {
		now := s.Master(ctx)
		return now != nil && now != second
	})
	if err := second.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Settled(ctx); err != nil {
		t.Errorf("the killed master came back: %v", err)
	}
}
