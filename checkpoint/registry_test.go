package checkpoint

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestPartitionTagsCutTheSlotsEvenly(t *testing.T) {
	t.Parallel()
	// Two known slots of the Redis Cluster specification's function.
	if slotOf("foo") != 12182 || slotOf("123456789") != 0x31C3%slots {
		t.Fatal("slotOf is not the cluster's hash")
	}
	for p, tag := range partitionTags {
		if got := int(slotOf(tag)) / (slots / Partitions); got != p {
			t.Errorf("partition %d has tag %q in 64th %d", p, tag, got)
		}
	}
	if partitionTags[0] == partitionTags[1] {
		t.Error("tags are not distinct")
	}
}

func TestSecondOpenGateOfAResidentialSiteIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	put := func(g Gate) error {
		return s.Change(t.Context(), func(d *Draft) error { return d.PutGate(g) })
	}
	var field *FieldError
	if err := put(Gate{Code: "v-01-g2", Site: "v-01", Open: true}); !errors.As(err, &field) || field.Field != "open" || !strings.Contains(field.Why, "v-01-g1") {
		t.Errorf("got %v", err)
	}
	must(t, put(Gate{Code: "v-01-g2", Site: "v-01"}))
	must(t, put(Gate{Code: "mall-01-g2", Site: "mall-01", Open: true}))
}

// A change is in force at a gateway that has not heard of it: its next scan is
// told that its rules are old, loads them and is judged by the new ones.
func TestChangeIsInForceAtAnotherGatewayOnceAcknowledged(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	other := openStore(t, s.keys.prefix, clock) // polls nothing in this test
	mall := post(t, other, clock, "mall-01")
	want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("mall-01")
		closed := *site
		closed.Closed = true
		return d.PutSite(closed)
	}))
	want(t, mall.scan(id, In, 36_5), Deny, ReasonSiteClosed, SendBack, 0)
	revokeDevice(t, s, "mall-01-d1")
	want(t, mall.scan(id, Out, 0), Deny, ReasonDeviceRevoked, SendBack, 0)
}

func TestConcurrentChangesAllHappenOnce(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	other := openStore(t, s.keys.prefix, clock)
	var wg sync.WaitGroup
	for i := range 20 {
		st := s
		if i%2 == 1 {
			st = other
		}
		wg.Go(func() {
			login := "staff-" + string(rune('a'+i))
			if err := st.Change(t.Context(), func(d *Draft) error {
				return d.PutStaff(Staff{Login: login, Role: RoleTracer, Grid: "root", PasswordHash: "x"})
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	must(t, s.reload(t.Context()))
	seen := map[uint32]bool{}
	for _, st := range s.Registry().StaffList() {
		if seen[st.Num] {
			t.Errorf("number %d given twice", st.Num)
		}
		seen[st.Num] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d accounts of 20", len(seen))
	}
}

func TestStoreOfAnotherFormatIsRefused(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	must(t, s.rdb.HSet(t.Context(), s.keys.registry("meta"), "partitions", 32).Err())
	_, err := Open(t.Context(), Config{Client: testClient(t, Tune), Prefix: s.keys.prefix, FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now})
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "32") {
		t.Errorf("got %v", err)
	}
}

func TestLeaseHasOneOwnerAndTheFenceStopsTheOldOne(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	a, b := s.NewProjector(s.rdb, slog.Default()), s.NewProjector(s.rdb, slog.Default())
	ctx := t.Context()
	fence, _, err := a.lease(ctx, 3, time.Minute, 0, "")
	must(t, err)
	if got, _, err := b.lease(ctx, 3, time.Minute, 0, ""); err != nil || got != 0 {
		t.Fatalf("second owner got %d, %v", got, err)
	}
	if _, cursor, _ := a.lease(ctx, 3, 30*time.Millisecond, fence, "5-0"); cursor != "5-0" {
		t.Errorf("cursor %q", cursor)
	}
	var taken int64
	eventually(t, "takeover of a lease that ran out", func() bool {
		taken, _, err = b.lease(ctx, 3, time.Minute, 0, "")
		must(t, err)
		return taken != 0
	})
	if taken <= fence {
		t.Errorf("fence went from %d to %d", fence, taken)
	}
	if got, _, _ := a.lease(ctx, 3, time.Minute, fence, "1-0"); got != 0 {
		t.Error("the old owner could still move the cursor")
	}
}

// Two processes project; one stops in the middle; nothing is missing or twice.
func TestProjectionSurvivesItsOwner(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	first := s.NewProjector(testClient(t, TuneReader), slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	wg.Go(func() { first.Run(ctx) })
	project(t, openStore(t, s.keys.prefix, clock))
	home := post(t, s, clock, "v-01")
	const n = 300
	for i := range n {
		home.scan(ids[i%3], In, 36_5)
		clock.Advance(time.Second)
		if i == n/2 {
			stop()
		}
	}
	wg.Wait()
	from := testStart.UnixMilli()
	eventually(t, "every event in the gate's window", func() bool {
		seen := map[[8]byte]int{}
		must(t, s.Events(t.Context(), Window{Gate: "v-01-g1", From: from, To: from + 86_400_000}, func(e *ScanEvent) error {
			seen[e.Hash]++
			if seen[e.Hash] > 1 {
				t.Fatalf("event twice")
			}
			return nil
		}))
		return len(seen) == n
	})
	var all []ScanEvent
	cursor := ""
	for {
		page, err := s.Page(t.Context(), Window{Gate: "v-01-g1", From: from, To: from + 86_400_000}, cursor, 37)
		must(t, err)
		all = append(all, page.Events...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(all) != n {
		t.Errorf("%d events in pages of %d", len(all), n)
	}
}

func TestOtherSecretsThanThoseOfTheDataAreRefused(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	for what, cfg := range map[string]Config{
		"index key": {FieldKey: testFieldKey, IndexKey: []byte(strings.Repeat("x", 32))},
		"field key": {FieldKey: []byte(strings.Repeat("x", 32)), IndexKey: testIndexKey},
	} {
		cfg.Client, cfg.Prefix, cfg.Clock = testClient(t, Tune), s.keys.prefix, clock.Now
		if _, err := Open(t.Context(), cfg); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), what) {
			t.Errorf("with another %s: %v", what, err)
		}
	}
}

// A town has thousands of records and a change touches one: the others are not
// read again, and what was changed is.
func TestOnlyWhatChangedIsReadAgain(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	before := s.Registry()
	village, _ := before.Site("v-01")
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("mall-01")
		closed := *site
		closed.Closed = true
		return d.PutSite(closed)
	}))
	same, _ := s.Registry().Site("v-01")
	mall, _ := s.Registry().Site("mall-01")
	old, _ := before.Site("mall-01")
	if same != village || !mall.Closed || old.Closed {
		t.Errorf("unchanged %v, changed %v, the old registry's %v", same == village, mall.Closed, old.Closed)
	}
}
