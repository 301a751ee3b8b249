package drift_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"passgate/checkpoint/drift"
	"passgate/loadtest/town" //nolint:depguard // the days of the town that the figures are measured on
)

// The simulated town: its real places and its days as loadtest/town makes them,
// with a fifth of the people going out on a day, as under closed management.
// Temperatures are made here; loadtest/town draws them without thermometers.
const (
	simSeed   = 20200211
	simPeople = 100_000
	simTrips  = 0.2
	townDays  = 14 // different days of movements, used in turn with new temperatures

	faultyShare = 0.05 // of the gates with readings, when a fault is looked for
	looks       = 6    // how often a day is judged as it goes on
)

// What people, weather and honest thermometers do, in tenths of a degree.
const (
	personMean, personSD = 364, 2.5 // of a person, by forehead
	readingSD            = 1.5      // from one reading of a person to the next
	biasSD               = 0.8      // between the gates' thermometers, drawn anew each day
	weatherSD            = 3.0      // of a day, the same at all gates
	frostSD              = 4.0      // of a day: how much colder who comes in is than who goes out

	roundingGates = 0.2 // gates whose guard rounds to .0 or .5: 10 to 60 % of the readings
)

// passage is one reading of the town's day, before it has a temperature.
type passage struct {
	resident, gate int
	class          int // 0 in, 1 out
	part           int // of the day, 0 to looks-1
	kind           town.MovementKind
}

// simulation draws days.
type simulation struct {
	rng      *rand.Rand
	gates    []drift.Gate
	index    map[string]int // of a gate's code
	people   []float64
	days     [townDays][]passage
	weather  float64
	frost    float64
	biasSD   float64
	bias     []float64
	rounding []float64
	exact    []float64 // temperatures of the day's passages, before rounding
}

func newSimulation() *simulation {
	s := &simulation{biasSD: biasSD, rng: rand.New(rand.NewPCG(simSeed, 1)), people: make([]float64, simPeople), index: map[string]int{}}
	for i := range s.people {
		s.people[i] = personMean + personSD*s.rng.NormFloat64()
	}
	area := areas()
	for i, g := range town.Gates() {
		s.index[g.Code] = i
		s.gates = append(s.gates, drift.Gate{Code: g.Code, Area: area[g.Site]})
	}
	s.bias, s.rounding = make([]float64, len(s.gates)), make([]float64, len(s.gates))
	homes, plan := town.HomeSites(simSeed, simPeople), town.UsualPlan()
	plan.TripsPerPerson = simTrips
	for day := range s.days {
		for m := range town.Movements(simSeed, day, homes, plan) {
			if m.Temperature == 0 {
				continue
			}
			class := 0
			if m.Direction == "out" {
				class = 1
			}
			s.days[day] = append(s.days[day], passage{m.Resident, s.index[m.Gate], class, int(m.At.Hours()) * looks / 24, m.Kind})
		}
	}
	return s
}

// areas gives the management area of every site.
func areas() map[string]string {
	parent, level := map[string]string{}, map[string]int{}
	for _, n := range town.Grid() {
		parent[n.ID], level[n.ID] = n.Parent, n.Level
	}
	out := map[string]string{}
	for _, site := range town.Sites() {
		node := site.Grid
		for level[node] > 2 {
			node = parent[node]
		}
		out[site.Code] = node
	}
	return out
}

// newDay draws a day's weather, thermometers, guards and temperatures.
func (s *simulation) newDay(day int) []passage {
	s.weather, s.frost = weatherSD*s.rng.NormFloat64(), frostSD*math.Abs(s.rng.NormFloat64())
	for g := range s.gates {
		s.bias[g], s.rounding[g] = s.biasSD*s.rng.NormFloat64(), 0
		if s.rng.Float64() < roundingGates {
			s.rounding[g] = 0.1 + 0.5*s.rng.Float64()
		}
	}
	passages := s.days[day%townDays]
	s.exact = s.exact[:0]
	for _, p := range passages {
		v := s.people[p.resident] + readingSD*s.rng.NormFloat64() + s.weather + s.bias[p.gate]
		if p.class == 0 {
			v -= s.frost * (0.7 + 0.6*s.rng.Float64()) // some came by car
		}
		switch p.kind {
		case town.Fever:
			v = 373 + 20*s.rng.Float64()
		case town.LowReading:
			v = 320 + 30*s.rng.Float64()
		}
		s.exact = append(s.exact, v)
	}
	return passages
}

