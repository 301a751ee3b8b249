package checkpoint

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"passgate/checkpoint/drift"
)

// SuspectGate is a gate whose temperatures of a day cannot be trusted.
type SuspectGate struct {
	Gate *Gate
	Site *Site
	ReadingWay
	Finding drift.Suspicion
}

// SuspectGates names the gates whose thermometer has drifted or whose readings
// are made up, by what they took on a day so far, in the order of their codes.
// Each is compared with the gates of its management area, or with the whole
// town, and each kind of suspicion is told once for a gate and a method: in the
// direction with more readings. The package comment of drift says what this
// sees, how often it is wrong, and what it cannot see. It reads the counts of
// every gate: some thirty milliseconds for a town. Errors are those of GateReadings.
func (s *Store) SuspectGates(ctx context.Context, day Day) ([]SuspectGate, error) {
	readings, err := s.GateReadings(ctx, day)
	if err != nil {
		return nil, err
	}
	reg := s.Registry()
	var found []SuspectGate
	for method := range methodNames {
		var ofMethod []SuspectGate
		for _, direction := range []Direction{In, Out} {
			way := ReadingWay{Method(method), direction} //nolint:gosec // five of them
			ofMethod = append(ofMethod, suspectsOf(reg, readings, way)...)
		}
		found = append(found, eachOnce(ofMethod)...)
	}
	slices.SortStableFunc(found, func(a, b SuspectGate) int { return strings.Compare(a.Gate.Code, b.Gate.Code) })
	return found, nil
}

// suspectsOf compares the readings that were taken in one way.
func suspectsOf(reg *Registry, readings map[string]GateReadings, way ReadingWay) (found []SuspectGate) {
	var gates []drift.Gate
	for _, gate := range reg.Gates() {
		if h := readings[gate.Code][way]; h != nil {
			gates = append(gates, drift.Gate{Code: gate.Code, Area: reg.areaOf(gate), Readings: h})
		}
	}
	for _, suspicion := range drift.Suspects(gates) {
		gate, site := reg.gates[suspicion.Gate], reg.sites[reg.gates[suspicion.Gate].Site]
		found = append(found, SuspectGate{gate, site, way, suspicion})
	}
	return found
}

// eachOnce keeps one of two suspicions of the same kind at a gate: that which
// rests on more readings.
func eachOnce(all []SuspectGate) (kept []SuspectGate) {
	for _, g := range all {
		i := slices.IndexFunc(kept, func(k SuspectGate) bool { return k.Gate == g.Gate && k.Finding.Kind == g.Finding.Kind })
		switch {
		case i < 0:
			kept = append(kept, g)
		case g.Finding.N > kept[i].Finding.N:
			kept[i] = g
		}
	}
	return kept
}

// areaOf is the ID of the management area that a gate lies in, "" for none.
func (r *Registry) areaOf(gate *Gate) string {
	site, ok := r.sites[gate.Site]
	if !ok {
		return ""
	}
	node := site.Grid
	for range maxGridDepth {
		n, ok := r.grid[node]
		switch {
		case !ok:
			return ""
		case n.Level == areaLevel:
			return n.ID
		}
		node = n.Parent
	}
	return ""
}

const areaLevel = 2 // of a management area in the grid

// Text says what was found and what to do, in Chinese and English. It accuses
// nobody: people differ, and a sound thermometer may stand in the wind.
func (g *SuspectGate) Text() (zh, en string) {
	f := &g.Finding
	if f.Kind == drift.Constant {
		value, share := Celsius(f.Mode), int(math.Round(100*f.Share)) //nolint:gosec // a reading
		return fmt.Sprintf("%d%%的读数都是%s℃，不像真实测量：到现场看几次测温，与值守人员谈一谈；体温计若总显示同一数值，换电池或更换体温计。", share, value),
			fmt.Sprintf("%d %% of the readings are %s °C, which measured people do not have: watch some measurements and talk to the guard; if the thermometer itself keeps showing one value, change its battery or the thermometer.", share, value)
	}
	by, low := fmt.Sprintf("%.1f", math.Abs(f.Shift())/10), f.Shift() < 0
	than, less := "高", "higher"
	risk, harm := "会误报发热", "healthy people are taken for feverish"
	if low {
		than, less = "低", "lower"
		risk, harm = "会漏掉发热的人", "fevers are missed"
	}
	return fmt.Sprintf("读数比邻近卡口%s约%s℃，%s：换电池，让体温计在室温下放置30分钟，再与另一支体温计比对；仍不一致就停用更换。", than, by, risk),
		fmt.Sprintf("It reads about %s °C %s than its neighbours, so %s: change the battery, let the thermometer warm up to the room for 30 minutes and compare it with another one; if they still differ, replace it.", by, less, harm)
}
