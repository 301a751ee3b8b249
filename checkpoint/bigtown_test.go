package checkpoint

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

// streetTown is a town of streets of which each has people, homes and venues of its
// own: to the people of one street the others make no difference.
type streetTown struct {
	t       testing.TB
	s       *Store
	streets []townStreet
	from    int64 // UTC ms, 08:00 at the place of the first day
	days    int
}

type townStreet struct {
	people        []uint64
	homes, venues []townPlace
}

// townPlace is a site with one gate and one device.
type townPlace struct {
	code         string
	gate, device uint32
}

const (
	bigHomes  = 20 // of a street
	bigVenues = 20
)

// foundStreetTown puts the places of a town into the registry and enrols its people,
// three to a household.
func foundStreetTown(t testing.TB, s *Store, from int64, streets, people, days int) *streetTown {
	t.Helper()
	town := &streetTown{t: t, s: s, from: from, days: days}
	code := func(street, n int) string { return fmt.Sprintf("s%d-%d", street, n) }
	for street := range streets {
		must(t, s.Change(t.Context(), func(d *Draft) error {
			for n := range bigHomes + bigVenues {
				kind := Village
				if n >= bigHomes {
					kind = Mall
				}
				c := code(street, n)
				if err := d.PutSite(Site{Code: c, Name: c, Kind: kind, Grid: "area-1"}); err != nil {
					return err
				}
				if err := d.PutGate(Gate{Code: c + "-g1", Name: "门", Site: c, Open: true}); err != nil {
					return err
				}
				if err := d.PutDevice(Device{Code: c + "-d1", Gate: c + "-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte(c)}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for street := range streets {
		b := townStreet{}
		for n := range bigHomes + bigVenues {
			place := townPlace{code: code(street, n)}
			gate, _ := s.Registry().Gate(place.code + "-g1")
			device, _ := s.Registry().Device(place.code + "-d1")
			place.gate, place.device = gate.Num, device.Num
			if n < bigHomes {
				b.homes = append(b.homes, place)
			} else {
				b.venues = append(b.venues, place)
			}
		}
		rows := make([]NewResident, people)
		for i := range rows {
			rows[i] = household(street*people+i, 1, fmt.Sprintf("%d-%d", street, i/(3*bigHomes)))[0]
			rows[i].Name = "王小" + string(rune('一'+i%1000))
			rows[i].Site = b.homes[i%bigHomes].code
		}
		for part := range slices.Chunk(rows, 2000) {
			b.people = append(b.people, mustEnrol(t, s, part...)...)
		}
		town.streets = append(town.streets, b)
	}
	return town
}

// day is what somebody does on a day: out of the home, in and out of a venue of
// the street, and home again. One in twenty goes by car.
func (b *streetTown) day(street, person, day int) (out [4]ScanEvent) {
	st := &b.streets[street]
	dice := rand.New(rand.NewPCG(uint64(street*1_000_000+person), uint64(day)))
	home, venue := st.homes[person%bigHomes], st.venues[dice.IntN(bigVenues)]
	at := b.from + int64(day)*dayMillis + dice.Int64N(8*3_600_000)
	for i, wait := range [4]int64{0, 300_000 + dice.Int64N(600_000), 1_800_000 + dice.Int64N(7_200_000), 300_000 + dice.Int64N(600_000)} {
		at += wait
		place, e := home, &out[i]
		if i == 1 || i == 2 {
			place = venue
		}
		*e = ScanEvent{
			Person: st.people[person], OccurredAt: at, RecordedAt: at + 150 + dice.Int64N(1500), Gate: place.gate, Device: place.device,
			Direction: [...]Direction{Out, In, Out, In}[i], Who: ByResident, Temperature: Celsius(361 + dice.IntN(11)), Method: Forehead,
			Hash: scanHash(place.device, fmt.Sprintf("%d-%d-%d", person, day, i)), Outcome: Outcome{Decision: Pass, Action: Admit},
		}
		for b, bits := 0, dice.Uint32(); b < 4; b++ {
			e.Digest[b] = byte(bits >> (8 * b))
		}
		if person%20 == 7 {
			e.Plate = fmt.Sprintf("鲁A%05d", street*10_000+person)
		}
	}
	return out
}

// bulkWriter writes events as scans and the projector leave them: trails, gate
// index, plates, log and the people's last passages. It leaves out the counts of
// readings, of which a gate has some 0.3 KiB for three days, and alerts.
type bulkWriter struct {
	t      testing.TB
	s      *Store
	logs   [Partitions][]*ScanEvent
	states [Partitions][]PersonState
	sets   map[SetID][]SetEntry // of places and plates, until flush
	trails []Set
}

func newBulkWriter(t testing.TB, s *Store) *bulkWriter {
	return &bulkWriter{t: t, s: s, sets: map[SetID][]SetEntry{}}
}

// add takes all events of a person, in order of time. Those that were recorded
// from logFrom on are still in the log.
func (w *bulkWriter) add(events []ScanEvent, logFrom int64) {
	w.t.Helper()
	person := events[0].Person
	trail := Set{SetID: SetID{Family: TrailSets, ID: person}}
	for i := range events {
		e := &events[i]
		trail.Entries = append(trail.Entries, SetEntry{e.OccurredAt, e.Member(TrailSets)})
		ids := []SetID{{Family: GateSets, ID: uint64(e.Gate), Day: dayOf(e.OccurredAt)}}
		if id, ok := w.s.PlateSet(e); ok {
			ids = append(ids, id)
		}
		for _, id := range ids {
			w.sets[id] = append(w.sets[id], SetEntry{e.OccurredAt, e.Member(id.Family)})
		}
		if e.RecordedAt >= logFrom {
			part := partitionOf(person)
			kept := *e
			w.logs[part] = append(w.logs[part], &kept)
		}
	}
	state, err := w.s.StateOf(person, events)
	must(w.t, err)
	part := partitionOf(person)
	w.states[part] = append(w.states[part], state)
	if w.trails = append(w.trails, trail); len(w.trails) == 200 {
		must(w.t, w.s.ReplaceSets(w.t.Context(), w.trails))
		w.trails = w.trails[:0]
	}
}

// flush writes what add gathered of places and plates, which is complete.
func (w *bulkWriter) flush() {
	w.t.Helper()
	must(w.t, w.s.ReplaceSets(w.t.Context(), w.trails))
	w.trails = w.trails[:0]
	var sets []Set
	for id, entries := range w.sets {
		slices.SortFunc(entries, CompareEntries)
		sets = append(sets, Set{SetID: id, Entries: entries})
	}
	for part := range slices.Chunk(sets, 20) {
		must(w.t, w.s.ReplaceSets(w.t.Context(), part))
	}
	clear(w.sets)
}

// finish writes logs and states.
func (w *bulkWriter) finish(ctx context.Context) {
	w.t.Helper()
	for part := range Partitions {
		entries := w.logs[part]
		slices.SortFunc(entries, func(a, b *ScanEvent) int { return int(a.RecordedAt - b.RecordedAt) })
		last, n := int64(0), 0
		for some := range slices.Chunk(entries, 1000) {
			_, err := w.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, e := range some {
					if e.RecordedAt != last {
						last, n = e.RecordedAt, 0
					}
					p.XAdd(ctx, &redis.XAddArgs{Stream: w.s.keys.log(part), ID: fmt.Sprintf("%d-%d", last, n), Values: []any{"e", e.LogEntry()}})
					n++
				}
				return nil
			})
			must(w.t, err)
		}
		_, err := w.s.PutStates(ctx, part, w.states[part], func(int64) bool { return false })
		must(w.t, err)
	}
}

// copyKeys copies keys as they are from one Redis to another, under another
// prefix if it is one store's to another's.
func copyKeys(t testing.TB, from, to redis.UniversalClient, keys []string, rename func(string) string) {
	t.Helper()
	ctx := t.Context()
	for part := range slices.Chunk(keys, 500) {
		dumps, err := from.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range part {
				p.Dump(ctx, key)
			}
			return nil
		})
		must(t, err)
		_, err = to.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range part {
				p.RestoreReplace(ctx, rename(key), 0, dumps[i].(*redis.StringCmd).Val())
			}
			return nil
		})
		must(t, err)
	}
}
