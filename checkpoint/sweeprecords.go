package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// sweepBatch is how many entries of a log, cases or devices are looked at in one
// round trip.
const sweepBatch = 500

// SweepArchive destroys the days of the archive that are over. Days of which
// evidence is left are looked at again. A day that fails keeps no other from
// being destroyed. Errors: ErrUnavailable, those of the archive.
func (w *Sweeper) SweepArchive(ctx context.Context) error {
	held, err := w.store.evidence(ctx)
	if err != nil {
		return err
	}
	keep := func(e *ScanEvent) bool { return held[e.Person] }
	var failed error
	destroyed := int64(0)
	for _, day := range w.archive.Days() {
		if day >= dayOf(w.store.oldestKept()) || ctx.Err() != nil {
			break
		}
		if err := w.archive.Destroy(ctx, day, keep); err != nil {
			failed = errors.Join(failed, fmt.Errorf("archive of %s: %w", Day(day), err))
			continue
		}
		destroyed++
	}
	if failed == nil {
		w.archiveAt = w.store.now()
	}
	w.observe(map[string]int64{"archive days": destroyed})
	return failed
}

// sweepLogs deletes old entries of the logs, as far as they are projected and, if
// some process archives them, archived. Whole logs are read when a day has passed, since scans that were
// late lie anywhere in them; their bytes go with the block of the log in which
// they lie, when the log is trimmed.
func (r *sweepRun) sweepLogs(ctx context.Context) error {
	if !r.moved {
		return nil
	}
	for part := range Partitions {
		fields, err := r.s.rdb.HMGet(ctx, r.s.keys.partition(part), "cur", "ac").Result() // see cutlog.lua
		if err != nil {
			return unavailable(err)
		}
		upTo, _ := fields[0].(string)
		if archived, _ := fields[1].(string); archived != "" || r.w.archive != nil {
			upTo = slices.MinFunc([]string{upTo, archived}, CompareLogEntries) // "" if one has nothing
		}
		if err := r.sweepLog(ctx, part, upTo); err != nil {
			return err
		}
	}
	return nil
}

// sweepLog deletes what is old up to an entry of one log, "" for none.
func (r *sweepRun) sweepLog(ctx context.Context, part int, upTo string) error {
	log := r.s.keys.log(part)
	for after := "-"; upTo != ""; {
		began := time.Now()
		entries, err := r.s.rdb.XRangeN(ctx, log, after, upTo, sweepBatch).Result()
		if err != nil {
			return unavailable(err)
		}
		var old []string
		for i := range entries {
			text, _ := entries[i].Values["e"].(string)
			if len(text) < logHead || time6([]byte(text[8:logHead])) >= r.KeptFrom || r.held[fromRaw(text)] {
				continue // nobody knows of a damaged one how old it is; the archiver names and trims it
			}
			old = append(old, entries[i].ID)
		}
		if len(old) > 0 {
			n, err := r.s.rdb.XDel(ctx, log, old...).Result()
			if err == nil { // of the entries that an archive has this many are not in the log any more
				err = r.s.rdb.HIncrBy(ctx, r.s.keys.partition(part), "tn", n).Err()
			}
			if err != nil {
				return unavailable(err)
			}
			r.removed("log", n)
		}
		if err := r.rest(ctx, began); err != nil || len(entries) < sweepBatch {
			return err
		}
		after = "(" + entries[len(entries)-1].ID
	}
	return nil
}

