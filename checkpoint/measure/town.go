package measure

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/replay"
)

const (
	homes     = 20 // of a street
	venues    = 20
	household = 3
	dayMillis = 86_400_000
	hour      = 3_600_000
)

// town is a town of streets, see the package comment.
type town struct {
	streets []street
	from    int64 // UTC ms, 08:00 at the place of the first day
	days    int
}

type street struct {
	people        []uint64
	homes, venues []place
}

// place is a site with one gate and one device.
type place struct{ gate, device uint32 }

// now is when the store's clock stands.
var now = time.Date(2020, 2, 10, 17, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// newTown is a town without streets whose last day was the one before now.
func newTown(days int) *town {
	return &town{from: now.UnixMilli() - 17*hour - int64(days-1)*dayMillis, days: days}
}

// perDay is how many events a person has on a day.
const perDay = 4

// logFrom is from when on events are still in the log, UTC ms.
func (t *town) logFrom() int64 { return now.UnixMilli() - 36*hour }

// found adds a street: its places go into the registry, its people are enrolled,
// three to a household.
func (t *town) found(ctx context.Context, s *checkpoint.Store, people int) error {
	number := len(t.streets)
	code := func(n int) string { return fmt.Sprintf("s%d-%d", number, n) }
	err := s.Change(ctx, func(d *checkpoint.Draft) error {
		if number == 0 {
			if err := d.PutGridNode(checkpoint.GridNode{ID: "town", Name: "Town", Level: 1}); err != nil {
				return err
			}
		}
		for n := range homes + venues {
			if err := putPlace(d, code(n), n < homes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("measure: places: %w", err)
	}
	st := street{}
	for n := range homes + venues {
		gate, _ := s.Registry().Gate(code(n) + "-g1")
		device, _ := s.Registry().Device(code(n) + "-d1")
		at := place{gate.Num, device.Num}
		if n < homes {
			st.homes = append(st.homes, at)
		} else {
			st.venues = append(st.venues, at)
		}
	}
	rows := make([]checkpoint.NewResident, people)
	for i := range rows {
		rows[i] = checkpoint.NewResident{
			Name: "王小" + string(rune('一'+i%1000)), IDNumber: fmt.Sprintf("P%02d%07d", number, i),
			Phone: fmt.Sprintf("138%02d%06d", number%100, i%1_000_000), Site: code(i % homes), Door: fmt.Sprintf("1-1-%d", i/(household*homes)),
		}
	}
	for some := range slices.Chunk(rows, 2000) {
		results, err := s.Enrol(ctx, some)
		if err != nil {
			return fmt.Errorf("measure: enrol: %w", err)
		}
		for _, r := range results {
			if r.Err != nil {
				return fmt.Errorf("measure: enrol: %w", r.Err)
			}
			st.people = append(st.people, r.ID)
		}
	}
	t.streets = append(t.streets, st)
	return nil
}

func putPlace(d *checkpoint.Draft, code string, home bool) error {
	kind := checkpoint.Mall
	if home {
		kind = checkpoint.Village
	}
	if err := d.PutSite(checkpoint.Site{Code: code, Name: code, Kind: kind, Grid: "town"}); err != nil {
		return err
	}
	if err := d.PutGate(checkpoint.Gate{Code: code + "-g1", Name: "门", Site: code, Open: true}); err != nil {
		return err
	}
	return d.PutDevice(checkpoint.Device{Code: code + "-d1", Gate: code + "-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte(code)})
}

// day is what somebody does on a day: out of the home, in and out of a venue of
// the street, and home again.
func (t *town) day(number, person, day int) (out [perDay]checkpoint.ScanEvent) {
	st := &t.streets[number]
	dice := rand.New(rand.NewPCG(uint64(number*10_000_000+person), uint64(day))) //nolint:gosec // has to repeat itself
	home, venue := st.homes[person%homes], st.venues[dice.IntN(venues)]
	at := t.from + int64(day)*dayMillis + dice.Int64N(8*hour)
	for i, wait := range [perDay]int64{0, 300_000 + dice.Int64N(600_000), hour/2 + dice.Int64N(2*hour), 300_000 + dice.Int64N(600_000)} {
		at += wait
		where, e := home, &out[i]
		if i == 1 || i == 2 {
			where = venue
		}
		*e = checkpoint.ScanEvent{
			Person: st.people[person], OccurredAt: at, RecordedAt: at + 150 + dice.Int64N(1500), Gate: where.gate, Device: where.device,
			Direction: [perDay]checkpoint.Direction{checkpoint.Out, checkpoint.In, checkpoint.Out, checkpoint.In}[i], Who: checkpoint.ByResident,
			Temperature: checkpoint.Celsius(361 + dice.IntN(11)), Method: checkpoint.Forehead,
			Outcome: checkpoint.Outcome{Decision: checkpoint.Pass, Action: checkpoint.Admit},
		}
		fill(e.Hash[:], dice)
		fill(e.Digest[:], dice)
		if person%20 == 7 {
			e.Plate = fmt.Sprintf("鲁A%05d", number*10_000+person%10_000)
		}
	}
	return out
}

// fill writes random bytes.
func fill(to []byte, dice *rand.Rand) {
	for i, bits := 0, dice.Uint64(); i < len(to); i++ {
		to[i] = byte(bits >> (8 * (i % 8)))
	}
}

// events are those of the whole past, person by person within each day, if keep
// takes them.
func (t *town) events(keep func(*checkpoint.ScanEvent) bool) replay.Events {
	return func(fn func(*checkpoint.ScanEvent) error) error {
		for day := range t.days {
			for number := range t.streets {
				for person := range t.streets[number].people {
					four := t.day(number, person, day)
					for i := range four {
						if !keep(&four[i]) {
							continue
						}
						if err := fn(&four[i]); err != nil {
							return err
						}
					}
				}
			}
		}
		return nil
	}
}

// count is how many events there are.
func (t *town) count() (n int64) {
	for i := range t.streets {
		n += int64(len(t.streets[i].people)) * int64(t.days) * perDay
	}
	return n
}

func all(*checkpoint.ScanEvent) bool { return true }
