//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// upgradeDrain is how long a gateway makes way here: twice the time in which the front
// of deploy/caddy notices.
const upgradeDrain = 2 * time.Second

// TestRollingUpgrade replaces two gateways, one after the other, by those of the next
// release, while scans come through the front as deploy/caddy has it: nobody at a gate
// may notice. The data is that of the release before, which the first new one carries
// forward. With PASSGATE_UPGRADE_FROM, a binary of an older release, that one is
// replaced; one that knows no --drain is killed softly and may be noticed.
func TestRollingUpgrade(t *testing.T) {
	if _, err := theTown(); err != nil {
		t.Fatal(err)
	}
	every, lasts := time.Second/150, time.Duration(0)
	if long() {
		every, lasts = 2*time.Millisecond, time.Minute
	}
	var calm, rough upgraded
	// The control: one is killed instead of asked, while Redis is slow, so that many wait.
	var control sync.WaitGroup
	control.Go(func() { t.Run("killed", func(t *testing.T) { rough = upgrade(t, time.Second/150, 0, true) }) })
	if long() { // two loads at once would be too much for the machine
		control.Wait()
	}
	t.Run("asked to end", func(t *testing.T) { calm = upgrade(t, every, lasts, false) })
	control.Wait()
	t.Logf("\n%s%s%s", upgradeHead, calm.line, rough.line)
	switch o := calm.outcome; {
	case o.settled < 0:
		t.Errorf("not settled: %s", o.unsettled)
	case !o.clean() || o.unanswered > 0:
		t.Error(o.account.String())
	case o.errors() > 0 || o.degraded > 0 || len(o.odd) > 0:
		t.Errorf("noticed at the gates: %+v %q", o.counts, o.odd)
	}

	if rough.errors() == 0 {
		t.Error("gateways were killed and nobody noticed: the test would see no error")
	}
	if !rough.clean() {
		t.Error(rough.account.String())
	}
}

// errors counts sendings that were not answered at once.
func (c *counts) errors() int { return c.busy + c.clock + c.cut + c.refused }

// upgraded is what an upgrade came to.
type upgraded struct {
	outcome
	line string // of the table
}

const upgradeHead = "| gateways are | scans/s | scans | errors | lost | twice | wrong | p50 | p99 | in |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"

