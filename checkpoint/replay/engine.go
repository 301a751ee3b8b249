package replay

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"hash"
	"runtime"
	"slices"
	"sync"
	"time"

	"passgate/checkpoint"
)

// Options of a replay or a comparison. All may be left zero.
type Options struct {
	Archive Archive // nil: the logs alone
	// TempDir is where events are sorted, the system's folder if empty.
	TempDir string
	// Progress is told, from several goroutines, how many events were read,
	// and then how many of them have been dealt with.
	Progress func(Progress)
	// Show is how many differences are told one by one, 100 if zero; all are
	// counted.
	Show int
	// Settle is how long ago an event must have been recorded to be compared, 10
	// seconds if zero: a projector needs a moment.
	Settle time.Duration
	// Now is the moment of the comparison, the time of the system if nil.
	Now checkpoint.Clock
}

// Progress is how far a run has come.
type Progress struct {
	Read  int64 // events
	Done  int64 // events in trail and gate index, a half each
	Total int64 // of them; 0 while they are being read
}

// sink is what is done with what the record says: written, or compared.
type sink interface {
	// sets takes whole sets of a bucket, in order. It leaves in Entries what is
	// in Redis from then on by the record, and adds to the digests.
	sets(ctx context.Context, sets []checkpoint.Set, d *setDigests) error
	// states takes everybody of one partition.
	states(ctx context.Context, part int, states []checkpoint.PersonState) error
	// readings takes the counts of one gate and day.
	readings(ctx context.Context, gate uint32, day checkpoint.Day, counts checkpoint.ReadingCounts) error
	// end is called when all is there.
	end(ctx context.Context) error
}

// setDigests are those of a bucket: of the record, and of Redis where compared.
type setDigests struct {
	record, redis hash.Hash
	buffer        []byte
}

// storedPart is a key of a family's bucket that is in Redis.
type storedPart struct {
	id   uint64
	part int32
}

// engine sorts the record into sets and hands them to a sink.
type engine struct {
	store  *checkpoint.Store
	src    *source
	report *Report
	sink   sink
	opt    *Options
	// Only events recorded until then (UTC ms) are taken.
	until     int64
	unsettled map[uint64]bool // people of whom later ones were left out

	byPerson, byDay, byPlate *spill
	stored                   [checkpoint.Families + 1]map[int64][]storedPart
	people                   [checkpoint.Partitions][]uint64 // who is in Redis

	record, redis [checkpoint.Families]digests

	mu     sync.Mutex
	counts map[gateDay]checkpoint.ReadingCounts
	at     Progress
}

type gateDay struct {
	gate uint32
	day  checkpoint.Day
}

// run reads the record and takes it through the sink.
func (e *engine) run(ctx context.Context) error {
	began := time.Now()
	for f := range checkpoint.Families {
		e.report.Families = append(e.report.Families, FamilyReport{Name: checkpoint.Family(f).String()}) //nolint:gosec // four
	}
	for _, s := range []**spill{&e.byPerson, &e.byDay, &e.byPlate} {
		made, err := newSpill(e.opt.TempDir)
		if err != nil {
			return err
		}
		defer made.close()
		*s = made
	}
	if err := e.gather(ctx); err != nil {
		return err
	}
	e.report.Reading = time.Since(began).Seconds()
	e.progress(func(p *Progress) { p.Total = p.Read })
	if err := e.findStored(ctx); err != nil {
		return err
	}
	partitions := make([]int64, checkpoint.Partitions)
	for p := range partitions {
		partitions[p] = int64(p)
	}
	if err := each(ctx, partitions, e.trails); err != nil {
		return err
	}
	e.progress(func(p *Progress) { p.Total = e.report.Events })
	if err := each(ctx, e.days(), e.day); err != nil {
		return err
	}
	if err := each(ctx, partitions, e.plates); err != nil {
		return err
	}
	if err := e.readings(ctx); err != nil {
		return err
	}
	err := e.sink.end(ctx)
	for f := range e.report.Families {
		e.report.Families[f].Digest = e.record[f].sum()
		if e.report.Verify {
			e.report.Families[f].RedisDigest = e.redis[f].sum()
		}
	}
	e.report.finish(began)
	return err
}

// gather sorts the whole record by partition.
func (e *engine) gather(ctx context.Context) error {
	e.src.tick = func(n int) { e.progress(func(p *Progress) { p.Read += int64(n) }) }
	return e.src.read(ctx, func(event *checkpoint.ScanEvent) error {
		if event.RecordedAt > e.until {
			e.report.Unsettled++
			e.unsettled[event.Person] = true
			return nil
		}
		if event.Person == 0 {
			return nil // the gate's own log has it
		}
		return e.byPerson.add(int64(checkpoint.PartitionOf(event.Person)), event.LogEntry())
	})
}

