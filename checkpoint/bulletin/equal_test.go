package bulletin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/replay"
	"passgate/checkpoint/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// life lets a small town live at random.
type life struct {
	*storetest.W
	t     testing.TB
	dice  *rand.Rand
	scans int
	last  []checkpoint.ScanRequest // of people, for taking back
	made  int                      // events in the record
}

func (l *life) request(site string, person uint64) checkpoint.ScanRequest {
	device, ok := l.Store.Registry().Device(site + "-d1")
	if !ok {
		l.t.Fatal(site)
	}
	l.scans++
	return checkpoint.ScanRequest{
		ID: fmt.Sprintf("scan-%06d", l.scans), Device: device.Num, OccurredAt: l.Clock.Now().UnixMilli(), Direction: checkpoint.In,
		Temperature: 36_5, Who: checkpoint.ByResident, Person: person, Presented: fmt.Sprint(person),
	}
}

func (l *life) send(req checkpoint.ScanRequest) {
	l.t.Helper()
	_, err := l.Store.Scan(l.t.Context(), req)
	must(l.t, err)
	l.made++
}

// step is one thing that happens at a gate.
func (l *life) step() {
	l.t.Helper()
	l.Clock.Advance(time.Duration(l.dice.Int64N(int64(40 * time.Minute))))
	names := []string{"wang", "zhang", "li", "zhao"}
	req := l.request([]string{"V1", "C1", "V2", "ML", "PH", "EN"}[l.dice.IntN(6)], l.People[names[l.dice.IntN(4)]])
	req.Direction = []checkpoint.Direction{checkpoint.In, checkpoint.Out}[l.dice.IntN(2)]
	if l.dice.IntN(6) == 0 {
		req.Temperature = 38_1
	}
	switch l.dice.IntN(10) {
	case 0:
		req.Override = 1
	case 1: // a code that is nobody's
		req.Who, req.Person = checkpoint.ByAppPass, 0
		_, err := l.Store.Refuse(l.t.Context(), req, checkpoint.ReasonBadSignature)
		must(l.t, err)
		l.made++
		return
	case 2: // sent in up to a day later
		req.Late, req.OccurredAt = true, req.OccurredAt-l.dice.Int64N(24*3600_000)
	case 3: // into the first and the last millisecond of a day at the place
		_, end := l.Store.Bounds(l.Store.DayAt(req.OccurredAt) - 1)
		req.Late, req.OccurredAt = true, end-l.dice.Int64N(2)
	case 4:
		if n := len(l.last); n > 0 {
			l.takeBack(l.last[n-1])
			l.last = nil
		}
		return
	}
	l.send(req)
	if !req.Late {
		l.last = append(l.last, req)
	}
}

func (l *life) takeBack(req checkpoint.ScanRequest) {
	now := l.Clock.Now().UnixMilli()
	if now-req.OccurredAt > checkpoint.AnnulWithin.Milliseconds() {
		return
	}
	_, err := l.Store.Annul(l.t.Context(), checkpoint.AnnulRequest{
		ID: "annul-" + req.ID, Device: req.Device, Scan: req.ID, OccurredAt: req.OccurredAt, At: now, Person: req.Person,
	})
	must(l.t, err)
	l.made++
}

// settled waits until the indexes have all that was recorded.
func (l *life) settled() {
	l.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, now := 0, l.Clock.Now().UnixMilli()
		must(l.t, l.Store.EventsAt(l.t.Context(), l.Store.Registry().Gates(), now-9*24*3600_000, now+1, func(*checkpoint.ScanEvent) error {
			n++
			return nil
		}))
		if n == l.made {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("the indexes hold %d of %d events", n, l.made)
		}
	}
}

