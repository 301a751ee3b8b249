package checkpoint

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Two gateways on a cluster: what one changes holds at the other within a
// second, and when one is killed the other carries its projector's partitions on.
func TestGatewaysOnAClusterWorkAsOne(t *testing.T) {
	t.Parallel()
	c := patientCluster(t)
	n, o := scannerOn(t, c)
	reader := Connect(TuneReader(&redis.UniversalOptions{Addrs: c.Addrs()}))
	doomed, kill := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { n.s.NewProjector(reader, slog.New(slog.DiscardHandler)).Run(doomed) })
	t.Cleanup(work.Wait)
	t.Cleanup(kill)
	for _, id := range n.ids {
		must(t, n.scan(t, id))
	}
	g := &gates{s: n.s, ids: n.ids, base: testStart.UnixMilli()}
	g.sameWindow(t) // the first one owns every partition

	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	second := storeOn(t, o, clock)
	backgroundOf(t, second, o, nil)
	must(t, reader.Close()) // killed: it gives no lease back
	kill()
	killed := time.Now()
	for _, id := range n.ids {
		must(t, n.scan(t, id))
	}
	g.sameWindow(t)
	if took := time.Since(killed); took > 5*time.Second {
		t.Errorf("the leases were taken over after %s", took)
	}

	within := func(what string, holds func() bool) {
		t.Helper()
		begin := time.Now()
		eventually(t, what, holds)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s after %s", what, took)
		}
	}
	must(t, n.s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("mall-01")
		closed := *site
		closed.Closed = true
		return d.PutSite(closed)
	}))
	within("the other gateway knows of a closing", func() bool {
		site, _ := second.Registry().Site("mall-01")
		return site.Closed
	})
	putPolicy(t, n.s, closing("cluster-1", Village))
	within("the other gateway knows of a policy", func() bool {
		site, _ := second.Registry().Site("v-02")
		return second.Registry().RulesAt(site, testStart.UnixMilli()).Closed
	})
	// A revocation holds with the first scan: it is in the person's record.
	pass := PassClaims{Person: n.ids[0], Generation: 0, NotBefore: testStart.Unix() - 60, ExpiresAt: testStart.Unix() + 600}
	device, _ := second.Registry().Device("v-01-d1")
	show := func(id string) Reason {
		res, err := second.Scan(t.Context(), ScanRequest{
			ID: id, Device: device.Num, OccurredAt: testStart.UnixMilli() + 5000, Direction: In,
			Who: ByAppPass, Pass: &pass, Presented: "pass", Temperature: 36_5,
		})
		must(t, err)
		return res.Reason
	}
	if got := show("before-revoked"); got != ReasonOK {
		t.Fatalf("a good pass was refused: %s", got)
	}
	_, err := n.s.Revoke(t.Context(), n.ids[0])
	must(t, err)
	if got := show("after-revoked"); got != ReasonRevoked {
		t.Errorf("at the other gateway a revoked pass is %s", got)
	}
}