// sweepPermits takes permits and exemptions away that ended before retention.
func (r *sweepRun) sweepPermits(ctx context.Context) error {
	for part := range Partitions {
		person := uint64(part) << 58 // any of the partition
		for again := true; again; {
			began := time.Now()
			reply, err := r.s.run(ctx, r.s.rdb, permitScript, r.s.permitKeys(person), "sweep", r.StartedAt, r.shown)
			if err != nil {
				return err
			}
			n, _ := reply.(int64)
			r.removed("permits", n)
			again = n > 0
			if err := r.rest(ctx, began); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepFevers takes fever cases away that were closed before retention, unless
// they are evidence.
func (r *sweepRun) sweepFevers(ctx context.Context) error {
	for part := range Partitions {
		began := time.Now()
		closed := r.s.keys.closedFevers(part)
		old, err := r.s.rdb.ZRangeByScore(ctx, closed, r.before(r.shown)).Result()
		if err != nil {
			return unavailable(err)
		}
		for _, text := range old {
			key := r.s.keys.fever(FeverID(fromRaw(text)))
			person, err := r.s.rdb.HGet(ctx, key, "p").Result()
			if err != nil && !isNil(err) {
				return unavailable(err)
			}
			if r.held[fromRaw(person)] {
				continue
			}
			_, err = r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error { // the list last: it names what is left to do
				p.Del(ctx, key)
				p.ZRem(ctx, closed, text)
				return nil
			})
			if err != nil {
				return unavailable(err)
			}
			r.removed("fevers", 1)
		}
		if err := r.rest(ctx, began); err != nil {
			return err
		}
	}
	return nil
}

// sweepShifts takes shifts away that ended before retention.
func (r *sweepRun) sweepShifts(ctx context.Context) error {
	for _, device := range r.s.Registry().Devices() {
		began := time.Now()
		before, records, err := r.s.readShifts(ctx, device.Num)
		if err != nil {
			return err
		}
		left := r.s.trimShifts(records)
		gone := len(records) - len(left)
		if gone == 0 {
			continue
		}
		written, err := r.s.putShifts(ctx, device.Num, before, left)
		if err != nil {
			return err
		}
		if written { // else somebody has changed them, and trimmed them with it
			r.removed("shifts", int64(gone))
		}
		if err := r.rest(ctx, began); err != nil {
			return err
		}
	}
	return nil
}

// sweepRevocations takes revocations away that void no pass any more.
func (r *sweepRun) sweepRevocations(ctx context.Context) error {
	over := r.StartedAt - max(r.w.VoidFor, r.s.retention).Milliseconds()
	for {
		began := time.Now()
		entries, err := r.s.rdb.XRangeN(ctx, r.s.keys.revocations(), "-", "+", sweepBatch).Result()
		if err != nil {
			return unavailable(err)
		}
		var old []string
		for _, e := range entries {
			revoked, err := decodeRevocation(e)
			if err != nil { // of a newer program, or damaged: it stays, and holds up nothing else
				r.skip(err)
				continue
			}
			if revoked.At >= over {
				break
			}
			old = append(old, e.ID)
		}
		if len(old) == 0 {
			return nil
		}
		n, err := r.s.rdb.XDel(ctx, r.s.keys.revocations(), old...).Result()
		if err != nil {
			return unavailable(err)
		}
		r.removed("revocations", n)
		if err := r.rest(ctx, began); err != nil || len(old) < sweepBatch {
			return err
		}
	}
}

// changesKept is for how long it stays written whose record has changed. Gateways
// that were away for longer than snapshotGap read everything anew.
const changesKept = time.Minute

// sweepChanges cuts the streams of changes. They are in Redis's time.
func (r *sweepRun) sweepChanges(ctx context.Context) error {
	now, err := r.s.rdb.Time(ctx).Result()
	if err != nil {
		return unavailable(err)
	}
	oldest := strconv.FormatInt(now.Add(-r.w.changesKept).UnixMilli()+1, 10)
	_, err = r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range Partitions {
			p.XTrimMinID(ctx, r.s.keys.changes(part), oldest)
		}
		return nil
	})
	return unavailable(err)
}

// sweepCases takes away whom a case was about, who was asked about under it and whom
// they met, when it holds no evidence any more. That there was such a case stays.
func (r *sweepRun) sweepCases(ctx context.Context) error {
	cases, err := r.s.Cases(ctx)
	if err != nil {
		return err
	}
	campaign, err := r.s.Campaign(ctx)
	if err != nil {
		return err
	}
	for i := range cases {
		c := &cases[i]
		if c.holds(r.StartedAt, campaign.EndedAt) {
			continue
		}
		if err := r.s.rdb.Del(ctx, r.s.keys.cases("p:"+c.Code), r.s.keys.cases("m:"+c.Code)).Err(); err != nil {
			return unavailable(err)
		}
		if c.Open() { // the campaign ended before anybody closed it
			c.ClosedAt, c.Outcome = campaign.EndedAt, CaseResolved
		}
		if c.forget() {
			written, err := r.s.putCase(ctx, c)
			if err != nil {
				return err
			}
			if written {
				r.removed("cases", 1)
			}
		}
	}
	return nil
}

// forget takes out of a case what is about people; false if there is nothing.
func (c *Case) forget() bool {
	if len(c.People) == 0 && c.Title == "" {
		return false
	}
	c.People, c.Title, c.OnsetAt, c.SampledAt, c.IsolatedAt = nil, "", 0, 0, 0
	for i := range c.Lifts {
		c.Lifts[i].Reason = ""
	}
	for i := range c.Grants {
		c.Grants[i].Reason = ""
	}
	return true
}
