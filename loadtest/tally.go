package loadtest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// longest is the greatest time that a histogram holds apart from greater ones.
const longest = time.Hour

// newHistogram counts microseconds to three digits: 200 kB.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longest.Microseconds(), 3)
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(0, d.Microseconds()), longest.Microseconds())) // in range
}

// latencyOf sums a histogram up; whole adds the histogram itself.
func latencyOf(h *hdrhistogram.Histogram, whole bool) (l Latency, err error) {
	q := h.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9, 99.99, 100})
	l = Latency{Count: h.TotalCount()}
	if l.Count == 0 {
		return l, nil
	}
	l.Mean, l.P50, l.P90, l.P99, l.P999, l.P9999, l.Max = h.Mean(), q[0], q[1], q[2], q[3], q[4], q[5]
	if whole {
		l.Histogram, err = encode(h)
	}
	return l, err
}

func encode(h *hdrhistogram.Histogram) (string, error) {
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return "", fmt.Errorf("loadtest: histogram: %w", err)
	}
	return string(text), nil
}

// tally counts what workers see. Each of a few has one, so that they do not wait
// for each other.
type tally struct {
	mu sync.Mutex
	Counts
	decisions, reasons, statuses, kinds, errors map[string]int64
	latency, service, queued, pacing            *hdrhistogram.Histogram

	// The second that runs.
	second  *hdrhistogram.Histogram
	now     Counts
	answers int64
}

func (t *tally) init() {
	t.decisions, t.reasons, t.statuses = map[string]int64{}, map[string]int64{}, map[string]int64{}
	t.kinds, t.errors = map[string]int64{}, map[string]int64{}
	t.latency, t.service, t.queued, t.pacing, t.second = newHistogram(), newHistogram(), newHistogram(), newHistogram(), newHistogram()
}

// left notes that a scan leaves for the first time, so long after it was due.
func (t *tally) left(a *attempt, late time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Offered++
	t.kinds[a.scan.Kind]++
	if a.queued {
		t.QueuedSends++
		record(t.queued, late)
		return
	}
	record(t.pacing, late)
}

// ended notes what became of a scan in the end: latency from when it was due,
// service from when it left for the last time.
func (t *tally) ended(a *attempt, o outcome, answer *Answer, latency, service time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers++
	t.statuses[statusText(answer.Status)]++
	for _, c := range []*Counts{&t.Counts, &t.now} {
		switch o {
		case acknowledged:
			c.Acknowledged++
		case shed:
			c.Shed++
		default:
			c.Failed++
		}
	}
	switch o {
	case acknowledged:
		t.decisions[answer.Decision]++
		t.reasons[answer.Reason]++
		t.Duplicates += bit(answer.Duplicate)
		t.Degraded += bit(answer.Degraded)
		t.Mistaken += bit(a.scan.mistake(answer) != "")
	case shed:
		return // early and on purpose: it would flatter the rest
	case failed:
		t.errors[answer.errorKind()]++
		return // as early as it likes
	case unanswered:
		t.errors[answer.errorKind()]++
	}
	record(t.latency, latency)
	record(t.second, latency)
	record(t.service, service)
}

// repeated notes an answer after which the scan is sent again.
func (t *tally) repeated(answer *Answer) {
	t.mu.Lock()
	t.Retries++
	t.statuses[statusText(answer.Status)]++
	t.mu.Unlock()
}

// mistake says what is not right about the answer of an acknowledged scan, "" if
// all is.
func (s *Scan) mistake(a *Answer) string {
	switch {
	case len(s.Want) > 0 && !slices.Contains(s.Want, a.Reason):
		return fmt.Sprintf("%s, right are %v", a.Reason, s.Want)
	case s.Person != 0 && a.Person != s.Person:
		return fmt.Sprintf("answered for %s, and it names %s", formatPerson(a.Person), formatPerson(s.Person))
	}
	return ""
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func add(sum, more map[string]int64) {
	for name, n := range maps.All(more) {
		sum[name] += n
	}
}

func (c *Counts) add(o *Counts) {
	c.Offered += o.Offered
	c.Acknowledged += o.Acknowledged
	c.Shed += o.Shed
	c.Failed += o.Failed
	c.Mistaken += o.Mistaken
	c.Duplicates += o.Duplicates
	c.Degraded += o.Degraded
	c.Retries += o.Retries
	c.QueuedSends += o.QueuedSends
}

// drain moves the second that runs into s and h, and begins the next.
func (t *tally) drain(s *Second, h *hdrhistogram.Histogram) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Done += t.answers
	s.Acknowledged += t.now.Acknowledged
	s.Shed += t.now.Shed
	s.Failed += t.now.Failed
	h.Merge(t.second)
	t.second.Reset()
	t.now, t.answers = Counts{}, 0
}

// addTo adds the tally to a result, and its histograms to those of the run.
func (t *tally) addTo(r *Result, all *[4]*hdrhistogram.Histogram) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Counts.add(&t.Counts)
	add(r.Decisions, t.decisions)
	add(r.Reasons, t.reasons)
	add(r.Statuses, t.statuses)
	add(r.Kinds, t.kinds)
	add(r.Errors, t.errors)
	for i, h := range [...]*hdrhistogram.Histogram{t.latency, t.service, t.queued, t.pacing} {
		all[i].Merge(h)
	}
}
