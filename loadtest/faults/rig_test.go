//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// setup is how a row is built.
type setup struct {
	redis     []string // settings of Redis that differ from deploy/redis.conf
	gates     int      // 1 if not set
	serve     []string // flags of serve
	every     time.Duration
	copies    int
	freshIDs  bool
	credulous bool
	oneShot   bool // a connection for each sending, so that none is sent into one that closes
}

// rig is a row at work.
type rig struct {
	setup
	dir    string
	town   *town
	redis  *redisServer
	proxy  *toxiproxy.Proxy
	gates  []*gateServer
	driver *driver
	begun  time.Time
	healed time.Time // when the fault was over
	long   bool      // the fault lasts
}

// newRig starts everything, with no load yet.
func newRig(dir string, s setup) (_ *rig, err error) {
	r := &rig{setup: s, dir: dir, begun: time.Now()}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.town, err = theTown(); err != nil {
		return nil, err
	}
	redisDir, data, err := r.town.copyInto(dir)
	if err != nil {
		return nil, err
	}
	if r.redis, err = newRedis(redisDir, s.redis...); err != nil {
		return nil, err
	}
	if r.proxy, err = newProxy(r.redis.addr()); err != nil {
		return nil, err
	}
	r.driver = newDriver(r.town, s)
	for i := range max(1, s.gates) {
		own := data
		if i > 0 { // the same keys in a folder of its own
			own = fmt.Sprintf("%s-%d", data, i)
			if err := copyFolder(data, own); err != nil {
				return nil, err
			}
		}
		gate, err := newGate(own, "redis://"+r.proxy.Listen, s.flags()...)
		if gate != nil && gate.process != nil {
			r.gates = append(r.gates, gate)
		}
		if err != nil {
			return nil, err
		}
		r.driver.urls = append(r.driver.urls, gate.url)
	}
	return r, nil
}

// newProxy starts a proxy in front of addr. Somebody else may take a port between
// the look whether it is free and its use: then there is another.
func newProxy(addr string) (*toxiproxy.Proxy, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for try := 0; ; try++ {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		proxy := toxiproxy.NewProxy(server, "redis", fmt.Sprintf("127.0.0.1:%d", port), addr)
		if err = proxy.Start(); !errors.Is(err, syscall.EADDRINUSE) || try == 10 {
			return proxy, err
		}
	}
}

// close ends what is still there.
func (r *rig) close() {
	if r.driver != nil {
		r.driver.stop()
	}
	for _, g := range r.gates {
		_ = g.kill()
	}
	if r.proxy != nil {
		r.proxy.Stop()
	}
	if r.redis != nil {
		_ = r.redis.rdb.Close()
		if r.redis.process != nil {
			_ = r.redis.kill()
		}
	}
}

// spoil puts a toxic on the way to Redis ("upstream") or back ("downstream").
func (r *rig) spoil(name, kind, way string, attributes object) error {
	var b strings.Builder
	fmt.Fprintf(&b, `{"name":%q,"type":%q,"stream":%q,"attributes":{`, name, kind, way)
	comma := ""
	for k, v := range attributes {
		fmt.Fprintf(&b, "%s%q:%v", comma, k, v)
		comma = ","
	}
	b.WriteString("}}")
	_, err := r.proxy.Toxics.AddToxicJson(strings.NewReader(b.String()))
	return err
}

// unspoil takes all toxics away. Connections that hang on one are cut: what
// they were about to carry is lost.
func (r *rig) unspoil() error {
	r.proxy.Stop()
	r.proxy.Toxics.ResetToxics(context.Background())
	return r.proxy.Start()
}

// spoiled does that for a time.
func (r *rig) spoiled(long time.Duration, kind, way string, attributes object) error {
	if err := r.spoil("fault", kind, way, attributes); err != nil {
		return err
	}
	time.Sleep(long)
	return r.unspoil()
}

// slowly does something while Redis answers so late that many scans are between
// record and reply.
func (r *rig) slowly(f func() error) error {
	err := r.spoil("slow", "latency", "downstream", object{"latency": 150})
	if err != nil {
		return err
	}
	time.Sleep(400 * time.Millisecond)
	return errors.Join(f(), r.unspoil())
}

