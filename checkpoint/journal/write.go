package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	boltErrors "go.etcd.io/bbolt/errors"
)

const (
	// retryAfter is how long writes are refused after one that failed.
	retryAfter = time.Second
	// gatherTime is small beside a sync.
	gatherTime = 200 * time.Microsecond
	// mostWeight bounds one commit by the bytes it may write, so that it fits
	// into the part of the file that is left free.
	mostWeight = 2 << 20
	pageSize   = 4096
)

// request is something to write.
type request struct {
	weight int // bytes it may write
	do     func(tx *bbolt.Tx, c *change) error
	done   chan error // has room for the answer
}

// change is what a commit changes in the state.
type change struct {
	owed  [Partitions]int
	aside int
	kept  int64
}

// ask hands a request to the writer. The channel gives the answer when the
// disk has it.
func (j *Journal) ask(cancelled <-chan struct{}, weight int, do func(*bbolt.Tx, *change) error) (<-chan error, error) {
	r := &request{weight: weight, do: do, done: make(chan error, 1)}
	select {
	case j.requests <- r:
		return r.done, nil
	case <-j.stop:
		return nil, ErrClosed
	case <-cancelled:
		return nil, nil
	}
}

// update hands a request to the writer and waits for it.
func (j *Journal) update(weight int, do func(*bbolt.Tx, *change) error) error {
	done, err := j.ask(nil, weight, do)
	if err != nil {
		return err
	}
	return <-done
}

// write is the one goroutine that writes. What comes while the disk is busy goes
// into the next commit together.
func (j *Journal) write() {
	defer close(j.done)
	flush := time.NewTimer(0)
	flush.Stop()
	var waiting bool // for the timer
	for {
		var batch []*request
		select {
		case r := <-j.requests:
			batch = j.gather(r)
		case <-j.keep.wake:
			if !waiting {
				waiting = true
				flush.Reset(flushEvery)
			}
			continue
		case <-flush.C:
			waiting = false
		case <-j.stop:
			j.end()
			return
		}
		j.commit(batch)
		j.crowd = len(batch)
		if !waiting && j.keep.waiting() {
			waiting = true
			flush.Reset(flushEvery)
		}
	}
}

// gather takes what else is waiting. After a commit that answered several, it
// gives them a moment to come again: otherwise every other commit has one alone.
func (j *Journal) gather(first *request) []*request {
	if j.crowd > 1 {
		time.Sleep(gatherTime)
	}
	batch, weight := []*request{first}, first.weight
	for weight < mostWeight/2 {
		select {
		case r := <-j.requests:
			batch, weight = append(batch, r), weight+r.weight
		default:
			return batch
		}
	}
	return batch
}

// end writes what is kept and closes the file.
func (j *Journal) end() {
	j.keep.close()
	for j.keep.waiting() {
		before, _ := j.keep.counts()
		j.commit(nil)
		if after, _ := j.keep.counts(); after == before { // the disk does not take it
			break
		}
	}
	j.dbMu.Lock()
	defer j.dbMu.Unlock()
	err := errors.Join(j.db.Close(), j.lock.Close())
	j.db = nil
	if err != nil {
		j.closed = fmt.Errorf("journal: close: %w", err)
	}
}

// commit writes requests, and kept blocks if there is room for them, and syncs.
func (j *Journal) commit(batch []*request) {
	begin := time.Now()
	err := j.ready()
	if err == nil {
		blocks := j.blocksToWrite()
		if len(batch)+len(blocks) == 0 {
			return
		}
		var c change
		err = j.db.Update(func(tx *bbolt.Tx) error {
			seq := j.lastSeq
			for _, r := range batch {
				if err := r.do(tx, &c); err != nil {
					return err
				}
			}
			if err := j.putBlocks(tx, &c, blocks); err != nil {
				return err
			}
			if seq == j.lastSeq {
				return nil
			}
			return tx.Bucket([]byte("owed")).SetSequence(j.lastSeq)
		})
		if err == nil {
			j.keep.written(blocks)
			if len(blocks) > 0 {
				j.lastBlock = blocks[len(blocks)-1].number
			}
		}
		err = j.settle(err, &c, time.Since(begin))
	}
	for _, r := range batch {
		r.done <- err
	}
}

// ready makes the file fit to be written after a failure, or says why it is not.
func (j *Journal) ready() error {
	if j.failedAt.IsZero() {
		return nil
	}
	if time.Since(j.failedAt) < retryAfter {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.state.broken
	}
	var err error
	if j.suspect {
		err = j.renew()
	}
	if err == nil {
		err = j.load() // what failed may be there
	}
	if err != nil {
		return j.fail(err)
	}
	j.suspect = false
	return nil
}

// settle takes a commit into the state, or its failure.
func (j *Journal) settle(err error, c *change, took time.Duration) error {
	if errors.Is(err, boltErrors.ErrMaxSizeReached) { // nothing was written
		return fmt.Errorf("%w: %s has reached %d bytes", ErrFull, j.path(), j.o.MaxBytes)
	}
	if err != nil {
		j.suspect = j.suspect || !wantOfRoom(err)
		return j.fail(err)
	}
	used, size := j.usage()
	j.mu.Lock()
	s := &j.state
	for p, n := range c.owed {
		s.owed[p] += n
	}
	s.aside += c.aside
	s.kept += c.kept
	s.used, s.size = used, size
	s.commits++
	s.commitTime += took
	s.slowest = max(s.slowest, took)
	healed := s.broken != nil
	s.broken = nil
	j.mu.Unlock()
	j.failedAt = time.Time{}
	if healed {
		j.o.Logger.Info("journal: writes again", "file", j.path())
	}
	return nil
}

// fail notes a failure, and says it in the log when it is the first.
func (j *Journal) fail(err error) error {
	err = fmt.Errorf("%w: %s: %w", ErrBroken, j.path(), err)
	j.failedAt = time.Now()
	j.mu.Lock()
	first := j.state.broken == nil
	j.state.broken = err
	j.mu.Unlock()
	if first {
		j.o.Logger.Error("journal: cannot write, so nothing is accepted; see to the disk and its free space", "file", j.path(), "error", err)
	}
	return err
}

// wantOfRoom tells whether a commit failed before anything of it counted: there
// was no room for its pages. After a failed sync the kernel may call pages clean
// that the disk does not have, so that is another matter, even for want of room.
func wantOfRoom(err error) bool {
	var write *fs.PathError
	if errors.As(err, &write) {
		return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
	}
	// bbolt drops the cause when the file cannot be made longer.
	return strings.HasPrefix(err.Error(), "file resize error")
}

// usage tells how many bytes of the file are in use, and how many it has.
func (j *Journal) usage() (used, size int64) {
	stats := j.db.Stats()
	_ = j.db.View(func(tx *bbolt.Tx) error { size = tx.Size(); return nil })
	return size - int64(stats.FreePageN+stats.PendingPageN)*pageSize, size
}

// reserve is the part of the file that is left free: removing needs pages.
func (j *Journal) reserve() int64 { return max(j.o.MaxBytes/8, 8<<20) }

// full tells whether nothing more may be owed.
func (j *Journal) full() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if bound := j.o.MaxBytes - j.reserve(); j.state.used > bound {
		return fmt.Errorf("%w: %d of %d bytes of %s are used", ErrFull, j.state.used, j.o.MaxBytes, j.path())
	}
	return nil
}
