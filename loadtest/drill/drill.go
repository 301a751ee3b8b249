// Package drill makes load tests from start to end: a service of its own or
// somebody's, a town on it, the load, and the audit of what became of every scan.
package drill

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/rig"
	"passgate/loadtest/world"
)

// Config says on what a drill is held. Without URLs it starts a service of its
// own, with a town of so many people.
type Config struct {
	Rig rig.Options

	// A service elsewhere, and its town as Prepare left it in a folder.
	URLs   []string
	Token  string // session of an administrator, for the audit
	Folder string
	Keys   string // folder of the service's key ring

	People      int
	Seed        uint64
	Connections int
	Patience    time.Duration
	Retries     int
	Unaudited   bool

	Say      func(format string, args ...any)
	Progress func(loadtest.Second)
}

// Drill is a service with a town, ready for load.
type Drill struct {
	Config
	World *world.World

	rig       *rig.Rig // nil if the service is somebody's
	dir       string
	ledger    *loadtest.Ledger
	ledgers   []string
	gate      *loadtest.Gate
	sources   map[string]closer
	last      map[int]time.Duration // CPU time of a process when it was looked at
	lookedAt  time.Time
	redisName string
}

type closer interface {
	loadtest.Source
	Ready(n int)
	Close()
	Late() int64
}

// Names of the sources.
const (
	Regular = "regular" // good passes at their own gates: a scan at its plainest
	Day     = "day"     // a town as it lives, with what goes wrong in one
)

// Open starts what the drill needs. The caller closes it.
func Open(ctx context.Context, c Config) (_ *Drill, err error) {
	if c.Say == nil {
		c.Say = func(string, ...any) {}
	}
	d := &Drill{Config: c, sources: map[string]closer{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.dir, err = os.MkdirTemp(c.Rig.Dir, "loadtest-"); err != nil {
		return nil, fmt.Errorf("drill: %w", err)
	}
	if len(c.URLs) == 0 {
		err = d.openOwn(ctx)
	} else {
		err = d.openTheirs()
	}
	if err != nil {
		return nil, err
	}
	if d.gate, err = loadtest.NewGate(d.URLs, d.World.Devices, d.Connections, d.Patience); err != nil {
		return nil, err
	}
	path := filepath.Join(d.dir, "ledger")
	if d.ledger, err = loadtest.CreateLedger(path); err != nil {
		return nil, err
	}
	d.ledgers = []string{path}
	return d, nil
}

func (d *Drill) openOwn(ctx context.Context) (err error) {
	if d.rig, err = rig.Start(ctx, d.Config.Rig); err != nil {
		return err
	}
	d.URLs, d.Token = []string{d.rig.URL}, d.rig.AdminToken
	d.redisName = serverOf(ctx, d.rig.Redis)
	ring, err := codes.OpenRing(filepath.Join(d.rig.DataDir, "keys"))
	if err != nil {
		return fmt.Errorf("drill: %w", err)
	}
	d.Say("enrolling %d people", d.People)
	began := time.Now()
	d.World, err = world.Prepare(ctx, world.Config{URL: d.rig.URL, Token: d.Token, Seed: d.Seed, People: d.People, Ring: ring})
	if err == nil {
		d.Say("enrolled in %s", time.Since(began).Round(100*time.Millisecond))
	}
	return err
}

func (d *Drill) openTheirs() error {
	ring, err := codes.OpenRing(d.Keys)
	if err != nil {
		return fmt.Errorf("drill: %w", err)
	}
	d.World, err = world.Load(d.Folder, ring)
	if err == nil {
		d.People, d.Seed = d.World.People, d.World.Seed
	}
	return err
}

// serverOf names a Redis and its version.
func serverOf(ctx context.Context, c *redis.Client) string {
	text, err := c.Info(ctx, "server").Result()
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			return version
		}
	}
	return ""
}

// Close ends what Open started and removes its files.
func (d *Drill) Close() error {
	var errs []error
	for _, s := range d.sources {
		s.Close()
	}
	if d.gate != nil {
		d.gate.Close()
	}
	if d.ledger != nil {
		errs = append(errs, d.ledger.Close())
	}
	if d.rig != nil {
		errs = append(errs, d.rig.Close())
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// Own tells that the service is the drill's, so that its processes can be looked
// at.
func (d *Drill) Own() bool { return d.rig != nil }

// Machine describes the machine.
func (d *Drill) Machine() loadtest.Machine {
	m := loadtest.ThisMachine()
	m.Redis = d.redisName
	return m
}

// Source gives a source of the town by its name. There is one of each.
func (d *Drill) Source(name string, shape world.Shape) (loadtest.Source, error) {
	if s := d.sources[name]; s != nil {
		return s, nil
	}
	o := world.Options{Run: strings.ToLower(rand.Text()[:8])}
	s, err := source(d.World, name, shape, o)
	if err != nil {
		return nil, err
	}
	d.sources[name] = s
	return s, nil
}

func source(w *world.World, name string, shape world.Shape, o world.Options) (closer, error) {
	switch name {
	case Regular:
		return w.Regular(o), nil
	case Day:
		return w.Day(shape, o), nil
	}
	return nil, fmt.Errorf("drill: there is no source %q: regular, day", name)
}
