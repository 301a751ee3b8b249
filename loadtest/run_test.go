package loadtest

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Every send of any schedule is due where the area under the rates reaches its
// number, and no send is missing or too much.
func TestSendsAreDueWhereTheRatesSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Segment {
			rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.01, 20_000))
			return Segment{
				For:  time.Duration(rapid.Int64Range(1, 600_000).Draw(t, "ms")) * time.Millisecond,
				From: rate.Draw(t, "from"), To: rate.Draw(t, "to"),
			}
		}), 1, 6).Draw(t, "parts")
		s, err := NewSchedule("", parts...)
		if err != nil {
			t.Skip(err) // without a send
		}
		area := func(at time.Duration) (sum float64) {
			for _, p := range parts {
				in := min(at, p.For).Seconds()
				sum += in * (p.From + (p.To-p.From)*in/p.For.Seconds()/2)
				at -= min(at, p.For)
			}
			return sum
		}
		n := rapid.Int64Range(0, s.Sends()-1).Draw(t, "n")
		at, ok := s.Due(n)
		if !ok || at < 0 || at > s.Length() {
			t.Fatalf("send %d of %d is due at %s of %s, %v", n, s.Sends(), at, s.Length(), ok)
		}
		// A nanosecond is 20 millionths of a send at this rate.
		if got := area(at); math.Abs(got-float64(n)) > 1e-4+1e-9*float64(n) {
			t.Errorf("send %d is due at %s, when %f were", n, at, got)
		}
		if next, ok := s.Due(n + 1); ok && next < at {
			t.Errorf("send %d is due at %s, the one before at %s", n+1, next, at)
		}
		if _, ok := s.Due(s.Sends()); ok {
			t.Errorf("send %d of %d", s.Sends(), s.Sends())
		}
	})
}

func TestSchedulesInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		make  func() (*Schedule, error)
		sends int64
		last  time.Duration // when the last one is due
	}{
		{func() (*Schedule, error) { return Constant(1000, 30*time.Second) }, 30_000, 29_999 * time.Millisecond},
		{func() (*Schedule, error) { return Constant(0.1, time.Minute) }, 6, 50 * time.Second},
		{func() (*Schedule, error) { return Steps("100x1s, 200x2s") }, 500, 2995 * time.Millisecond},
		{func() (*Schedule, error) { return Ramp(0, 100, 2*time.Second) }, 100, 1989974874 * time.Nanosecond},
		{func() (*Schedule, error) { return Spike(10, 10, time.Second, time.Second, time.Second) }, 175, 3900 * time.Millisecond},
		{func() (*Schedule, error) {
			return curve([]time.Duration{0, time.Second, 2 * time.Second}, []float64{0, 10, 10})
		}, 15, 1900 * time.Millisecond},
	} {
		s, err := c.make()
		if err != nil {
			t.Fatal(err)
		}
		if last, ok := s.Due(c.sends - 1); s.Sends() != c.sends || !ok || (last-c.last).Abs() > time.Microsecond {
			t.Errorf("%s: %d sends, the last at %s; want %d, at %s", s, s.Sends(), last, c.sends, c.last)
		}
	}
	for _, text := range []string{"", "100", "x1s", "100x", "-1x1s", "1x0s", "NaNx1s", "1e9x1s", "0x5s"} {
		if s, err := Steps(text); err == nil {
			t.Errorf("%q is %s", text, s)
		}
	}
}

// plain is a source of scans that differ in nothing but their number.
type plain struct{ n atomic.Int64 }

func (p *plain) Next(due time.Time) *Scan {
	n := p.n.Add(1)
	return &Scan{Person: uint64(n), ID: fmt.Sprint("scan-", n), OccurredAt: due.UnixMilli(), Direction: "in", Kind: "regular"} // #nosec G115 -- counts up
}

// staller answers at once, save for a while in which it answers nothing.
type staller struct {
	from, until time.Time
	sent        atomic.Int64
}

func (s *staller) Send(context.Context, *Scan) Answer {
	s.sent.Add(1)
	if now := time.Now(); now.After(s.from) && now.Before(s.until) {
		time.Sleep(time.Until(s.until))
	}
	return Answer{Status: http.StatusOK, Decision: "pass", Reason: "ok"}
}