// fault is what is wrong with a gate.
type fault struct {
	name   string
	bias   float64 // tenths of a degree, added to every reading
	madeUp float64 // share of the readings that are written as 36.5
	rounds float64 // share of the readings that are rounded to .0 or .5
	kind   drift.Kind
}

// shown is the reading that a guard enters for a temperature.
func (s *simulation) shown(v float64, gate int, f *fault) int {
	rounds := s.rounding[gate]
	if f != nil {
		if s.rng.Float64() < f.madeUp {
			return 365
		}
		v += f.bias
		rounds = max(rounds, f.rounds)
	}
	if s.rng.Float64() < rounds {
		v = math.Round(v/5) * 5
	}
	return int(math.Round(v))
}

// counts are the readings of each gate, by class.
type counts [2][]drift.Histogram

func (s *simulation) noCounts() (h counts) {
	for class := range h {
		h[class] = make([]drift.Histogram, len(s.gates))
	}
	return h
}

// named gives the kinds of suspicion of each gate that is named, by its index.
func (s *simulation) named(h counts) map[int][]drift.Kind {
	out := map[int][]drift.Kind{}
	for class := range h {
		for g := range s.gates {
			s.gates[g].Readings = &h[class][g]
		}
		for _, found := range drift.Suspects(s.gates) {
			g := s.index[found.Gate]
			out[g] = append(out[g], found.Kind)
		}
	}
	return out
}

// judgeable lists the gates with enough readings to be judged that day.
func (s *simulation) judgeable(h counts) (gates []int) {
	for g := range s.gates {
		if h[0][g].N() >= drift.MinReadings || h[1][g].N() >= drift.MinReadings {
			gates = append(gates, g)
		}
	}
	return gates
}

// tally counts gate-days.
type tally struct{ gateDays, named, bystanders, sound int }

func (t tally) rate() float64 { return float64(t.named) / float64(t.gateDays) }

// honestDays counts gates that are named on days without any fault: at the end
// of the day, and at any of its looks.
func (s *simulation) honestDays(days int) (end, ever tally) {
	for day := range days {
		passages := s.newDay(day)
		h, part, at := s.noCounts(), 0, map[int]bool{}
		look := func() map[int][]drift.Kind {
			named := s.named(h)
			for g := range named {
				at[g] = true
			}
			return named
		}
		for i, p := range passages { // in order of time
			for ; part < p.part; part++ {
				look()
			}
			h[p.class][p.gate].Add(s.shown(s.exact[i], p.gate, nil), 1)
		}
		end.named += len(look())
		ever.named += len(at)
		n := len(s.judgeable(h))
		end.gateDays, ever.gateDays = end.gateDays+n, ever.gateDays+n
	}
	return end, ever
}

// faultyDays lets one gate in twenty be at fault and counts who is named for it.
func (s *simulation) faultyDays(faults []fault, days int) []tally {
	tallies := make([]tally, len(faults))
	for day := range days {
		passages := s.newDay(day)
		honest := s.noCounts()
		for i, p := range passages {
			honest[p.class][p.gate].Add(s.shown(s.exact[i], p.gate, nil), 1)
		}
		gates := s.judgeable(honest)
		many := int(faultyShare * float64(len(gates)))
		for i := range faults {
			f, t := &faults[i], &tallies[i]
			faulty := make([]bool, len(s.gates))
			for _, n := range s.rng.Perm(len(gates))[:many] {
				faulty[gates[n]] = true
			}
			wrong := s.noCounts()
			for class := range wrong {
				for g := range s.gates {
					if !faulty[g] {
						wrong[class][g] = honest[class][g]
					}
				}
			}
			for n, p := range passages {
				if faulty[p.gate] {
					wrong[p.class][p.gate].Add(s.shown(s.exact[n], p.gate, f), 1)
				}
			}
			named := s.named(wrong)
			t.gateDays, t.sound = t.gateDays+many, t.sound+len(gates)-many
			for g, kinds := range named {
				switch {
				case !faulty[g]:
					t.bystanders++
				case slices.Contains(kinds, f.kind):
					t.named++
				}
			}
		}
	}
	return tallies
}

