package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// plant is one thing that goes wrong with an index.
type plant struct {
	name       string
	what, kind string // as the report names it
	count      int64
	do         func(ctx context.Context, w *town) error
}

// chunkOf is the key of a chunk of a set.
func (w *town) chunkOf(id checkpoint.SetID, n int) string {
	return w.prefix + id.Name() + ":" + fmt.Sprint(n)
}

// setOf names the set of a family in which the town's last event is, or its
// last one with a plate, or its last alert.
func (w *town) setOf(f checkpoint.Family) checkpoint.SetID {
	w.t.Helper()
	for _, e := range slices.Backward(w.events()) {
		switch plate, ok := w.store.PlateSet(&e); {
		case f == checkpoint.TrailSets:
			return checkpoint.SetID{ID: e.Person}
		case f == checkpoint.GateSets:
			return checkpoint.SetID{Family: f, ID: uint64(e.Gate), Day: checkpoint.DayOf(e.OccurredAt)}
		case f == checkpoint.PlateSets && ok:
			return plate
		case f == checkpoint.AlertSets && e.IsAlert():
			return checkpoint.SetID{Family: f, Day: checkpoint.DayOf(e.OccurredAt)}
		}
	}
	w.t.Fatalf("no set of the %s", f)
	return checkpoint.SetID{}
}

// first gives the first member of a set.
func (w *town) first(ctx context.Context, id checkpoint.SetID) (redis.Z, error) {
	found, err := w.rdb.ZRangeWithScores(ctx, w.chunkOf(id, 0), 0, 0).Result()
	if err == nil && len(found) == 0 {
		err = errors.New("the set is empty")
	}
	if err != nil {
		return redis.Z{}, err
	}
	return found[0], nil
}

func plants() (all []plant) {
	for f := range checkpoint.Family(checkpoint.Families) {
		what := f.String()
		all = append(all,
			plant{what + ": an event is gone", what, "missing", 1, func(ctx context.Context, w *town) error {
				return w.rdb.ZRemRangeByRank(ctx, w.chunkOf(w.setOf(f), 0), 0, 0).Err()
			}},
			plant{what + ": an event that never was", what, "extra", 1, func(ctx context.Context, w *town) error {
				z, err := w.first(ctx, w.setOf(f))
				if err != nil {
					return err
				}
				member := []byte(z.Member.(string))
				member[map[bool]int{true: 0, false: 8}[f == checkpoint.TrailSets]]++ // another scan
				return w.rdb.ZAdd(ctx, w.chunkOf(w.setOf(f), 0), redis.Z{Score: z.Score, Member: member}).Err()
			}},
			plant{what + ": an event has another answer", what, "differing", 1, func(ctx context.Context, w *town) error {
				id := w.setOf(f)
				z, err := w.first(ctx, id)
				if err != nil {
					return err
				}
				key, member := w.chunkOf(id, 0), []byte(z.Member.(string))
				if err := w.rdb.ZRem(ctx, key, z.Member).Err(); err != nil {
					return err
				}
				member[len(member)-1] ^= 2 // of the extras, or of when it was recorded
				return w.rdb.ZAdd(ctx, key, redis.Z{Score: z.Score, Member: member}).Err()
			}},
		)
	}
	mall := func(w *town) checkpoint.SetID {
		gate, _ := w.store.Registry().Gate("mall-01-g1")
		return checkpoint.SetID{Family: checkpoint.GateSets, ID: uint64(gate.Num), Day: checkpoint.DayOf(w.now.Load())}
	}
	return append(all,
		plant{"gate index: a table is lost", "gate index", "astray", 0, func(ctx context.Context, w *town) error {
			return w.rdb.Del(ctx, w.prefix+mall(w).Name()).Err()
		}},
		plant{"trail: a table is lost", "trail", "astray", 0, func(ctx context.Context, w *town) error {
			return w.rdb.HDel(ctx, w.personKey(w.people[0]), "c").Err()
		}},
		plant{"plates: a chunk that no table names", "plates", "extra", 0, func(ctx context.Context, w *town) error {
			z, err := w.first(ctx, w.setOf(checkpoint.PlateSets))
			if err != nil {
				return err
			}
			z.Score++
			return w.rdb.ZAdd(ctx, w.chunkOf(w.setOf(checkpoint.PlateSets), 9), z).Err()
		}},
		plant{"gate index: a day of a gate that had none", "gate index", "extra", 1, func(ctx context.Context, w *town) error {
			z, err := w.first(ctx, mall(w))
			if err != nil {
				return err
			}
			z.Score -= 2 * 86_400_000
			id := mall(w)
			id.Day -= 2
			return w.rdb.ZAdd(ctx, w.chunkOf(id, 0), z).Err()
		}},
		plant{"trail: of somebody who never passed", "trail", "extra", 1, func(ctx context.Context, w *town) error {
			z, err := w.first(ctx, w.setOf(checkpoint.TrailSets))
			if err != nil {
				return err
			}
			return w.rdb.ZAdd(ctx, w.chunkOf(checkpoint.SetID{ID: 12345}, 0), z).Err()
		}},
		plant{"inside: a number is wrong", "inside", "differing", 1, func(ctx context.Context, w *town) error {
			for _, key := range w.partitions() {
				for site := range w.rdb.HGetAll(ctx, key+"n").Val() {
					return w.rdb.HIncrBy(ctx, key+"n", site, 1).Err()
				}
			}
			return errors.New("nobody is inside anything")
		}},
		plant{"inside: somebody is elsewhere", "inside", "differing", 1, func(ctx context.Context, w *town) error {
			last, err := w.rdb.HGet(ctx, w.personKey(w.people[1]), "l").Bytes()
			if err != nil {
				return err
			}
			last[0] ^= 'i' ^ 'o' // in for out
			return w.rdb.HSet(ctx, w.personKey(w.people[1]), "l", last).Err()
		}},
		plant{"readings: a count is wrong", "readings", "differing", 1, func(ctx context.Context, w *town) error {
			for _, key := range w.keys() {
				if _, rest := w.cut(key); strings.HasPrefix(rest, "T:") {
					for field := range w.rdb.HGetAll(ctx, key).Val() {
						return w.rdb.HIncrBy(ctx, key, field, 3).Err()
					}
				}
			}
			return errors.New("nothing was read")
		}},
	)
}

