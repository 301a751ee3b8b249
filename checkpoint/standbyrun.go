package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"passgate/checkpoint/journal"
)

const (
	standbyProbe = 100 * time.Millisecond // between two looks at whether Redis is back
	standbySend  = 200                    // entries of a partition that are recorded between two notes of it
	standbyOnce  = 5000                   // entries of a partition in one go
)

// Run keeps the copy up to date, records what the journal owes when Redis is
// back and forgets what is older than the window, until ctx ends.
func (b *Standby) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, work := range []func(context.Context){b.followCopy, b.lookForRedis, b.settleDebts} {
		wg.Go(func() { work(ctx) })
	}
	if b.watch != nil {
		wg.Go(func() { b.watch.Run(ctx) })
	}
	wg.Wait()
}

// followCopy keeps the copy complete: it takes in what has changed and reads one
// partition anew, one that has missed changes at once, else the longest unread.
func (b *Standby) followCopy(ctx context.Context) {
	var whole time.Time // when a partition was last read anew
	failing := false
	for ctx.Err() == nil {
		b.copying.Lock()
		err := b.s.follow(ctx, b.copy)
		part, missed := b.copy.stalest(time.Now(), func(part int) bool { return b.down[part].Load() })
		if missed || time.Since(whole) > snapshotWhole && part >= 0 {
			whole = time.Now()
			err = errors.Join(err, b.s.refill(ctx, b.copy, part))
		}
		b.copying.Unlock()
		if err != nil && ctx.Err() == nil && !failing {
			b.cfg.Logger.Warn("the copy of the people cannot be kept up to date", "error", err)
		}
		failing = err != nil
		if !missed || failing {
			Sleep(ctx, snapshotPoll)
		}
	}
}

// lookForRedis looks whether Redis is back where it was lost.
func (b *Standby) lookForRedis(ctx context.Context) {
	for ctx.Err() == nil {
		b.probe(ctx)
		Sleep(ctx, standbyProbe)
	}
}

// settleDebts records what is owed.
func (b *Standby) settleDebts(ctx context.Context) {
	var forgot time.Time
	for ctx.Err() == nil {
		b.Settle(ctx)
		if now := time.Now(); now.Sub(forgot) > time.Second {
			forgot = now
			b.forget()
		}
		Sleep(ctx, standbyProbe)
	}
}

// forget drops what no change of a master can ask for any more, and what was set
// aside and is past retention.
func (b *Standby) forget() {
	err := b.journal.ForgetAside(b.s.now() - b.s.retention.Milliseconds())
	if b.watch != nil {
		if needed := b.watch.Needed(); !needed.IsZero() {
			err = errors.Join(err, b.journal.Forget(min(b.s.now()-b.cfg.Window.Milliseconds(), needed.UnixMilli())))
		}
	}
	if err != nil {
		b.cfg.Logger.Error("the journal cannot forget what is past its time", "error", err)
	}
}

// masterChanged sends again what the new masters of some partitions may not have,
// and reads the copy of these anew.
func (b *Standby) masterChanged(ctx context.Context, parts []int, since time.Time) (done []int, _ error) {
	sent, done, err := b.Resend(ctx, parts, since.Add(-b.cfg.Window).UnixMilli())
	if err == nil || len(done) > 0 {
		b.cfg.Logger.Warn("answered scans were sent again to new masters", "partitions", len(done), "scans", sent)
	}
	b.copying.Lock()
	defer b.copying.Unlock()
	for _, part := range done {
		b.copy.distrust(part) // is read anew
	}
	return done, err
}

// probe writes where Redis was lost: a server that only reads (full, out of
// memory, a replica) is not back.
func (b *Standby) probe(ctx context.Context) {
	lost := b.lost()
	if len(lost) == 0 {
		return
	}
	var wg sync.WaitGroup
	for _, p := range lost {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, ClientTimeout)
			defer cancel()
			if b.s.rdb.HSet(ctx, b.s.keys.partition(p), "seen", b.s.now()).Err() == nil {
				b.down[p].Store(false)
			}
		})
	}
	wg.Wait()
	if len(b.lost()) == 0 {
		b.cfg.Logger.Info("Redis answers again", "owed", b.journal.OwedCount())
	}
}

