package loadtest

import (
	"context"
	"time"
)

// Scan is one scan, ready to be sent.
type Scan struct {
	Device     int      // index of the device that sends it
	Person     uint64   // whom it names, as far as the sender knows; 0: nobody
	ID         string   // the scan's own, at most 64 bytes
	OccurredAt int64    // UTC ms
	Direction  string   // in or out
	Kind       string   // what is unusual about it: regular, forged, expired, late, double, ...
	Batch      bool     // Body is a batch of this one scan, for POST /v1/scans/batch
	Want       []string // reasons that are right for it; none: any
	Body       []byte   // JSON
}

// Source gives the scans of a run. It is safe for concurrent use and never
// waits.
type Source interface {
	// Next gives the scan that is due then: it occurred at that time. Nobody
	// changes it any more.
	Next(due time.Time) *Scan
}

// Answer is what became of one sending.
type Answer struct {
	Status     int    // of HTTP; 0 without an answer
	Decision   string // of a 200
	Reason     string // of a 200, or the code of a problem
	Person     uint64 // whom the server found; 0: nobody
	Duplicate  bool   // it was on record already
	Degraded   bool   // decided without Redis
	RetryAfter time.Duration
	Err        error // why there is no answer
}

// Target is what scans are sent to. It is safe for concurrent use.
type Target interface {
	// Send sends a scan once and waits for the answer, for a bounded time.
	Send(ctx context.Context, s *Scan) Answer
}
