//go:build linux

package faults

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// key names a scan in every record: no two of the ledger have the same person
// and time, and none is sent under another.
type key struct {
	person string // ID as the API writes it
	at     int64  // occurred_at, UTC ms
}

// sent is one scan and all that came back for it.
type sent struct {
	key
	id     string
	device *device
	body   []byte
	acks   []ack
	hashes [][8]byte // of every identity under which it was sent: more than one in a control only
	over   bool      // it is not repeated any more
}

// ack is a 200: from now on the scan has to be on record, with this answer.
type ack struct {
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Degraded bool   `json:"degraded"`
	when     time.Time
}

// ledger is what the phones know.
type ledger struct {
	mu      sync.Mutex
	scans   []*sent
	counts  counts
	odd     []string // answers that no fault explains
	answers []time.Time
	begun   time.Time
}

// counts are what the clients saw, by sending.
type counts struct {
	online   int // 200
	degraded int // 200, answered without Redis
	busy     int // 5xx or 429: send it again
	clock    int // 422: the clocks differ
	cut      int // sent, but the answer did not come
	refused  int // no connection
}

// hashOf is the name of a scan in the records.
func hashOf(device uint32, id string) (h [8]byte) {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint32(nil, device), id...))
	copy(h[:], sum[:])
	return h
}

func (l *ledger) add(s *sent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.scans = append(l.scans, s)
}

// scanBody is a scan on the wire.
type scanBody struct {
	ID          string  `json:"id"`
	OccurredAt  string  `json:"occurred_at"`
	Pass        string  `json:"pass,omitempty"`
	Resident    string  `json:"resident,omitempty"`
	Direction   string  `json:"direction"`
	Temperature float64 `json:"temperature"`
	Method      string  `json:"temperature_method"`
}

func (b scanBody) bytes() []byte {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // made of strings and numbers
	}
	return text
}

// acknowledge notes a 200.
func (l *ledger) acknowledge(s *sent, a ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.when = time.Now()
	if a.Degraded {
		l.counts.degraded++
	} else {
		l.counts.online++
	}
	l.answers = append(l.answers, a.when)
	s.acks = append(s.acks, a)
}

func (l *ledger) count(what func(*counts)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what(&l.counts)
}

// strange notes an answer that no fault explains.
func (l *ledger) strange(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.odd) < 5 {
		l.odd = append(l.odd, what)
	}
}

// seen is what the clients saw; what is odd is added to odd.
func (l *ledger) seen(odd []string) (counts, []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts, append(odd, l.odd...)
}

// longestGap is the longest time in which no client got an answer.
func (l *ledger) longestGap() (gap time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortFunc(l.answers, time.Time.Compare)
	last := l.begun
	for _, t := range l.answers {
		gap, last = max(gap, t.Sub(last)), t
	}
	return gap
}

// firstOnline is when the first answer from Redis came after a time.
func (l *ledger) firstOnline(after time.Time) (at time.Time, some bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.scans {
		for _, a := range s.acks {
			if !a.Degraded && a.when.After(after) && (!some || a.when.Before(at)) {
				at, some = a.when, true
			}
		}
	}
	return at, some
}

// waiting is how many scans are still being repeated.
func (l *ledger) waiting() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.scans {
		if !s.over {
			n++
		}
	}
	return n
}
