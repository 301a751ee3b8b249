package checkpoint

import (
	"context"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
	"passgate/checkpoint/trajectory"
)

// What the bulk writer of the figures leaves is what scans and the projector
// leave: the same keys with the same content.
func TestBulkWriterLeavesWhatScansLeave(t *testing.T) {
	t.Parallel()
	if len(testAddrs) > 1 || testInMemory {
		t.Skip("copies keys with DUMP under another prefix, whose hash tags stay: one real Redis will do")
	}
	a, clock := newStore(t)
	const people, days = 24, 2
	town := foundStreetTown(t, a, testStart.UnixMilli()-4*3_600_000, 2, people, days)
	prefix := fmt.Sprintf("t%d:", testPrefixes.Add(1))
	rename := func(key string) string { return prefix + strings.TrimPrefix(key, a.keys.prefix) }
	copyKeys(t, a.rdb, a.rdb, allKeys(t, a), rename)
	b := openStore(t, prefix, clock)

	var all []ScanEvent
	for street := range town.streets {
		for person := range people {
			for day := range days {
				events := town.day(street, person, day)
				all = append(all, events[:]...)
			}
		}
	}
	slices.SortFunc(all, func(x, y ScanEvent) int { return int(x.OccurredAt - y.OccurredAt) })
	for i, e := range all {
		clock.ms.Store(e.RecordedAt)
		req := ScanRequest{
			ID: fmt.Sprintf("scan-%06d", i), Device: e.Device, OccurredAt: e.OccurredAt, Direction: e.Direction, Who: ByResident,
			Person: e.Person, Presented: FormatPersonID(e.Person), Temperature: e.Temperature, Method: e.Method, Plate: e.Plate,
		}
		res, err := a.Scan(t.Context(), req)
		if must(t, err); res.Decision != Pass {
			t.Fatalf("scan %d: %+v", i, res.Outcome)
		}
	}
	byPerson := map[uint64][]ScanEvent{}
	for part := range Partitions {
		entries, err := a.rdb.XRange(t.Context(), a.keys.log(part), "-", "+").Result()
		must(t, err)
		for _, entry := range entries {
			e, err := ParseLogEntry(entry.Values["e"].(string))
			must(t, err)
			byPerson[e.Person] = append(byPerson[e.Person], e)
		}
	}
	w := newBulkWriter(t, b)
	for _, events := range byPerson {
		w.add(events, 0)
	}
	w.flush()
	w.finish(t.Context())

	left := func(s *Store) map[string]string {
		out := map[string]string{}
		for _, key := range allKeys(t, s) {
			name := strings.TrimPrefix(key, s.keys.prefix)
			if content := contentOf(t, s, key, name); content != "" {
				out[name] = content
			}
		}
		return out
	}
	project(t, a)
	eventually(t, "the projector is done", func() bool { return len(left(a)) >= len(left(b)) })
	sleep(t.Context(), time.Second) // the last step's other calls
	have, want := left(a), left(b)
	for name, content := range want {
		if have[name] != content {
			t.Errorf("%q\n scans: %.300q\n  bulk: %.300q", name, have[name], content)
		}
	}
	if len(have) != len(want) {
		t.Errorf("scans leave %d keys, the bulk writer %d", len(have), len(want))
	}
	if len(want) < 2*people*4 {
		t.Errorf("only %d keys were compared", len(want))
	}
}

// contentOf is what a key holds and takes, "" for what the bulk writer leaves out.
func contentOf(t testing.TB, s *Store, key, name string) string {
	t.Helper()
	ctx := t.Context()
	if strings.HasSuffix(name, ":part") || strings.Contains(name, ":T:") || strings.HasPrefix(name, "{reg}") {
		return ""
	}
	size, err := s.rdb.MemoryUsage(ctx, key, 0).Result()
	if err != nil {
		return "" // it has gone
	}
	size -= int64(len(key)) // of another prefix; what is left is rounded to the allocator's steps
	switch s.rdb.Type(ctx, key).Val() {
	case "zset":
		return fmt.Sprint(size/32, s.rdb.ObjectEncoding(ctx, key).Val(), s.rdb.ZRangeWithScores(ctx, key, 0, -1).Val())
	case "hash":
		fields := s.rdb.HGetAll(ctx, key).Val()
		if strings.HasSuffix(name, "}:n") { // a script that counts down leaves zeros
			maps.DeleteFunc(fields, func(_, n string) bool { return n == "0" })
		}
		return fmt.Sprint(fields)
	case "stream":
		var values []string
		for _, entry := range s.rdb.XRange(ctx, key, "-", "+").Val() {
			values = append(values, fmt.Sprintf("%x", entry.Values["e"]))
		}
		return strings.Join(values, " ")
	}
	return fmt.Sprintf("%x", s.rdb.Get(ctx, key).Val())
}