// Settle records what the journal owes to the parts that Redis answers for, in
// the order in which it was told, each partition on its own: some thousand of each, so
// that a queue that has come back does not wait for the longest. One call at a time.
func (b *Standby) Settle(ctx context.Context) {
	if b.s.Outdated() != nil { // it is for the newer program, which finds the journal
		return
	}
	var wg sync.WaitGroup
	for _, queue := range b.journal.OwedPartitions() {
		if queue >= Partitions || !b.down[queue].Load() {
			wg.Go(func() {
				if err := b.pay(ctx, queue); err != nil && ctx.Err() == nil {
					b.cfg.Logger.Warn("what gates were told waits to be recorded", "partition", queue, "error", err)
				}
			})
		}
	}
	wg.Wait()
}

// payRound is how far one queue was worked through, oldest first, by calls of pay.
type payRound struct {
	after   uint64          // sequence
	waiting map[uint64]bool // owners of whom an entry before that has to wait
}

// pay records what is owed to one partition, from where the last call ended: entries
// that have to wait, however many, keep nobody else's back.
func (b *Standby) pay(ctx context.Context, queue int) error {
	round := b.rounds[queue]
	b.rounds[queue] = payRound{} // from the beginning again, unless it goes on below
	if round.waiting == nil {
		round.waiting = map[uint64]bool{}
	}
	for range b.once / standbySend {
		entries, err := b.journal.Owed(queue, round.after, standbySend)
		if err != nil || len(entries) == 0 {
			return err
		}
		round.after = entries[len(entries)-1].Seq
		if err := b.payAll(ctx, queue, entries, round.waiting); err != nil {
			return err
		}
	}
	b.rounds[queue] = round
	return nil
}

// payAll records some entries. One that has to wait makes the others of its owner
// wait, too, and nobody else.
func (b *Standby) payAll(ctx context.Context, queue int, entries []journal.Entry, waiting map[uint64]bool) (err error) {
	var done []uint64
	var owners []uint64
	for _, e := range entries {
		var entry journalEntry
		if bad := json.Unmarshal(e.Value, &entry); bad != nil {
			if err = b.setAside(e, fmt.Errorf("cannot be read: %w", bad)); err != nil {
				break
			}
			continue
		}
		if entry.Owner != 0 && waiting[entry.Owner] {
			continue
		}
		var later bool
		if later, err = b.payOne(ctx, queue, e, &entry); err != nil {
			break
		}
		if later {
			waiting[entry.Owner] = true
			continue
		}
		done, owners = append(done, e.Seq), append(owners, entry.Owner)
	}
	if len(done) == 0 {
		return err
	}
	if lost := b.journal.Paid(done...); lost != nil { // they are sent again: harmless
		return errors.Join(err, lost)
	}
	for _, owner := range owners {
		b.owing.remove(owner)
	}
	return err
}

// stuckTries is how often an entry that Redis answers with a mistake is tried
// before it is set aside: an hour or more.
const stuckTries = 36_000

