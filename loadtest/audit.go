package loadtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"time"
)

// Audit is what holding ledgers against the server's records came to, in scans:
// sendings of one identity are one.
type Audit struct {
	Scans        int64    `json:"scans"`
	Acknowledged int64    `json:"acknowledged"` // every one of them was looked up
	Lost         int64    `json:"lost"`         // acknowledged, but not in the trail or not in the window
	Doubled      int64    `json:"doubled"`      // on record more often than it was sent
	Changed      int64    `json:"changed"`      // on record, or answered again, with another decision or reason
	Half         int64    `json:"half"`         // not acknowledged, and in one of trail and window only
	Unanswered   int64    `json:"unanswered"`   // not acknowledged
	Kept         int64    `json:"kept"`         // of those, on record all the same
	Strange      int64    `json:"strange"`      // records of these devices and times that nothing sent explains
	Nobody       int64    `json:"nobody"`       // acknowledged refusals that name nobody: looked up among the gate's refusals
	Unkept       int64    `json:"unkept"`       // of those, not there, and past what a device may have kept in a minute
	Gates        int64    `json:"gates"`        // windows read
	People       int64    `json:"people"`       // trails read
	Seconds      float64  `json:"seconds"`
	Examples     []string `json:"examples,omitempty"` // the first few of what is wrong
}

// Clean tells that nothing is wrong.
func (a *Audit) Clean() bool { return a.Lost+a.Doubled+a.Changed+a.Half+a.Strange == 0 }

// fault is what is wrong with a scan.
type fault byte

const (
	faultLost fault = 1 << iota
	faultDoubled
	faultChanged
	faultHalf
)

// AuditConfig says what is held against what.
type AuditConfig struct {
	URL     string // of a server, whichever of those that took the scans
	Token   string // session of an administrator
	Devices []Device
	Ledgers []string // files
	Dir     string   // a folder for files of about the ledgers' size; the system's if empty
	// Patience is how long a scan may take to appear in every index, from the
	// start of the audit. 0 means 30 s.
	Patience time.Duration
	Progress func(stage string, done, total int)
}

const (
	settleWithin = 30 * time.Second
	askAgain     = 500 * time.Millisecond
	askers       = 8 // questions at once
	mostExamples = 10
)

// RunAudit looks up every scan of the ledgers, over the API. Memory does not grow
// with their number, but for the scans of one gate and of one person.
func RunAudit(ctx context.Context, c AuditConfig) (_ *Audit, err error) {
	if c.Patience == 0 {
		c.Patience = settleWithin
	}
	if c.Progress == nil {
		c.Progress = func(string, int, int) {}
	}
	dir, err := os.MkdirTemp(c.Dir, "loadtest-audit-")
	if err != nil {
		return nil, fmt.Errorf("loadtest: audit: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	begun := time.Now()
	a := &audit{AuditConfig: c, deadline: begun.Add(c.Patience), numbers: map[string]uint32{}, from: math.MaxInt64}
	for i, d := range c.Devices {
		a.numbers[d.Code] = uint32(i) // #nosec G115 -- an index
	}
	var scans int64
	for _, path := range c.Ledgers {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("loadtest: audit: %w", err)
		}
		scans += info.Size() / recordSize
	}
	byGate, err := newBuckets(dir, "gate", scans)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, byGate.close()) }()
	byPerson, err := newBuckets(dir, "person", scans)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, byPerson.close()) }()
	if err := a.sort(byGate); err != nil || a.until == 0 {
		return &a.Audit, err
	}
	if a.desk, err = openDesk(ctx, c.URL, c.Token); err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deskTimeout)
		defer cancel()
		err = errors.Join(err, a.desk.close(ctx))
	}()
	if err := a.windows(ctx, byGate, byPerson); err != nil {
		return nil, err
	}
	if err := a.trails(ctx, byPerson); err != nil {
		return nil, err
	}
	a.Seconds = time.Since(begun).Seconds()
	return &a.Audit, nil
}

// audit is an audit under way.
type audit struct {
	AuditConfig
	desk        *desk
	deadline    time.Time // by which everything has to be in every index
	numbers     map[string]uint32
	words       vocabulary
	from, until int64 // first and last occurred_at, UTC ms

	mu sync.Mutex // of what follows, and of the buckets that are written
	Audit
}

// sort divides the ledgers by gate.
func (a *audit) sort(byGate *buckets) error {
	for i, path := range a.Ledgers {
		err := readLedger(path, &a.words, func(e *entry) error {
			if int(e.device) >= len(a.Devices) {
				return fmt.Errorf("loadtest: audit: %s has a scan of device %d, there are %d", path, e.device, len(a.Devices))
			}
			a.from, a.until = min(a.from, e.at), max(a.until, e.at)
			return byGate.put(hashOf(a.Devices[e.device].Gate), e)
		})
		if err != nil {
			return err
		}
		a.Progress("ledger", i+1, len(a.Ledgers))
	}
	return nil
}

// eachBucket reads the buckets one after the other.
func (a *audit) eachBucket(stage string, b *buckets, do func([]entry) error) error {
	for i := range b.files {
		entries, err := b.read(i)
		if err != nil {
			return err
		}
		if err := do(entries); err != nil {
			return err
		}
		a.Progress(stage, i+1, len(b.files))
	}
	return nil
}

// conclude counts an entry of which everything is known.
func (a *audit) conclude(e *entry) {
	for f, n := range map[fault]*int64{faultLost: &a.Lost, faultDoubled: &a.Doubled, faultChanged: &a.Changed, faultHalf: &a.Half} {
		*n += bit(e.faults&f != 0)
	}
	a.Scans++
	if e.outcome == acknowledged {
		a.Acknowledged++
		a.Nobody += bit(e.person == 0)
		return
	}
	a.Unanswered++
	a.Kept += bit(e.inGate > 0)
}

// example keeps what is wrong, as long as there are few.
func (a *audit) example(format string, args ...any) {
	if len(a.Examples) < mostExamples {
		a.Examples = append(a.Examples, fmt.Sprintf(format, args...))
	}
}

// explain names a scan and what is wrong with it.
func (a *audit) explain(e *entry, where, what string) {
	a.example("%s: %s scan of %s by %s at %s: %s", where, a.words.words[e.kind], formatPerson(e.person), a.Devices[e.device].Code,
		time.UnixMilli(e.at).UTC().Format(wireTime), what)
}
