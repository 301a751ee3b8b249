package demo

import (
	"math"
	"slices"
	"sync"
	"time"
)

// stopwatch measures the scans as the client sees them.
type stopwatch struct {
	mu       sync.Mutex
	start    time.Time
	took_    []float32 // ms
	tenths   []int     // answers in each tenth of a second since start
	scans    int
	busyTime time.Duration
}

func newStopwatch() *stopwatch { return &stopwatch{start: time.Now()} }

// took notes one answer.
func (w *stopwatch) took(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took_ = append(w.took_, float32(d.Seconds()*1000))
	i := int(time.Since(w.start) / (100 * time.Millisecond))
	for len(w.tenths) <= i {
		w.tenths = append(w.tenths, 0)
	}
	w.tenths[i]++
}

// slot notes how many scans a slot had and how long they took together.
func (w *stopwatch) slot(scans int, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scans += scans
	w.busyTime += d
}

func (w *stopwatch) fill(s *Speed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.tenths {
		sum := 0
		for _, n := range w.tenths[i:min(i+10, len(w.tenths))] {
			sum += n
		}
		s.BusiestPerSecond = max(s.BusiestPerSecond, float64(sum))
	}
	if w.busyTime > 0 {
		s.MeanPerSecond = float64(w.scans) / w.busyTime.Seconds()
	}
	if n := len(w.took_); n > 0 {
		slices.Sort(w.took_)
		s.P50Millis = float64(w.took_[n/2])
		s.P99Millis = float64(w.took_[n*99/100])
	}
}

// pearson correlates two series; 0 if one of them is flat.
func pearson(a, b []float64) float64 {
	var ma, mb float64
	for i := range a {
		ma += a[i] / float64(len(a))
		mb += b[i] / float64(len(b))
	}
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