// TestSimulatedTown measures how often sound gates are named and faulty ones
// found, and holds the bounds that the package promises. With -v it prints the
// table.
func TestSimulatedTown(t *testing.T) {
	t.Parallel()
	s := newSimulation()
	end, ever := s.honestDays(simDays)
	faults := []fault{
		{name: "reads 0.3 too low", bias: -3, kind: drift.Drift},
		{name: "reads 0.4 too low", bias: -4, kind: drift.Drift},
		{name: "reads 0.5 too low", bias: -5, kind: drift.Drift},
		{name: "reads 0.8 too low", bias: -8, kind: drift.Drift},
		{name: "reads 0.8 too high", bias: 8, kind: drift.Drift},
		{name: "70 % made up", madeUp: 0.70, kind: drift.Constant},
		{name: "85 % made up", madeUp: 0.85, kind: drift.Constant},
		{name: "95 % made up", madeUp: 0.95, kind: drift.Constant},
		{name: "100 % made up", madeUp: 1, kind: drift.Constant},
		{name: "rounds all to .0 or .5", rounds: 1, kind: drift.Constant},
	}
	tallies := s.faultyDays(faults, simDays/4)
	worse := []float64{1.2, 1.6, 2.0}
	worseEver := make([]tally, len(worse))
	for i, sd := range worse {
		s.biasSD = sd
		_, worseEver[i] = s.honestDays(simDays / 10)
	}

	var b strings.Builder
	fmt.Fprintf(&b, "%d simulated days, %d gate-days with at least %d readings\n", simDays, end.gateDays, drift.MinReadings)
	fmt.Fprintf(&b, "%-34s %8s\n", "sound gates named, all gates sound", "per 1000")
	fmt.Fprintf(&b, "%-34s %8.2f  (%d)\n", "  at the end of the day", 1000*end.rate(), end.named)
	fmt.Fprintf(&b, "%-34s %8.2f  (%d)\n", fmt.Sprintf("  at any of %d looks", looks), 1000*ever.rate(), ever.named)
	for i, sd := range worse {
		fmt.Fprintf(&b, "%-34s %8.2f  (%d)\n", fmt.Sprintf("  the same, thermometers ±%.2f", sd/10), 1000*worseEver[i].rate(), worseEver[i].named)
	}
	fmt.Fprintf(&b, "%-24s %9s %9s  %s\n", "fault at 1 gate in 20", "gate-days", "found", "sound gates named, per 1000")
	byName := map[string]tally{}
	for i, f := range faults {
		byName[f.name] = tallies[i]
		fmt.Fprintf(&b, "%-24s %9d %8.1f%%  %.2f\n", f.name, tallies[i].gateDays, 100*tallies[i].rate(),
			1000*float64(tallies[i].bystanders)/float64(tallies[i].sound))
	}
	t.Log("\n" + b.String())

	if rate := ever.rate(); rate >= 1e-3 {
		t.Errorf("%.2f false alarms in 1,000 gate-days, want less than 1", 1000*rate)
	}
	for _, name := range []string{"reads 0.8 too low", "reads 0.8 too high", "95 % made up", "100 % made up"} {
		if got := byName[name].rate(); got < 0.95 {
			t.Errorf("%s: found on %.1f %% of the days, want 95", name, 100*got)
		}
	}
}
