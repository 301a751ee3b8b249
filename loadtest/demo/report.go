package demo

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// maxShown is how many differences a report holds; all are counted.
const maxShown = 20

// Report is what a run found. Times are in seconds of the real clock unless
// the name says otherwise.
type Report struct {
	Agrees bool `json:"agrees"` // every check is OK

	Residents int    `json:"residents"`
	Days      int    `json:"days"`
	Seed      uint64 `json:"seed"`
	Workers   int    `json:"workers"`

	Devices   int `json:"devices"`
	Passes    int `json:"passes"`   // issued, pictures included
	Pictures  int `json:"pictures"` // passes drawn as PNG, read back and scanned
	Scans     int `json:"scans"`    // distinct ones sent
	Resent    int `json:"resent"`   // sent again on purpose
	Batches   int `json:"batches"`  // handed in by phones that were offline
	Offline   int `json:"offline"`  // scans in those batches
	Refusals  int `json:"refusals"` // scans that named no person
	Annulled  int `json:"annulled"` // scans taken back
	Cars      int `json:"cars"`     // that brought several people in one request
	Retries   int `json:"retries"`  // after a failure of the connection or the store
	Events    int `json:"events"`   // in the gates' windows
	Stays     int `json:"stays"`    // in the trajectories that were asked for
	Histories int `json:"histories"`

	// Decisions counts the distinct scans by "decision reason".
	Decisions map[string]int `json:"decisions"`
	// Flags counts them in the answers that were as predicted.
	Flags map[string]int `json:"flags"`
	// Contacts counts, by kind, those of the people who were asked about, and by
	// "hop 2" those who were met through somebody.
	Contacts map[string]int `json:"contacts"`
	// HalfHours are the events at all gates, summed over the days, by the half
	// hour of the day in Shanghai.
	HalfHours [48]int `json:"half_hours"`
	// ShapeOut and ShapeIn correlate (Pearson's r) people leaving home and coming
	// back per half hour with the real door counts.
	ShapeOut float64 `json:"shape_out"`
	ShapeIn  float64 `json:"shape_in"`

	Stages     []Stage    `json:"stages"`
	Speed      Speed      `json:"speed"`
	Checks     []Check    `json:"checks"`
	Mismatches []Mismatch `json:"mismatches"` // the first 20
}

// Stage is how long a part of the run took.
type Stage struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Speed says how fast scans were answered, as the client saw it. It is no
// check: oracle, client and server share one machine.
type Speed struct {
	BusiestPerSecond float64 `json:"busiest_per_second"` // scans in the best second
	MeanPerSecond    float64 `json:"mean_per_second"`    // over the days, passes issued in between
	P50Millis        float64 `json:"p50_ms"`
	P99Millis        float64 `json:"p99_ms"`
}

// Check is one statement about the server that was put to the test.
type Check struct {
	Name   string `json:"name"`
	Want   int64  `json:"want"`
	Got    int64  `json:"got"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// Mismatch is one difference between the oracle and the server.
type Mismatch struct {
	Check string `json:"check"` // name of the check that it belongs to
	Where string `json:"where"` // which scan, gate or person
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// Write prints the report for people to read.
func (r *Report) Write(w io.Writer) error {
	for _, s := range r.Stages {
		if _, err := fmt.Fprintf(w, "%-10s %8.1f s\n", s.Name, s.Seconds); err != nil {
			return fmt.Errorf("demo: write the report: %w", err)
		}
	}
	for _, c := range r.Checks {
		mark := "ok"
		if !c.OK {
			mark = "DIFFERS"
		}
		if _, err := fmt.Fprintf(w, "%-8s%-34s want %9d got %9d  %s\n", mark, c.Name, c.Want, c.Got, c.Detail); err != nil {
			return fmt.Errorf("demo: write the report: %w", err)
		}
	}
	for _, m := range r.Mismatches {
		if _, err := fmt.Fprintf(w, "%s, %s\n  want %s\n  got  %s\n", m.Check, m.Where, m.Want, m.Got); err != nil {
			return fmt.Errorf("demo: write the report: %w", err)
		}
	}
	_, err := fmt.Fprintf(w, "%d scans, %.0f/s at the busiest, p50 %.1f ms, p99 %.1f ms; agrees: %v\n",
		r.Scans, r.Speed.BusiestPerSecond, r.Speed.P50Millis, r.Speed.P99Millis, r.Agrees)
	if err != nil {
		return fmt.Errorf("demo: write the report: %w", err)
	}
	return nil
}

// ledger keeps the checks while a run goes on. It is safe for concurrent use.
type ledger struct {
	mu     sync.Mutex
	checks []Check
	index  map[string]int
	shown  []Mismatch
}

func newLedger() *ledger { return &ledger{index: map[string]int{}} }

// count adds to both sides of a check: what was expected and how much of it
// was found as expected.
func (l *ledger) count(name string, want, got int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.index[name]
	if !ok {
		i = len(l.checks)
		l.index[name] = i
		l.checks = append(l.checks, Check{Name: name})
	}
	l.checks[i].Want += int64(want)
	l.checks[i].Got += int64(got)
}

// agree counts one expectation that was met.
func (l *ledger) agree(name string) { l.count(name, 1, 1) }

// differ counts one expectation that was not met and keeps both sides.
func (l *ledger) differ(name, where, want, got string) {
	l.count(name, 1, 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.shown) < maxShown {
		l.shown = append(l.shown, Mismatch{name, where, cut(want), cut(got)})
	}
}

// same is agree or differ.
func (l *ledger) same(name, where, want, got string) bool {
	if want == got {
		l.agree(name)
		return true
	}
	l.differ(name, where, want, got)
	return false
}

// note keeps a word about a check.
func (l *ledger) note(name, detail string) {
	l.count(name, 0, 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checks[l.index[name]].Detail = detail
}

// close judges the checks.
func (l *ledger) close(r *Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Agrees = len(l.checks) > 0
	for i := range l.checks {
		c := &l.checks[i]
		c.OK = c.Want == c.Got
		r.Agrees = r.Agrees && c.OK
	}
	r.Checks, r.Mismatches = l.checks, l.shown
}

// cut shortens what only people read.
func cut(s string) string {
	const most = 600
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// stage times a part of the run.
func (r *Report) stage(name string, start time.Time) {
	r.Stages = append(r.Stages, Stage{name, time.Since(start).Seconds()})
}
