package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"passgate/loadtest/town"
)

// Config says how much is tried, and on which server.
type Config struct {
	// BaseURL of the server, like http://127.0.0.1:8080. Its store must be empty
	// but for the administrator.
	BaseURL string
	// AdminLogin and AdminPassword sign in somebody with the role admin.
	AdminLogin, AdminPassword string
	// Residents (at least 50) and Days (1 to 20) of the trial.
	Residents, Days int
	// Seed fixes who lives in the town and what they do.
	Seed uint64
	// Pictures is about how many passes are drawn and read back, at most one in
	// four; 2,000 if 0.
	Pictures int
	// Workers send at the same time; 16 if 0.
	Workers int
	// Start is the local midnight in Shanghai at which the first day begins. The
	// server has to be able to sign passes from an hour earlier on.
	Start time.Time
	// SetClock sets the server's clock, which nothing else may move. Run never
	// sets it back.
	SetClock func(time.Time)
	// Progress is told how far a stage is, if not nil. It is called by one
	// goroutine at a time.
	Progress func(stage string, done, total int)
	// Patience is how long (real time) the gates' windows may take to show what
	// was recorded; 30 s if 0.
	Patience time.Duration
}

const (
	day      = 24 * time.Hour
	slot     = time.Minute
	leadTime = time.Hour // from the preparations to the first day
)

func (c *Config) check() error {
	zone := time.FixedZone("", 8*3600) // Shanghai has no summer time
	switch local := c.Start.In(zone); {
	case c.SetClock == nil:
		return errors.New("demo: SetClock is needed")
	case c.Residents < 50 || c.Residents > 10_000_000:
		return fmt.Errorf("demo: %d residents; 50 to 10,000,000", c.Residents)
	case c.Days < 1 || c.Days > 20:
		return fmt.Errorf("demo: %d days; 1 to 20", c.Days)
	case local.Truncate(time.Second) != local || local.Hour() != 0 || local.Minute() != 0 || local.Second() != 0:
		return fmt.Errorf("demo: Start %s is not a midnight in Shanghai", c.Start)
	}
	if c.Workers <= 0 {
		c.Workers = 16
	}
	if c.Pictures <= 0 {
		c.Pictures = defaultPictures
	}
	if c.Patience <= 0 {
		c.Patience = 30 * time.Second
	}
	return nil
}

// run is one run under way.
type run struct {
	cfg    Config
	c      *client
	oracle *oracle
	ledger *ledger
	report *Report

	siteAt  map[string]int // index of a site, by code
	gateAt  map[string]int
	devices []device
	lanes   [][]int // devices of each gate
	folk    []folk  // as many as the oracle's people
	guests  []int   // walk-ins among the people
	homes   map[*household][]int
	firsts  int // day of the town that is the first one: 0 is a Monday

	now       time.Time // the server's clock
	loginDue  time.Time
	redCase   string // under which people turn red, "" until the first one does
	resends   later  // scans to be sent again, follow-ups
	offline   []*outage
	crowd     plan
	tokens    []string // some of the passes issued; guarded by mu
	pictureOf uint64   // one in so many passes is drawn
	speed     *stopwatch
	inquiry   inquiry

	passes, pictures, scans, resent, refusals, retries atomic.Int64
	annulled, cars                                     atomic.Int64
	batches, offlineScans                              int
	mu                                                 sync.Mutex // guards resends, tokens, outages' scans, decisions and flagged
	decisions, flagged, met                            map[string]int
}

