//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// row is one kind of fault, and how it is shown that its row would see a loss.
type row struct {
	name string
	setup
	hurt func(*rig) error
	// expects says what else is wrong with an outcome, "" if nothing is; nil
	// asks only that nothing is lost, twice or wrong and that all is answered.
	expects func(*outcome) string
	control control
}

// control is the row once more with a protection switched off.
type control struct {
	off   string // what is switched off
	setup func(*setup)
	hurt  func(*rig) error                            // nil: the row's own
	spoil func(context.Context, *rig, *outcome) error // done to the records when all is settled
	sees  func(*outcome) string                       // what it saw, "" if nothing
}

// What controls see.
func seesLost(o *outcome) string {
	if o.lost == 0 {
		return ""
	}
	return fmt.Sprintf("%d lost", o.lost)
}

func seesTwice(o *outcome) string {
	if o.twice == 0 {
		return ""
	}
	return fmt.Sprintf("%d twice", o.twice)
}

func seesCut(o *outcome) string {
	if o.cut == 0 {
		return ""
	}
	return fmt.Sprintf("%d without an answer", o.cut)
}

func seesNoRecovery(o *outcome) string {
	if o.online >= 0 && o.settled >= 0 {
		return ""
	}
	return "no recovery: " + o.unsettled
}

// The protections that most rows rest on, switched off.
var (
	// Repeating under the same identity: with the journal off, or there would be
	// few repeats.
	freshIDs = control{
		off:   "journal off, and a repeat gets an identity of its own",
		setup: func(s *setup) { s.freshIDs, s.serve = true, append(s.serve, "--journal", "off") }, sees: seesTwice,
	}
	freshIDsAlone = control{
		off:   "a repeat gets an identity of its own",
		setup: func(s *setup) { s.freshIDs = true }, sees: seesTwice,
	}
	// Repeating until there is an answer.
	credulous = control{
		off:   "no answer is taken for a yes",
		setup: func(s *setup) { s.credulous = true }, sees: seesLost,
	}
	// The journal, with a client that does not repeat either.
	noJournal = control{
		off:   "journal off, and no answer is taken for a yes",
		setup: func(s *setup) { s.credulous, s.serve = true, append(s.serve, "--journal", "off") }, sees: seesLost,
	}
	// The append-only file.
	noFile = control{
		off:   "appendonly no",
		setup: func(s *setup) { s.redis = append(s.redis, "--appendonly", "no") },
		sees:  seesLost,
	}
)

// A gateway that keeps what it answered for a time sends it again to a Redis that
// was started anew. Rows go without, so that each shows what the file alone holds,
// save those that are about it.
var (
	window   = []string{"--journal-window", "60s"}
	noWindow = control{off: "journal window 0", setup: func(s *setup) { s.serve = nil }, sees: seesLost}
)

// flags of a row's gateways.
func (s *setup) flags() []string {
	if slices.Contains(s.serve, "--journal-window") {
		return s.serve
	}
	return append(slices.Clone(s.serve), "--journal-window", "0s")
}

func matrix() []row {
	return slices.Concat(redisRows(), networkRows(), gatewayRows(), journalRows())
}

