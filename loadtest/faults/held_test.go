//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// record is an event as one of the five records has it.
type record struct {
	key
	hash     [8]byte // zero in what comes over the API
	decision string
	reason   string // "" in what is read from Redis
}

// held is what one record holds.
type held struct {
	where string
	all   []record
}

// decisions in the order in which they are stored.
var decisions = [...]string{"pass", "deny", "remeasure", "incomplete"}

// personOf writes 8 bytes of a person's ID as the API does.
func personOf(raw string) string { return hex.EncodeToString([]byte(raw)) }

// inRedis reads trails, logs and gate indexes as they lie in Redis: their form
// is in the package comment of checkpoint and in event.go.
func inRedis(ctx context.Context, rdb *redis.Client) ([]held, error) {
	trails, err := eachMember(ctx, rdb, "pg:{*}:t:*", func(k string) (string, bool) {
		_, rest, ok := strings.Cut(k, "}:t:")
		return rest[:min(8, len(rest))], ok && len(rest) > 8
	}, func(person, m string, at int64) record {
		return recordOf(person, at, m, m[12:])
	})
	if err != nil {
		return nil, err
	}
	index, err := eachMember(ctx, rdb, "pg:{g*}:e:*:*", func(k string) (string, bool) { return "", true },
		func(_, m string, at int64) record { return recordOf(m[:8], at, m[8:], m[16:]) })
	if err != nil {
		return nil, err
	}
	log, err := logs(ctx, rdb)
	return []held{{"trail", trails}, {"log", log}, {"gate index", index}}, err
}

func recordOf(person string, at int64, hash, outcome string) record {
	r := record{key: key{personOf(person), at}, decision: decisions[outcome[0]>>3&3]}
	copy(r.hash[:], hash)
	return r
}

// eachMember reads all sorted sets whose keys match. of gives what the key says.
func eachMember(ctx context.Context, rdb *redis.Client, match string, of func(key string) (string, bool),
	read func(of, member string, at int64) record,
) (all []record, err error) {
	keys, err := keysOf(ctx, rdb, match)
	if err != nil {
		return nil, err
	}
	sets := make([]*redis.ZSliceCmd, len(keys))
	_, err = rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range keys {
			sets[i] = p.ZRangeWithScores(ctx, k, 0, -1)
		}
		return nil
	})
	for i, set := range sets {
		said, ok := of(keys[i])
		if !ok {
			continue
		}
		for _, z := range set.Val() {
			member, _ := z.Member.(string)
			if len(member) < 20 {
				return nil, fmt.Errorf("%q holds %q", keys[i], member)
			}
			all = append(all, read(said, member, int64(z.Score)))
		}
	}
	return all, err
}

func logs(ctx context.Context, rdb *redis.Client) (all []record, err error) {
	keys, err := keysOf(ctx, rdb, "pg:{*}:log")
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if strings.HasPrefix(k, "pg:{aud}") || strings.HasPrefix(k, "pg:{rev}") {
			continue
		}
		entries, err := rdb.XRange(ctx, k, "-", "+").Result()
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			e, _ := entry.Values["e"].(string)
			if len(e) < 14+14 {
				return nil, fmt.Errorf("%q holds %q", k, e)
			}
			at := binary.BigEndian.Uint64([]byte("\x00\x00" + e[8:14]))
			all = append(all, recordOf(e[:8], int64(at), e[14:], e[14+12:]))
		}
	}
	return all, nil
}

func keysOf(ctx context.Context, rdb *redis.Client, match string) (keys []string, err error) {
	scan := rdb.Scan(ctx, 0, match, 1000).Iterator()
	for scan.Next(ctx) {
		keys = append(keys, scan.Val())
	}
	slices.Sort(keys)
	return slices.Compact(keys), scan.Err()
}

// eventView is an event as the API shows it.
type eventView struct {
	OccurredAt time.Time `json:"occurred_at"`
	Person     struct {
		ID string `json:"id"`
	} `json:"person"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
}

func (v *eventView) record(person string) record {
	return record{key: key{person, v.OccurredAt.UnixMilli()}, decision: v.Decision, reason: v.Reason}
}

// askFor is how long one question is repeated that a busy machine does not answer: a
// gateway that refused scans takes seven seconds to let exports in again.
const askFor = 20 * time.Second

// overAPI asks for the gates' windows and for everybody's trajectory.
func overAPI(ctx context.Context, t *town, base string, from time.Time) ([]held, error) {
	tracer := &caller{base: base, token: t.tracer, kase: t.kase}
	window := "?" + url.Values{"from": {wireTime(from.UnixMilli())}, "to": {wireTime(time.Now().Add(2 * time.Hour).UnixMilli())}}.Encode()
	events, trajectories := held{where: "gate window"}, held{where: "trajectory"}
	for _, gate := range t.gates {
		var lines []byte
		err := patiently(askFor, func() (err error) {
			lines, err = tracer.send(ctx, http.MethodGet, "/v1/gates/"+gate+"/events"+window, "", "application/x-ndjson", nil)
			return err
		})
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(lines) {
			var v eventView
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			if err := json.Unmarshal(line, &v); err != nil {
				return nil, fmt.Errorf("gate window of %s: %w", gate, err)
			}
			events.all = append(events.all, v.record(v.Person.ID))
		}
	}
	for _, p := range t.people {
		var got struct{ Events []eventView }
		err := patiently(askFor, func() error {
			return tracer.call(ctx, http.MethodGet, "/v1/residents/"+p.id+"/trajectory"+window, nil, &got)
		})
		if err != nil {
			return nil, err
		}
		for i := range got.Events {
			trajectories.all = append(trajectories.all, got.Events[i].record(p.id))
		}
	}
	return []held{events, trajectories}, nil
}
