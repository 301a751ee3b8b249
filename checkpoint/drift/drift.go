package drift

import (
	"math"
	"slices"
)

// The thresholds; the package comment says why. Temperatures are in tenths of
// a degree.
const (
	MinReadings   = 30  // of a gate that is judged, or counts as a neighbour
	MinNeighbours = 5   // to say anything of drift; below it the whole town is asked
	MaxScore      = 3.5 // robust standard deviations
	MinShift      = 3.0 // smallest drift that is told

	minSpread = 1.0 // least standard deviation between honest gates
	minShare  = 0.6 // least share of one value that is implausible
	shareZ    = 4   // standard errors between the neighbours' share and an implausible one
)

// Gate is one gate with its readings of one method and direction.
type Gate struct {
	Code     string // tells gates apart
	Area     string // gates of one area are neighbours
	Readings *Histogram
}

// Kind is what a gate is suspected of.
type Kind string

// The kinds.
const (
	Drift    Kind = "drift"    // the thermometer reads too low or too high
	Constant Kind = "constant" // one value is written for nearly everyone
)

// Suspicion is why a gate's readings cannot be trusted. Temperatures are in
// tenths of a degree.
type Suspicion struct {
	Gate string
	Kind Kind

	N      int     // readings of the gate
	Median float64 // of them
	Mode   int     // the most frequent of them
	Share  float64 // of the mode, 0 to 1

	Neighbours       int     // gates that it was compared with
	NeighboursMedian float64 // median of their medians, 0 without neighbours
	NeighboursShare  float64 // of the most frequent value in their readings together

	Score float64 // of a drift: the shift in robust standard deviations, negative if the gate reads low
}

// Shift is how much more the gate reads than its neighbours, in tenths of a degree.
func (s *Suspicion) Shift() float64 { return s.Median - s.NeighboursMedian }

// Suspects names the gates that are suspect, in the order given, each for one
// reason. It keeps nothing and changes nothing that it is given.
func Suspects(gates []Gate) (found []Suspicion) {
	judged := judge(gates)
	town, areas := new(group), map[string]*group{}
	for i := range judged {
		area := areas[judged[i].gate.Area]
		if area == nil {
			area = new(group)
			areas[judged[i].gate.Area] = area
		}
		area.add(&judged[i])
		town.add(&judged[i])
	}
	for i := range judged {
		neighbours := areas[judged[i].gate.Area]
		if len(neighbours.members)-1 < MinNeighbours {
			neighbours = town
		}
		if s, ok := judged[i].suspicion(neighbours); ok {
			found = append(found, s)
		}
	}
	return found
}

// subject is a gate with enough readings, measured once.
type subject struct {
	gate      *Gate
	n         int
	median    float64
	quartiles float64 // from the first to the third
	mode      int
	share     float64
}

func judge(gates []Gate) []subject {
	out := make([]subject, 0, len(gates))
	for i := range gates {
		h := gates[i].Readings
		n := h.N()
		if n < MinReadings {
			continue
		}
		mode, share := h.Mode()
		out = append(out, subject{&gates[i], n, h.Median(), h.Quantile(0.75) - h.Quantile(0.25), mode, share})
	}
	return out
}

// group is an area or the town: each of its gates is compared with the others.
type group struct {
	members  []*subject
	readings Histogram // of all members together
}

func (gr *group) add(g *subject) {
	gr.members = append(gr.members, g)
	for v, c := range g.gate.Readings {
		gr.readings[v] += c
	}
}

// without gives the medians of the members other than g, and the share of the
// most frequent value in their readings together.
func (gr *group) without(g *subject) (medians []float64, share float64) {
	medians = make([]float64, 0, len(gr.members))
	for _, other := range gr.members {
		if other != g {
			medians = append(medians, other.median)
		}
	}
	rest := gr.readings
	for v, c := range g.gate.Readings {
		rest[v] -= c
	}
	_, share = rest.Mode()
	return medians, share
}

// suspicion compares a gate with the others of its group.
func (g *subject) suspicion(gr *group) (Suspicion, bool) {
	medians, p := gr.without(g)
	s := Suspicion{
		Gate: g.gate.Code, N: g.n, Median: g.median, Mode: g.mode, Share: g.share,
		Neighbours: len(medians), NeighboursMedian: medianOf(medians), NeighboursShare: p,
	}
	if g.share > max(minShare, p+shareZ*math.Sqrt(p*(1-p)/float64(g.n))) {
		s.Kind = Constant
		return s, true
	}
	if len(medians) < MinNeighbours {
		return s, false
	}
	s.Kind, s.Score = Drift, s.Shift()/g.uncertainty(medians, s.NeighboursMedian)
	return s, math.Abs(s.Shift()) >= MinShift && math.Abs(s.Score) > MaxScore
}

// Factors that make standard deviations of robust measures, for a normal
// distribution.
const (
	perMAD      = 1.4826 // of the median absolute deviation
	perQuartile = 1 / 1.349
	ofMedian    = 1.2533 // error of a median / error of a mean, sqrt(π/2)
)

// uncertainty is the standard deviation of the gate's shift if nothing is wrong
// with it.
func (g *subject) uncertainty(medians []float64, middle float64) float64 {
	away := make([]float64, len(medians))
	for i, m := range medians {
		away[i] = math.Abs(m - middle)
	}
	between := max(minSpread, perMAD*medianOf(away))
	sampling := ofMedian * max(1, g.quartiles*perQuartile) / math.Sqrt(float64(g.n))
	return math.Sqrt(between*between*(1+ofMedian*ofMedian/float64(len(medians))) + sampling*sampling)
}

// medianOf sorts its argument; 0 if it is empty.
func medianOf(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return (values[half-1] + values[half]) / 2
}
