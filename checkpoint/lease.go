package checkpoint

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// lease is what lease.lua says of one.
type lease struct {
	token  int64  // the fencing token, 0 if another owner has it
	cursor string // that was saved under it
	care   int64  // of a partition: see rewind.lua
}

// lease calls lease.lua for the lease at key: fence 0 takes, length 0 gives back.
func (s *Store) lease(ctx context.Context, c redis.Cmdable, key, owner string, length time.Duration, fence int64, cursor string) (int64, string, error) {
	l, err := readLease(s.run(ctx, c, leaseScript, []string{key}, leaseArgs(owner, length, fence, cursor)...))
	return l.token, l.cursor, err
}

// lease calls lease.lua for one partition.
func (p *Projector) lease(ctx context.Context, part int, length time.Duration, fence int64, cursor string) (int64, string, error) {
	return p.store.lease(ctx, p.reader, p.store.keys.partition(part), p.owner, length, fence, cursor)
}

// leaseArgs are ARGV of lease.lua.
func leaseArgs(owner string, length time.Duration, fence int64, cursor string) []any {
	held := ""
	if fence != 0 {
		held = strconv.FormatInt(fence, 10)
	}
	return []any{owner, length.Milliseconds(), held, cursor}
}

// readLease reads a reply of lease.lua.
func readLease(reply any, err error) (l lease, _ error) {
	if err != nil {
		return l, err
	}
	list, ok := reply.([]any)
	if !ok || len(list) == 0 {
		return l, errors.New("checkpoint: lease script replied in another form")
	}
	if l.token, _ = list[0].(int64); l.token == 0 {
		return l, nil
	}
	if len(list) != 3 {
		return lease{}, errors.New("checkpoint: lease script replied in another form")
	}
	l.cursor, _ = list[1].(string)
	care, _ := list[2].(string)
	l.care, _ = strconv.ParseInt(care, 10, 64) // "" if none is taken
	return l, nil
}