// redisRows hurt the redis-server itself.
func redisRows() []row {
	return []row{
		{
			name: "Redis: kill -9, back after 1 s",
			hurt: func(r *rig) error { return r.redis.bounce(time.Second, nil) }, control: noFile,
		},
		{
			name: "Redis: kill -9 again and again",
			hurt: func(r *rig) error {
				for range r.times(3, 20) {
					if err := r.redis.bounce(100*time.Millisecond, nil); err != nil {
						return err
					}
					time.Sleep(300 * time.Millisecond)
				}
				return nil
			},
			control: noFile,
		},
		{
			name: "Redis: frozen (SIGSTOP)",
			hurt: func(r *rig) error {
				return errors.Join(r.redis.signal(syscall.SIGSTOP), r.sleep(2500*time.Millisecond, 5*time.Second), r.redis.signal(syscall.SIGCONT))
			},
			control: freshIDs,
		},
		{
			name: "Redis: disk full", hurt: diskFull,
			control: noFile,
		},
		{
			name: "Redis: out of memory (noeviction)", hurt: outOfMemory,
			control: control{
				off:   "maxmemory-policy allkeys-random",
				setup: func(s *setup) { s.redis = append(s.redis, "--maxmemory-policy", "allkeys-random") },
				sees:  seesLost,
			},
		},
		{
			name: "Redis: kill -9, the file ends in half a command",
			hurt: func(r *rig) error {
				return r.redis.bounce(200*time.Millisecond, func() error { return r.redis.torn(0) })
			},
			control: control{
				off: "20 kB that were on disk are cut off, too",
				hurt: func(r *rig) error {
					return r.redis.bounce(200*time.Millisecond, func() error { return r.redis.torn(20_000) })
				},
				sees: seesLost,
			},
		},
		{
			name: "Redis: kill -9, 20 kB that were on disk are gone; journal window 60 s", setup: setup{serve: window},
			hurt: func(r *rig) error {
				return r.redis.bounce(200*time.Millisecond, func() error { return r.redis.torn(20_000) })
			},
			control: noWindow,
		},
		{
			name: "Redis: kill -9, an older copy comes back; journal window 60 s", setup: setup{serve: window},
			hurt: func(r *rig) error {
				return r.redis.bounce(200*time.Millisecond, func() error { return olderCopy(r) })
			},
			control: noWindow,
		},
		{
			name: "Redis: SCRIPT FLUSH every 20 ms",
			hurt: func(r *rig) error {
				for end := time.Now().Add(r.lasting(1500*time.Millisecond, 10*time.Second)); time.Now().Before(end); {
					if err := r.redis.rdb.ScriptFlush(context.Background()).Err(); err != nil {
						return err
					}
					time.Sleep(20 * time.Millisecond)
				}
				return nil
			},
			control: control{
				off: "scripts cannot be loaded again",
				hurt: func(r *rig) error {
					ctx := context.Background()
					return errors.Join(r.redis.rdb.Do(ctx, "ACL", "SETUSER", "default", "-eval").Err(), r.redis.rdb.ScriptFlush(ctx).Err())
				},
				sees: seesNoRecovery,
			},
		},
	}
}

// diskFull leaves Redis so much room in its file that a few scans fit.
func diskFull(r *rig) error {
	path, err := r.redis.appendOnlyFile()
	if err != nil {
		return err
	}
	size, err := sizeOf(path)
	if err != nil {
		return err
	}
	if err := r.redis.limitFiles(uint64(size) + 20_000); err != nil {
		return err
	}
	time.Sleep(r.lasting(2*time.Second, 5*time.Second))
	return r.redis.bounce(100*time.Millisecond, nil) // a new process, with room
}

// outOfMemory leaves Redis so little memory that a few scans fit.
func outOfMemory(r *rig) error {
	ctx := context.Background()
	used, err := r.redis.usedMemory(ctx)
	if err != nil {
		return err
	}
	if err := r.redis.set(ctx, "maxmemory", fmt.Sprint(used-used/20)); err != nil {
		return err
	}
	time.Sleep(r.lasting(2*time.Second, 5*time.Second))
	return r.redis.set(ctx, "maxmemory", "0")
}

// networkRows spoil the way between gateway and Redis.
func networkRows() []row {
	spoiled := func(normal time.Duration, kind, way string, attributes object) func(*rig) error {
		return func(r *rig) error { return r.spoiled(r.lasting(normal, 10*time.Second), kind, way, attributes) }
	}
	return []row{
		{
			name:    "network: Redis answers after the deadline (1.5 s)",
			hurt:    spoiled(2500*time.Millisecond, "latency", "downstream", object{"latency": 1500}),
			control: freshIDs,
		},
		{
			name:    "network: 2 kB/s come back from Redis",
			hurt:    spoiled(2500*time.Millisecond, "bandwidth", "downstream", object{"rate": 2}),
			control: freshIDs,
		},
		{
			name:    "network: cut in the middle of a reply",
			hurt:    spoiled(2*time.Second, "limit_data", "downstream", object{"bytes": 1000}),
			control: freshIDs,
		},
		{
			name: "network: connections are reset, again and again",
			hurt: func(r *rig) error {
				for range r.times(8, 40) {
					if err := r.spoiled(100*time.Millisecond, "reset_peer", "downstream", object{"timeout": 30}); err != nil {
						return err
					}
					time.Sleep(200 * time.Millisecond)
				}
				return nil
			},
			control: freshIDs,
		},
		{
			name:    "network: connections stay open, nothing comes back",
			hurt:    spoiled(2500*time.Millisecond, "timeout", "downstream", object{"timeout": 0}),
			control: freshIDs,
		},
		{
			name: "network: connection refused",
			hurt: func(r *rig) error {
				r.proxy.Stop()
				time.Sleep(r.lasting(3*time.Second, 10*time.Second))
				return r.proxy.Start()
			},
			control: noJournal,
		},
		{
			name: "projector: cut between log and index, at random",
			hurt: func(r *rig) error {
				for range r.times(8, 100) {
					if err := r.spoiled(150*time.Millisecond, "limit_data", "downstream", object{"bytes": 200 + rand.IntN(4000)}); err != nil {
						return err
					}
				}
				return nil
			},
			control: control{off: "one event is taken out of a gate index", spoil: takeFromIndex, sees: seesOne(1, 0)},
		},
	}
}

