package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// crowdedMall writes days of a mall with so many visitors a day, half an hour to
// three hours each, into the logs and indexes, as scans and the projector do,
// and gives somebody who was there on the last of the days at noon for an hour.
// Everybody is on record as a visitor, and comes every day.
func crowdedMall(t testing.TB, s *Store, visitors, days int) (person uint64, noon int64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 3)) //nolint:gosec // has to repeat itself
	d, _ := s.Registry().Device("mall-01-d1")
	gate, _ := s.Registry().Gate("mall-01-g1")
	n := 0
	var scans []ScanEvent
	visit := func(person uint64, at, length int64) {
		for i, way := range []Direction{In, Out} {
			n++
			scans = append(scans, ScanEvent{
				Person: person, OccurredAt: at + int64(i)*length, RecordedAt: at + int64(i)*length + 40, Hash: scanHash(d.Num, fmt.Sprintf("bench-%08d", n)),
				Outcome: Outcome{Decision: Pass, Action: Admit}, Direction: way, Who: ByAppPass, Temperature: 36_5, Gate: gate.Num, Device: d.Num,
			})
		}
	}
	for day := range int64(days) {
		morning := testStart.UnixMilli() - (day+1)*dayMillis - 4*3600_000 // 08:00 at the place
		for i := range visitors {
			id := uint64(i+1)*0x9e3779b97f4a7c15 | 1
			visit(id, morning+rng.Int64N(10*3600_000), 1800_000+rng.Int64N(9000_000))
		}
	}
	person, noon = 0x4242424242424242, testStart.UnixMilli()-dayMillis
	visit(person, noon, 3600_000)
	writeEvents(t, s, scans)
	return person, noon
}

// writeEvents puts events of people, who become visitors, into their trails and
// the gates' indexes by the scripts that do it, without a decision.
func writeEvents(t testing.TB, s *Store, events []ScanEvent) {
	t.Helper()
	ctx := t.Context()
	var calls []call
	flush := func() {
		_, err := s.runAll(ctx, calls)
		must(t, err)
		calls = calls[:0]
	}
	trails, days := map[uint64][]any{}, map[gateDay][]any{}
	for i := range events {
		e := &events[i]
		trails[e.Person] = append(trails[e.Person], e.OccurredAt, e.trailMember())
		day := s.gateDayOf(e)
		days[day] = append(days[day], e.OccurredAt, e.gateMember())
	}
	for person, members := range trails {
		// The trail's table is a field of the person; a set with a key of its own
		// has the same form and the same script.
		calls = append(calls, call{plateScript, []string{s.keys.trail(person)}, append([]any{""}, members...)})
		if len(calls) == 100 {
			flush()
		}
	}
	flush()
	for day, members := range days {
		for len(members) > 0 {
			k := min(len(members), 1000)
			calls = append(calls, call{projectScript, day.keys(s.keys), append([]any{""}, members[:k]...)})
			members = members[k:]
			flush()
		}
	}
	people := make([]uint64, 0, len(trails))
	for person := range trails {
		people = append(people, person)
	}
	for len(people) > 0 {
		k := min(len(people), 200)
		p := s.rdb.Pipeline()
		for _, person := range people[:k] {
			table := s.rdb.Get(ctx, s.keys.trail(person)).Val()
			p.HSet(ctx, s.keys.person(person), "s", int(StatusVisitor), "k", "v", "n", "来*", "g", 0, "c", table)
		}
		_, err := p.Exec(ctx)
		must(t, err)
		people = people[k:]
	}
}

// BenchmarkContacts asks for the contacts of an hour at a mall with 5,000
// visitors a day, with twenty days of them in the store and with two: the longest
// stay before the hour is in both. The two are asked in turns, and the medians
// compared.
func BenchmarkContacts(b *testing.B) {
	var ask [2]func()
	var took [2][]time.Duration
	found := 0
	for i, days := range []int{2, 20} {
		s, _ := newStore(b)
		person, noon := crowdedMall(b, s, 5000, days)
		q := ContactQuery{
			Person: person, From: noon - 3600_000, To: noon + 7200_000, Hops: 1, GateMargin: DefaultGateMargin,
			MinOverlap: DefaultMinOverlap, Limit: MaxContacts,
		}
		ask[i] = func() {
			start := time.Now()
			res, err := s.Contacts(b.Context(), q)
			must(b, err)
			took[i] = append(took[i], time.Since(start))
			found = res.Total
		}
	}
	for b.Loop() {
		ask[0]()
		ask[1]()
	}
	var median [2]float64
	for i := range took {
		slices.Sort(took[i])
		median[i] = float64(took[i][len(took[i])/2].Microseconds()) / 1000
	}
	b.ReportMetric(float64(found), "contacts")
	b.ReportMetric(median[0], "ms(2days)")
	b.ReportMetric(median[1], "ms(20days)")
	b.ReportMetric(median[1]/median[0], "ratio")
}
