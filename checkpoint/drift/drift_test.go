package drift

import (
	"fmt"
	"math"
	"testing"
)

// of makes a histogram with the given counts around a middle value, lowest first.
func of(middle int, counts ...int) *Histogram {
	h := new(Histogram)
	for i, n := range counts {
		h.Add(middle-len(counts)/2+i, n)
	}
	return h
}

// people is what honest gates have: 100 readings around a middle value.
func people(middle int) *Histogram { return of(middle, 2, 6, 12, 18, 24, 18, 12, 6, 2) }

// area makes gates with people around each of the middle values.
func area(name string, middles ...int) (gates []Gate) {
	for i, m := range middles {
		gates = append(gates, Gate{fmt.Sprintf("%s-%d", name, i), name, people(m)})
	}
	return gates
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestQuantilesOfGroupedReadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		h    *Histogram
		q    float64
		want float64
	}{
		{"nothing", new(Histogram), 0.5, 0},
		{"one value stands for its tenth", of(365, 40), 0.5, 365},
		{"its quarter", of(365, 40), 0.25, 364.75},
		{"between two values", of(365, 10, 10), 0.5, 364.5},
		{"three in four are the higher one", of(365, 10, 30), 0.5, 365 - 0.5 + 10.0/30},
		{"a gap", of(365, 10, 0, 0, 0, 30), 0.5, 367 - 0.5 + 10.0/30},
		{"symmetric", people(364), 0.5, 364},
		{"all", of(365, 40), 1, 365.5},
	} {
		if got := c.h.Quantile(c.q); !near(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	h := new(Histogram)
	for _, v := range []int{Lowest - 1, Highest + 1, Lowest, Highest} {
		h.Add(v, 3)
	}
	if h.N() != 6 || h[0] != 3 || h[len(h)-1] != 3 {
		t.Errorf("%d readings, want those within the bounds", h.N())
	}
	if mode, share := of(365, 5, 9, 9, 1).Mode(); mode != 364 || !near(share, 9.0/24) {
		t.Errorf("mode %d %v", mode, share)
	}
	if mode, share := new(Histogram).Mode(); mode != 0 || share != 0 {
		t.Errorf("mode of nothing %d %v", mode, share)
	}
}

// A gate's shift, its score and what it is compared with, worked by hand.
func TestScoreOfADriftingGate(t *testing.T) {
	t.Parallel()
	gates := area("a", 364, 366, 362, 365, 363, 364, 356)
	found := Suspects(gates)
	if len(found) != 1 {
		t.Fatalf("%+v", found)
	}
	s := found[0]
	// The others' medians are 362 363 364 364 365 366: middle 364, distances
	// 0 0 1 1 2 2, their median 1. Quartiles of people: 25 lie below 2.5 tenths
	// under... the first 20 in three tenths, then 5 of 18.
	iqr := 2 * (1.5 - 5.0/18)
	want := -8 / math.Sqrt(1.4826*1.4826*(1+1.2533*1.2533/6)+math.Pow(1.2533*iqr/1.349/10, 2))
	if s.Gate != "a-6" || s.Kind != Drift || s.N != 100 || !near(s.Median, 356) || s.Neighbours != 6 ||
		!near(s.NeighboursMedian, 364) || !near(s.Shift(), -8) || !near(s.Score, want) {
		t.Errorf("%+v, want score %v", s, want)
	}
}

func TestWhichGatesAreNamed(t *testing.T) {
	t.Parallel()
	with := func(gates []Gate, more ...Gate) []Gate { return append(gates, more...) }
	alike := func(name string) []Gate { return area(name, 364, 364, 365, 363, 364, 364) }
	frost := area("frost", 345, 345, 346, 344, 345, 345)
	for _, c := range []struct {
		name  string
		gates []Gate
		want  string
	}{
		{"none", nil, ""},
		{"gates that agree", alike("a"), ""},
		{"0.3 is within what honest gates do", with(alike("a"), area("a", 367)...), ""},
		{"0.6 is too low", with(alike("a"), Gate{"low", "a", people(358)}), "low drift"},
		{"0.6 is too high", with(alike("a"), Gate{"high", "a", people(370)}), "high drift"},
		{"too few readings", with(alike("a"), Gate{"low", "a", of(350, MinReadings-1)}), ""},
		{"frost in one area is no fault of its gates", with(frost, alike("a")...), ""},
		{"one that shows no frost", with(frost, with(alike("a"), Gate{"warm", "frost", people(364)})...), "warm drift"},
		{"a small area is compared with the town", with(area("b", 364, 364, 358), alike("a")...), "b-2 drift"},
		{"too few gates for drift", area("a", 364, 364, 364, 364, 340), ""},
		{"one value", with(alike("a"), Gate{"lazy", "a", of(365, 200)}), "lazy constant"},
		{"one value, nobody to compare with", []Gate{{"lazy", "a", of(365, MinReadings)}}, "lazy constant"},
		{"one value at too few readings", []Gate{{"lazy", "a", of(365, MinReadings-1)}}, ""},
		{"a made-up value says nothing of the thermometer", with(frost, Gate{"lazy", "frost", of(365, 200)}), "lazy constant"},
		{"six in ten", with(alike("a"), Gate{"rounds", "a", of(365, 20, 60, 20)}), ""},
		{"seven in ten", with(alike("a"), Gate{"lazy", "a", of(365, 15, 70, 15)}), "lazy constant"},
	} {
		got := ""
		for _, s := range Suspects(c.gates) {
			if got != "" {
				got += ", "
			}
			got += s.Gate + " " + string(s.Kind)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Thermometers that smooth what they show give everybody nearly one value: no
// gate is suspect for what all have.
func TestValueThatAllGatesHaveIsNoSuspicion(t *testing.T) {
	t.Parallel()
	var gates []Gate
	for i := range 8 {
		gates = append(gates, Gate{fmt.Sprint(i), "a", of(365, 15, 70, 15)})
	}
	if found := Suspects(gates); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	gates = append(gates, Gate{"lazy", "a", of(365, 100)})
	if found := Suspects(gates); len(found) != 1 || found[0].Gate != "lazy" || !near(found[0].NeighboursShare, 0.7) {
		t.Errorf("%+v", found)
	}
}

// Even four of ten faulty neighbours neither hide a gate nor put the blame on
// another one.
func TestFaultyNeighboursHideNothing(t *testing.T) {
	t.Parallel()
	gates := area("a", 364, 364, 365, 363, 364, 365, 356, 356, 356)
	gates = append(gates, Gate{"lazy", "a", of(365, 100)})
	var got []string
	for _, s := range Suspects(gates) {
		got = append(got, s.Gate+" "+string(s.Kind))
	}
	if fmt.Sprint(got) != "[a-6 drift a-7 drift a-8 drift lazy constant]" {
		t.Errorf("%v", got)
	}
}

// Sampling error counts: what is much for 400 readings may be chance for 30.
func TestFewReadingsNeedAGreaterShift(t *testing.T) {
	t.Parallel()
	wide := func(n int) *Histogram { return of(360, n, n, n, n, n, n, n, n, n, n) }
	gates := area("a", 364, 364, 364, 364, 364, 364)
	if found := Suspects(append(gates, Gate{"many", "a", wide(40)})); len(found) != 1 {
		t.Errorf("400 readings 0.45 too low: %+v", found)
	}
	if found := Suspects(append(gates, Gate{"few", "a", wide(3)})); len(found) != 0 {
		t.Errorf("30 readings 0.45 too low: %+v", found)
	}
}
