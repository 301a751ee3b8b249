package checkpoint

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// LogExtent is how much of a partition's log is there.
type LogExtent struct {
	Entries int64
	Last    string // ID of the last entry, "0-0" if there never was one
	// Cut tells that entries of the time of retention were taken away, or may
	// have been: the log is not the whole record.
	Cut bool
}

// LogKey names the stream that is the log of a partition, for whoever writes a past
// that never was.
func (s *Store) LogKey(part int) string { return s.keys.log(part) }

// LogExtents tells of each partition's log how much of it is there. Errors:
// ErrUnavailable.
func (s *Store) LogExtents(ctx context.Context) ([]LogExtent, error) {
	states, err := s.LogStates(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]LogExtent, Partitions)
	for part := range states {
		l := &states[part]
		// An entry from before retention says that all which went did so, too.
		old := l.first != "" && LogEntryTime(l.first) < s.RetainedFrom()
		out[part] = LogExtent{l.Entries, cmp.Or(l.Last, "0-0"), l.added > l.Entries && !old}
	}
	return out, nil
}

// ErrInUse says that gateways work on the store.
var ErrInUse = errors.New("checkpoint: the store is in use: stop every gateway first, and wait for 5 seconds")

// Hold keeps all projectors out of a store.
type Hold struct {
	p      *Projector
	fences [Partitions]int64
	stop   context.CancelFunc
	done   chan struct{}
	lost   error // set before done is closed
}

// HoldProjectors takes the lease of every partition, so that the indexes are
// nobody else's. Where a gateway runs, its projector has them: then the answer
// is ErrInUse and nothing is held. The hold ends with Release, with ctx, or
// 4 seconds after this process dies. Errors: ErrInUse, ErrUnavailable.
func (s *Store) HoldProjectors(ctx context.Context) (*Hold, error) {
	h := &Hold{p: &Projector{store: s, reader: s.rdb, owner: rand.Text()}, done: make(chan struct{})}
	for part := range Partitions {
		fence, _, err := h.p.lease(ctx, part, leaseLength, 0, "")
		if err == nil && fence == 0 {
			err = ErrInUse
		}
		if err != nil {
			return nil, errors.Join(err, h.giveBack(ctx, nil))
		}
		h.fences[part] = fence
	}
	ctx, h.stop = context.WithCancel(ctx)
	go h.renew(ctx)
	return h, nil
}

// renew keeps the leases until ctx ends or one is lost.
func (h *Hold) renew(ctx context.Context) {
	defer close(h.done)
	for {
		if Sleep(ctx, leaseLength/4); ctx.Err() != nil {
			return
		}
		for part, fence := range h.fences {
			held, _, err := h.p.lease(ctx, part, leaseLength, fence, "")
			if ctx.Err() != nil {
				return
			}
			if err == nil && held == 0 {
				err = ErrInUse
			}
			if err != nil {
				h.lost = fmt.Errorf("partition %d: %w", part, err)
				return
			}
		}
	}
}

// Lost is closed when the hold has ended.
func (h *Hold) Lost() <-chan struct{} { return h.done }

// Release gives all partitions back and, for those in cursors, says that their
// log is in the indexes up to that entry. The error tells that the hold was lost
// before: somebody else may have written meanwhile.
func (h *Hold) Release(ctx context.Context, cursors map[int]string) error {
	h.stop()
	<-h.done
	if h.lost != nil {
		cursors = nil
	}
	return errors.Join(h.lost, h.giveBack(ctx, cursors))
}

func (h *Hold) giveBack(ctx context.Context, cursors map[int]string) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for part, fence := range h.fences {
		if fence != 0 {
			_, _, lost := h.p.lease(ctx, part, 0, fence, cursors[part])
			err = errors.Join(err, lost)
		}
	}
	return err
}

// ReadingCounts are how often each temperature was read at a gate on a day, in
// the form of the projector's counts.
type ReadingCounts map[[2]byte]int

// See counts an event of the gate.
func (c ReadingCounts) See(e *ScanEvent) {
	if e.Temperature != 0 {
		way := byte(e.Method) << 1
		if e.Direction == Out {
			way |= 1
		}
		c[[2]byte{way, e.Temperature.code()}]++
	}
}

// ReadingDays is the first and the last of the days for which readings are
// counted now.
func (s *Store) ReadingDays() (first, last Day) {
	last = s.DayAt(s.now())
	return last - readingDays + 1, last
}

// PutReadings replaces the counts of one gate and day. Errors: ErrUnavailable.
func (s *Store) PutReadings(ctx context.Context, gate uint32, day Day, counts ReadingCounts) error {
	key := s.keys.readings(gate, day)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, key)
		for field, n := range counts {
			p.HSet(ctx, key, string(field[:]), n)
		}
		if len(counts) > 0 {
			p.Expire(ctx, key, readingDays*dayLength)
		}
		return nil
	})
	return unavailable(err)
}

// StoredReadings reads the counts of one gate and day. Errors: ErrUnavailable.
func (s *Store) StoredReadings(ctx context.Context, gate uint32, day Day) (ReadingCounts, error) {
	fields, err := s.rdb.HGetAll(ctx, s.keys.readings(gate, day)).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	return parseReadingCounts(fields)
}
