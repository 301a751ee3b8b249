//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/redis/go-redis/v9"
)

// takeFromIndex takes one event out of a gate index.
func takeFromIndex(ctx context.Context, r *rig, _ *outcome) error {
	keys, err := keysOf(ctx, r.redis.rdb, "pg:{g*}:e:*:*")
	if err != nil || len(keys) == 0 {
		return fmt.Errorf("no gate index: %w", err)
	}
	return r.redis.rdb.ZPopMin(ctx, keys[0]).Err()
}

// seesOne sees exactly so many lost and twice.
func seesOne(lost, twice int) func(*outcome) string {
	return func(o *outcome) string {
		if o.lost != lost || o.twice != twice || o.wrong != 0 {
			return ""
		}
		return fmt.Sprintf("%d lost, %d twice", lost, twice)
	}
}

// killedWithCursorAhead kills the gateway and moves the projector's cursors to
// the ends of the logs, as one would leave them that saves them too early.
func killedWithCursorAhead(r *rig) error {
	ctx := context.Background()
	// The last step before the kill stays undone: the lease is somebody else's.
	keys, err := keysOf(ctx, r.redis.rdb, "pg:{*}:part")
	if err != nil {
		return err
	}
	_, err = r.redis.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range keys {
			p.HSet(ctx, k, "lo", "nobody", "lx", 0)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.sleep(warmUp, warmUp); err != nil {
		return err
	}
	if err := r.gates[0].kill(); err != nil {
		return err
	}
	for _, k := range keys {
		last, err := r.redis.rdb.XRevRangeN(ctx, strings.TrimSuffix(k, "part")+"log", "+", "-", 1).Result()
		if err != nil {
			return err
		}
		if len(last) > 0 {
			if err := r.redis.rdb.HSet(ctx, k, "cur", last[0].ID).Err(); err != nil {
				return err
			}
		}
	}
	return r.gates[0].launch()
}

// olderCopy puts back the append-only file with which the row began.
func olderCopy(r *rig) error {
	dir := filepath.Join(r.redis.dir, "appendonlydir")
	return errors.Join(os.RemoveAll(dir), copyFolder(filepath.Join(r.town.redis, "appendonlydir"), dir))
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
