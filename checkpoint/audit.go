package checkpoint

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"
)

// AuditEntry says who did or asked what, when and on what ground. A text has at
// most 1024 bytes; what is longer is cut off.
type AuditEntry struct {
	Seq     int64  // place in the log, from 1; set when it is written
	At      int64  // UTC ms, set when it is written
	Actor   string // login; "passgate" for the program itself
	Role    string
	Action  string // a route ("GET /v1/fevers/:id"), or what the program did
	Case    string // code of the tracing case, "" without
	Reason  string // in the actor's words, "" without
	Subject string // ID of the person, gate, site or case; never a name
	Detail  string // the query: window, hops
	Outcome string // answered, streaming, streamed, cut, or the code of the refusal
	Request string // ID of the request
	Rows    int64  // rows of the answer, -1: not known yet
}

// The audit is one chain for all gateways: each entry carries the hash of the
// one before, so whoever adds one has to know the head. A gateway writes the
// entries of all its callers that wait in one script call, which compares the
// head; if another gateway was faster, it chains them anew to the head it is
// told and tries again, and the other one pauses for it.

const (
	maxAuditWaiting = 4096 // callers; one more is told ErrUnavailable at once
	maxAuditGroup   = 256  // entries of one script call
	// auditYield is how long a gateway lets another one go first: some round
	// trips.
	auditYield   = 2 * time.Millisecond
	auditTimeout = 2 * ClientTimeout // for a group, all tries together
)

// auditDesk is where the callers of one process wait for their entries.
type auditDesk struct {
	writer uint64        // names the process in its entries
	turn   chan struct{} // held by the caller who writes for all

	mu      sync.Mutex
	waiting []*auditWait
	head    auditPoint // the last that this process knows of
	yield   bool       // another gateway waits for its turn
	stats   AuditStats
}

// auditPoint is a place in the chain.
type auditPoint struct {
	seq  int64
	hash AuditHash
}

// auditWait is one entry that waits to be written.
type auditWait struct {
	record AuditRecord
	about  []string      // keys of whom it is about
	done   chan struct{} // closed when err is set
	err    error
}

// AuditStats are figures of the audit as this process knows it.
type AuditStats struct {
	Head   int64 // number of the last entry known
	Failed int64 // entries that could not be written
	// Broken counts how often the chain in Redis was not the one that this
	// process knew; Cause says how the last time.
	Broken int64
	Cause  string
}

func newAuditDesk() *auditDesk {
	var random [8]byte
	rand.Read(random[:]) //nolint:errcheck // never fails, says crypto/rand
	return &auditDesk{writer: binary.BigEndian.Uint64(random[:]), turn: make(chan struct{}, 1)}
}

// Audit puts an entry on record and gives its place in the chain. It returns
// when the entry is written, before anything that it is about may be handed
// out. Errors: ErrUnavailable; the entry may be on record even so.
func (s *Store) Audit(ctx context.Context, e AuditEntry) (seq int64, err error) {
	return s.AuditAbout(ctx, e, About{})
}

// AuditAbout is Audit, and lets Readers find the entry by whom it is about.
func (s *Store) AuditAbout(ctx context.Context, e AuditEntry, about About) (seq int64, err error) {
	w := &auditWait{record: AuditRecord{AuditEntry: e, Writer: s.audit.writer}, about: s.aboutKeys(about), done: make(chan struct{})}
	cleanAudit(&w.record)
	if w.record.Reason != "" {
		w.record.Sealed = s.seal.seal(auditSeal, []byte(w.record.Reason))
	}
	if !s.audit.join(w) {
		return 0, fmt.Errorf("%w: too many entries wait for the audit", ErrUnavailable)
	}
	for {
		select {
		case <-w.done:
			return w.record.Seq, w.err
		case s.audit.turn <- struct{}{}:
			s.writeAudit(ctx)
			<-s.audit.turn
		case <-ctx.Done():
			s.audit.leave(w)
			return 0, fmt.Errorf("%w: the audit: %w", ErrUnavailable, ctx.Err())
		}
	}
}

// auditSeal keeps sealed reasons apart from other records.
const auditSeal = 0xA << 32

// join lets an entry wait; false if too many do.
func (d *auditDesk) join(w *auditWait) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) >= maxAuditWaiting {
		d.stats.Failed++
		return false
	}
	d.waiting = append(d.waiting, w)
	return true
}

// leave takes an entry out that is not being written yet.
func (d *auditDesk) leave(w *auditWait) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Failed++
	if i := slices.Index(d.waiting, w); i >= 0 {
		d.waiting = slices.Delete(d.waiting, i, i+1)
	}
}

