package measure

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
	"passgate/checkpoint/replay"
)

// prefix of the stores' keys.
const prefix = "pg:"

// bench is a Redis of its own, in memory, and maybe a store on it.
type bench struct {
	dir    string // for the server's files and what a replay sorts
	server *redisd.Server
	rdb    redis.UniversalClient
	store  *checkpoint.Store
}

// startBench starts the server, with a folder in dir.
func startBench(ctx context.Context, dir string) (_ *bench, err error) {
	b := new(bench)
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.dir, err = os.MkdirTemp(dir, "pgsize-"); err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	if b.server, err = redisd.Start(ctx, redisd.Options{Dir: b.dir}); err != nil {
		return nil, err
	}
	o := checkpoint.Tune(&redis.UniversalOptions{Addrs: []string{b.server.Socket()}})
	const wait = 30 * time.Second // a busy machine is no failure here
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = wait, wait, wait
	b.rdb = checkpoint.Connect(o)
	return b, nil
}

// open opens the store. What is in Redis stays.
func (b *bench) open(ctx context.Context) (err error) {
	b.store, err = checkpoint.Open(ctx, checkpoint.Config{
		Client: b.rdb, Prefix: prefix, Clock: clock,
		FieldKey: bytes.Repeat([]byte{1}, 32), IndexKey: bytes.Repeat([]byte{2}, 32),
	})
	return err
}

func (b *bench) close() error {
	var errs []error
	if b.rdb != nil {
		errs = append(errs, b.rdb.Close())
	}
	if b.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		errs = append(errs, b.server.Stop(ctx))
	}
	if b.dir != "" {
		errs = append(errs, os.RemoveAll(b.dir))
	}
	return errors.Join(errs...)
}

// fill writes the past of a town: what is of the last 36 hours into the logs, and
// all of it into the indexes.
func (b *bench) fill(ctx context.Context, t *town) (*replay.Report, error) {
	from := t.logFrom()
	if err := b.writeLogs(ctx, t.events(func(e *checkpoint.ScanEvent) bool { return e.RecordedAt >= from })); err != nil {
		return nil, err
	}
	return b.rebuild(ctx, t.events(func(e *checkpoint.ScanEvent) bool { return e.RecordedAt < from }))
}

// rebuild writes the indexes of what the logs and the events hold.
func (b *bench) rebuild(ctx context.Context, events replay.Events) (*replay.Report, error) {
	report, err := replay.Rebuild(ctx, b.store, b.options(events))
	if err == nil && !report.Whole() {
		err = fmt.Errorf("measure: the replay found %d parts damaged", report.DamagedAll)
	}
	return report, err
}

func (b *bench) options(events replay.Events) replay.Options {
	return replay.Options{Archive: events, TempDir: b.dir, Now: clock}
}

// writeLogs puts events into the partitions' logs, each as of when it was
// recorded.
func (b *bench) writeLogs(ctx context.Context, events replay.Events) error {
	type entry struct {
		at   int64
		body []byte
	}
	var logs [checkpoint.Partitions][]entry
	err := events(func(e *checkpoint.ScanEvent) error {
		part := checkpoint.PartitionOf(e.Person)
		logs[part] = append(logs[part], entry{e.RecordedAt, e.LogEntry()})
		return nil
	})
	if err != nil {
		return err
	}
	for part, entries := range logs {
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
		last, n := int64(0), 0
		for some := range slices.Chunk(entries, 1000) {
			_, err := b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, e := range some {
					if e.at != last {
						last, n = e.at, 0
					}
					p.XAdd(ctx, &redis.XAddArgs{Stream: b.store.LogKey(part), ID: fmt.Sprintf("%d-%d", last, n), Values: []any{"e", e.body}})
					n++
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("measure: logs: %w", err)
			}
		}
	}
	return nil
}

// keys are all keys of the store, in no order.
func (b *bench) keys(ctx context.Context) (keys []string, err error) {
	it := b.rdb.Scan(ctx, 0, prefix+"*", 10_000).Iterator()
	for it.Next(ctx) {
		keys = append(keys, it.Val())
	}
	return keys, it.Err()
}

// copyTo copies every key as it is.
func (b *bench) copyTo(ctx context.Context, other *bench) error {
	keys, err := b.keys(ctx)
	if err != nil {
		return fmt.Errorf("measure: copy: %w", err)
	}
	for some := range slices.Chunk(keys, 500) {
		read, err := b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range some {
				p.Dump(ctx, key)
				p.PTTL(ctx, key)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("measure: copy: %w", err)
		}
		_, err = other.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range some {
				left := max(0, read[2*i+1].(*redis.DurationCmd).Val()) // negative: for ever
				p.RestoreReplace(ctx, key, left, read[2*i].(*redis.StringCmd).Val())
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("measure: copy: %w", err)
		}
	}
	return nil
}

// usedMemory is what Redis has allocated, in bytes, but for the buffers of
// connections, which come and go.
func (b *bench) usedMemory(ctx context.Context) (int64, error) {
	info, err := b.rdb.Info(ctx, "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("measure: memory: %w", err)
	}
	var n [2]int64
	for i, name := range []string{"used_memory", "mem_clients_normal"} {
		_, rest, _ := strings.Cut(info, "\r\n"+name+":")
		text, _, _ := strings.Cut(rest, "\r\n")
		if n[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, fmt.Errorf("measure: memory: %s: %w", name, err)
		}
	}
	return n[0] - n[1], nil
}