// lasting is how long a fault lasts: short in the normal run.
func (r *rig) lasting(normal, long time.Duration) time.Duration {
	if r.long {
		return long
	}
	return normal
}

// warmUp is how long a row runs before it is hurt, and after.
const warmUp = 700 * time.Millisecond

// recoverWithin is how long the load goes on after a fault, waiting for the
// first answer from Redis: on a busy machine the few people of the drill are
// scanned again before what is owed of them is recorded.
const recoverWithin = 40 * time.Second

// drive runs the load, hurts the row and waits until nothing is repeated any more.
func (r *rig) drive(hurt func(*rig) error) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); r.driver.run(ctx) }()
	time.Sleep(warmUp)
	err := hurt(r)
	if r.healed.IsZero() {
		r.healed = time.Now()
	}
	time.Sleep(warmUp)
	_ = patiently(recoverWithin, func() error { // the load goes on until Redis is asked again
		if _, some := r.driver.firstOnline(r.healed); !some {
			return errors.New("not yet")
		}
		return nil
	})
	stop()
	<-ended
	return err
}

// outcome is what a row came to.
type outcome struct {
	account
	counts
	odd       []string
	gap       time.Duration
	online    time.Duration // from the end of the fault to the first answer from Redis; negative: none came
	settled   time.Duration // from the end of the fault until nothing waited any more; negative: something still did
	unsettled string        // what still waited
}

// resendWithin is how long a gateway may take to notice that a Redis has
// forgotten something.
const resendWithin = 3 * time.Second

// settle waits until nothing waits any more, at most for so long, and takes the
// account.
func (r *rig) settle(within time.Duration) (o outcome, err error) {
	ctx := context.Background()
	end := time.Now().Add(within)
	var all []held
	steady, last := time.Now(), ""
	for {
		all, err = inRedis(ctx, r.redis.rdb)
		now := time.Now()
		o.account = audit(&r.driver.ledger, all)
		o.unsettled = r.waits(ctx, &o.account, err)
		if state := fmt.Sprint(o.trailed, o.indexed, o.acknowledged, o.lost, o.unsettled); state != last {
			steady, last = now, state
		}
		// A little longer: a step done over would show now, and what is lost may be
		// sent again.
		linger := 300 * time.Millisecond
		if o.lost > 0 {
			linger = resendWithin
		}
		if o.unsettled == "" && now.Sub(steady) > linger {
			o.settled = steady.Sub(r.healed)
			break
		}
		if now.After(end) {
			o.settled = -1
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return o, err
	}
	over, err := overAPI(ctx, r.town, r.answering(ctx).url, r.begun.Add(-2*time.Hour))
	if err != nil {
		o.odd = append(o.odd, "the records cannot be read over the API: "+err.Error())
	}
	o.account = audit(&r.driver.ledger, append(all, over...))
	o.counts, o.odd = r.driver.seen(o.odd)
	o.gap, o.online = r.driver.longestGap(), -1
	if at, some := r.driver.firstOnline(r.healed); some {
		o.online = at.Sub(r.healed)
	}
	return o, nil
}

// waits says what still waits, "" if nothing does.
func (r *rig) waits(ctx context.Context, a *account, err error) string {
	if err != nil {
		return "Redis does not answer: " + err.Error()
	}
	if n := r.driver.waiting(); n > 0 {
		return fmt.Sprintf("%d scans wait for an answer", n)
	}
	for _, g := range r.gates {
		if g.dead() {
			continue
		}
		if err := g.ready(ctx); err != nil {
			return "a gateway is not done: " + err.Error()
		}
	}
	if a.trailed != a.indexed {
		return fmt.Sprintf("%d events in the trails and %d in the indexes", a.trailed, a.indexed)
	}
	return ""
}

// answering is a gateway that lives.
func (r *rig) answering(ctx context.Context) *gateServer {
	for _, g := range r.gates {
		if !g.dead() && g.ready(ctx) == nil {
			return g
		}
	}
	return r.gates[0]
}
