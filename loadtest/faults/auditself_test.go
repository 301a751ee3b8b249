//go:build linux

package faults

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// TestAuditReportsExactlyWhatIsWrong spoils one record of one scan at a time.
func TestAuditReportsExactlyWhatIsWrong(t *testing.T) {
	t.Parallel()
	dev := &device{num: 7}
	book := func() *ledger {
		l := &ledger{}
		for i := range 3 {
			s := &sent{key: key{"p", int64(1000 + i)}, id: "scan-0000", device: dev}
			s.hashes = [][8]byte{hashOf(dev.num, s.id)}
			if i < 2 { // the third was never answered
				s.acks = []ack{{Decision: "pass", Reason: "ok"}}
			}
			l.add(s)
		}
		return l
	}
	good := func(i int) record {
		return record{key: key{"p", int64(1000 + i)}, hash: hashOf(dev.num, "scan-0000"), decision: "pass"}
	}
	over := func(i int) record {
		r := good(i)
		r.hash, r.reason = [8]byte{}, "ok"
		return r
	}
	for _, c := range []struct {
		name               string
		spoil              func(trail, window []record) ([]record, []record)
		lost, twice, wrong int
	}{
		{"as it should be", func(a, b []record) ([]record, []record) { return a, b }, 0, 0, 0},
		{"not answered, but recorded", func(a, b []record) ([]record, []record) { return append(a, good(2)), append(b, over(2)) }, 0, 0, 0},
		{"not answered, and twice", func(a, b []record) ([]record, []record) { return append(a, good(2), good(2)), b }, 0, 1, 0},
		{"gone from the trail", func(a, b []record) ([]record, []record) { return a[1:], b }, 1, 0, 0},
		{"gone from the window", func(a, b []record) ([]record, []record) { return a, b[:1] }, 1, 0, 0},
		{"gone from both", func(a, b []record) ([]record, []record) { return a[1:], b[1:] }, 1, 0, 0},
		{"double in the window", func(a, b []record) ([]record, []record) { return a, append(b, over(1)) }, 0, 1, 0},
		{"another decision", func(a, b []record) ([]record, []record) { a[0].decision = "deny"; return a, b }, 0, 0, 1},
		{"another reason", func(a, b []record) ([]record, []record) { b[0].reason = "outsider"; return a, b }, 0, 0, 1},
		{"another identity", func(a, b []record) ([]record, []record) { a[0].hash[0]++; return a, b }, 0, 0, 1},
		{"never sent", func(a, b []record) ([]record, []record) { return append(a, good(9)), b }, 0, 0, 1},
	} {
		trail, window := c.spoil([]record{good(0), good(1)}, []record{over(0), over(1)})
		a := audit(book(), []held{{"trail", trail}, {"gate window", window}})
		if a.lost != c.lost || a.twice != c.twice || a.wrong != c.wrong || a.acknowledged != 2 {
			t.Errorf("%s: %s", c.name, a.String())
		}
	}
}

// TestAuditSeesOneSpoiledRecordInRedis spoils what Redis holds of a quiet run,
// and the account has to say so, to the scan.
func TestAuditSeesOneSpoiledRecordInRedis(t *testing.T) {
	t.Parallel()
	r, err := newRig(t.TempDir(), setup{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if err := r.drive(func(*rig) error { return nil }); err != nil {
		t.Fatal(err)
	}
	o, err := r.settle(20 * time.Second)
	if err != nil || !o.clean() || o.settled < 0 || o.sent < 20 {
		t.Fatalf("a quiet run: %s %s %v", o.account.String(), o.unsettled, err)
	}
	ctx := t.Context()
	var lost, twice, wrong int
	for _, c := range []struct {
		name  string
		spoil func() error
		count *int
	}{
		{"a trail loses an event", func() error { return r.spoilMember(ctx, "pg:{*}:t:*", 0, nil) }, &lost},
		{"an index has an event twice", func() error {
			return r.spoilMember(ctx, "pg:{g*}:e:*:*", 5, func(m []byte) [][]byte {
				double := slices.Clone(m)
				double[len(double)-1] ^= 1
				return [][]byte{m, double}
			})
		}, &twice},
		{"an index has another decision", func() error {
			return r.spoilMember(ctx, "pg:{g*}:e:*:*", 10, func(m []byte) [][]byte {
				m[16] ^= 3 << 3
				return [][]byte{m}
			})
		}, &wrong},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		*c.count++
		all, err := inRedis(ctx, r.redis.rdb)
		if err != nil {
			t.Fatal(err)
		}
		if a := audit(&r.driver.ledger, all); a.lost != lost || a.twice != twice || a.wrong != wrong {
			t.Errorf("%s: want %d lost, %d twice, %d wrong: %s", c.name, lost, twice, wrong, a.String())
		}
	}
}

// spoilMember puts others in the place of the n-th event of the first set whose
// key matches.
func (r *rig) spoilMember(ctx context.Context, match string, n int64, others func([]byte) [][]byte) error {
	keys, err := keysOf(ctx, r.redis.rdb, match)
	if err != nil {
		return err
	}
	found, err := r.redis.rdb.ZRangeWithScores(ctx, keys[0], n, n).Result()
	if err != nil {
		return err
	}
	member, _ := found[0].Member.(string)
	if err := r.redis.rdb.ZRem(ctx, keys[0], member).Err(); err != nil || others == nil {
		return err
	}
	for _, other := range others([]byte(member)) {
		if err := r.redis.rdb.ZAdd(ctx, keys[0], redis.Z{Score: found[0].Score, Member: other}).Err(); err != nil {
			return err
		}
	}
	return nil
}