// payOne records one entry, or sets it aside if it never can be. An error ends the
// round for the whole queue; later, that this one has to wait.
func (b *Standby) payOne(ctx context.Context, queue int, e journal.Entry, entry *journalEntry) (later bool, err error) {
	res, err := b.s.take(ctx, entry.Request, entry.Refused)
	var field *FieldError
	switch {
	case err == nil:
		b.stuck.forget(e.Seq)
		b.paid.Add(1)
		b.remember(&entry.Request, &res)
		b.keepIn(&entry.Request, entry.Refused, &res)
		return false, nil
	case ctx.Err() != nil:
		return true, ctx.Err()
	case errors.Is(err, ErrUnavailable) && away(err):
		if queue < Partitions && entry.Request.WalkIn == nil { // others may be kept from other slots
			b.lose(queue, err)
			return true, err
		}
		return true, nil
	case errors.As(err, &field), errors.Is(err, ErrOtherContent), errors.Is(err, ErrCrowded), errors.Is(err, ErrNotFound):
		return false, b.setAside(e, err)
	}
	tries := b.stuck.again(e.Seq)
	if tries == 1 {
		b.cfg.Logger.Error("an answered scan cannot be recorded so far", "entry", e.Seq, "error", err)
	}
	if tries < stuckTries {
		return true, nil
	}
	b.stuck.forget(e.Seq)
	return false, b.setAside(e, err)
}

func (b *Standby) setAside(e journal.Entry, why error) error {
	b.cfg.Logger.Error("an answered scan cannot be recorded and is set aside in the journal", "entry", e.Seq, "error", why)
	b.aside.Add(1)
	return b.journal.SetAside(e.Seq, why.Error())
}

// keep remembers an answer that Redis has recorded, for repeats while it is away
// and, for the window, in the journal.
func (b *Standby) keep(req *ScanRequest, refused Reason, res *ScanResult) {
	b.remember(req, res)
	if !res.Duplicate || b.inWindow(res.RecordedAt) {
		b.keepIn(req, refused, res)
	}
}

// inWindow tells that what was recorded at a time (UTC ms) may be lost with a master.
func (b *Standby) inWindow(recorded int64) bool {
	return recorded >= b.s.now()-b.cfg.Window.Milliseconds()
}

func (b *Standby) remember(req *ScanRequest, res *ScanResult) {
	b.told.put(scanHash(req.Device, req.ID), req.OccurredAt, res)
}

// keepIn keeps an answer in the journal for the window.
func (b *Standby) keepIn(req *ScanRequest, refused Reason, res *ScanResult) {
	entry := journalEntry{Request: *req, Refused: refused}
	entry.tell(res)
	b.keepEntry(queueOf(res), &entry)
}

func (b *Standby) keepEntry(queue int, entry *journalEntry) {
	if b.cfg.Window == 0 {
		return
	}
	if err := b.journal.Keep(queue, entry.encode()); err != nil {
		b.cfg.Logger.Warn("an answered scan is not in the journal: it is lost if a master is lost now", "error", err)
	}
}

// recall takes up what an earlier run of this gateway left owed, so that the
// people concerned are judged here until it is recorded.
func (b *Standby) recall() error {
	for _, part := range b.journal.OwedPartitions() {
		for after := uint64(0); ; {
			entries, err := b.journal.Owed(part, after, standbySend)
			if err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			if len(entries) == 0 {
				break
			}
			for _, e := range entries {
				after = e.Seq
				b.recallOne(e)
			}
		}
	}
	return nil
}

func (b *Standby) recallOne(e journal.Entry) {
	var entry journalEntry
	if json.Unmarshal(e.Value, &entry) != nil {
		return // is set aside when its turn comes
	}
	b.owing.add(entry.Owner)
	c, err := b.s.prepareScan(&entry.Request)
	if err != nil {
		return
	}
	told := entry.Request.Told
	res := ScanResult{
		Outcome:    Outcome{told.Decision, told.Reason, told.Action, c.flags},
		OccurredAt: entry.Request.OccurredAt, RecordedAt: entry.Request.Journaled,
	}
	if entry.Owner == 0 || entry.Refused != ReasonOK {
		b.told.put(c.event.Hash, entry.Request.OccurredAt, &res)
		return
	}
	c, owner, err := b.resolve(c, entry.Request)
	if err != nil {
		return
	}
	state := b.owing.state(owner)
	state.base = b.copy.person(owner)
	if _, err := b.judge.run(c.keys(b.s.keys), c.args(), state); err == nil {
		b.owing.put(owner, state)
	}
}
