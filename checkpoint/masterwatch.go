package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// watchPoll is how often the masters are asked who they are.
	watchPoll = 500 * time.Millisecond
	// watchSettle is how long a new master is seen before it counts: until then
	// a call that was on its way to the old one may still be acknowledged there.
	watchSettle = 2*ClientTimeout + 400*time.Millisecond
	// watchPatience is when it counts although the nodes of a cluster still
	// contradict each other; when they no longer do, it counts again.
	watchPatience = 10 * time.Second
	// watchRetry is the longest pause before a change that could not be seen to is told
	// again: all of the window is sent each time.
	watchRetry = 30 * time.Second
	// watchRemember is how often the time of the last look is written down.
	watchRemember = 5 * time.Second
	// watchKey is under what name the masters are remembered.
	watchKey = "masters"

	// DefaultResendWindow is how long before the last look at a master its
	// acknowledged writes may have been lost with it: a replica is not further
	// behind than this when it is promoted.
	DefaultResendWindow = 60 * time.Second
)

// MasterMemory keeps small facts over a restart of this process; the journal does.
// What was never set is nil.
type MasterMemory interface {
	Meta(key string) ([]byte, error)
	SetMeta(key string, value []byte) error
}

// MasterChange is told that partitions, or gates alone if there are none, are held by a
// master with another history than before: what this process was acknowledged from a
// window before since may be forgotten there, and has to be sent again; also what lies
// with gates, whatever their master. An error means that not all of it was done, and done
// lists the partitions for which it was all the same; the others are told again, the later
// the more often it failed, the gates when all masters answer.
type MasterChange func(ctx context.Context, partitions []int, since time.Time) (done []int, _ error)

// MasterWatch notices that masters change: by fail-over, promotion, the moving of
// slots, and a restart, after which the end of the append-only file may be
// missing; also of a master that holds gates' refusals and indexes, and no partition.
// It calls its MasterChange once for each change and sends the
// projectors of all partitions back by the window. A process that was not running
// when a master changed notices it at its first look, if it has a memory.
type MasterWatch struct {
	store   *Store
	window  time.Duration
	memory  MasterMemory // may be nil
	changed MasterChange
	logger  *slog.Logger

	seen   [Partitions]sighting
	beside besides
	back   [Partitions]time.Time // to where a projector has to be sent back; zero if it has not
	retry  watchRetrying
	saved  time.Time    // when the memory was last written
	needed atomic.Int64 // see Needed
}

// watchRetrying says when changes that could not be seen to are told again.
type watchRetrying struct {
	changes int // how many they were: more are told at once
	pause   time.Duration
	next    time.Time
}

// sighting is what is known of one partition's master.
type sighting struct {
	Master       // the one whose change was told, or the first one seen
	At     int64 `json:"at"` // when it was last seen, UTC ms

	now    Master    // the newest one seen
	first  time.Time // when it was first doubtful whether anything was lost; zero if it is not
	latest time.Time // when it was last doubtful
	// rewound: projectors were sent back for it, though not all could be sent again yet.
	rewound bool
}

// NewMasterWatch makes a watch; Run runs it. window is how far before the last
// look at a master its writes may have been lost, DefaultResendWindow if zero;
// memory may be nil.
func (s *Store) NewMasterWatch(window time.Duration, memory MasterMemory, changed MasterChange, logger *slog.Logger) *MasterWatch {
	if window == 0 {
		window = DefaultResendWindow
	}
	return &MasterWatch{store: s, window: window, memory: memory, changed: changed, logger: logger}
}