// Run does the whole job against a server and compares every answer with the
// oracle. The error says that the run could not be finished; differences are
// in the report, whose Agrees tells whether there were none.
func Run(ctx context.Context, cfg Config) (Report, error) {
	report := Report{Residents: cfg.Residents, Days: cfg.Days, Seed: cfg.Seed}
	if err := cfg.check(); err != nil {
		return report, err
	}
	report.Workers = cfg.Workers
	c, err := newClient(cfg.BaseURL, cfg.Workers)
	if err != nil {
		return report, err
	}
	defer c.close()
	r := &run{
		cfg: cfg, c: c, ledger: newLedger(), report: &report, oracle: &oracle{},
		speed: newStopwatch(), decisions: map[string]int{}, flagged: map[string]int{}, met: map[string]int{},
	}
	r.firsts = (int(cfg.Start.In(time.FixedZone("", 8*3600)).Weekday()) + 6) % 7
	r.readTown()
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"setup", r.setUp},
		{"devices", r.enrolDevices},
		{"enrol", r.enrolPeople},
		{"days", r.liveThrough},
		{"keys", r.checkKeys},
		{"cases", r.openCases},
		{"gates", r.checkGates},
		{"people", r.checkPeople},
		{"contacts", r.checkContacts},
		{"crowds", r.checkCrowds},
		{"audit", r.checkAudit},
		{"fevers", r.checkFevers},
		{"visitors", r.checkVisitors},
	}
	for _, step := range steps {
		start := time.Now()
		err := step.do(ctx)
		report.stage(step.name, start)
		if err != nil {
			r.finish()
			report.Agrees = false
			return report, fmt.Errorf("demo: %s: %w", step.name, err)
		}
	}
	r.finish()
	return report, nil
}

// finish writes what was counted into the report.
func (r *run) finish() {
	rep := r.report
	rep.Devices, rep.Passes, rep.Pictures = len(r.devices), int(r.passes.Load()), int(r.pictures.Load())
	rep.Scans, rep.Resent, rep.Refusals = int(r.scans.Load()), int(r.resent.Load()), int(r.refusals.Load())
	rep.Retries, rep.Batches, rep.Offline = int(r.retries.Load()), r.batches, r.offlineScans
	rep.Annulled, rep.Cars = int(r.annulled.Load()), int(r.cars.Load())
	rep.Decisions, rep.Flags, rep.Contacts = r.decisions, r.flagged, r.met
	r.speed.fill(&rep.Speed)
	r.ledger.close(rep)
}

// readTown takes the places over and makes the oracle's picture of them.
func (r *run) readTown() {
	o := r.oracle
	r.siteAt, r.gateAt = map[string]int{}, map[string]int{}
	for i, s := range town.Sites() {
		r.siteAt[s.Code] = i
		rules := bodyOf(s)
		o.sites = append(o.sites, place{
			code: s.Code, kind: s.Kind, residential: s.Residential(),
			temperatureOn: s.TemperatureOn, passback: s.AntiPassback, closed: s.Closed,
			disinfection: rules.Disinfection, outings: rules.Outings,
		})
	}
	for i, g := range town.Gates() {
		r.gateAt[g.Code] = i
		o.gates = append(o.gates, entrance{g.Code, r.siteAt[g.Site]})
	}
}

// setClock moves the server's clock, which takes the session along in time.
func (r *run) setClock(ctx context.Context, t time.Time) error {
	if t.After(r.now) {
		r.now = t
		r.cfg.SetClock(t)
	}
	if r.now.Before(r.loginDue) {
		return nil
	}
	r.loginDue = r.now.Add(loginEvery)
	return r.c.login(ctx, r.cfg.AdminLogin, r.cfg.AdminPassword)
}

func (r *run) progress(stage string, done, total int) {
	if r.cfg.Progress != nil {
		r.cfg.Progress(stage, done, total)
	}
}

// parallel calls do for 0 to n-1, some at the same time, and stops at the first
// error. Progress is told under the stage's name.
func (r *run) parallel(ctx context.Context, stage string, n int, do func(context.Context, int) error) error {
	return r.parallelBy(ctx, r.cfg.Workers, stage, n, do)
}

// parallelBy is parallel with a number of workers of its own.
func (r *run) parallelBy(ctx context.Context, workers int, stage string, n int, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var progress sync.Mutex
	var wait sync.WaitGroup
	for range min(workers, n) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := do(ctx, int(i)); err != nil {
					cancel(err)
					return
				}
				if so := done.Add(1); stage != "" && (so%64 == 0 || so == int64(n)) {
					progress.Lock()
					r.progress(stage, int(so), n)
					progress.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}