// A server that stands still for 300 of 600 ms has the rest of the stall in the
// latency of every scan that was due in it. Measured from when the scans left, as
// a closed loop does, the same run shows two slow answers: those of its two
// connections.
func TestAStallIsInThePercentiles(t *testing.T) {
	t.Parallel()
	pace, err := Constant(1000, 600*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now().Add(50 * time.Millisecond)
	target := &staller{from: start.Add(100 * time.Millisecond), until: start.Add(400 * time.Millisecond)}
	r, err := Run(t.Context(), Config{Target: target, Source: &plain{}, Pacer: pace, Workers: 2, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	if r.Offered != 600 || r.Acknowledged != 600 || target.sent.Load() != 600 || r.Latency.Count != 600 {
		t.Fatalf("counts %+v", r.Counts)
	}
	// A half of all were due in the stall, on average in its middle.
	if p := r.Latency; p.P90 < 180_000 || p.P99 < 270_000 || p.Mean < 60_000 {
		t.Errorf("the stall is not in the latency: %+v", p)
	}
	if p := r.Service; p.P99 > 100_000 || p.Max < 250_000 {
		t.Errorf("the closed loop's view should hide the stall: %+v", p)
	}
	if r.QueuedSends < 250 || len(r.Warnings) == 0 {
		t.Errorf("%d sends waited, warnings %q", r.QueuedSends, r.Warnings)
	}
}

// counter answers the first sending of every other scan in its own way.
type counter struct {
	first Answer
	seen  map[string]int
	gate  chan struct{} // one at a time
}

func (c *counter) Send(_ context.Context, s *Scan) Answer {
	c.gate <- struct{}{}
	defer func() { <-c.gate }()
	c.seen[s.ID]++
	if c.seen[s.ID] == 1 && s.Person%2 == 0 {
		return c.first
	}
	return Answer{Status: http.StatusOK, Decision: "pass", Reason: "ok", Duplicate: c.seen[s.ID] > 1}
}

// What is shed is sent again with the same identity, only if asked for, and its
// latency goes on.
func TestARepeatKeepsItsTime(t *testing.T) {
	t.Parallel()
	pace, err := Constant(1000, 40*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, retries := range []int{0, 2} {
		target := &counter{
			first: Answer{Status: http.StatusServiceUnavailable, Reason: "overloaded", RetryAfter: 80 * time.Millisecond},
			seen:  map[string]int{}, gate: make(chan struct{}, 1),
		}
		r, err := Run(t.Context(), Config{Target: target, Source: &plain{}, Pacer: pace, Workers: 4, Retries: retries})
		if err != nil {
			t.Fatal(err)
		}
		if retries == 0 {
			if r.Shed != 20 || r.Acknowledged != 20 || r.Retries != 0 || r.Latency.Count != 20 || r.Statuses["503"] != 20 {
				t.Errorf("without repeats: %+v %v", r.Counts, r.Statuses)
			}
			continue
		}
		if r.Shed != 0 || r.Acknowledged != 40 || r.Retries != 20 || r.Duplicates != 20 || len(target.seen) != 40 {
			t.Errorf("with repeats: %+v of %d scans", r.Counts, len(target.seen))
		}
		if r.Latency.P90 < 80_000 || r.Service.P90 > 40_000 {
			t.Errorf("a repeat's latency does not go on: %+v", r.Latency)
		}
	}
}

// always gives every sending the same answer, for whom the scan names unless
// somebody else is given.
type always Answer

func (a *always) Send(_ context.Context, s *Scan) Answer {
	answer := Answer(*a)
	if answer.Person == 0 {
		answer.Person = s.Person
	}
	return answer
}

// TestAnswersAreCountedAsWhatTheyAre: only what the server refused on purpose is shed,
// and an answer for somebody else is wrong.
func TestAnswersAreCountedAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	pace, err := Constant(1000, 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	const sends, soon = 10, time.Second
	for _, c := range []struct {
		answer always
		want   Counts
		slow   int64 // how many count as slow as no answer
	}{
		{always{Status: 200, Decision: "pass", Reason: "ok"}, Counts{Acknowledged: sends}, 0},
		{always{Status: 200, Decision: "pass", Reason: "ok", Person: 1 << 40}, Counts{Acknowledged: sends, Mistaken: sends}, 0},
		{always{Status: 503, Reason: "overloaded", RetryAfter: soon}, Counts{Shed: sends}, 0},
		{always{Status: 503, Reason: "unavailable", RetryAfter: soon}, Counts{Failed: sends}, sends},
		{always{Status: 503, RetryAfter: soon}, Counts{Failed: sends}, 0}, // a proxy's
		{always{Status: 429, Reason: "too_many", RetryAfter: soon}, Counts{Failed: sends}, 0},
	} {
		r, err := Run(t.Context(), Config{Target: &c.answer, Source: &plain{}, Pacer: pace, Workers: 2, Patience: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		c.want.Offered, c.want.QueuedSends = sends, r.QueuedSends
		if r.Counts != c.want || c.slow > 0 && (r.Latency.Count != c.slow || r.Latency.P50 < time.Second.Microseconds()*99/100) {
			t.Errorf("%d %s for %x: %+v, latency %+v", c.answer.Status, c.answer.Reason, c.answer.Person, r.Counts, r.Latency)
		}
		if len(r.Wrong) > 0 != (c.want.Mistaken > 0) {
			t.Errorf("%d %s for %x: examples %q", c.answer.Status, c.answer.Reason, c.answer.Person, r.Wrong)
		}
	}
}

// Whoever waits to be sent again when a run is stopped is in its counts and ledger.
func TestAStoppedRunForgetsNobody(t *testing.T) {
	t.Parallel()
	pace, err := Constant(1000, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ledger")
	ledger, err := CreateLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	busy := &always{Status: 503, Reason: "overloaded", RetryAfter: 5 * time.Second}
	r, err := Run(ctx, Config{Target: busy, Source: &plain{}, Pacer: pace, Workers: 2, Retries: 3, Patience: time.Second, Ledger: ledger})
	if r == nil || ctx.Err() == nil {
		t.Fatal(err)
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	var kept int64
	if err := readLedger(path, &vocabulary{}, func(*entry) error { kept++; return nil }); err != nil {
		t.Fatal(err)
	}
	if r.Offered == 0 || r.Failed+r.Shed != r.Offered || kept != r.Offered {
		t.Errorf("%+v, and %d in the ledger", r.Counts, kept)
	}
	if n := r.Errors["not sent again: the run was stopped"]; n == 0 || n != r.Failed {
		t.Errorf("errors %v", r.Errors)
	}
}

// curve goes evenly from point to point: rates at times after the start, the first at 0.
func curve(times []time.Duration, rates []float64) (*Schedule, error) {
	parts := make([]Segment, len(times)-1)
	for i := range parts {
		parts[i] = Segment{times[i+1] - times[i], rates[i], rates[i+1]}
	}
	return NewSchedule("", parts...)
}
