package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

// The list is a pure function of the stream of revocations, the ring and the
// minute, so every gateway gives the same one under the same counter: the
// number of the minute, since 1970, of the newest batch in it. Nothing is kept
// but in memory.
const (
	// batchLength is the time of which revocations are published together.
	batchLength = time.Minute
	// batchGrace is how long after its minute a batch is closed, so that what
	// other gateways with other clocks are writing is in it.
	batchGrace = 5 * time.Second
	// batchRepeat is how long deltas repeat a batch: should an entry have come
	// even later, it reaches those who have the batch already.
	batchRepeat = 5 * time.Minute
	// batchSettled is when nothing more can come into a batch, and what has
	// expired of it is freed.
	batchSettled = 48 * time.Hour
	// VoidFor is longer than any pass of a revoked generation, or of somebody who
	// was confined, can be valid.
	VoidFor = passAhead + confinedFor + (codes.MaxPaperDays+1)*24*time.Hour
	// refreshEvery bounds how often Redis is asked for new revocations.
	refreshEvery = time.Second
	// revocationsRead is how many are read in one round trip.
	revocationsRead = 1000
	// signedKept is how many signed lists are kept for devices that ask alike.
	signedKept = 64
)

// revokedPasses is the memory of a gateway.
type revokedPasses struct {
	mu      sync.Mutex
	after   string // place in the stream
	readAt  time.Time
	readErr error
	minute  int64 // of the newest entry
	counter int64 // minute of the newest closed batch, also when it is freed
	batches []*revokedBatch
	freedAt time.Time
	confined

	signed map[uint64]string // by since, for one moment
	moment listMoment
}

// listMoment is what a signed list depends on besides since.
type listMoment struct {
	place          string
	minute, closed int64
}

// revokedBatch is what was revoked in one minute, or what is renewed then.
type revokedBatch struct {
	minute  int64
	renews  renewal
	entries []codes.Revoked // in the order of the stream
	padded  []codes.Revoked // among decoys, sorted; nil: to be made
	settled bool            // entries are freed
}

// end is when the minute was over.
func (b *revokedBatch) end() time.Time {
	return time.UnixMilli((b.minute + 1) * batchLength.Milliseconds())
}

// seed is what its decoys are made of: batches of one minute have different ones.
func (b *revokedBatch) seed() uint64 { return uint64(b.minute) | uint64(b.renews)<<62 } //nolint:gosec // minutes since 1970

// handleRevocations gives the signed list, whole or since a counter.
func (s *Server) handleRevocations(c *fiber.Ctx) error {
	since := uint64(0)
	if text := c.Query("since"); text != "" {
		var err error
		if since, err = strconv.ParseUint(text, 10, 53); err != nil {
			return invalid("since", "must be the counter of a list")
		}
	}
	list, err := s.revocationList(s.context(c), since)
	if err != nil {
		return err
	}
	if d := principalOf(c).Device; d != nil {
		s.noteList(d.Num)
	}
	c.Set(fiber.HeaderContentType, "application/jwt")
	return c.SendString(list)
}

// revocationList signs the list as it is now.
func (s *Server) revocationList(ctx context.Context, since uint64) (string, error) {
	r := &s.revoked
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := s.readRevocations(ctx, r); err != nil {
		return "", err
	}
	now := s.clock()
	s.renewUpTo(r, now.UnixMilli()/confinedSpan.Milliseconds(), now)
	closed := minuteOf(now.Add(-batchGrace).UnixMilli()) // batches before it are closed
	if moment := (listMoment{r.after, minuteOf(now.UnixMilli()), closed}); moment != r.moment || len(r.signed) >= signedKept {
		r.moment, r.signed = moment, map[uint64]string{}
	}
	if text, ok := r.signed[since]; ok {
		return text, nil
	}
	list, err := s.assemble(r, since, now, closed)
	if err != nil {
		return "", err
	}
	text, err := s.ring.SignList(list, now)
	if errors.Is(err, codes.ErrNoSigningKey) {
		return "", failure(codeUnavailable, "this gateway holds no key that may sign")
	}
	if err != nil {
		return "", fmt.Errorf("gateway: sign the revocation list: %w", err)
	}
	r.signed[since] = text
	return text, nil
}

// readRevocations takes up what is new in the stream. A failure is remembered
// for as long as an answer, so that those who wait do not wait one by one.
func (s *Server) readRevocations(ctx context.Context, r *revokedPasses) error {
	now := s.clock()
	if age := now.Sub(r.readAt); age >= 0 && age < refreshEvery {
		return r.readErr
	}
	r.readAt = now
	for {
		news, next, err := s.store.Revocations(ctx, r.after, revocationsRead)
		if r.readErr = err; err != nil {
			return err
		}
		for _, n := range news {
			s.addRevocation(r, n, now)
		}
		r.after = next
		if len(news) < revocationsRead {
			return nil
		}
	}
}