// byHand counts a day from the record: every log from its beginning, and the gates'
// own logs of what names nobody. It knows none of the rules of the package.
func (l *life) byHand(ctx context.Context, date string) map[string]map[string]int64 {
	l.t.Helper()
	var events []checkpoint.ScanEvent
	for part := range checkpoint.Partitions {
		batch, err := l.Store.NextInLog(ctx, part, "", 0, 10_000)
		must(l.t, err)
		events = append(events, batch.Events...)
	}
	for _, gate := range l.Store.Registry().Gates() {
		w := checkpoint.Window{Gate: gate.Code, From: storetest.Start.UnixMilli() - 48*3600_000, To: l.Clock.Now().UnixMilli() + 1}
		must(l.t, l.Store.Refusals(ctx, w, func(e *checkpoint.ScanEvent) error { events = append(events, *e); return nil }))
	}
	type scan struct {
		person uint64
		at     int64
		hash   [8]byte
	}
	back := map[scan]bool{}
	for _, e := range events {
		if e.Annuls != [8]byte{} {
			back[scan{e.Person, e.OccurredAt, e.Annuls}] = true
		}
	}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	must(l.t, err)
	above := map[string][]string{
		"V1": {"V1C-1", "V1C", "A1", "XS"}, "C1": {"C1C-1", "C1C", "A1", "XS"}, "V2": {"V2C-1", "V2C", "A2", "XS"},
		"ML": {"C1C", "A1", "XS"}, "PH": {"C1C", "A1", "XS"}, "EN": {"V2C", "A2", "XS"},
	}
	counts, people := map[string]map[string]int64{}, map[string]map[uint64]bool{}
	for _, e := range events {
		gate, _ := l.Store.Registry().GateByNum(e.Gate)
		if time.UnixMilli(e.OccurredAt).In(shanghai).Format(time.DateOnly) != date || e.Annuls != [8]byte{} {
			continue
		}
		for _, node := range above[gate.Site] {
			if counts[node] == nil {
				counts[node], people[node] = map[string]int64{}, map[uint64]bool{}
			}
			n := counts[node]
			if back[scan{e.Person, e.OccurredAt, e.Hash}] {
				n["annulled"]++
				continue
			}
			through := e.Decision == checkpoint.Pass || e.Direction == checkpoint.Out && e.Action == checkpoint.Register
			if through && e.Direction == checkpoint.In {
				n["in"]++
			}
			if through && e.Direction == checkpoint.Out {
				n["out"]++
			}
			if through && e.Person != 0 {
				people[node][e.Person] = true
				n["people"] = int64(len(people[node]))
			}
			if e.Decision == checkpoint.Deny {
				n["denied"]++
				n["denied_"+e.Reason.String()]++
			}
			if e.Override != 0 {
				n["emergencies"]++
			}
			for _, name := range e.Flags.Names() {
				switch name {
				case "breach":
					n["breaches"]++
				case "temperature_high":
					n["high_readings"]++
				}
			}
		}
	}
	return counts
}

// compare holds the numbers of all nodes of a day against those by hand.
func (l *life) compare(when string, book *bulletin.Book, day checkpoint.Day) {
	l.t.Helper()
	want := l.byHand(l.t.Context(), day.String())
	for _, node := range []string{"XS", "A1", "V2C-1"} {
		got, err := book.Of(l.t.Context(), node, day)
		must(l.t, err)
		for _, e := range got.Entries {
			if e.Line.Group.Key != "gates" || e.Line.Key == "silent_gates" || e.Line.Key == "overstayed" || e.Line.Key == "conflicts" {
				continue
			}
			if e.Number != want[node][e.Line.Key] {
				l.t.Errorf("%s, %s of %s: %s is %d, by hand %d", when, day, node, e.Line.Key, e.Number, want[node][e.Line.Key])
			}
		}
	}
}

// TestNumbersEqualACountOfTheRecord lets a town live for some days, with scans at
// midnight, late ones, forged ones and ones that were taken back, and counts each day
// from the logs by hand; then once more after a replay has made the indexes anew.
func TestNumbersEqualACountOfTheRecord(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any will do
	t.Logf("seed %d", seed)
	l := &life{W: storetest.New(t), t: t, dice: rand.New(rand.NewPCG(seed, 1))}
	stop := l.Project(t)
	_, err := l.Store.ChangeStatus(t.Context(), l.People["zhang"], checkpoint.StatusChange{
		Status: checkpoint.StatusQuarantine, Ground: "close_contact", Until: storetest.Start.Add(10 * 24 * time.Hour).UnixMilli(), By: 1, Office: "XS",
	})
	must(t, err)
	for range 80 {
		l.step()
	}
	l.settled()
	book := bulletin.New(l.Store, bulletin.Finders{})
	last := l.Store.DayAt(l.Clock.Now().UnixMilli())
	for day := last - 2; day <= last; day++ {
		l.compare("lived", book, day)
	}
	// The loop above compares nothing if nothing was counted.
	b, err := book.Of(t.Context(), "", last-1)
	must(t, err)
	if b.Entries[0].Number+b.Entries[1].Number == 0 || b.Entries[2].Number == 0 {
		t.Errorf("nobody passed on %s: %+v", b.Day, b.Entries[:3])
	}
	stop()
	_, err = replay.Rebuild(t.Context(), l.Store, replay.Options{Now: l.Clock.Now, TempDir: t.TempDir()})
	must(t, err)
	l.compare("replayed", book, last-1)
	adds(t, l.Store, b)
}

// adds checks that the numbers of the nodes below add up to those of a node whose
// gates all lie below it.
func adds(t *testing.T, s *checkpoint.Store, b *bulletin.Bulletin) {
	t.Helper()
	for i, e := range b.Entries {
		sum := int64(0)
		for _, below := range b.Below {
			sum += below.Numbers[i]
		}
		if !e.Line.Distinct && e.Line.Per == "" && sum != e.Number || e.Line.Distinct && sum < e.Number {
			t.Errorf("%s of %s is %d, of the %d nodes below it %d", e.Line.Key, b.Node, e.Number, len(b.Below), sum)
		}
	}
	if len(b.Below) != 2 || s.Registry().Version == 0 {
		t.Errorf("%s has %d nodes below", b.Node, len(b.Below))
	}
}