// gatewayRows hurt the gateway.
func gatewayRows() []row {
	step := func(by time.Duration) row {
		return row{
			name: fmt.Sprintf("gateway: clock wrong by %+v", by),
			hurt: func(r *rig) error {
				if err := r.gates[0].stepClock(by); err != nil {
					return err
				}
				time.Sleep(r.lasting(1500*time.Millisecond, 5*time.Second))
				return r.gates[0].stepClock(0)
			},
			control: credulous,
		}
	}
	restarted := func(r *rig, how func() error) error { return errors.Join(how(), r.gates[0].launch()) }
	killed := func(r *rig) error {
		for range r.times(2, 30) {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
			if err := restarted(r, r.gates[0].kill); err != nil {
				return err
			}
		}
		return nil
	}
	return []row{
		step(time.Hour), step(-time.Hour), step(5 * time.Minute), step(-5 * time.Minute),
		{
			name: "gateway: kill -9 between record and reply",
			hurt: func(r *rig) error {
				for range r.times(2, 15) {
					if err := r.slowly(r.gates[0].kill); err != nil {
						return err
					}
					if err := r.gates[0].launch(); err != nil {
						return err
					}
					time.Sleep(warmUp) // what waits gets through
				}
				return nil
			},
			control: freshIDsAlone,
		},
		{
			name: "gateway: kill -9, the projector at any step", hurt: killed,
			control: control{
				off: "the cursor is saved before the events are indexed", hurt: killedWithCursorAhead, sees: seesLost,
			},
		},
		{
			name: "gateway: SIGTERM, started again", setup: setup{oneShot: true},
			hurt:    func(r *rig) error { return restarted(r, func() error { return r.slowly(r.gates[0].end) }) },
			expects: seesCut,
			control: control{
				off:  "kill -9 instead of SIGTERM",
				hurt: func(r *rig) error { return restarted(r, func() error { return r.slowly(r.gates[0].kill) }) },
				sees: seesCut,
			},
		},
		{
			name: "two gateways: one killed, back after 2 s", setup: setup{gates: 2},
			hurt: func(r *rig) error {
				err := r.slowly(r.gates[0].kill)
				time.Sleep(r.lasting(2*time.Second, 10*time.Second))
				return errors.Join(err, r.gates[0].launch())
			},
			control: freshIDsAlone,
		},
		{
			name: "clients: every scan five times at once, Redis frozen 1 s", setup: setup{copies: 5, every: 20 * time.Millisecond},
			hurt: func(r *rig) error {
				return errors.Join(r.redis.signal(syscall.SIGSTOP), r.sleep(1200*time.Millisecond, 1200*time.Millisecond), r.redis.signal(syscall.SIGCONT))
			},
			control: control{
				off:   "each of the five has an identity of its own",
				setup: func(s *setup) { s.freshIDs = true }, sees: seesTwice,
			},
		},
	}
}

// journalRows hurt the gateway and its disk while Redis is away.
func journalRows() []row {
	away := func(between func(*rig) error) func(*rig) error {
		return func(r *rig) error {
			r.proxy.Stop()
			time.Sleep(700 * time.Millisecond)
			err := r.gates[0].kill()
			if between != nil {
				err = errors.Join(err, between(r))
			}
			return errors.Join(err, r.proxy.Start(), r.gates[0].launch())
		}
	}
	return []row{
		{
			name: "Redis away, gateway: kill -9 between journal and reply",
			hurt: func(r *rig) error {
				for range r.times(2, 30) {
					if err := away(nil)(r); err != nil {
						return err
					}
					time.Sleep(300 * time.Millisecond)
				}
				return nil
			},
			control: control{
				off:  "the journal is gone with the gateway",
				hurt: away(func(r *rig) error { return os.RemoveAll(filepath.Dir(r.gates[0].journalFile())) }),
				sees: seesLost,
			},
		},
		{
			name: "Redis away, the journal's disk full", hurt: journalFull, control: credulous,
		},
	}
}

// journalFull lets no write of the journal reach its disk while Redis is away.
func journalFull(r *rig) error {
	if err := r.gates[0].limitFiles(16 << 10); err != nil {
		return err
	}
	r.proxy.Stop()
	time.Sleep(r.lasting(2500*time.Millisecond, 10*time.Second))
	return errors.Join(r.gates[0].limitFiles(0), r.proxy.Start())
}

func (r *rig) times(normal, long int) int {
	if r.long {
		return long
	}
	return normal
}

func (r *rig) sleep(normal, long time.Duration) error {
	time.Sleep(r.lasting(normal, long))
	return nil
}
