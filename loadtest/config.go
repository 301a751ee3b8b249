package loadtest

import "time"

// Device is a phone at a gate: its code and its gate's as the API shows them, and
// the secret with which it sends.
type Device struct {
	Code  string `json:"code"`
	Gate  string `json:"gate"`
	Token string `json:"token"`
}

// Config says what a run does.
type Config struct {
	Target Target
	Source Source
	Pacer  Pacer
	// Workers is how many scans can be under way at once: one connection each.
	// 0 means 256.
	Workers int
	// Patience is how long a device waits for an answer, and the least latency
	// that is counted for a scan without one. 0 means 10 s.
	Patience time.Duration
	// Start is when send 0 is due; zero means as soon as all is ready.
	Start time.Time
	// Share and Of divide the sends among processes: this one makes those whose
	// number modulo Of is Share. Of 0 means that it makes all.
	Share, Of int
	// Retries is how often a scan that was not answered, or shed, is sent again
	// with the same identity, after the pause that the server asked for. Its
	// latency goes on from the time it was due.
	Retries int
	// Ledger gets every send and its outcome, if it is not nil.
	Ledger *Ledger
	// Observe, if not nil, is called once a second for what the server's
	// processes used in it.
	Observe func() Readings
	// Progress, if not nil, is called once a second with the second that ended.
	Progress func(Second)
}
