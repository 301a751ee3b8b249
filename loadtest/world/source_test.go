package world

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/town"
)

// paperWorld is a world that no server knows.
func paperWorld(t testing.TB, seed uint64, people int, ring *codes.Ring) *World {
	t.Helper()
	w := &World{People: people, Seed: seed, ring: ring, ids: make([]uint64, people), breakers: breakersOf(seed, people)}
	for i := range w.ids {
		w.ids[i] = mix(uint64(i))
	}
	for r := range town.Residents(seed, min(people, documentsKept)) {
		w.documents = append(w.documents, r.IDNumber)
	}
	_, gates := townPlaces()
	for _, g := range gates {
		w.Devices = append(w.Devices, loadtest.Device{Code: "d-" + g.Code, Gate: g.Code})
	}
	if err := w.build(); err != nil {
		t.Fatal(err)
	}
	return w
}

func newRing(t testing.TB) *codes.Ring {
	t.Helper()
	ring, err := codes.CreateRing(t.TempDir()+"/keys", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestEverybodyComesOnceInARound(t *testing.T) {
	t.Parallel()
	for _, people := range []int{1, 2, 3, 50, 1000, 9973} {
		order := newOrder(3, people)
		for _, of := range []int{0, 1, 3} {
			if of > people {
				continue
			}
			times := make([]int, people)
			for share := range max(of, 1) {
				s := order.section(share, of)
				for n := range 2 * s.people {
					times[s.at(n)]++
				}
			}
			if slices.Min(times) != 2 || slices.Max(times) != 2 {
				t.Errorf("%d people in %d parts: in two rounds somebody comes %d times, somebody %d times", people, of, slices.Min(times), slices.Max(times))
			}
		}
	}
}

// TestSameSeedSameScans: the source is a function of seed, options and times.
func TestSameSeedSameScans(t *testing.T) {
	t.Parallel()
	ring, begin := newRing(t), time.Now().Truncate(time.Second)
	scans := func(seed uint64, trouble float64) string {
		d := paperWorld(t, seed, 200, ring).Day(Shape{From: 8 * time.Hour, Trouble: trouble}, Options{Run: "same"})
		defer d.Close()
		var text bytes.Buffer
		for i := range 500 {
			s := d.Next(begin.Add(time.Duration(i) * 5 * time.Millisecond))
			fmt.Fprintln(&text, s.Device, s.Person, s.ID, s.OccurredAt, s.Direction, s.Kind, s.Batch, s.Want, string(s.Body))
		}
		return text.String()
	}
	first := scans(1, 10)
	if first != scans(1, 10) {
		t.Error("the same seed gives other scans")
	}
	if first == scans(2, 10) {
		t.Error("another seed gives the same scans")
	}
}

// TestSharesAreKept draws a day and holds the number of each kind against its
// share, five standard deviations to either side.
func TestSharesAreKept(t *testing.T) {
	t.Parallel()
	const scans, trouble = 6_000, 10
	d := paperWorld(t, 5, 400, newRing(t)).Day(Shape{From: 9 * time.Hour, Trouble: trouble}, Options{Run: "share"})
	defer d.Close()
	kinds, begin := map[string]float64{}, time.Now()
	for i := range scans {
		kinds[d.Next(begin.Add(time.Duration(i)*20*time.Millisecond)).Kind]++
	}
	firsts := 0.0 // scans that follow on no other
	for kind, n := range kinds {
		if kind != KindDouble && kind != KindReplayed {
			firsts += n
		}
	}
	firsts -= kinds[KindForged] + kinds[KindForeign] + kinds[KindExpired] + kinds[KindLow] + kinds[KindFever]/2
	for kind, share := range map[string]float64{
		KindForged: shareForged, KindForeign: shareForeign, KindExpired: shareExpired, KindResident: shareResident,
		KindWalkIn: shareWalkIn, KindLate: shareLate, KindDouble: shareDouble,
	} {
		want := share * trouble * firsts
		if got := kinds[kind]; math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("%s: %.0f of %.0f, want about %.0f", kind, got, firsts, want)
		}
	}
}

// TestTheTownGoesOutAndComesHome: in the morning more people leave home than come
// back, in the evening it is the other way round, by the real counts.
func TestTheTownGoesOutAndComesHome(t *testing.T) {
	t.Parallel()
	w := paperWorld(t, 5, 4000, newRing(t))
	book := newPassbook(w, Options{})
	defer book.close()
	in, out := town.Profile(false)
	for _, hour := range []int{8, 12, 18} {
		k := newWalk(w, Shape{From: time.Duration(hour) * time.Hour}, book)
		k.next[legLeave] = 3000
		k.next[legEnter], k.next[legExit] = 2000, 1000 // people are about everywhere
		going := 0.0
		const draws = 1500
		for i := range uint64(draws) {
			if t, _ := k.draw(i, time.Minute); t.leg == legLeave || t.leg == legEnter {
				going++
			}
		}
		want := in[2*hour] / (in[2*hour] + out[2*hour])
		if got := going / draws; math.Abs(got-want) > 0.06 {
			t.Errorf("at %d o'clock %.2f of those at a gate are going out, the counts have %.2f", hour, got, want)
		}
	}
}

// TestNobodyIsAtTwoPlaces follows everybody: from home to at most one other gate,
// out of it, and home. Exits may be missing, and a refused attempt is repeated at
// the same gate; only a copied pass is elsewhere.
func TestNobodyIsAtTwoPlaces(t *testing.T) {
	t.Parallel()
	w := paperWorld(t, 9, 200, newRing(t))
	d := w.Day(Shape{From: 10 * time.Hour, Trouble: 8}, Options{Run: "where"})
	defer d.Close()
	homes := map[uint64]string{}
	for i, id := range w.ids {
		homes[id] = w.places[w.population.Person(i).Site].code
	}
	type last struct {
		site, way string
		at        int64
	}
	before, begin, errors := map[uint64]last{}, time.Now(), 0
	for i := range 5_000 {
		s := d.Next(begin.Add(time.Duration(i) * 10 * time.Millisecond))
		if s.Person == 0 || s.Kind == KindReplayed || s.Kind == KindDouble || s.Kind == KindOutsider || s.Kind == KindQuarantine {
			continue
		}
		gate := w.Devices[s.Device].Gate
		now := last{gate[:strings.LastIndex(gate, "-g")], s.Direction, s.OccurredAt}
		was, known := before[s.Person]
		home := homes[s.Person]
		good := !known || now.site == was.site && now.way == was.way || // tried again
			was.site == home && was.way == "out" && now.way == "in" || // to anywhere, or straight back
			was.site != home && was.way == "in" && (now.site == was.site || now.site == home && now.way == "in") ||
			was.site != home && was.way == "out" && now.site == home && now.way == "in" ||
			was.site == home && was.way == "in" && (now.site == home || now.way == "in") // the exit was forgotten
		if good = good && now.at > was.at; !good {
			if errors++; errors < 5 {
				t.Errorf("%s %x of %s was %v and is %v", s.Kind, s.Person, home, was, now)
			}
		}
		before[s.Person] = now
	}
}

// TestPassesAreSignedAhead: a send does not wait for a signature.
func TestPassesAreSignedAhead(t *testing.T) {
	t.Parallel()
	r := paperWorld(t, 1, 600, newRing(t)).Regular(Options{Run: "ahead"})
	defer r.Close()
	r.Ready(600)
	seen := map[uint64]bool{}
	for range 500 {
		s := r.Next(time.Now())
		if seen[s.Person] {
			t.Fatalf("%x comes twice", s.Person)
		}
		seen[s.Person] = true
	}
	if r.Late() != 0 {
		t.Errorf("%d of 500 waited", r.Late())
	}
}

func TestScheduleHasTheShapeOfTheDay(t *testing.T) {
	t.Parallel()
	whole := 0.0
	for _, s := range (Shape{}).Schedule(1000, 24*time.Hour, 1) {
		whole += (s.From + s.To) / 2 * s.For.Seconds()
	}
	if math.Abs(whole-1000*scansPerPerson) > 1 {
		t.Errorf("a day of 1000 people has %.1f scans, want %d", whole, 1000*scansPerPerson)
	}
	fast := Busiest(false)
	fast.Speed = 60
	length := time.Duration(0)
	for _, s := range fast.Schedule(1000, 45*time.Second, 30) {
		length += s.For
	}
	if length != 45*time.Second {
		t.Errorf("a schedule of 45 s lasts %s", length)
	}
}

func BenchmarkRegular(b *testing.B) {
	r := paperWorld(b, 1, 20_000, newRing(b)).Regular(Options{Run: "bench"})
	defer r.Close()
	r.Ready(20_000)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		r.Next(now)
	}
}

func BenchmarkDay(b *testing.B) {
	d := paperWorld(b, 1, 20_000, newRing(b)).Day(Shape{From: 9 * time.Hour}, Options{Run: "bench"})
	defer d.Close()
	d.Ready(20_000)
	now, i := time.Now(), 0
	b.ReportAllocs()
	for b.Loop() {
		d.Next(now.Add(time.Duration(i) * 100 * time.Microsecond))
		i++
	}
}
