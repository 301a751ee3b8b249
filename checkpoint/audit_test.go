package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func asked(i int) AuditEntry {
	return AuditEntry{
		Actor: "tracer", Role: "tracer", Action: "GET /v1/residents/:id/trajectory", Case: "C7", Reason: "核实行程 " + fmt.Sprint(i),
		Subject: FormatPersonID(uint64(i)), Detail: "from=2020-02-10&to=2020-02-11", Outcome: "answered", Request: fmt.Sprintf("%016x", i), Rows: int64(i),
	}
}

// mustAudit puts n entries on record, one after the other.
func mustAudit(t testing.TB, s *Store, n int) {
	t.Helper()
	for i := range n {
		if _, err := s.Audit(t.Context(), asked(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// auditRecords reads the whole chain.
func auditRecords(t testing.TB, s *Store) (all []AuditRecord) {
	t.Helper()
	must(t, s.AuditRecords(t.Context(), 1, 1<<40, func(r *AuditRecord) error {
		all = append(all, *r)
		return nil
	}))
	return all
}

func TestTheAuditIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	for i := range 5 {
		seq, err := s.Audit(t.Context(), asked(i))
		if err != nil || seq != int64(i+1) {
			t.Fatalf("entry %d has place %d, %v", i, seq, err)
		}
		clock.Advance(time.Second)
	}
	var got []AuditEntry
	must(t, s.AuditRecords(t.Context(), 2, 5, func(e *AuditRecord) error { got = append(got, e.AuditEntry); return nil }))
	if len(got) != 3 {
		t.Fatalf("%d entries from 2 to 5", len(got))
	}
	for i, e := range got {
		want := asked(i + 1)
		want.Seq, want.At = int64(i+2), testStart.Add(time.Duration(i+1)*time.Second).UnixMilli()
		if e != want {
			t.Errorf("read %+v\nwant %+v", e, want)
		}
	}
	for _, c := range []struct{ second, want int64 }{{-9, 1}, {0, 1}, {1, 2}, {4, 5}, {5, 6}} {
		if seq, err := s.AuditSince(t.Context(), testStart.Add(time.Duration(c.second)*time.Second).UnixMilli()); err != nil || seq != c.want {
			t.Errorf("since second %d: entry %d, want %d (%v)", c.second, seq, c.want, err)
		}
	}
	stop := errors.New("enough")
	if err := s.AuditRecords(t.Context(), 1, 6, func(*AuditRecord) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the reader's error is %v", err)
	}
}

// Reasons may name people: they are not in Redis in clear.
func TestReasonsOfTheAuditAreSealed(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	mustAudit(t, s, 1)
	stored, err := s.rdb.XRange(t.Context(), s.keys.audit("log"), "-", "+").Result()
	must(t, err)
	text := stored[0].Values["r"].(string)
	if strings.Contains(text, "核实") || !strings.Contains(text, "tracer") {
		t.Errorf("stored as %q", text)
	}
	another := openStore(t, s.keys.prefix, &testClock{})
	if r := auditRecords(t, another); r[0].Reason != "核实行程 0" {
		t.Errorf("opened as %q", r[0].Reason)
	}
}

func TestLongTextsOfTheAuditAreCut(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	_, err := s.Audit(t.Context(), AuditEntry{Actor: "a\xff", Subject: strings.Repeat("村", 400), Reason: strings.Repeat("x", 70_000)})
	must(t, err)
	r := auditRecords(t, s)[0]
	if r.Actor != "a\ufffd" || r.Subject != strings.Repeat("村", 341) || len(r.Reason) != 1024 {
		t.Errorf("actor %q, subject of %d bytes, reason of %d", r.Actor, len(r.Subject), len(r.Reason))
	}
	again, err := ParseAuditJSON(r.AppendJSON(nil))
	if err != nil || again.Sum() != r.Hash {
		t.Errorf("its JSON form does not come back: %v", err)
	}
}

// Any number of gateways and callers make one chain without a gap.
func TestManyGatewaysKeepOneChain(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	stores := []*Store{s, openStore(t, s.keys.prefix, clock), openStore(t, s.keys.prefix, clock)}
	const callers, each = 20, 15
	var wg sync.WaitGroup
	var mu sync.Mutex
	places := map[int64]string{}
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				e := asked(c*each + i)
				seq, err := stores[c%len(stores)].Audit(t.Context(), e)
				if err != nil {
					t.Errorf("caller %d: %v", c, err)
					return
				}
				mu.Lock()
				if other, taken := places[seq]; taken {
					t.Errorf("entry %d is %s and %s", seq, other, e.Request)
				}
				places[seq] = e.Request
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	all := auditRecords(t, s)
	if len(all) != callers*each {
		t.Fatalf("%d entries, want %d", len(all), callers*each)
	}
	prev := AuditHash{}
	for i, r := range all {
		if r.Seq != int64(i+1) || r.Prev != prev || r.Sum() != r.Hash || places[r.Seq] != r.Request {
			t.Fatalf("entry %d does not go on from the one before: %+v", i+1, r)
		}
		prev = r.Hash
	}
	for _, st := range stores {
		if stats := st.AuditStats(); stats.Broken != 0 || stats.Failed != 0 {
			t.Errorf("stats %+v", stats)
		}
	}
}

// A reply that is lost is asked for again and nothing is on record twice.
func TestALostReplyOfTheAuditAddsNothing(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	mustAudit(t, s, 2)
	w := &auditWait{record: AuditRecord{AuditEntry: asked(9)}}
	args := s.chain(s.audit.known(), nil, []*auditWait{w})
	keys := []string{s.keys.audit("head"), s.keys.audit("log")}
	for range 2 {
		if reply, err := s.run(t.Context(), s.rdb, auditScript, keys, args...); err != nil || len(reply.([]any)) != 1 {
			t.Fatalf("%v, %v", reply, err)
		}
	}
	mustAudit(t, s, 3) // the same group is known even behind others
	if reply, err := s.run(t.Context(), s.rdb, auditScript, keys, args...); err != nil || len(reply.([]any)) != 1 {
		t.Errorf("%v, %v", reply, err)
	}
	if n := len(auditRecords(t, s)); n != 6 {
		t.Errorf("%d entries, want 6", n)
	}
}

// cutOff is a client of a Redis that is not there.
func cutOff(t testing.TB) redis.UniversalClient {
	return clientOf(t, []string{"127.0.0.1:1"}, Tune)
}

func TestWithoutRedisNothingIsOnRecord(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	mustAudit(t, s, 1)
	s.rdb = cutOff(t)
	if _, err := s.Audit(t.Context(), asked(1)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if stats := s.AuditStats(); stats.Failed != 1 || stats.Head != 1 {
		t.Errorf("stats %+v", stats)
	}
}

// Who no longer waits takes the entry along, and too many are told at once.
func TestTheQueueOfTheAuditIsBounded(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	s.audit.turn <- struct{}{} // somebody writes, and does not come to an end
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range maxAuditWaiting {
		wg.Go(func() {
			if _, err := s.Audit(ctx, asked(i)); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	waiting := func() int {
		s.audit.mu.Lock()
		defer s.audit.mu.Unlock()
		return len(s.audit.waiting)
	}
	eventually(t, "all wait", func() bool { return waiting() == maxAuditWaiting })
	if _, err := s.Audit(t.Context(), asked(0)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("one more: %v", err)
	}
	cancel()
	wg.Wait()
	<-s.audit.turn
	if n := waiting(); n != 0 {
		t.Errorf("%d still wait", n)
	}
	mustAudit(t, s, 1)
	if n := len(auditRecords(t, s)); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

// A gateway that is up notices when the chain is not the one it knows.
func TestAGatewayNoticesThatTheChainWasTouched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		touch func(t *testing.T, s *Store)
		cause string
	}{
		"all gone": {func(t *testing.T, s *Store) {
			must(t, s.rdb.Del(t.Context(), s.keys.audit("log"), s.keys.audit("head")).Err())
		}, "taken away"},
		"an older copy": {func(t *testing.T, s *Store) {
			all := auditRecords(t, s)
			must(t, s.rdb.Del(t.Context(), s.keys.audit("log"), s.keys.audit("head")).Err())
			putAudit(t, s, all[:3])
		}, "taken away"},
		"written anew": {func(t *testing.T, s *Store) {
			all := auditRecords(t, s)
			must(t, s.rdb.Del(t.Context(), s.keys.audit("log"), s.keys.audit("head")).Err())
			all[2].Actor = "somebody"
			putAudit(t, s, rehash(all))
		}, "written anew"},
		"the head alone set back": {func(t *testing.T, s *Store) {
			must(t, s.rdb.HSet(t.Context(), s.keys.audit("head"), "n", 2).Err())
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t)
			mustAudit(t, s, 5)
			c.touch(t, s)
			mustAudit(t, s, 1) // it goes on, so that staff can work
			stats := s.AuditStats()
			if broken := stats.Broken == 1; broken != (c.cause != "") || !strings.Contains(stats.Cause, c.cause) {
				t.Errorf("stats %+v, want %q", stats, c.cause)
			}
		})
	}
}

// putAudit writes a chain into an empty Redis, as whoever has the Redis could.
func putAudit(t testing.TB, s *Store, all []AuditRecord) {
	t.Helper()
	for i := range all {
		b := all[i].encode()
		must(t, s.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: s.keys.audit("log"), ID: fmt.Sprintf("%d-0", all[i].Seq), Values: []any{"r", b}}).Err())
		must(t, s.rdb.HSet(t.Context(), s.keys.audit("head"), "n", all[i].Seq, "h", all[i].Hash[:]).Err())
	}
}

// rehash numbers and chains entries anew, without a flaw.
func rehash(all []AuditRecord) []AuditRecord {
	prev := AuditHash{}
	for i := range all {
		all[i].Seq, all[i].Prev = int64(i+1), prev
		all[i].Hash = all[i].Sum()
		prev = all[i].Hash
	}
	return all
}

func TestTheStoredFormOfAnEntry(t *testing.T) {
	t.Parallel()
	r := AuditRecord{AuditEntry: AuditEntry{Seq: 3, At: 5, Actor: "ab", Rows: -1}, Writer: 7, Sealed: []byte{9}, Prev: AuditHash{1}}
	b := r.encode()
	want := append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 5, 1}, make([]byte, 31)...)
	want = append(want, 0, 0, 0, 0, 0, 0, 0, 7, 255, 255, 255, 255, 255, 255, 255, 255, 0, 2, 'a', 'b', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9)
	if !bytes.Equal(b[:len(b)-32], want) || !bytes.Equal(b[len(b)-32:], r.Hash[:]) {
		t.Errorf("got  %v\nwant %v", b, want)
	}
	back, err := decodeAudit(b)
	if err != nil || back.Sum() != r.Hash || back.Actor != "ab" || back.Rows != -1 {
		t.Errorf("came back as %+v, %v", back, err)
	}
	for i := range b {
		if _, err := decodeAudit(b[:i]); err == nil {
			t.Errorf("%d of %d bytes are taken for an entry", i, len(b))
		}
	}
}

func FuzzDecodeAudit(f *testing.F) {
	r := AuditRecord{AuditEntry: asked(1), Sealed: []byte{1, 2}}
	f.Add(r.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeAudit(b)
		if err != nil {
			return
		}
		hash := r.Hash
		if again := r.encode(); !bytes.Equal(again[:len(again)-32], b[:len(b)-32]) || !bytes.Equal(hash[:], b[len(b)-32:]) {
			t.Fatalf("another form of the same entry:\n%x\n%x", b, again)
		}
	})
}

func FuzzParseAuditJSON(f *testing.F) {
	r := AuditRecord{AuditEntry: asked(1), Sealed: []byte{1, 2}}
	f.Add(r.AppendJSON(nil))
	f.Add([]byte(`{"seq":1,"at":"2020-02-11T04:00:00.000Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseAuditJSON(b)
		if err != nil {
			return
		}
		stored := r.encode()
		if back, err := decodeAudit(stored); err != nil || back.Sum() != r.Sum() {
			t.Fatalf("%q does not come back from its stored form: %v", b, err)
		}
	})
}