// Needed is the time before which nothing has to be sent again any more, whatever
// happens to the masters; zero as long as that is not known.
func (w *MasterWatch) Needed() time.Time {
	if ms := w.needed.Load(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

// Run watches until ctx ends.
func (w *MasterWatch) Run(ctx context.Context) {
	if err := w.recall(); err != nil {
		w.logger.Error("the masters seen before this start are not known: a change meanwhile goes unnoticed", "error", err)
	}
	complained := false
	for ctx.Err() == nil {
		err := w.look(ctx, time.Now())
		if err != nil && !complained && ctx.Err() == nil {
			w.logger.Warn("not all masters can be watched", "error", err)
		}
		complained = err != nil
		Sleep(ctx, watchPoll)
	}
}

// look asks once, tells what has changed and sends back whom it has to.
func (w *MasterWatch) look(ctx context.Context, now time.Time) error {
	asking, cancel := context.WithTimeout(ctx, ClientTimeout)
	defer cancel()
	masters, beside, failed := w.store.Masters(asking)
	fresh := w.beside.note(&masters, beside, now)
	for p, m := range masters {
		if m != (Master{}) {
			fresh = w.seen[p].note(m, now) || fresh
		}
	}
	told, err := w.tell(ctx, failed == nil, now)
	err = errors.Join(err, w.sendBack(ctx, &masters, now))
	if fresh || told || now.Sub(w.saved) >= watchRemember {
		err = errors.Join(err, w.remember(now))
	}
	return errors.Join(failed, err)
}

// note takes in what was seen; true if it is the first master ever seen.
func (s *sighting) note(m Master, now time.Time) (first bool) {
	switch {
	case s.Run == "":
		s.Master, s.now = m, m
		first = true
	case m.same(s.now):
		s.now.Epoch = max(s.now.Epoch, m.Epoch)
	default:
		// Another one; or, with a lower epoch, one that has not heard of its
		// heir and to which scans may have gone just now.
		if m.Epoch >= s.now.Epoch {
			s.now = m
		}
		if s.first.IsZero() {
			s.first = now
		}
		s.latest, s.rewound = now, false
	}
	if s.first.IsZero() {
		s.Master, s.At = s.now, now.UnixMilli()
	}
	return first
}

// due tells that it is time to tell of a change.
func (s *sighting) due(now time.Time) bool {
	return !s.first.IsZero() && (now.Sub(s.latest) >= watchSettle || now.Sub(s.first) >= watchPatience)
}

// tell tells of the changes that are due; all says that every master answered.
func (w *MasterWatch) tell(ctx context.Context, all bool, now time.Time) (bool, error) {
	var partitions []int
	since := now
	for p := range w.seen {
		if s := &w.seen[p]; s.due(now) {
			partitions = append(partitions, p)
			if at := time.UnixMilli(s.At); at.Before(since) {
				since = at
			}
		}
	}
	lost, at := w.beside.due(all, now)
	if len(lost) > 0 && at.Before(since) {
		since = at
	}
	changes := len(partitions) + len(lost)
	if changes == 0 || changes <= w.retry.changes && now.Before(w.retry.next) {
		return false, nil
	}
	w.logger.Warn("partitions or gates have another master; what the old one may have kept to itself is sent again",
		"partitions", len(partitions), "since", since.UTC())
	done, failed := w.changed(ctx, partitions, since)
	// A master that is still away must not keep the indexes of the others waiting.
	was := w.beside.wereRewound(lost)
	if was = w.wereRewound(partitions) && was; failed == nil || !was {
		w.rewindFrom(since.Add(-w.window))
	}
	if failed != nil {
		pause := min(max(2*w.retry.pause, watchPoll), watchRetry)
		settled := w.settleBut(done, now)
		w.retry = watchRetrying{changes - settled, pause, now.Add(pause)}
		return settled > 0, fmt.Errorf("send again what a master may have forgotten: %w", failed)
	}
	for _, p := range partitions {
		w.seen[p].settle(now)
	}
	w.beside.forget(lost)
	w.retry = watchRetrying{}
	return true, nil
}

// settleBut notes that changes of partitions were seen to, but for what lies with gates,
// and returns of how many: one server that is away must not have everything sent again for
// another, longer each time. Where the old master is there again, the whole change stays.
func (w *MasterWatch) settleBut(partitions []int, now time.Time) (settled int) {
	for _, p := range partitions {
		if s := &w.seen[p]; !s.same(s.now) {
			w.beside.keep(s.Master, s.At)
			s.settle(now)
			settled++
		}
	}
	return settled
}

// settle notes that the change was seen to.
func (s *sighting) settle(now time.Time) {
	s.Master, s.At = s.now, now.UnixMilli()
	s.first, s.latest, s.rewound = time.Time{}, time.Time{}, false
}

// wereRewound tells whether projectors were sent back for these changes already, and
// notes that they are now.
func (w *MasterWatch) wereRewound(partitions []int) bool {
	all := true
	for _, p := range partitions {
		all = all && w.seen[p].rewound
		w.seen[p].rewound = true
	}
	return all
}

// rewindFrom has the projectors of all partitions begin again at a time: any
// partition's events may be in an index that was on a master that is gone.
func (w *MasterWatch) rewindFrom(to time.Time) {
	for p := range w.back {
		if w.back[p].IsZero() || to.Before(w.back[p]) {
			w.back[p] = to
		}
	}
}

// sendBack sends the projectors back that have to go, as far as their partitions'
// masters answer.
func (w *MasterWatch) sendBack(ctx context.Context, masters *[Partitions]Master, now time.Time) error {
	var partitions []int
	to := now
	for p, back := range w.back {
		if !back.IsZero() && masters[p] != (Master{}) {
			partitions = append(partitions, p)
			if back.Before(to) {
				to = back
			}
		}
	}
	if len(partitions) == 0 {
		return nil
	}
	if err := w.store.rewind(ctx, partitions, now.Sub(to), w.window); err != nil {
		return fmt.Errorf("send projectors back: %w", err)
	}
	for _, p := range partitions {
		w.back[p] = time.Time{}
	}
	return nil
}