// upgrade runs one, with gateways that are asked to end or killed. The load lasts at
// least so long.
func upgrade(t *testing.T, every, lasts time.Duration, killed bool) upgraded {
	t.Helper()
	dir, err := os.MkdirTemp(scratch, "upgrade")
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRig(dir, setup{gates: 2, every: every, serve: []string{"--drain", upgradeDrain.String()}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { r.close(); _ = os.RemoveAll(dir) }()
	if err := r.before(os.Getenv("PASSGATE_UPGRADE_FROM")); err != nil {
		t.Fatal(err)
	}
	front, err := newFront(dir, r.gates)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = front.kill() }()
	r.driver.urls = []string{front.url}
	work, word, took := r.replaceAll, "asked to end", time.Duration(0)
	if killed {
		work, word = func() error { return r.slowly(r.gates[0].kill) }, "killed (control)"
	}
	err = r.drive(func(*rig) error {
		began := time.Now()
		err := work()
		took = time.Since(began)
		time.Sleep(lasts - took)
		return err
	})
	if err != nil {
		t.Fatalf("the gateways could not be replaced: %v", err)
	}
	o, err := r.settle(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if !killed {
		if err := r.redis.rdb.HGet(t.Context(), "pg:{reg}:format", "version").Err(); err != nil {
			t.Errorf("the data was not carried forward: %v", err)
		}
	}
	p50, p99 := r.driver.latency()
	return upgraded{o, fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d ms | %d ms | %s |\n", word, time.Second/every, o.sent,
		o.errors(), o.lost, o.twice, o.wrong, p50.Milliseconds(), p99.Milliseconds(), seconds(took))}
}

// before makes the rig what it was before the upgrade: data without a record of its
// format and, if one is given, gateways of an older release.
func (r *rig) before(binary string) error {
	if err := r.redis.rdb.Del(context.Background(), "pg:{reg}:format").Err(); err != nil || binary == "" {
		return err
	}
	for _, g := range r.gates {
		args := g.args
		g.binary, g.args = binary, nil
		if err := errors.Join(g.kill(), g.launch()); err != nil {
			return err
		}
		g.binary, g.args = "", args // of the next start
	}
	return r.redis.rdb.Del(context.Background(), "pg:{reg}:format").Err()
}

// replaceAll replaces the gateways, one after the other, each when the one before is
// known to the front.
func (r *rig) replaceAll() error {
	for _, g := range r.gates {
		if err := errors.Join(g.end(), g.launch()); err != nil {
			return err
		}
		err := patiently(20*time.Second, func() error {
			_, err := g.ask(context.Background(), "/readyz")
			return err
		})
		if err != nil {
			return err
		}
		time.Sleep(frontNotices)
	}
	return nil
}

// frontNotices is how long the front may take to notice that a gateway is back, by
// deploy/caddy.
const frontNotices = 1200 * time.Millisecond

// front is Caddy with the settings of deploy/caddy.
type front struct {
	url string
	*process
}

func newFront(dir string, gates []*gateServer) (*front, error) {
	text, err := os.ReadFile("../../deploy/caddy/Caddyfile")
	if err != nil {
		return nil, err
	}
	var ports [2]int
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return nil, err
		}
	}
	const own = "127.0.0.1:2020" // of the container's check: another test may have it
	settings := strings.ReplaceAll(string(text), own, "127.0.0.1:"+strconv.Itoa(ports[1]))
	if settings == string(text) {
		return nil, fmt.Errorf("deploy/caddy/Caddyfile has no %s any more", own)
	}
	path := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	f := &front{url: "http://127.0.0.1:" + strconv.Itoa(ports[0])}
	var upstreams []string
	for _, g := range gates {
		upstreams = append(upstreams, strings.TrimPrefix(g.url, "http://"))
	}
	env := []string{"PASSGATE_SITE=" + f.url, "PASSGATE_GATEWAYS=" + strings.Join(upstreams, " "), "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir}
	if f.process, err = start(env, "caddy", "run", "--config", path, "--adapter", "caddyfile"); err != nil {
		return nil, fmt.Errorf("%w: install the package caddy", err)
	}
	return f, patiently(20*time.Second, func() error {
		if f.dead() {
			return fmt.Errorf("%w: caddy: %w\n%s", errEnded, f.err, f.out)
		}
		res, err := http.Get(f.url + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return errors.New(res.Status)
		}
		return nil
	})
}

// latency is the time from when a scan was due to its first answer.
func (l *ledger) latency() (p50, p99 time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []time.Duration
	for _, s := range l.scans {
		if len(s.acks) > 0 {
			all = append(all, s.acks[0].when.Sub(time.UnixMilli(s.at)))
		}
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}

// TestAGatewayMakesWay: one that is asked to end says so where balancers ask, goes on
// answering, has every client open its next connection elsewhere, gives its share of
// the work to others at once, and ends well.
func TestAGatewayMakesWay(t *testing.T) {
	dir, err := os.MkdirTemp(scratch, "drain")
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRig(dir, setup{serve: []string{"--drain", "1500ms"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { r.close(); _ = os.RemoveAll(dir) }()
	g := r.gates[0]
	asked := time.Now()
	if err := g.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err = patiently(time.Second, func() error {
		if _, err := g.ask(t.Context(), "/readyz"); err == nil || !strings.Contains(err.Error(), "503") {
			return fmt.Errorf("asked to end, /readyz says %w", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	res, err := http.Get(g.url + "/healthz")
	if err != nil {
		t.Fatalf("the door is closed already: %v", err)
	}
	_ = res.Body.Close()
	if !res.Close {
		t.Error("the client is not told to open its next connection elsewhere")
	}
	err = patiently(time.Second, func() error {
		parts, err := r.redis.rdb.Keys(t.Context(), "pg:{*}:part").Result()
		for _, part := range parts {
			if until, _ := r.redis.rdb.HGet(t.Context(), part, "lx").Int64(); until > time.Now().UnixMilli() {
				err = fmt.Errorf("partition %q is still this gateway's for %d ms", part, until-time.Now().UnixMilli())
			}
		}
		return err
	})
	if err != nil || g.dead() {
		t.Errorf("while it makes way: %v, dead %t", err, g.dead())
	}
	<-g.done
	if took := time.Since(asked); g.err != nil || took < 1400*time.Millisecond || took > 8*time.Second {
		t.Errorf("it ended after %s: %v\n%s", took, g.err, g.out)
	}
}