// addRevocation enumerates the passes that an entry of the stream is about. Those
// of a generation that ended were issued before it, at most passAhead before they
// start. A key made later signs none of them and is published longer than that
// before it signs, so a rotation does not change the outcome.
func (s *Server) addRevocation(r *revokedPasses, n checkpoint.Revocation, now time.Time) {
	at := time.UnixMilli(n.At)
	s.renewBefore(r, n.At, now)
	switch n.What {
	case checkpoint.ReleasesPerson:
		r.release(n.Person)
	case checkpoint.ConfinesPerson:
		r.confine(confinement{n.Person, n.Generation, n.At})
		s.addEntries(r, n.At, now, func() []codes.Revoked { return s.enumerateConfined(r, n.Person, n.Generation, at) })
	default:
		s.addEntries(r, n.At, now, func() []codes.Revoked {
			void := s.ring.Enumerate(n.Person, n.Generation, at, at.Add(passAhead))
			if r.raise(n.Person, n.Generation+1) { // they do not let pass either
				void = append(void, s.enumerateConfined(r, n.Person, n.Generation+1, at)...)
			}
			return void
		})
	}
}

// addEntries puts what was revoked at a time into the batch of its minute.
func (s *Server) addEntries(r *revokedPasses, at int64, now time.Time, entries func() []codes.Revoked) {
	r.minute = max(r.minute, minuteOf(at)) // clocks differ; the order of the stream counts
	if now.Sub(time.UnixMilli(at)) > VoidFor+batchSettled {
		r.counter = max(r.counter, r.minute)
		return
	}
	k := len(r.batches) - 1
	if k < 0 || r.batches[k].minute != r.minute || r.batches[k].settled {
		r.batches = append(r.batches, &revokedBatch{minute: r.minute})
		k++
	}
	batch := r.batches[k]
	batch.entries = append(batch.entries, entries()...)
	batch.padded = nil
}

// assemble puts the closed batches together, all or those after since.
func (s *Server) assemble(r *revokedPasses, since uint64, now time.Time, closed int64) (codes.RevocationList, error) {
	list := codes.RevocationList{}
	if err := s.pad(r, closed); err != nil {
		return list, err
	}
	r.free(now)
	list.Counter = uint64(r.counter) //nolint:gosec // minutes since 1970
	if since <= list.Counter {
		list.Since = since
	}
	for _, b := range slices.Concat(r.batches, r.renewals) {
		known := uint64(b.minute) <= list.Since //nolint:gosec // minutes since 1970
		if b.minute >= closed || known && now.Sub(b.end()) >= batchRepeat {
			continue
		}
		for _, e := range b.padded {
			if e.ExpiresAt > now.Unix() {
				list.IDs = append(list.IDs, e.ID)
			}
		}
	}
	return list, nil
}

// pad fills the closed batches up with decoys. All that ever was in a batch
// counts, expired or not, so that they come out the same whenever it is done.
func (s *Server) pad(r *revokedPasses, closed int64) error {
	for _, b := range slices.Concat(r.batches, r.renewals) {
		if b.minute >= closed {
			continue
		}
		r.counter = max(r.counter, b.minute)
		if b.padded != nil {
			continue
		}
		var err error
		if b.padded, err = codes.Pad(b.entries, s.decoys(b.seed())); err != nil {
			return fmt.Errorf("gateway: pad a batch of revocations: %w", err)
		}
	}
	return nil
}

// free forgets, once a minute, what has expired of settled batches.
func (r *revokedPasses) free(now time.Time) {
	if age := now.Sub(r.freedAt); age >= 0 && age < time.Minute {
		return
	}
	r.freedAt = now
	for _, b := range slices.Concat(r.batches, r.renewals) {
		if now.Sub(b.end()) < batchSettled {
			continue
		}
		b.settled, b.entries = true, nil
		b.padded = slices.Clone(slices.DeleteFunc(b.padded, func(e codes.Revoked) bool { return e.ExpiresAt <= now.Unix() }))
	}
	over := func(b *revokedBatch) bool { return b.settled && len(b.padded) == 0 }
	r.batches, r.renewals = slices.DeleteFunc(r.batches, over), slices.DeleteFunc(r.renewals, over)
}

func minuteOf(ms int64) int64 { return ms / batchLength.Milliseconds() }

// decoys is an endless source of bytes for one batch: the same at every gateway
// of the ring, and without the ring as good as chance. No site can have this
// code, so no device is ever given this key.
func (s *Server) decoys(batch uint64) *keyStream {
	return &keyStream{mac: hmac.New(sha256.New, s.ring.SiteKey("\x00decoys of the revocation list")), seed: batch}
}

// keyStream is HMAC-SHA256 in counter mode.
type keyStream struct {
	mac   hash.Hash
	seed  uint64
	block uint64
	rest  []byte
}

// Read fills p; it never fails.
func (k *keyStream) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		if len(k.rest) == 0 {
			k.mac.Reset()
			k.mac.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, k.seed), k.block))
			k.rest, k.block = k.mac.Sum(nil), k.block+1
		}
		took := copy(p[n:], k.rest)
		k.rest, n = k.rest[took:], n+took
	}
	return len(p), nil
}
