package checkpoint

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// sentinelMisfortunes happen to the master.
func sentinelMisfortunes(s *redisd.Sentinel) []misfortune {
	master := func(t *testing.T) *redisd.Server {
		var m *redisd.Server
		eventually(t, "the sentinels name a master", func() bool {
			m = s.Master(t.Context())
			return m != nil
		})
		return m
	}
	replaced := func(t *testing.T, old *redisd.Server) {
		failedOver(t, func() bool {
			now := s.Master(t.Context())
			return now != nil && now != old
		})
		time.Sleep(time.Second)
	}
	return slices.Concat([]misfortune{
		{"the master is killed whose replicas were behind", true, true, func(t *testing.T) {
			m := master(t)
			for _, r := range s.Servers() {
				if r != m {
					s.Part(r, false)
				}
			}
			time.Sleep(outOfStep)
			must(t, m.Kill())
			s.Heal()
			replaced(t, m)
			must(t, m.Restart(t.Context()))
		}},
	}, separations("the master", false, s, master, replaced), []misfortune{
		{"a replica is promoted", false, false, func(t *testing.T) {
			m := master(t)
			must(t, s.Promote(t.Context()))
			replaced(t, m)
		}},
	})
}

// As on a cluster, and not in parallel either.
func TestNothingAnsweredIsLostWhateverHappensBehindSentinels(t *testing.T) {
	ownServers(t)
	dir, err := os.MkdirTemp("", "pgs")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := redisd.StartSentinel(ctx, redisd.SentinelOptions{Dir: dir, DownAfter: 1500 * time.Millisecond, Cuttable: true})
	must(t, err)
	t.Cleanup(func() {
		s.Heal()
		_ = s.Stop()
	})
	o := redis.UniversalOptions{Addrs: s.Addrs(), MasterName: redisd.SentinelMaster}
	live(t, o, s.Settled, func(*Store) []misfortune { return sentinelMisfortunes(s) })
}
