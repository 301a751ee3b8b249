package loadtest

import "time"

// Ledger is a file of every send and its outcome.
type Ledger struct{}

func (l *Ledger) add(s *Scan, o outcome, a *Answer, latency time.Duration) error { return nil }
