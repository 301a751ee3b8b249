package loadtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Defaults of a Config.
const (
	DefaultWorkers  = 256
	DefaultPatience = 10 * time.Second
)

const (
	tallies     = 8                      // workers share them
	mostWrong   = 8                      // examples kept
	pacingTick  = 100 * time.Microsecond // what is due within it may leave together
	longestNap  = 20 * time.Millisecond  // after which the pace looks for repeats, and for the end
	untilStart  = 100 * time.Millisecond // for the workers to be ready
	retryPause  = 500 * time.Millisecond // if the server asks for none
	longestWait = 10 * time.Second       // that a repeat waits, whatever the server asks for
)

// Run makes the sends of a pacer and reports what became of them. When ctx ends
// it sends nothing more, waits for what is under way and reports what there is,
// with ctx's error.
func Run(ctx context.Context, c Config) (*Result, error) {
	switch {
	case c.Target == nil || c.Source == nil || c.Pacer == nil:
		return nil, errors.New("loadtest: a run takes a target, a source and a pacer")
	case c.Of < 0 || c.Share < 0 || c.Share >= max(1, c.Of):
		return nil, fmt.Errorf("loadtest: share %d of %d", c.Share, c.Of)
	}
	r := newRun(c)
	var work sync.WaitGroup
	for i := range r.Workers {
		work.Go(func() { r.work(ctx, &r.tallies[i%tallies]) })
	}
	finished := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.watch(finished)
	}()
	work.Go(func() { r.pace(ctx) })
	work.Wait()
	r.giveUp()
	close(finished)
	<-watched
	result, err := r.result()
	return result, errors.Join(err, ctx.Err())
}

// run is a run under way.
type run struct {
	Config
	queue   *queue
	tallies [tallies]tally
	series  []Second
	whole   bool // seconds keep their histograms, to be merged with those of others
	usage   usage
	err     error

	mu     sync.Mutex
	wrong  []string
	latest time.Time // of the answers
}

func newRun(c Config) *run {
	if c.Workers <= 0 {
		c.Workers = DefaultWorkers
	}
	if c.Patience <= 0 {
		c.Patience = DefaultPatience
	}
	if c.Start.IsZero() {
		c.Start = time.Now().Add(untilStart)
	}
	r := &run{Config: c, queue: newQueue(), whole: c.Of > 1, latest: c.Start, usage: usageNow()}
	for i := range r.tallies {
		r.tallies[i].init()
	}
	return r
}

// number is the number in the schedule of this process's k-th send.
func (r *run) number(k int64) int64 { return k*int64(max(1, r.Of)) + int64(r.Share) }

// pace makes sends due when they are, until the schedule or ctx ends.
func (r *run) pace(ctx context.Context) {
	s := newSleeper()
	for k, more := int64(0), true; !r.queue.over(); {
		if ctx.Err() != nil {
			r.queue.stop()
			return
		}
		wait := longestNap
		for more {
			var after time.Duration
			if after, more = r.Pacer.Due(r.number(k)); !more {
				r.queue.end()
				break
			}
			if wait = time.Until(r.Start.Add(after)); wait > 0 {
				break
			}
			r.queue.release()
			k++
		}
		r.queue.ripen(time.Now())
		s.sleep(min(max(wait, pacingTick), longestNap))
	}
}

// work sends one scan after the other.
func (r *run) work(ctx context.Context, t *tally) {
	for {
		a, ok := r.queue.take()
		if !ok {
			return
		}
		if a.scan == nil {
			after, _ := r.Pacer.Due(r.number(a.number))
			a.due = r.Start.Add(after)
			a.scan = r.Source.Next(a.due)
			t.left(&a, time.Since(a.due))
		}
		r.send(ctx, t, &a)
	}
}

// send makes one attempt, and has it repeated or notes its end.
func (r *run) send(ctx context.Context, t *tally, a *attempt) {
	left := time.Now()
	answer := r.Target.Send(context.WithoutCancel(ctx), a.scan)
	now := time.Now()
	o := answer.outcome()
	if (o == shed || o == unanswered) && a.tries < r.Retries {
		pause := retryPause
		if answer.RetryAfter > 0 {
			pause = min(answer.RetryAfter, longestWait)
		}
		next := &attempt{number: a.number, due: a.due, scan: a.scan, tries: a.tries + 1, at: now.Add(pause), queued: a.queued}
		if r.queue.again(next) {
			t.repeated(&answer)
			return
		}
	}
	r.end(t, a, o, &answer, now, now.Sub(left))
}

