package loadtest

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Several processes can make one run: a coordinator, which sends nothing itself,
// and as many that join it. Each makes every n-th send of the schedule, keeps
// its own histograms and ledger, and hands both over at the end; the coordinator
// merges them, and audits all ledgers together. They start at the same moment:
// the coordinator tells each how long to wait, so that their clocks do not matter.
//
// They speak HTTP, and show a secret that all of them were given. What passes is
// not encrypted: the network between them has to be one's own.

// Job is what a coordinator asks of those that join.
type Job struct {
	URLs     []string      `json:"urls"`
	World    string        `json:"world"` // folder of the world, if it is the same for all
	Keys     string        `json:"keys"`  // folder of the key ring, likewise
	Source   string        `json:"source"`
	Run      string        `json:"run"` // begins the IDs of the scans
	Segments []Segment     `json:"segments"`
	Words    string        `json:"words"`
	Workers  int           `json:"workers"` // of each process
	Patience time.Duration `json:"patience_ns"`
	Retries  int           `json:"retries"`
	Share    int           `json:"share"`
	Of       int           `json:"of"`
}

// Pacer is the job's schedule.
func (j *Job) Pacer() (*Schedule, error) { return NewSchedule(j.Words, j.Segments...) }

// MinSecret is how long the secret of a joint run has to be, in bytes.
const MinSecret = 16

const (
	joinTimeout   = 10 * time.Minute // for all to join and to be ready
	secondTimeout = time.Second      // for what a second of the run came to
	startTogether = 2 * time.Second  // from the last one's being ready
	mostResult    = 256 << 20        // bytes of a result
)

// Coordinator waits for processes that join and gathers what they report.
type Coordinator struct {
	Job    Job // Share is set for each
	Secret string
	Dir    string // for the ledgers that are handed over
	// StartIn is how long all wait when the last one is ready. 0 means 2 s.
	StartIn time.Duration
	Observe func() Readings
	// Progress is told every second of all processes together.
	Progress func(Second)

	mu       sync.Mutex
	joined   int
	prepared int
	all      chan struct{} // closed when all are prepared
	seconds  map[int][]Second
	readings map[int]Readings
	results  []*Result
	ledgers  []string
	reported chan struct{} // one for each that has handed over all
	err      error
}

// Run serves until all have reported. Its ledgers are files in Dir.
func (c *Coordinator) Run(ctx context.Context, l net.Listener) (r *Result, ledgers []string, err error) {
	if len(c.Secret) < MinSecret || c.Job.Of < 1 {
		return nil, nil, fmt.Errorf("loadtest: a joint run takes one process at least, and a secret of %d bytes", MinSecret)
	}
	pacer, err := c.Job.Pacer()
	if err != nil {
		return nil, nil, err
	}
	if c.StartIn == 0 {
		c.StartIn = startTogether
	}
	ctx, cancel := context.WithTimeout(ctx, 2*joinTimeout+pacer.Length())
	defer cancel()
	c.all, c.reported = make(chan struct{}), make(chan struct{}, c.Job.Of)
	c.seconds, c.readings = map[int][]Second{}, map[int]Readings{}
	c.results, c.ledgers = make([]*Result, c.Job.Of), make([]string, c.Job.Of)
	srv := &http.Server{Handler: c.handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() {
		_ = srv.Close()
		if serr := <-served; !errors.Is(serr, http.ErrServerClosed) {
			err = errors.Join(err, serr)
		}
	}()
	for range c.Job.Of {
		select {
		case <-c.reported:
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("loadtest: not all of %d processes have reported, %d had joined: %w", c.Job.Of, c.countJoined(), ctx.Err())
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, err = Merge(c.results); err != nil {
		return nil, nil, err
	}
	for i := range r.Series {
		s := &r.Series[i]
		own := s.GeneratorCPU
		s.Readings = c.readings[s.At]
		s.GeneratorCPU = own
	}
	return r, c.ledgers, c.err
}

func (c *Coordinator) countJoined() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.joined
}

func (c *Coordinator) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /join", c.handleJoin)
	mux.HandleFunc("POST /ready", c.handleReady)
	mux.HandleFunc("POST /second", c.handleSecond)
	mux.HandleFunc("POST /ledger/{share}", c.handleLedger)
	mux.HandleFunc("POST /result/{share}", c.handleResult)
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if subtle.ConstantTimeCompare([]byte(q.Header.Get("Authorization")), []byte("Bearer "+c.Secret)) != 1 {
			http.Error(w, "wrong secret", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, q)
	})
}

func (c *Coordinator) handleJoin(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	job, full := c.Job, c.joined == c.Job.Of
	if !full {
		job.Share = c.joined
		c.joined++
	}
	c.mu.Unlock()
	if full {
		http.Error(w, fmt.Sprintf("all %d have joined", job.Of), http.StatusConflict)
		return
	}
	_ = json.NewEncoder(w).Encode(job) // who is gone does not become ready
}

// handleReady answers when all are ready: then they have the same time left.
func (c *Coordinator) handleReady(w http.ResponseWriter, q *http.Request) {
	c.mu.Lock()
	if c.prepared++; c.prepared == c.Job.Of {
		close(c.all)
	}
	c.mu.Unlock()
	select {
	case <-c.all:
		_ = json.NewEncoder(w).Encode(start{c.StartIn})
	case <-q.Context().Done():
	}
}

type start struct {
	In time.Duration `json:"in_ns"`
}

func (c *Coordinator) handleSecond(w http.ResponseWriter, q *http.Request) {
	var s Second
	if !readJSON(w, q, &s) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	parts := append(c.seconds[s.At], s)
	if c.seconds[s.At] = parts; len(parts) < c.Job.Of {
		return
	}
	delete(c.seconds, s.At)
	all, err := mergeSeconds(parts)
	if err != nil {
		c.err = err
		return
	}
	if c.Observe != nil {
		own := all.GeneratorCPU
		all.Readings = c.Observe()
		c.readings[s.At] = all.Readings
		all.GeneratorCPU = own
	}
	if c.Progress != nil {
		c.Progress(all)
	}
}

// share is the number of the process that calls.
func (c *Coordinator) share(w http.ResponseWriter, q *http.Request) (int, bool) {
	n, err := strconv.Atoi(q.PathValue("share"))
	if err != nil || n < 0 || n >= c.Job.Of {
		http.Error(w, "no such share", http.StatusNotFound)
		return 0, false
	}
	return n, true
}

func (c *Coordinator) handleLedger(w http.ResponseWriter, q *http.Request) {
	n, ok := c.share(w, q)
	if !ok {
		return
	}
	path := filepath.Join(c.Dir, "ledger-of-"+strconv.Itoa(n))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // a scratch folder
	if err == nil {
		_, err = io.Copy(file, q.Body)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ledgers[n] = path
}

func (c *Coordinator) handleResult(w http.ResponseWriter, q *http.Request) {
	n, ok := c.share(w, q)
	var r Result
	if !ok || !readJSON(w, q, &r) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.results[n] != nil || c.ledgers[n] == "" {
		http.Error(w, "the ledger comes first, and the result once", http.StatusConflict)
		return
	}
	c.results[n] = &r
	c.reported <- struct{}{} // it has room for all
}

func readJSON(w http.ResponseWriter, q *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, mostResult)).Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