// findStored notes which keys of the indexes are in Redis.
func (e *engine) findStored(ctx context.Context) error {
	for f := range e.stored {
		e.stored[f] = map[int64][]storedPart{}
	}
	return e.store.StoredKeys(ctx, func(k checkpoint.StoredKey) error {
		if k.Person != 0 {
			part := checkpoint.PartitionOf(k.Person)
			e.people[part] = append(e.people[part], k.Person)
			return nil
		}
		of := e.stored[k.Family]
		of[k.Bucket()] = append(of[k.Bucket()], storedPart{k.ID, int32(k.Part)}) //nolint:gosec // 16 bits
		return nil
	})
}

// bucket hands the sets of one bucket to the sink: those of the record, which
// are in order, and those that are only in Redis. after is told of each set as
// the sink left it, if not nil.
func (e *engine) bucket(ctx context.Context, f checkpoint.Family, number int64, want []checkpoint.Set, after func(*checkpoint.Set) error) error {
	d := &setDigests{record: sha256.New(), redis: sha256.New()}
	all := e.withStored(f, number, want)
	for len(all) > 0 {
		n, events := 0, 0
		for n < len(all) && n < setsAtOnce && events < eventsAtOnce {
			events += len(all[n].Entries)
			n++
		}
		if err := e.sink.sets(ctx, all[:n], d); err != nil {
			return err
		}
		for i := range all[:n] {
			if after != nil {
				if err := after(&all[i]); err != nil {
					return err
				}
			}
		}
		all = all[n:]
	}
	e.record[f].put(number, d.record)
	e.redis[f].put(number, d.redis)
	return nil
}

// How much goes to Redis in one round trip: about 1 MB.
const (
	setsAtOnce   = 256
	eventsAtOnce = 10_000
)

// withStored adds to sets in order what is in Redis of the bucket.
func (e *engine) withStored(f checkpoint.Family, number int64, want []checkpoint.Set) []checkpoint.Set {
	parts := e.stored[f][number]
	slices.SortFunc(parts, func(a, b storedPart) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.part, b.part)) })
	parts = slices.Compact(parts)
	if len(parts) == 0 {
		return want
	}
	all := make([]checkpoint.Set, 0, len(want))
	for len(want) > 0 || len(parts) > 0 {
		var set checkpoint.Set
		if len(parts) == 0 || len(want) > 0 && want[0].ID <= parts[0].id {
			set, want = want[0], want[1:]
		} else {
			set.SetID = checkpoint.SetID{Family: f, ID: parts[0].id}
			if f == checkpoint.GateSets || f == checkpoint.AlertSets {
				set.Day = number
			}
		}
		for len(parts) > 0 && parts[0].id == set.ID {
			set.Parts, parts = append(set.Parts, int(parts[0].part)), parts[1:]
		}
		all = append(all, set)
	}
	return all
}

// unique sorts log entries by person and time and drops those of one event.
func (e *engine) unique(entries [][]byte) ([][]byte, error) {
	slices.SortFunc(entries, bytes.Compare)
	kept := entries[:0]
	for _, entry := range entries {
		n := len(kept)
		if n == 0 || !bytes.Equal(kept[n-1][:checkpoint.EntryIdentity], entry[:checkpoint.EntryIdentity]) {
			kept = append(kept, entry)
			continue
		}
		if bytes.Equal(kept[n-1], entry) {
			continue
		}
		first, err := checkpoint.ParseLogEntry(string(kept[n-1]))
		if err != nil {
			return nil, err
		}
		other, err := checkpoint.ParseLogEntry(string(entry))
		if err != nil {
			return nil, err
		}
		if other.RecordedAt < first.RecordedAt {
			kept[n-1] = entry
		}
		e.mu.Lock()
		e.report.OtherContent++
		e.mu.Unlock()
	}
	return kept, nil
}

func (e *engine) progress(change func(*Progress)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.at)
	if e.opt.Progress != nil {
		e.opt.Progress(e.at)
	}
}

// each runs fn for every bucket, two at a time, and stops at the first error.
func each(ctx context.Context, buckets []int64, fn func(context.Context, int64) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	next := make(chan int64)
	for range min(2, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for bucket := range next {
				if err := fn(ctx, bucket); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, bucket := range buckets {
		if ctx.Err() != nil {
			break
		}
		next <- bucket
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}
