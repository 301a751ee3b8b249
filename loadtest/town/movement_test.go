package town_test

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"passgate/loadtest/town"
)

// oddPlan makes everything irregular frequent.
func oddPlan() town.Plan {
	return town.Plan{TripsPerPerson: 1.5, Irregular: town.Irregular{
		Fever: 0.05, Forgotten: 0.1, Forged: 0.02, Foreign: 0.03, Expired: 0.04, Low: 0.05,
	}}
}

// gateSites gives the site of every gate.
func gateSites() map[string]town.Site {
	sites := map[string]town.Site{}
	for _, s := range town.Sites() {
		sites[s.Code] = s
	}
	at := map[string]town.Site{}
	for _, g := range town.Gates() {
		at[g.Code] = sites[g.Site]
	}
	return at
}

// correlation is Pearson's, over the half hours of a day.
func correlation(a, b [town.Slots]float64) float64 {
	var meanA, meanB float64
	for i := range a {
		meanA += a[i] / town.Slots
		meanB += b[i] / town.Slots
	}
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-meanA, b[i]-meanB
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

func TestHomeGatesFollowTheRealDay(t *testing.T) {
	t.Parallel()
	at := gateSites()
	homes := town.HomeSites(21, 30_000)
	for day, name := range map[int]string{2: "Wednesday", 5: "Saturday"} {
		var out, in [town.Slots]float64
		for m := range town.Movements(21, day, homes, town.UsualPlan()) {
			if !at[m.Gate].Residential() {
				continue
			}
			slot := m.At / (30 * time.Minute)
			if m.Direction == "out" {
				out[slot]++
			} else {
				in[slot]++
			}
		}
		doorIn, doorOut := town.Profile(town.Weekend(day))
		// The two shapes are alike: swapped, the weekday's would still reach 0.91.
		if c := correlation(out, doorIn); c < 0.95 {
			t.Errorf("%s: leaving home against the door's ins: %.3f, want 0.95", name, c)
		}
		if c := correlation(in, doorOut); c < 0.94 {
			t.Errorf("%s: coming home against the door's outs: %.3f, want 0.94", name, c)
		}
	}
}

func TestProfileLeavesOutWhatWasNotCounted(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("data/calit2_inout.csv")
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string][]float64{} // by type of day, slot and direction
	key := func(weekend bool, clock, direction string) string {
		return strconv.FormatBool(weekend) + clock + direction
	}
	for line := range strings.Lines(string(file)) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		day, err := time.Parse(time.DateOnly, cells[0][:min(10, len(cells[0]))])
		if err != nil {
			continue
		}
		weekend := day.Weekday() == time.Sunday || day.Weekday() == time.Saturday
		for i, direction := range []string{"in", "out"} {
			if v, err := strconv.ParseFloat(cells[1+i], 64); err == nil {
				k := key(weekend, cells[0][11:16], direction)
				counts[k] = append(counts[k], v)
			}
		}
	}
	for _, weekend := range []bool{false, true} {
		in, out := town.Profile(weekend)
		for slot := range town.Slots {
			clock := time.Time{}.Add(time.Duration(slot) * 30 * time.Minute).Format("15:04")
			for direction, got := range map[string]float64{"in": in[slot], "out": out[slot]} {
				var sum float64
				known := counts[key(weekend, clock, direction)]
				for _, v := range known {
					sum += v
				}
				if want := sum / float64(len(known)); math.Abs(got-want) > 1e-9 {
					t.Errorf("weekend %v %s %s: %v, want %v of %d days", weekend, clock, direction, got, want, len(known))
				}
			}
		}
	}
}

// person follows one resident through a day.
type person struct {
	home, at string // gates; at is empty on the road and home at home
	pending  town.Movement
	held     bool
}

func TestEverybodyMovesAsPeopleCan(t *testing.T) {
	t.Parallel()
	const n = 20_000
	sites := town.Sites()
	at := gateSites()
	homes := town.HomeSites(22, n)
	people := make([]person, n)
	for i := range people {
		home := sites[homes[i]].Code + "-g1"
		people[i] = person{home: home, at: home}
	}
	last := time.Duration(0)
	for m := range town.Movements(22, 1, homes, oddPlan()) {
		if m.At < last || m.At >= 24*time.Hour || m.At%time.Millisecond != 0 {
			t.Fatalf("%+v comes after %v", m, last)
		}
		last = m.At
		if site, ok := at[m.Gate]; !ok || site.Closed {
			t.Fatalf("%+v: no such gate, or closed", m)
		}
		p := &people[m.Resident]
		if p.held {
			t.Fatalf("%+v comes after a fever", m)
		}
		if w := p.pending; w.Kind != "" && (w.Gate != m.Gate || w.Direction != m.Direction || m.At-w.At > time.Minute) {
			t.Fatalf("%+v does not follow on %+v", m, w)
		}
		p.pending = town.Movement{}
		switch m.Kind {
		case town.Forged, town.Foreign, town.Expired, town.LowReading:
			p.pending = m
			continue
		case town.Fever:
			p.held = true
		case town.Forgotten:
			if m.Direction != "out" {
				t.Fatalf("%+v: only exits are forgotten", m)
			}
		}
		switch {
		case m.Direction == "out" && p.at == m.Gate:
			p.at = ""
		case m.Direction == "in" && p.at == "" && (m.Gate == p.home || !at[m.Gate].Residential()):
			p.at = m.Gate
		default:
			t.Fatalf("%+v, but the person is at %q", m, p.at)
		}
	}
	for i, p := range people {
		if !p.held && p.at != p.home || p.pending.Kind != "" {
			t.Errorf("resident %d of %s ends the day at %q with %+v pending", i, p.home, p.at, p.pending)
		}
	}
}

