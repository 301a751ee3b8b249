package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Config says how large a store is measured.
type Config struct {
	// Dir is where temporary folders are made; the system's if empty.
	Dir    string
	People int // at least streets × household × homes
	Days   int
	Rounds int // of the questions, or replays
	// Progress is told what is done now.
	Progress func(format string, args ...any)
}

// streets is how many streets a town has: the small store has one of them.
const streets = 10

// MinPeople is the smallest town: three in every home.
const MinPeople = streets * homes * household

// Size is what a store takes and how much longer it takes to answer than one with
// a tenth of the events.
type Size struct {
	Events        int64
	BytesPerEvent float64
	Kinds         map[string]float64 // bytes an event by kind of key
	Questions     []Question
}

// MeasureSize fills a store with a town, and another one with one street of it.
func MeasureSize(ctx context.Context, c Config) (_ *Size, err error) {
	small, err := startBench(ctx, c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, small.close()) }()
	big, err := startBench(ctx, c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, big.close()) }()

	c.Progress("enrol %d people in %d streets", c.People, streets)
	if err := small.open(ctx); err != nil {
		return nil, err
	}
	one := newTown(c.Days)
	if err := one.found(ctx, small.store, c.People/streets); err != nil {
		return nil, err
	}
	// The same street with the same IDs, and nine more.
	if err := small.copyTo(ctx, big); err != nil {
		return nil, err
	}
	if err := big.open(ctx); err != nil {
		return nil, err
	}
	ten := &town{streets: slices.Clone(one.streets), from: one.from, days: one.days}
	for len(ten.streets) < streets {
		if err := ten.found(ctx, big.store, c.People/streets); err != nil {
			return nil, err
		}
	}
	out := &Size{Events: ten.count()}
	if err := c.weigh(ctx, big, ten, out); err != nil {
		return nil, err
	}
	if _, err := small.fill(ctx, one); err != nil {
		return nil, err
	}
	c.Progress("ask both stores in turn, %d rounds", c.Rounds)
	out.Questions, err = compare(ctx, one, big.store, small.store, c.Rounds)
	return out, err
}

// weigh fills a store and notes what the events take.
func (c *Config) weigh(ctx context.Context, b *bench, t *town, out *Size) error {
	before, err := b.kinds(ctx)
	if err != nil {
		return err
	}
	used, err := b.usedMemory(ctx)
	if err != nil {
		return err
	}
	c.Progress("write %d events", out.Events)
	if _, err := b.fill(ctx, t); err != nil {
		return err
	}
	now, err := b.usedMemory(ctx)
	if err != nil {
		return err
	}
	c.Progress("ask the size of every key")
	after, err := b.kinds(ctx)
	if err != nil {
		return err
	}
	per := func(bytes int64) float64 { return float64(bytes) / float64(out.Events) }
	out.BytesPerEvent, out.Kinds = per(now-used), map[string]float64{}
	rest := now - used
	for kind, bytes := range after {
		grown := bytes - before[kind]
		out.Kinds[kind] = per(grown)
		rest -= grown
	}
	out.Kinds["tables_of_keys"] = per(rest)
	return nil
}

// kinds are the sizes of all keys by kind, by MEMORY USAGE. A sorted set that has
// left its compact form, or is longer than a chunk may be, is an error.
func (b *bench) kinds(ctx context.Context) (map[string]int64, error) {
	keys, err := b.keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("measure: keys: %w", err)
	}
	sizes := map[string]int64{}
	for some := range slices.Chunk(keys, 1000) {
		replies, err := b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range some {
				p.MemoryUsage(ctx, key, 0)
				p.ObjectEncoding(ctx, key)
			}
			return nil
		})
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("measure: keys: %w", err)
		}
		for i, key := range some {
			kind := kindOf(strings.TrimPrefix(key, prefix))
			sizes[kind] += replies[2*i].(*redis.IntCmd).Val()
			if form := replies[2*i+1].(*redis.StringCmd).Val(); form == "skiplist" && compact[kind] {
				return nil, fmt.Errorf("measure: a sorted set of %s has left the compact form", kind)
			}
		}
	}
	return sizes, nil
}

// compact are the kinds that are cut into chunks short enough for listpacks.
var compact = map[string]bool{"trails": true, "gate_index": true, "plates": true}

// kindOf names the kind of a key; package checkpoint has the list of keys.
func kindOf(name string) string {
	_, rest, _ := strings.Cut(name, "}:")
	kind, _, more := strings.Cut(rest, ":")
	switch {
	case strings.HasPrefix(name, "{reg}"):
		return "registry"
	case strings.HasPrefix(name, "{g") && kind == "e":
		return "gate_index"
	case kind == "p" && more, kind == "i":
		return "people"
	case kind == "t":
		return "trails"
	case kind == "v":
		return "plates"
	case kind == "log":
		return "logs"
	}
	return "other"
}