// TestBigStore measures what 5.6 million events of 100,000 people in 14 days
// take in Redis, and whether questions about one person take longer than in a
// store with a tenth of them. It takes some minutes and 2 GB. Chunks are as full
// as events in order make them; a projector that lags leaves some half full.
//
//	PASSGATE_LONG=1 go test -run BigStore -v ./checkpoint
//
// PASSGATE_PEOPLE sets another number of people.
func TestBigStore(t *testing.T) {
	if os.Getenv("PASSGATE_LONG") == "" {
		t.Skip("PASSGATE_LONG=1 fills a store with 5.6 million events")
	}
	const streets, days = 10, 14
	people := 100_000
	if n, err := strconv.Atoi(os.Getenv("PASSGATE_PEOPLE")); err == nil {
		people = n
	}
	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	s := bigRedis(t, clock)
	must(t, s.Change(t.Context(), smallTown))
	town := foundStreetTown(t, s, testStart.UnixMilli()-4*3_600_000-days*dayMillis, streets, people/streets, days)
	before, used := familySizes(t, s), usedMemory(t, s)

	start := time.Now()
	events := 0
	w := newBulkWriter(t, s)
	// At one in the morning the last 36 h are a day and a half of events.
	logFrom := town.from + days*dayMillis - (7*time.Hour + 36*time.Hour).Milliseconds()
	for street := range town.streets {
		for person := range town.streets[street].people {
			var all []ScanEvent
			for day := range days {
				four := town.day(street, person, day)
				all = append(all, four[:]...)
			}
			events += len(all)
			w.add(all, logFrom)
		}
		w.flush()
	}
	w.finish(t.Context())
	logged := 0
	for part := range w.logs {
		logged += len(w.logs[part])
	}
	t.Logf("%d events of %d people in %d days, %d of them in the logs, written in %.0f s", events, people, days, logged, time.Since(start).Seconds())
	memoryTable(t, events, usedMemory(t, s)-used, before, familySizes(t, s))

	small := bigRedis(t, clock)
	copyKeys(t, s.rdb, small.rdb, town.keysOf(0), func(key string) string { return key })
	must(t, small.reload(t.Context()))
	town.compareQuestions(small)
}

// bigRedis is a store on a Redis of its own.
func bigRedis(t *testing.T, clock *testClock) *Store {
	t.Helper()
	srv, err := redisd.Start(t.Context(), redisd.Options{Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { _ = srv.Stop(context.Background()) })
	client := clientOf(t, []string{srv.Socket()}, func(o *redis.UniversalOptions) *redis.UniversalOptions {
		return Tune(o)
	})
	s, err := Open(t.Context(), Config{Client: client, Prefix: "pg:", FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now})
	must(t, err)
	return s
}

func usedMemory(t testing.TB, s *Store) int64 {
	t.Helper()
	info, err := s.rdb.Info(t.Context(), "memory").Result()
	must(t, err)
	_, rest, _ := strings.Cut(info, "\r\nused_memory:")
	text, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.ParseInt(text, 10, 64)
	must(t, err)
	return n
}

// familySize is what the keys of one kind take, by MEMORY USAGE of each.
type familySize struct{ keys, bytes, entries, longest, loose int64 }

// familyOf names the kind of a key.
func familyOf(name string) string {
	_, rest, _ := strings.Cut(name, "}:")
	kind, _, more := strings.Cut(rest, ":")
	switch {
	case strings.HasPrefix(name, "{g") && kind == "e":
		if strings.Count(rest, ":") == 2 {
			return "gate index: chunks"
		}
		return "gate index: tables"
	case strings.HasPrefix(name, "{reg}"):
		return "registry"
	case kind == "p" && more:
		return "people: state"
	case kind == "i":
		return "people: identity"
	case kind == "t":
		return "trails"
	case kind == "v" && len(rest) == len("v:")+8:
		return "plates: tables"
	case kind == "v":
		return "plates: chunks"
	case kind == "log":
		return "log of 36 h"
	case kind == "n":
		return "inside"
	}
	return "other"
}

// familySizes asks the size of every key, and of sorted sets how long they are
// and whether they are listpacks.
func familySizes(t testing.TB, s *Store) map[string]*familySize {
	t.Helper()
	ctx, out := t.Context(), map[string]*familySize{}
	for part := range slices.Chunk(allKeys(t, s), 1000) {
		sizes, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range part {
				p.MemoryUsage(ctx, key, 0)
			}
			return nil
		})
		must(t, err)
		var sets []string
		for i, key := range part {
			family := familyOf(strings.TrimPrefix(key, s.keys.prefix))
			if out[family] == nil {
				out[family] = &familySize{}
			}
			out[family].keys++
			out[family].bytes += sizes[i].(*redis.IntCmd).Val()
			if family == "trails" || strings.HasSuffix(family, "chunks") {
				sets = append(sets, key)
			}
		}
		looks, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range sets {
				p.ZCard(ctx, key)
				p.ObjectEncoding(ctx, key)
			}
			return nil
		})
		must(t, err)
		for i, key := range sets {
			f := out[familyOf(strings.TrimPrefix(key, s.keys.prefix))]
			n := looks[2*i].(*redis.IntCmd).Val()
			f.entries += n
			f.longest = max(f.longest, n)
			if looks[2*i+1].(*redis.StringCmd).Val() != "listpack" {
				f.loose++
			}
		}
	}
	return out
}

