package loadtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// witness answers at once and notes which send it was.
type witness struct {
	mu   sync.Mutex
	sent []int64 // occurred_at
}

func (w *witness) Send(_ context.Context, s *Scan) Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, s.OccurredAt)
	return Answer{Status: http.StatusOK, Decision: "pass", Reason: "ok", Person: s.Person}
}

// Two processes that join a run make the sends of one, each once, and its result
// is that of all of them.
func TestTwoProcessesMakeOneRun(t *testing.T) {
	t.Parallel()
	const secret = "not a secret, but long enough"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	pace, err := Ramp(0, 2000, 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var seen int64
	c := &Coordinator{
		Secret: secret, Dir: t.TempDir(), StartIn: 50 * time.Millisecond,
		Job:      Job{URLs: []string{"http://x"}, Segments: pace.Segments(), Words: pace.String(), Workers: 4, Of: 2, Patience: time.Second},
		Observe:  func() Readings { return Readings{GatewayCPU: 0.5, GeneratorCPU: 99} },
		Progress: func(s Second) { seen += s.Offered },
	}
	both := &witness{}
	var joiners sync.WaitGroup
	for range 2 {
		joiners.Go(func() {
			stranger := &Joiner{URL: url, Secret: "another one of this length"}
			if err := stranger.post(t.Context(), "/join", struct{}{}, nil); err == nil {
				t.Error("a stranger joins")
			}
			j := &Joiner{URL: url, Secret: secret, Dir: t.TempDir(), Prepare: func(_ context.Context, job *Job) (Target, Source, func(), error) {
				if job.URLs[0] != "http://x" || job.Of != 2 {
					return nil, nil, nil, fmt.Errorf("job %+v", job)
				}
				return both, &plain{}, func() {}, nil
			}}
			if err := j.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	r, ledgers, err := c.Run(t.Context(), listener)
	if err != nil {
		t.Fatal(err)
	}
	joiners.Wait()
	if r.Offered != 300 || r.Acknowledged != 300 || r.Latency.Count != 300 || r.Generator.Processes != 2 || r.Generator.Connections != 8 {
		t.Errorf("%+v %+v %+v", r.Counts, r.Latency, r.Generator)
	}
	var shares []int
	for _, path := range ledgers {
		scans := 0
		if err := readLedger(path, &vocabulary{}, func(*entry) error { scans++; return nil }); err != nil {
			t.Fatal(err)
		}
		shares = append(shares, scans)
	}
	if !slices.Equal(shares, []int{150, 150}) || len(both.sent) != 300 {
		t.Errorf("shares of %d, %d sends", shares, len(both.sent))
	}
	if len(r.Series) != 1 || seen != 300 || r.Series[0].Offered != 300 || r.Series[0].P99 == 0 || r.Series[0].GatewayCPU != 0.5 || r.Series[0].GeneratorCPU > 50 {
		t.Errorf("series %+v, seen %d", r.Series, seen)
	}
}

// A coordinator that stops answering does not hold up who makes the run.
func TestAJoinerDoesNotWaitForAStuckCoordinator(t *testing.T) {
	t.Parallel()
	pace, err := Constant(100, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	c := &Coordinator{
		Secret: "not a secret, but long enough", Dir: t.TempDir(), StartIn: time.Millisecond, all: make(chan struct{}), reported: make(chan struct{}, 1),
		Job: Job{Segments: pace.Segments(), Words: pace.String(), Workers: 1, Of: 1}, results: make([]*Result, 1), ledgers: make([]string, 1),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /second", func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-q.Context().Done():
		case <-end:
		}
	})
	mux.Handle("/", c.handler())
	srv := httptest.NewServer(mux)
	defer srv.Close()
	defer close(end)
	j := &Joiner{URL: srv.URL, Secret: c.Secret, Dir: t.TempDir(), Prepare: func(context.Context, *Job) (Target, Source, func(), error) {
		return &witness{}, &plain{}, func() {}, nil
	}}
	done := make(chan error, 1)
	go func() { done <- j.Run(t.Context()) }()
	select {
	case err := <-done:
		if err != nil || c.results[0] == nil || c.results[0].Acknowledged != 5 {
			t.Errorf("%v %+v", err, c.results[0])
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for ever")
	}
}
