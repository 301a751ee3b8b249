package alarm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"passgate/checkpoint"
)

// Timing of the duty. Times of the town (ms) go by the store's clock.
const (
	dutyLease   = 15 * time.Second // a process that died is replaced within this and a poll
	dutyPoll    = 2 * time.Second
	sourceEvery = 10 * second
	sourceTime  = 20 * time.Second // the longest that one source may take
	maxInFlight = 8                // calls to receivers at once
)

// Source is something that knows what deserves an alarm.
type Source struct {
	Name string // stable: alarms remember it
	// Due lists all that deserves an alarm now. What it lists no more is closed by
	// itself. nil: nothing ever does.
	Due func(context.Context) ([]Alarm, error)
	// Settle does what is due by itself, such as to end what has run out; nil: nothing.
	Settle func(context.Context) error
}

// Post calls a receiver, see package outbound.
type Post func(ctx context.Context, url string, header http.Header, body []byte) (status int, answer []byte, err error)

// DutyConfig is what a Duty needs beside its book.
type DutyConfig struct {
	Sources []Source
	Post    Post
	Link    string // where alarms are read, for messages; "" if it is not known
	Logger  *slog.Logger
	// Observe is called after each round if not nil.
	Observe func(Progress)
}

// Progress is what one round of the duty did, and what is there.
type Progress struct {
	Lag      time.Duration  // since the round before began
	Open     map[Kind]int64 // open alarms; nil if they were not counted in this round
	Raised   int
	Told     int // alarms put into digests, each for each channel
	Failures int // sources and steps that failed
	Sent     int // messages delivered since the round before
	Failed   int // attempts that failed
	Dead     int // messages given up
}

// Duty raises, tells and sends, in one process at a time.
type Duty struct {
	book  *Book
	cfg   DutyConfig
	owner string

	began      time.Time // of the last round
	sourcesAt  int64     // UTC ms: when the sources were last asked
	events     follower
	listed     map[string]map[checkpoint.MatterID]bool // what each source listed last
	progress   Progress
	delivering sync.WaitGroup
	slots      chan struct{}
	mu         sync.Mutex // guards the rest
	lines      map[string]*line
	sent       Progress // its Sent, Failed and Dead
}

// NewDuty makes a duty; Run does it.
func NewDuty(book *Book, cfg DutyConfig) *Duty {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Duty{book: book, cfg: cfg, owner: rand.Text(), slots: make(chan struct{}, maxInFlight), lines: map[string]*line{}, listed: map[string]map[checkpoint.MatterID]bool{}}
}

// Run is on duty whenever no other process is, until ctx ends.
func (d *Duty) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := d.hold(ctx); err != nil && ctx.Err() == nil {
			d.cfg.Logger.Warn("the duty of alarms waits", "error", err)
		}
		checkpoint.Sleep(ctx, dutyPoll)
	}
}

// hold takes the duty, if it is free, and does rounds until it is lost.
func (d *Duty) hold(ctx context.Context) error {
	lease := func(ctx context.Context, length time.Duration, fence int64, cursor string) (int64, string, error) {
		return d.book.store.LeaseDuty(ctx, "alarms", d.owner, length, fence, cursor)
	}
	fence, cursor, err := lease(ctx, dutyLease, 0, "")
	if err != nil || fence == 0 {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		d.delivering.Wait()
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkpoint.ClientTimeout)
		defer cancel()
		_, _, _ = lease(bye, 0, fence, "")
	}()
	d.events = follower{}
	if cursor != "" {
		if d.events.since, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return fmt.Errorf("alarm: cursor of the duty: %w", err)
		}
	}
	for ctx.Err() == nil {
		d.round(ctx)
		held, _, err := lease(ctx, dutyLease, fence, strconv.FormatInt(d.events.since, 10))
		if err != nil || held == 0 {
			return err
		}
		checkpoint.Sleep(ctx, dutyPoll)
	}
	return nil
}

// Round does all that is due, once, whoever is on duty, and waits until what was sent
// is answered: for tests, and for tools.
func (d *Duty) Round(ctx context.Context) Progress {
	d.round(ctx)
	d.delivering.Wait()
	return d.progress
}

// round begins deliveries and does not wait for them. A step that fails leaves the
// others their turn, and is tried again in the next round.
func (d *Duty) round(ctx context.Context) {
	now := time.Now()
	d.progress = Progress{}
	if !d.began.IsZero() {
		d.progress.Lag = now.Sub(d.began)
	}
	d.began = now
	d.try(ctx, "events", d.follow)
	if at := d.book.store.Now(); at >= d.sourcesAt+sourceEvery {
		d.sourcesAt = at
		d.try(ctx, "sources", d.askSources)
	}
	d.try(ctx, "telling", d.tellDue)
	d.try(ctx, "sending", d.send)
	d.mu.Lock()
	d.progress.Sent, d.progress.Failed, d.progress.Dead = d.sent.Sent, d.sent.Failed, d.sent.Dead
	d.sent = Progress{}
	d.mu.Unlock()
	if d.cfg.Observe != nil {
		d.cfg.Observe(d.progress)
	}
}

// try does a step; what is wrong with it is logged. A panic is a fault of the step's
// and ends no other.
func (d *Duty) try(ctx context.Context, what string, step func(context.Context) error) {
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("alarm: panic: %v\n%s", p, debug.Stack())
			}
		}()
		return step(ctx)
	}()
	if err != nil && ctx.Err() == nil {
		d.progress.Failures++
		d.cfg.Logger.Error("a part of the duty failed; it is tried again", "part", what, "error", err)
	}
}

// askSources raises what sources list, and closes what they list no more.
func (d *Duty) askSources(ctx context.Context) error {
	open, more, err := d.book.openAlarms(ctx)
	if err != nil {
		return err
	}
	d.progress.Open = map[Kind]int64{}
	for i := range open {
		d.progress.Open[open[i].kind]++
	}
	for _, s := range d.cfg.Sources {
		d.try(ctx, s.Name, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, sourceTime)
			defer cancel()
			return d.askSource(ctx, &s, open, more)
		})
	}
	return nil
}

func (d *Duty) askSource(ctx context.Context, s *Source, open map[checkpoint.MatterID]openAlarm, more bool) error {
	var failed error
	if s.Settle != nil {
		failed = s.Settle(ctx)
	}
	if s.Due == nil {
		return failed
	}
	due, err := s.Due(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	before, known := d.listed[s.Name]
	listed := make(map[checkpoint.MatterID]bool, len(due))
	for i := range due {
		id := idOf(due[i].Kind, due[i].Key)
		listed[id] = true
		if _, there := open[id]; there {
			continue
		}
		raised, err := d.book.raise(ctx, due[i], raising{source: s.Name, anew: known && !before[id]})
		failed = errors.Join(failed, err)
		if raised {
			d.progress.Raised++
		}
	}
	d.listed[s.Name] = listed
	if more || len(due) >= checkpoint.MaxDueMatters { // not all is known: nothing is gone for sure
		return failed
	}
	for id, a := range open {
		if a.source == s.Name && !listed[id] {
			failed = errors.Join(failed, d.book.closeGone(ctx, id))
		}
	}
	return failed
}