// end notes what became of a scan in the end.
func (r *run) end(t *tally, a *attempt, o outcome, answer *Answer, now time.Time, service time.Duration) {
	latency := now.Sub(a.due)
	if o == unanswered {
		// What broke must not look better than what came late.
		latency = max(latency, r.Patience)
	}
	t.ended(a, o, answer, latency, service)
	r.note(a, o, answer, now, latency)
	r.queue.done()
}

// giveUp ends the scans that still wait to be sent again when the run has stopped:
// each was sent, and may be on record.
func (r *run) giveUp() {
	for _, a := range r.queue.leave() {
		r.end(&r.tallies[0], a, unanswered, &Answer{Err: errStopped}, time.Now(), r.Patience)
	}
}

// note keeps what a tally does not.
func (r *run) note(a *attempt, o outcome, answer *Answer, now time.Time, latency time.Duration) {
	var err error
	if r.Ledger != nil {
		err = r.Ledger.add(a.scan, o, answer, latency)
	}
	r.fail(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.After(r.latest) {
		r.latest = now
	}
	if o != acknowledged || len(r.wrong) == mostWrong {
		return
	}
	if why := a.scan.mistake(answer); why != "" {
		r.wrong = append(r.wrong, fmt.Sprintf("%s scan %s: %s", a.scan.Kind, a.scan.ID, why))
	}
}

// fail keeps the first error that makes the run's report incomplete.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// watch closes each second of the run: at its end, or as soon after as it can.
func (r *run) watch(finished <-chan struct{}) {
	h, used, due := newHistogram(), usageNow(), int64(0)
	timer := time.NewTimer(time.Until(r.Start.Add(time.Second)))
	defer timer.Stop()
	for at := 0; ; at++ {
		over := false
		select {
		case <-timer.C:
		case <-finished:
			over = true
		}
		s := Second{At: at}
		h.Reset()
		for i := range r.tallies {
			r.tallies[i].drain(&s, h)
		}
		waiting, released := r.queue.waiting()
		s.Waiting, s.Offered, due = waiting, released-due, released
		r.fail(s.summarise(h, r.whole))
		if r.Observe != nil && !over {
			s.Readings = r.Observe()
		}
		now := usageNow()
		s.GeneratorCPU, used = now.coresSince(used), now
		if s.Offered+s.Done > 0 || !over {
			r.series = append(r.series, s)
			if r.Progress != nil {
				r.Progress(s)
			}
		}
		if over {
			return
		}
		timer.Reset(time.Until(r.Start.Add(time.Duration(at+2) * time.Second)))
	}
}

// summarise fills in what the answers of the second took.
func (s *Second) summarise(h *hdrhistogram.Histogram, whole bool) error {
	l, err := latencyOf(h, whole)
	s.P50, s.P99, s.P999, s.Max, s.Histogram = l.P50, l.P99, l.P999, l.Max, l.Histogram
	return err
}

// result sums the run up.
func (r *run) result() (*Result, error) {
	res := &Result{
		Pace: r.Pacer.String(), StartedAt: r.Start.UTC(), Seconds: r.latest.Sub(r.Start).Seconds(),
		Decisions: map[string]int64{}, Reasons: map[string]int64{}, Statuses: map[string]int64{},
		Kinds: map[string]int64{}, Errors: map[string]int64{}, Wrong: r.wrong, Series: r.series,
		Generator: Generator{Processes: 1, Connections: r.Workers, CPU: usageNow().cpu.Seconds() - r.usage.cpu.Seconds()},
	}
	var all [4]*hdrhistogram.Histogram
	for i := range all {
		all[i] = newHistogram()
	}
	for i := range r.tallies {
		r.tallies[i].addTo(res, &all)
	}
	errs := []error{r.err}
	for i, l := range res.distributions() {
		sum, err := latencyOf(all[i], true)
		*l, errs = sum, append(errs, err)
	}
	res.doubt()
	return res, errors.Join(errs...)
}

// distributions are the four of a result, in the order of a tally's.
func (r *Result) distributions() [4]*Latency {
	return [4]*Latency{&r.Latency, &r.Service, &r.Queued, &r.Pacing}
}
