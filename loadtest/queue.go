package loadtest

import (
	"container/heap"
	"sync"
	"time"
)

// attempt is one sending of a scan. The first of a scan is known by its number
// only; the scan is made when it leaves.
type attempt struct {
	number int64 // of the send in the schedule
	due    time.Time
	scan   *Scan
	tries  int       // sendings before this one
	at     time.Time // a repeat leaves no earlier
	// queued tells that no connection was free when it was due.
	queued bool
}

// mostRepeats bounds how many scans wait to be sent again. Past it they are
// given up, and counted as what their last answer was.
const mostRepeats = 1 << 16

// queue is how far a run has come: sends that are due and not taken are a
// number, however many they are.
type queue struct {
	mu         sync.Mutex
	some       *sync.Cond
	due, taken int64
	idle       int // workers that wait
	repeats    repeats
	ready      []*attempt // repeats that are due
	open       int        // scans that are under way or wait to be sent again
	last       bool       // nothing more becomes due
	stopped    bool
}

func newQueue() *queue {
	q := &queue{}
	q.some = sync.NewCond(&q.mu)
	return q
}

// release makes one more send due.
func (q *queue) release() {
	q.mu.Lock()
	q.due++
	q.mu.Unlock()
	q.some.Signal()
}

// end says that no more sends become due.
func (q *queue) end() {
	q.mu.Lock()
	q.last = true
	q.mu.Unlock()
	q.some.Broadcast()
}

// stop ends the run: what was not taken is not sent, nor is anything sent again.
func (q *queue) stop() {
	q.mu.Lock()
	q.stopped = true
	q.mu.Unlock()
	q.some.Broadcast()
}

// take waits for something to send; false when the run is over. Repeats go
// first: they are older.
func (q *queue) take() (a attempt, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.idle++
	defer func() { q.idle-- }()
	for waited := false; ; waited = true {
		switch {
		case q.stopped:
			return a, false
		case len(q.ready) > 0:
			a, q.ready = *q.ready[0], q.ready[1:]
			return a, true
		case q.taken < q.due:
			a.number = q.taken
			// Where another waits, too, this one was only quicker to wake.
			a.queued = !waited && q.idle == 1
			q.taken++
			q.open++
			return a, true
		case q.last && q.open == 0:
			return a, false
		}
		q.some.Wait()
	}
}

// done ends a scan.
func (q *queue) done() {
	q.mu.Lock()
	q.open--
	over := q.last && q.open == 0 && q.taken == q.due
	q.mu.Unlock()
	if over {
		q.some.Broadcast()
	}
}

// again has a scan sent once more at a.at; false if too many wait for that.
func (q *queue) again(a *attempt) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.repeats)+len(q.ready) >= mostRepeats || q.stopped {
		return false
	}
	heap.Push(&q.repeats, a)
	return true
}

// leave takes out what waits to be sent again.
func (q *queue) leave() []*attempt {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := append(q.ready, q.repeats...)
	q.ready, q.repeats = nil, nil
	return left
}

// ripen makes the repeats ready whose time has come.
func (q *queue) ripen(now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.repeats) > 0 && !q.repeats[0].at.After(now) {
		a, _ := heap.Pop(&q.repeats).(*attempt)
		q.ready = append(q.ready, a)
		q.some.Signal()
	}
}

// over tells that everything was sent and answered.
func (q *queue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stopped || q.last && q.open == 0 && q.taken == q.due
}

// waiting is how many sends were due and have no answer, and how many were due.
func (q *queue) waiting() (open, due int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.due - q.taken + int64(q.open), q.due
}

// repeats is a heap by time.
type repeats []*attempt

func (r repeats) Len() int           { return len(r) }
func (r repeats) Less(i, j int) bool { return r[i].at.Before(r[j].at) }
func (r repeats) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }

// Push is for package heap.
func (r *repeats) Push(x any) {
	a, _ := x.(*attempt)
	*r = append(*r, a)
}

// Pop is for package heap.
func (r *repeats) Pop() any {
	last := len(*r) - 1
	a := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	return a
}