func (w *town) personKey(id uint64) string {
	name := checkpoint.SetID{ID: id}.Name()
	return w.partitions()[checkpoint.PartitionOf(id)] + "p:" + name[len(name)-8:]
}

func TestEveryDifferenceIsFoundAndPutRight(t *testing.T) {
	t.Parallel()
	w := newTown(t, 18)
	w.live(1)
	w.project()
	before := w.dump()
	opt := w.options()
	for _, p := range plants() {
		must(t, p.do(t.Context(), w))
		r := w.verify(opt)
		counted := r.Differs()
		if counted == 0 || p.count != 0 && counted != p.count {
			t.Errorf("%s: %d differences, want %d: %+v", p.name, counted, p.count, r)
		}
		for _, d := range r.Differences {
			if d.What != p.what && d.What != "inside" && d.What != "readings" || d.What == p.what && d.Kind != p.kind && d.Kind != "astray" {
				t.Errorf("%s: told as %+v", p.name, d)
			}
			if d.Person == "" && d.Gate == "" && d.Site == "" {
				t.Errorf("%s: of whom and where? %+v", p.name, d)
			}
		}
		w.rebuild(opt)
		if r := w.verify(opt); r.Differs() != 0 {
			t.Fatalf("%s: not put right: %+v", p.name, r)
		}
	}
	same(t, w.dump(), before)
}

func TestDifferencesAreAllCountedAndSomeTold(t *testing.T) {
	t.Parallel()
	w := newTown(t, 12)
	w.live(1)
	w.project()
	w.drop(func(_, rest string) bool { return strings.HasPrefix(rest, "e:") })
	opt := w.options()
	opt.Show = 7
	r := w.verify(opt)
	if len(r.Differences) != 7 || r.Families[checkpoint.GateSets].Missing != r.Events {
		t.Errorf("%d told, %+v", len(r.Differences), r.Families)
	}
}

func TestWhatWasRecordedAMomentAgoIsNotCompared(t *testing.T) {
	t.Parallel()
	w := newTown(t, 12)
	w.live(1)
	w.project()
	opt := w.options()
	w.scan(w.people[0], "v-01", checkpoint.Out) // no projector runs
	w.pass(9 * time.Second)
	if r := w.verify(opt); r.Differs() != 0 || r.Unsettled != 1 {
		t.Errorf("at once: %+v", r)
	}
	w.pass(2 * time.Second)
	if r := w.verify(opt); r.Families[checkpoint.GateSets].Missing != 1 || r.Unsettled != 0 {
		t.Errorf("later: %+v", r)
	}
}
