package checkpoint

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// auditPage is how many entries are read at once.
const auditPage = 500

// AuditRecords hands the entries with from <= seq < to in order to fn, as they are
// stored, the reason opened; it stops at fn's first error and returns it. It does not
// verify them. An entry that cannot be read has its number and nothing else. Errors
// beside fn's: ErrUnavailable.
func (s *Store) AuditRecords(ctx context.Context, from, to int64, fn func(*AuditRecord) error) error {
	if from < 1 {
		from = 1
	}
	for from < to {
		found, err := s.auditRange(ctx, from, to-1, auditPage)
		if err != nil {
			return err
		}
		for i := range found {
			if err := fn(&found[i].record); err != nil {
				return err
			}
		}
		if len(found) < auditPage {
			return nil
		}
		from = found[len(found)-1].place + 1
	}
	return nil
}

// storedAudit is an entry and the place where it lies, which is its number as
// long as nobody touched it.
type storedAudit struct {
	place  int64
	record AuditRecord
}

// auditRange reads at most n entries from first to last, both included.
func (s *Store) auditRange(ctx context.Context, first, last int64, n int64) ([]storedAudit, error) {
	id := func(seq int64) string { return strconv.FormatInt(seq, 10) }
	messages, err := s.rdb.XRangeN(ctx, s.keys.audit("log"), id(first), id(last), n).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	found := make([]storedAudit, 0, len(messages))
	for _, m := range messages {
		found = append(found, s.readAudit(m))
	}
	return found, nil
}

func (s *Store) readAudit(m redis.XMessage) storedAudit {
	number, _, _ := strings.Cut(m.ID, "-")
	place, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		place = math.MaxInt64 - 1 // no number of ours
	}
	text, _ := m.Values["r"].(string)
	record, err := decodeAudit([]byte(text))
	if err != nil {
		record = AuditRecord{AuditEntry: AuditEntry{Seq: place}}
	}
	if record.Sealed != nil && s.seal != nil {
		reason, err := s.seal.open(auditSeal, record.Sealed)
		if err != nil {
			reason = []byte(AuditUnreadable)
		}
		record.Reason = string(reason)
	}
	return storedAudit{place, record}
}

// AuditUnreadable stands for a reason that cannot be opened: it was changed, or
// written with another field key.
const AuditUnreadable = "(not readable)"

// AuditHead reads the number and hash of the last entry, 0 if there is none.
func (s *Store) AuditHead(ctx context.Context) (seq int64, hash AuditHash, err error) {
	values, err := s.rdb.HMGet(ctx, s.keys.audit("head"), "n", "h").Result()
	if err != nil {
		return 0, hash, unavailable(err)
	}
	number, _ := values[0].(string)
	text, _ := values[1].(string)
	if number == "" {
		return 0, hash, nil
	}
	if seq, err = strconv.ParseInt(number, 10, 64); err != nil || len(text) != len(hash) {
		return 0, hash, fmt.Errorf("checkpoint: the head of the audit is not in its form")
	}
	return seq, AuditHash([]byte(text)), nil
}

// AuditSince finds the number of the first entry written at a time (UTC ms) or
// later; one past the last if there is none. Entries are in the order of time
// as far as the gateways' clocks agree.
func (s *Store) AuditSince(ctx context.Context, at int64) (int64, error) {
	last, _, err := s.AuditHead(ctx)
	if err != nil {
		return 0, err
	}
	n := sort.Search(int(last), func(i int) bool {
		if err != nil {
			return true
		}
		var found []storedAudit
		if found, err = s.auditRange(ctx, int64(i)+1, last, 1); err != nil {
			return true
		}
		return len(found) == 0 || found[0].record.At >= at
	})
	return int64(n) + 1, err
}

// AuditReader reads the audit of a Redis without any secret: reasons stay
// sealed.
type AuditReader struct{ store *Store }

// NewAuditReader reads through a client, which stays the caller's, the keys
// with a prefix.
func NewAuditReader(client redis.UniversalClient, prefix string) *AuditReader {
	return &AuditReader{&Store{rdb: client, keys: keys{prefix}}}
}

// Cut is Store.AuditCut.
func (r *AuditReader) Cut(ctx context.Context) (cut *AuditHead, bad bool, err error) {
	return r.store.AuditCut(ctx)
}

// Records hands all entries in order to fn; see Store.AuditRecords.
func (r *AuditReader) Records(ctx context.Context, fn func(*AuditRecord) error) error {
	return r.store.AuditRecords(ctx, 1, math.MaxInt64, fn)
}