func TestReadingsFitTheKindAndTheSite(t *testing.T) {
	t.Parallel()
	at := gateSites()
	for m := range town.Movements(23, 3, town.HomeSites(23, 10_000), oddPlan()) {
		taken := at[m.Gate].TemperatureOn
		due := m.Kind != town.Forgotten && (taken == "both" || taken == m.Direction)
		low, high := 36.0, 37.2
		switch m.Kind {
		case town.Fever:
			low, high = 37.3, 41
		case town.LowReading:
			low, high = 30, 34.9
		}
		if due && (m.Temperature < low || m.Temperature > high) || !due && m.Temperature != 0 {
			t.Fatalf("%+v at a site that takes temperatures on %s", m, taken)
		}
		if _, decimals, _ := strings.Cut(strconv.FormatFloat(m.Temperature, 'f', -1, 64), "."); len(decimals) > 1 {
			t.Fatalf("%v °C has more than one decimal", m.Temperature)
		}
		if !due && (m.Kind == town.Fever || m.Kind == town.LowReading) {
			t.Fatalf("%+v shows a reading where none is taken", m)
		}
	}
}

func TestIrregularSharesAreAsStated(t *testing.T) {
	t.Parallel()
	const n = 40_000
	plan := oddPlan()
	kinds := map[town.MovementKind]int{}
	goingOut, exits := map[int]bool{}, 0
	for m := range town.Movements(24, 0, town.HomeSites(24, n), plan) {
		kinds[m.Kind]++
		goingOut[m.Resident] = true
		if m.Direction == "out" && (m.Kind == town.Normal || m.Kind == town.Forgotten) {
			exits++
		}
	}
	scans := float64(kinds[town.Normal] + kinds[town.Fever])
	for _, c := range []struct {
		kind        town.MovementKind
		share, want float64
	}{
		{town.Fever, float64(kinds[town.Fever]) / float64(len(goingOut)), plan.Irregular.Fever},
		{town.Forgotten, float64(kinds[town.Forgotten]) / float64(exits), plan.Irregular.Forgotten},
		{town.Forged, float64(kinds[town.Forged]) / scans, plan.Irregular.Forged},
		{town.Foreign, float64(kinds[town.Foreign]) / scans, plan.Irregular.Foreign},
		{town.Expired, float64(kinds[town.Expired]) / scans, plan.Irregular.Expired},
	} {
		if math.Abs(c.share-c.want) > c.want/8 {
			t.Errorf("share of %s is %.4f, want %.4f", c.kind, c.share, c.want)
		}
	}
	if kinds[town.LowReading] == 0 {
		t.Error("no low readings")
	}
	calm := town.Plan{TripsPerPerson: 1}
	for m := range town.Movements(24, 0, town.HomeSites(24, 2000), calm) {
		if m.Kind != town.Normal {
			t.Fatalf("%+v on a day without anything irregular", m)
		}
	}
}

func TestWhoHadAFeverStaysAway(t *testing.T) {
	t.Parallel()
	homes := town.HomeSites(25, 5000)
	fevers := map[int]int{}
	for day := range 5 {
		for m := range town.Movements(25, day, homes, oddPlan()) {
			if since, ill := fevers[m.Resident]; ill {
				t.Fatalf("%+v on day %d, with a fever since day %d", m, day, since)
			}
			if m.Kind == town.Fever {
				fevers[m.Resident] = day
			}
		}
	}
	if len(fevers) == 0 {
		t.Error("nobody fell ill")
	}
}

func TestMovementsFollowFromTheSeed(t *testing.T) {
	t.Parallel()
	homes := town.HomeSites(26, 2000)
	list := func(seed uint64, day int) []town.Movement {
		return slices.Collect(town.Movements(seed, day, homes, oddPlan()))
	}
	once := list(26, 4)
	if !slices.Equal(once, list(26, 4)) {
		t.Error("the same seed and day give other movements")
	}
	if slices.Equal(once, list(26, 3)) || slices.Equal(once, list(27, 4)) {
		t.Error("another day or seed gives the same movements")
	}
	for range town.Movements(26, 4, homes, oddPlan()) {
		break // the stream must allow it
	}
}

func TestTripsAreAsManyAsAskedFor(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for _, c := range []struct{ mean, want float64 }{
		{0, 0}, {-1, 0}, {math.NaN(), 0}, {0.5, 0.5}, {1.2, 1.2}, {2, 2}, {100, town.MaxTripsPerPerson},
	} {
		trips, resident, back := 0, 0, time.Duration(0)
		for a := range town.Day(28, 0, n, c.mean) {
			if a.Resident != resident {
				resident, back = a.Resident, 0
			}
			if a.Leave < back || a.Return < a.Leave+10*time.Minute || a.Return >= 24*time.Hour {
				t.Fatalf("%+v after a return at %v", a, back)
			}
			back = a.Return
			trips++
		}
		if got := float64(trips) / n; math.Abs(got-c.want) > c.want*0.04 {
			t.Errorf("asked for %v trips a person: %.3f, want %v", c.mean, got, c.want)
		}
	}
}

func BenchmarkMovements100k(b *testing.B) {
	homes := town.HomeSites(1, 100_000)
	count := 0
	for b.Loop() {
		for range town.Movements(1, 0, homes, town.UsualPlan()) {
			count++
		}
	}
	b.ReportMetric(float64(count)/float64(b.N), "movements/day")
}
