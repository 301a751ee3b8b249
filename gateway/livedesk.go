package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"passgate/checkpoint"
)

// Bounds of watching.
const (
	liveEvery       = time.Second
	liveAround      = 2 // looks between two at what changes less
	liveTimeout     = largeTimeout
	liveIdle        = time.Minute // without anybody who asks, nobody looks
	liveQueue       = 8           // looks that may wait for a reader; one that is slower is dropped
	maxWatchers     = 256         // at this gateway
	maxWatchersEach = 8           // of one account
	alarmOverlap    = 30_000      // ms: gateways' clocks differ
)

// liveDesk looks at the gates once a second for all who watch, and not at all while
// nobody does.
type liveDesk struct {
	s     *Server
	board *checkpoint.Board

	mu       sync.Mutex
	running  bool
	asked    time.Time // when somebody last wanted to know
	last     *liveLook
	at       time.Time     // of last
	next     chan struct{} // closed when there is a newer one
	watchers map[*watcher]struct{}
	of       map[string]int // watchers of each account
}

// watcher is one stream.
type watcher struct {
	login string
	conn  net.Conn
	looks chan *liveLook
}

func newLiveDesk(s *Server) *liveDesk {
	return &liveDesk{s: s, board: s.store.NewBoard(), next: make(chan struct{}), watchers: map[*watcher]struct{}{}, of: map[string]int{}}
}

// now gives a look that is not older than two seconds, and waits for one if need be.
// Errors: ErrUnavailable.
func (d *liveDesk) now(ctx context.Context) (*liveLook, error) {
	for {
		d.mu.Lock()
		last, fresh, next := d.last, d.fresh(), d.next
		d.wake()
		d.mu.Unlock()
		if fresh {
			return last, nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return nil, checkpoint.ErrUnavailable
		case <-d.s.life.Done():
			return nil, checkpoint.ErrUnavailable
		}
	}
}

// fresh tells whether the last look can be shown: it was made just now, and the clock
// has not been set since. d.mu is held.
func (d *liveDesk) fresh() bool {
	return d.last != nil && time.Since(d.at) < 2*liveEvery && max(d.s.now()-d.last.at, d.last.at-d.s.now()) < liveTimeout.Milliseconds()
}

// wake has somebody look. d.mu is held.
func (d *liveDesk) wake() {
	d.asked = time.Now()
	if !d.running && d.s.life.Err() == nil {
		d.running = true
		go d.run()
	}
}

// join adds a watcher, who has to leave.
func (d *liveDesk) join(login string, conn net.Conn) (*watcher, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case len(d.watchers) >= maxWatchers:
		return nil, failure(codeTooMany, fmt.Sprintf("%d are watching at this gateway: close a board that is not needed", maxWatchers))
	case d.of[login] >= maxWatchersEach:
		return nil, failure(codeTooMany, fmt.Sprintf("this account is watching %d times already: close a board that is not needed", maxWatchersEach))
	}
	w := &watcher{login, conn, make(chan *liveLook, liveQueue)}
	d.watchers[w] = struct{}{}
	d.of[login]++
	d.wake()
	if d.fresh() {
		w.looks <- d.last
	}
	return w, nil
}

func (d *liveDesk) leave(w *watcher) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(w)
}

func (d *liveDesk) forget(w *watcher) {
	if _, ok := d.watchers[w]; !ok {
		return
	}
	delete(d.watchers, w)
	if d.of[w.login]--; d.of[w.login] == 0 {
		delete(d.of, w.login)
	}
}

// publish hands a look to all who watch. Nobody is waited for: whose queue is full is
// cut off, and comes back to a whole board.
func (d *liveDesk) publish(l *liveLook) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last, d.at = l, time.Now()
	close(d.next)
	d.next = make(chan struct{})
	for w := range d.watchers {
		select {
		case w.looks <- l:
		default:
			d.forget(w)
			_ = w.conn.Close()
		}
	}
}

// idle tells that nobody wants to know any more; whoever comes then starts again.
func (d *liveDesk) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.s.life.Err() == nil && (len(d.watchers) > 0 || time.Since(d.asked) < liveIdle) {
		return false
	}
	d.running = false
	return true
}

// run looks until nobody wants to know.
func (d *liveDesk) run() {
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	round := liveRound{desk: d, heard: map[checkpoint.MatterID]int{}}
	for failing := false; !d.idle(); {
		err := round.look()
		if err != nil && !failing && d.s.life.Err() == nil {
			d.s.logger.Warn("the gates cannot be looked at", "error", err)
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-d.s.life.Done():
		}
	}
}

// liveRound is what one run remembers between its looks.
type liveRound struct {
	desk   *liveDesk
	looks  int
	around surroundings
	heard  map[checkpoint.MatterID]int // generation of the alarms that were told
	since  int64                       // UTC ms: alarms opened before are no news
}

// look makes the next look and publishes it.
func (r *liveRound) look() (err error) {
	defer func() { // a goroutine's panic would be the whole process's
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: panic: %v\n%s", p, debug.Stack())
		}
	}()
	s := r.desk.s
	ctx, cancel := context.WithTimeout(s.life, liveTimeout)
	defer cancel()
	seen, err := r.desk.board.Look(ctx)
	if err != nil {
		return err
	}
	fresh := r.looks%liveAround == 0
	if fresh {
		if r.around, err = s.lookAround(ctx); err != nil {
			return err
		}
	}
	l, err := s.lookOf(seen, r.around, r.desk.last)
	if err != nil {
		return err
	}
	if fresh {
		err = r.hear(ctx, l)
	}
	r.looks++
	r.desk.publish(l)
	return err
}

// hear adds the alarms that were opened since the look before.
func (r *liveRound) hear(ctx context.Context, l *liveLook) error {
	entries, err := r.desk.s.alarms.Since(ctx, max(r.since, l.at-alarmOverlap)-alarmOverlap, maxDenials)
	if err != nil {
		return errors.Join(errors.New("new alarms cannot be read"), err)
	}
	heard := make(map[checkpoint.MatterID]int, len(entries))
	for i := range entries {
		e := &entries[i]
		if generation, known := r.heard[e.ID]; r.since != 0 && (!known || generation != e.Generation) {
			l.alarms = append(l.alarms, *e)
		}
		heard[e.ID] = e.Generation
	}
	r.heard, r.since = heard, l.at
	return nil
}