// memoryTable prints what events take, by kind of key, and fails if it is more
// than 100 B an event or if a sorted set has left its compact form.
func memoryTable(t testing.TB, events int, used int64, before, after map[string]*familySize) {
	t.Helper()
	t.Logf("%-20s %9s %12s %12s %9s %8s %8s", "keys", "number", "bytes", "B an event", "entries", "longest", "loose")
	var known int64
	for _, family := range slices.Sorted(maps.Keys(after)) {
		f, was := after[family], &familySize{}
		if before[family] != nil {
			was = before[family]
		}
		grown := f.bytes - was.bytes
		if grown == 0 {
			continue
		}
		known += grown
		t.Logf("%-20s %9d %12d %12.2f %9d %8d %8d", family, f.keys-was.keys, grown, float64(grown)/float64(events), f.entries, f.longest, f.loose)
		if f.longest > 120 || f.loose > 0 {
			t.Errorf("%s: a sorted set has %d entries, %d are no listpack", family, f.longest, f.loose)
		}
	}
	t.Logf("%-20s %9s %12d %12.2f", "tables of the keys", "", used-known, float64(used-known)/float64(events))
	t.Logf("%-20s %9s %12d %12.2f", "used_memory", "", used, float64(used)/float64(events))
	if float64(used) > 100*float64(events) {
		t.Errorf("an event takes %.1f B, more than 100", float64(used)/float64(events))
	}
}

// keysOf are the keys of one street's people and gates, and of the registry.
func (b *streetTown) keysOf(street int) (keys []string) {
	b.t.Helper()
	ctx, s := b.t.Context(), b.s
	tags := map[string]bool{"reg": true}
	people := map[string]bool{}
	for _, place := range append(b.streets[street].homes, b.streets[street].venues...) {
		tags["g"+strconv.Itoa(int(place.gate))] = true
	}
	for _, id := range b.streets[street].people {
		people[raw(id)] = true
	}
	it := s.rdb.Scan(ctx, 0, s.keys.prefix+"*", 1000).Iterator()
	for it.Next(ctx) {
		name := strings.TrimPrefix(it.Val(), s.keys.prefix)
		tag, rest, _ := strings.Cut(strings.TrimPrefix(name, "{"), "}:")
		family := familyOf(name)
		if tags[tag] || strings.HasPrefix(rest, "h:") || (family == "trails" || strings.HasPrefix(family, "people")) && people[rest[2:10]] {
			keys = append(keys, it.Val())
		}
	}
	must(b.t, it.Err())
	return keys
}

// compareQuestions asks the same about people of the first street in the town's
// store and in a small one that holds that street only, in turn.
func (b *streetTown) compareQuestions(small *Store) {
	b.t.Helper()
	ctx := b.t.Context()
	to := b.from + int64(b.days)*dayMillis
	contacts := ContactQuery{From: to - 7*dayMillis, To: to, Hops: 1, GateMargin: DefaultGateMargin, MinOverlap: DefaultMinOverlap, Limit: MaxContacts}
	for _, q := range []struct {
		name         string
		people, most int
		ask          func(s *Store, person uint64) (any, int)
	}{
		{"trajectory of 14 days", 200, 5, func(s *Store, person uint64) (any, int) {
			var events []ScanEvent
			must(b.t, s.Trail(ctx, person, b.from, to, func(e *ScanEvent) error { events = append(events, *e); return nil }))
			reg := s.Registry()
			stays := trajectory.Fold(reg.Facts(events), to, reg.StayRules())
			return stays, len(stays)
		}},
		{"contacts of 7 days", 20, 5, func(s *Store, person uint64) (any, int) {
			q := contacts
			q.Person = person
			res, err := s.Contacts(ctx, q)
			must(b.t, err)
			return res, res.Total
		}},
	} {
		var took [2][]time.Duration
		found := 0
		for range q.most {
			for i := range q.people {
				person := b.streets[0].people[i*len(b.streets[0].people)/q.people]
				var answers [2]any
				for k, s := range []*Store{b.s, small} {
					start := time.Now()
					answers[k], found = q.ask(s, person)
					took[k] = append(took[k], time.Since(start))
				}
				if !reflect.DeepEqual(answers[0], answers[1]) || found == 0 {
					b.t.Fatalf("%s: the answers differ, or are empty (%d)", q.name, found)
				}
			}
		}
		at := func(k int, q float64) time.Duration {
			slices.Sort(took[k])
			return took[k][int(q*float64(len(took[k])-1))].Round(time.Microsecond)
		}
		ratio := float64(at(0, 0.5)) / float64(at(1, 0.5))
		b.t.Logf("%s: %d answers like the last, of %d; median %v against %v, ratio %.2f; p99 %v against %v",
			q.name, len(took[0]), found, at(0, 0.5), at(1, 0.5), ratio, at(0, 0.99), at(1, 0.99))
		if ratio > 1.3 {
			b.t.Errorf("%s takes %.2f times as long among ten times the events", q.name, ratio)
		}
	}
}