// writeAudit writes for all who wait. The caller has the turn. The writing does
// not end with the caller's request: the others' depend on it.
func (s *Store) writeAudit(ctx context.Context) {
	d := s.audit
	d.mu.Lock()
	n := min(len(d.waiting), maxAuditGroup)
	group := slices.Clone(d.waiting[:n])
	d.waiting = slices.Delete(d.waiting, 0, n)
	d.mu.Unlock()
	if n == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	err := s.appendAudit(ctx, group)
	d.mu.Lock()
	if err != nil {
		d.stats.Failed += int64(n)
	}
	yield := d.yield
	d.yield = false
	d.mu.Unlock()
	for _, w := range group {
		w.err = err
		close(w.done)
	}
	if yield {
		time.Sleep(auditYield)
	}
}

// appendAudit chains a group to the head and writes it, again if another
// gateway was faster, and again with the same bytes if no answer came.
func (s *Store) appendAudit(ctx context.Context, group []*auditWait) error {
	keys, about := []string{s.keys.audit("head"), s.keys.audit("log")}, []byte(nil)
	for i, w := range group {
		for _, key := range w.about {
			keys, about = append(keys, key), binary.BigEndian.AppendUint16(about, uint16(i+1)) //nolint:gosec // at most maxAuditGroup
		}
	}
	head, lost := s.audit.known(), 0
	args := s.chain(head, about, group)
	for {
		reply, err := s.run(ctx, s.rdb, auditScript, keys, args...)
		if err != nil {
			if lost++; lost == 3 || ctx.Err() != nil {
				return err
			}
			continue
		}
		other, waits, err := readAuditReply(reply)
		if err != nil {
			return err
		}
		if other == nil {
			last := &group[len(group)-1].record
			s.audit.advance(auditPoint{last.Seq, last.Hash}, waits)
			return nil
		}
		s.audit.compare(head, other)
		head = other.auditPoint
		args = s.chain(head, about, group)
	}
}

// chain numbers and hashes a group after a head and gives the script's ARGV.
func (s *Store) chain(head auditPoint, about []byte, group []*auditWait) []any {
	args := make([]any, 0, 5+len(group))
	args = append(args, head.seq, string(head.hash[:]), s.audit.writer, about, maxReaders)
	at := s.now()
	for _, w := range group {
		r := &w.record
		r.Seq, r.Prev, r.At = head.seq+1, head.hash, at
		args = append(args, r.encode())
		head = auditPoint{r.Seq, r.Hash}
	}
	return args
}

// readAuditReply reads the script's reply: the group is written, and whether
// another gateway waits; or the head is another one.
func readAuditReply(reply any) (other *otherHead, waits bool, err error) {
	values, _ := reply.([]any)
	switch {
	case len(values) == 1:
		return nil, values[0] == int64(2), nil
	case len(values) != 4:
		return nil, false, fmt.Errorf("checkpoint: audit script: unexpected reply of %d values", len(values))
	}
	other = &otherHead{}
	other.seq, _ = values[1].(int64)
	hash, _ := values[2].(string)
	known, _ := values[3].(string)
	copy(other.hash[:], hash)
	copy(other.known[:], known)
	return other, false, nil
}

// otherHead is the script's answer that the head is not the expected one.
type otherHead struct {
	auditPoint
	known AuditHash // what stands where the expected head stood, zero if nothing
}

// known is the last head that this process knows of.
func (d *auditDesk) known() auditPoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.head
}

// advance takes note of the head. Where another gateway waits, who has the turn
// keeps it a little, so that the other's try is not in vain again.
func (d *auditDesk) advance(head auditPoint, waits bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.head, d.stats.Head, d.yield = head, head.seq, waits
}

// compare takes note if the chain does not go on from where it was.
func (d *auditDesk) compare(known auditPoint, now *otherHead) {
	d.advance(now.auditPoint, false)
	switch {
	case known.seq == 0:
	case now.seq < known.seq:
		d.broke(fmt.Sprintf("the chain ends at entry %d, it was at entry %d: entries were taken away", now.seq, known.seq))
	case now.known != known.hash:
		d.broke(fmt.Sprintf("entry %d is not the one that was there before: the chain was written anew", known.seq))
	}
}

// broke takes note that the chain is not the one that was known.
func (d *auditDesk) broke(cause string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Broken++
	d.stats.Cause = cause
}

// AuditStats are the figures of now.
func (s *Store) AuditStats() AuditStats {
	s.audit.mu.Lock()
	defer s.audit.mu.Unlock()
	return s.audit.stats
}
