package demo

import (
	"slices"
	"sync"
	"time"
)

// stopwatch measures the scans as the client sees them.
type stopwatch struct {
	mu       sync.Mutex
	start    time.Time
	millis   []float32 // ms
	tenths   []int     // answers in each tenth of a second since start
	scans    int
	busyTime time.Duration
}

func newStopwatch() *stopwatch { return &stopwatch{start: time.Now()} }

// took notes one answer.
func (w *stopwatch) took(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.millis = append(w.millis, float32(d.Seconds()*1000))
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
	if n := len(w.millis); n > 0 {
		slices.Sort(w.millis)
		s.P50Millis = float64(w.millis[n/2])
		s.P99Millis = float64(w.millis[n*99/100])
	}
}
