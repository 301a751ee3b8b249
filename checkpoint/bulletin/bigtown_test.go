package bulletin_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/replay"
	"passgate/checkpoint/storetest"
)

// bigTown is a street office's town for a day.
type bigTown struct {
	*storetest.W
	townSize
	t     testing.TB
	from  int64 // UTC ms, midnight
	gates []*checkpoint.Gate
	node  map[uint32]string // of each gate
	doors []string          // codes of residential sites
}

// townSize is how much of everything there is: as many venues as homes, which are
// sites with a gate each.
type townSize struct{ people, areas, places, micros, homes, records int }

var (
	wholeTown = townSize{100_000, 12, 64, 853, 180, 1000}
	smallTown = townSize{500, 3, 6, 40, 20, 3}
)

func newBigTown(t testing.TB, size townSize) *bigTown {
	t.Helper()
	b := &bigTown{W: storetest.New(t), t: t, townSize: size, node: map[uint32]string{}}
	b.from, _ = b.Store.Bounds(b.Store.DayAt(storetest.Start.UnixMilli()))
	must(t, b.Store.Change(t.Context(), func(d *checkpoint.Draft) error {
		put := func(id, parent string, level int) error {
			return d.PutGridNode(checkpoint.GridNode{ID: id, Parent: parent, Name: id, Level: level})
		}
		for i := range size.areas {
			if err := put(fmt.Sprintf("area%d", i), "XS", 2); err != nil {
				return err
			}
		}
		for i := range size.places {
			if err := put(fmt.Sprintf("place%d", i), fmt.Sprintf("area%d", i%size.areas), 3); err != nil {
				return err
			}
		}
		for i := range size.micros {
			if err := put(fmt.Sprintf("micro%d", i), fmt.Sprintf("place%d", i%size.places), 4); err != nil {
				return err
			}
		}
		for i := range 2 * size.homes {
			site := checkpoint.Site{Code: fmt.Sprintf("home%d", i), Kind: checkpoint.Village, Grid: fmt.Sprintf("micro%d", i*2%size.micros)}
			if i >= size.homes {
				site = checkpoint.Site{Code: fmt.Sprintf("venue%d", i), Kind: checkpoint.Mall, Grid: fmt.Sprintf("place%d", i%size.places)}
			} else {
				b.doors = append(b.doors, site.Code)
			}
			site.Name = site.Code
			if err := d.PutSite(site); err != nil {
				return err
			}
			if err := d.PutGate(checkpoint.Gate{Code: site.Code + "-g1", Name: "门", Site: site.Code, Open: true}); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, gate := range b.Store.Registry().Gates() {
		if site, _ := b.Store.Registry().Site(gate.Site); len(site.Grid) > 5 {
			b.gates, b.node[gate.Num] = append(b.gates, gate), site.Grid
		}
	}
	return b
}

// passages are those of the day, four of each person, and what goes with a day: some
// are refused, some are taken back.
func (b *bigTown) passages(fn func(*checkpoint.ScanEvent) error) error {
	dice := rand.New(rand.NewPCG(7, 7))
	for p := range b.people {
		at := b.from + 6*3600_000 + dice.Int64N(6*3600_000)
		for k := range 4 {
			at += 60_000 + dice.Int64N(7_200_000)
			e := checkpoint.ScanEvent{
				Person: uint64(p%checkpoint.Partitions)<<58 | uint64(p+1), OccurredAt: at, RecordedAt: at + 200, //nolint:gosec // small
				Gate: b.gates[dice.IntN(len(b.gates))].Num, Device: 1, Temperature: 365, Direction: [...]checkpoint.Direction{checkpoint.In, checkpoint.Out}[k%2],
				Outcome: checkpoint.Outcome{Decision: checkpoint.Pass, Action: checkpoint.Admit},
			}
			binary.BigEndian.PutUint64(e.Hash[:], dice.Uint64())
			if dice.IntN(50) == 0 {
				e.Outcome = checkpoint.Outcome{Decision: checkpoint.Deny, Reason: checkpoint.Reason(1 + dice.IntN(20)), Action: checkpoint.SendBack} //nolint:gosec // small
			}
			if err := fn(&e); err != nil {
				return err
			}
			if dice.IntN(500) == 0 {
				back := checkpoint.ScanEvent{
					Person: e.Person, OccurredAt: at, RecordedAt: at + 60_000, Gate: e.Gate, Device: 1, Annuls: e.Hash,
					Outcome: checkpoint.Outcome{Decision: checkpoint.Incomplete, Reason: checkpoint.ReasonAnnulled, Action: checkpoint.Register},
				}
				binary.BigEndian.PutUint64(back.Hash[:], dice.Uint64())
				if err := fn(&back); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// byHand counts what replay reads, event by event, for the node of each gate.
func (b *bigTown) byHand() map[string][5]int64 {
	type scan struct {
		at   int64
		hash [8]byte
	}
	var events []checkpoint.ScanEvent
	back := map[scan]bool{}
	must(b.t, b.passages(func(e *checkpoint.ScanEvent) error {
		if e.IsAnnulment() {
			back[scan{e.OccurredAt, e.Annuls}] = true
			return nil
		}
		events = append(events, *e)
		return nil
	}))
	reg, counts, people := b.Store.Registry(), map[string][5]int64{}, map[string]map[uint64]bool{}
	for i := range events {
		e := &events[i]
		for node := b.node[e.Gate]; node != ""; {
			n := counts[node]
			switch {
			case back[scan{e.OccurredAt, e.Hash}]:
				n[4]++
			case e.Decision == checkpoint.Deny:
				n[3]++
			default:
				way := 0
				if e.Direction == checkpoint.Out {
					way = 1
				}
				n[way]++
				if people[node] == nil {
					people[node] = map[uint64]bool{}
				}
				people[node][e.Person] = true
				n[2] = int64(len(people[node]))
			}
			counts[node] = n
			above, _ := reg.Grid(node)
			node = above.Parent
		}
	}
	return counts
}

// writeRecords fills the registers: some of each kind, open and closed.
func (b *bigTown) writeRecords(each int) {
	b.t.Helper()
	var wait sync.WaitGroup
	var failed atomic.Int64
	for _, kind := range []checkpoint.MatterKind{"observation", "fever", "bed", "purchase", "stock", "supply", "disinfection_round", "application", "finding", "report", "dispatch"} {
		wait.Go(func() {
			for i := range each {
				m := checkpoint.Matter{
					Kind: kind, ID: checkpoint.NewMatterID(kind, strconv.Itoa(i)), Node: fmt.Sprintf("micro%d", i%b.micros), State: "open",
					OpenedAt: b.from + int64(i), DueAt: b.from + int64(i%2)*3600_000, Body: []byte(`{"text":"一二三四五六七八九十一二三四五六七八九十"}`),
				}
				if i%2 == 0 {
					m.ClosedAt = b.from + 3600_000
				}
				if _, err := b.Store.AddMatter(b.t.Context(), m); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if failed.Load() > 0 {
		b.t.Fatalf("%d records were not written", failed.Load())
	}
}

// enrol lets people live in the homes, three behind each door.
func (b *bigTown) enrol() {
	b.t.Helper()
	rows := make([]checkpoint.NewResident, b.people)
	for i := range rows {
		rows[i] = checkpoint.NewResident{
			Name: "王小明", IDNumber: fmt.Sprintf("P%07d", i), Site: b.doors[i/3%len(b.doors)], Door: strconv.Itoa(i / 3 / len(b.doors)),
		}
	}
	for some := range slices.Chunk(rows, 5000) {
		results, err := b.Store.Enrol(b.t.Context(), some)
		must(b.t, err)
		for _, r := range results {
			must(b.t, r.Err)
		}
	}
}

// TestBulletinOfTheWholeTown compares the bulletin of a whole town's day, of the root
// and of every node, with a count by hand of the events that a replay put there. With
// PASSGATE_LONG it has 100,000 people, and 2 seconds for it.
func TestBulletinOfTheWholeTown(t *testing.T) {
	t.Parallel()
	size := smallTown
	long := os.Getenv("PASSGATE_LONG") != ""
	if long {
		size = wholeTown
	}
	b := newBigTown(t, size)
	_, err := replay.Rebuild(t.Context(), b.Store, replay.Options{Now: b.Clock.Now, TempDir: t.TempDir(), Archive: replay.Events(b.passages)})
	must(t, err)
	b.writeRecords(size.records)
	if long {
		b.enrol()
	}
	b.Clock.Set(time.UnixMilli(b.from + 25*3600_000))
	day := b.Store.DayAt(b.from)
	book := bulletin.New(b.Store, bulletin.Finders{Homes: func(ctx context.Context, node string, day checkpoint.Day, fn func(bulletin.Found)) error {
		homes, err := b.Store.Homes(ctx, node)
		for i := range homes {
			fn(bulletin.Found{Node: homes[i].Node, Ref: strconv.FormatUint(homes[i].Household, 10)})
		}
		return err
	}})
	took := make([]time.Duration, 0, 5)
	var got func(node, key string) int64
	for range cap(took) {
		began := time.Now()
		got, err = book.CountWhole(t.Context(), day)
		must(t, err)
		if took = append(took, time.Since(began)); !long {
			break
		}
	}
	slices.Sort(took)
	t.Logf("%d people, %d nodes: the whole town in %v (of %v)", size.people, len(b.Store.Registry().GridNodes()), took[len(took)/2], took)
	if long && took[0] > 2*time.Second { // what else runs on the machine only adds to it
		t.Error("it may take 2 seconds")
	}
	b.hold(got)
}

// hold compares every node.
func (b *bigTown) hold(got func(node, key string) int64) {
	b.t.Helper()
	want := b.byHand()
	if want["XS"][0] == 0 || want["XS"][3] == 0 || want["XS"][4] == 0 {
		b.t.Fatalf("by hand %v", want["XS"])
	}
	for _, n := range b.Store.Registry().GridNodes() {
		for i, key := range [5]string{"in", "out", "people", "denied", "annulled"} {
			if is := got(n.ID, key); is != want[n.ID][i] {
				b.t.Errorf("%s of %s is %d, by hand %d", key, n.ID, is, want[n.ID][i])
			}
		}
	}
}
