package limits

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"passgate/loadtest"
	"passgate/loadtest/rig"
)

// pipeline is how many calls a raw client sends at once.
const pipeline = 64

// yardstick is a Redis for the reference script, with copies of the keys that the
// gateway's has.
type yardstick struct {
	from *redis.Client // the gateway's Redis
	own  *rig.Redis
	tags [64]string // of the partitions, as keys begin: "pg:{tag}:"
	sha  string     // of the script
}

// newYardstick starts it. The gateway's Redis has to know people already.
func newYardstick(ctx context.Context, r *rig.Rig) (*yardstick, error) {
	own, err := r.StartRedis(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	y := &yardstick{from: r.Redis, own: own}
	if err = y.findTags(ctx); err == nil {
		y.sha, err = own.Client.ScriptLoad(ctx, loadtest.Reference).Result()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("limits: reference: %w", err), own.Close())
	}
	return y, nil
}

// findTags learns from the keys of people which partition has which tag: the
// partition is the top 6 bits of the ID with which the key ends.
func (y *yardstick) findTags(ctx context.Context) error {
	missing := len(y.tags)
	keys := y.from.ScanType(ctx, 0, "pg:{*}:p:*", 1000, "hash").Iterator() // lists about people are named alike
	for missing > 0 && keys.Next(ctx) {
		head, id, _ := strings.Cut(keys.Val(), ":p:")
		if len(id) != 8 || y.tags[id[0]>>2] != "" {
			continue
		}
		y.tags[id[0]>>2] = head + ":"
		missing--
	}
	return keys.Err()
}

// named are the keys and the arguments of one scan.
type named struct {
	person, trail, log string
	args               []any
}

// lengths of what the gateway records of a plain scan.
const (
	bodyBytes  = 9
	placeBytes = 14
	outcomes   = 16 // cells of a table
)

// arguments gives what the script is given for a scan; values that it does not
// look into have the right length only.
func (y *yardstick) arguments(s *loadtest.Scan, home string) (named, error) {
	id := string(binary.BigEndian.AppendUint64(nil, s.Person))
	tag := y.tags[s.Person>>58]
	if tag == "" {
		return named{}, errors.New("limits: reference: somebody in a partition without people: enrol more")
	}
	hash := sha256.Sum256([]byte(s.ID))
	way := s.Direction[:1]
	head := id + string(hash[:6])
	passage := way + string(hash[:placeBytes])
	if way == "i" { // an entry's pass is remembered
		passage += string(hash[:8])
	}
	return named{tag + "p:" + id, tag + "t:" + id + ":0", tag + "log", []any{
		s.OccurredAt, hash[:12], hash[:bodyBytes], head, strings.Repeat("\x00\x00\x00\x00", outcomes), home, passage, "0",
	}}, nil
}

// copyKeys brings people and trails of scans to where the script will find them,
// as the gateway's script would at this moment. It gives the scans' arguments.
func (y *yardstick) copyKeys(ctx context.Context, scans []*loadtest.Scan) ([]named, error) {
	calls := make([]named, len(scans))
	for first := 0; first < len(scans); first += 500 {
		part := scans[first:min(first+500, len(scans))]
		read, write := y.from.Pipeline(), y.own.Client.Pipeline()
		var dumps []*redis.StringCmd
		var homes []*redis.StringCmd
		for i, s := range part {
			c, err := y.arguments(s, "")
			if err != nil {
				return nil, err
			}
			calls[first+i] = c
			homes = append(homes, read.HGet(ctx, c.person, "h"))
			dumps = append(dumps, read.Dump(ctx, c.person), read.Dump(ctx, c.trail))
		}
		if _, err := read.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("limits: reference: copy keys: %w", err)
		}
		for i := range part {
			c := &calls[first+i]
			c.args[5] = homes[i].Val()
			for j, key := range []string{c.person, c.trail} {
				if value := dumps[2*i+j].Val(); value != "" {
					write.RestoreReplace(ctx, key, 0, value)
				} else {
					write.Del(ctx, key)
				}
			}
		}
		if _, err := write.Exec(ctx); err != nil {
			return nil, fmt.Errorf("limits: reference: copy keys: %w", err)
		}
	}
	return calls, nil
}

// spent runs calls in pipelines on one connection and gives the CPU time that
// Redis used.
func (y *yardstick) spent(ctx context.Context, n int, call func(p redis.Pipeliner, i int), check func(redis.Cmder) error) (rig.Usage, error) {
	before, err := rig.Used(y.own.PID)
	if err != nil {
		return rig.Usage{}, err //nolint:wrapcheck // says what it is
	}
	conn := y.own.Client.Conn()
	defer conn.Close() //nolint:errcheck // nothing waits in it
	for first := 0; first < n; first += pipeline {
		p := conn.Pipeline()
		for i := first; i < min(first+pipeline, n); i++ {
			call(p, i)
		}
		answers, err := p.Exec(ctx)
		if err != nil {
			return rig.Usage{}, fmt.Errorf("limits: reference: %w", err)
		}
		for _, a := range answers {
			if err := check(a); err != nil {
				return rig.Usage{}, err
			}
		}
	}
	after, err := rig.Used(y.own.PID)
	return after.Minus(before), err //nolint:wrapcheck // says what it is
}

// reference runs the frozen script once for each scan.
func (y *yardstick) reference(ctx context.Context, calls []named) (rig.Usage, error) {
	return y.spent(ctx, len(calls), func(p redis.Pipeliner, i int) {
		c := calls[i]
		p.EvalSha(ctx, y.sha, []string{c.person, c.trail, c.log}, c.args...)
	}, func(a redis.Cmder) error {
		reply, err := a.(*redis.Cmd).Slice()
		if err != nil {
			return fmt.Errorf("limits: reference: %w", err)
		}
		if len(reply) != 5 || reply[0] != "new" {
			return fmt.Errorf("limits: reference: the script answered %.200q", reply)
		}
		return nil
	})
}

// sets adds the trails' members to sorted sets of their own, one for each person,
// and reads them back: what a scan costs Redis with no decision at all.
func (y *yardstick) sets(ctx context.Context, calls []named) (add, read rig.Usage, err error) {
	key := func(i int) string { return "raw:" + calls[i].trail }
	fine := func(a redis.Cmder) error { return a.Err() }
	add, err = y.spent(ctx, len(calls), func(p redis.Pipeliner, i int) {
		a := calls[i].args
		member := string(a[1].([]byte)) + "0000" + string(a[2].([]byte))
		p.ZAdd(ctx, key(i), redis.Z{Score: float64(a[0].(int64)), Member: member})
	}, fine)
	if err != nil {
		return add, read, err
	}
	read, err = y.spent(ctx, len(calls), func(p redis.Pipeliner, i int) {
		at := strconv.FormatInt(calls[i].args[0].(int64), 10)
		p.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: key(i), Start: at, Stop: at, ByScore: true})
	}, fine)
	return add, read, err
}

func (y *yardstick) close() error { return y.own.Close() } //nolint:wrapcheck // says what it is
