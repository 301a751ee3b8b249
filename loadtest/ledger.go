package loadtest

// Ledger is a file of every send and its outcome.
type Ledger struct{}
