package checkpoint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"passgate/checkpoint/trajectory"
)

// contactOracle works out contacts by comparing everybody with everybody, from
// the raw records alone: no index, no look-back, no portion, no rank to cut by.
type contactOracle struct {
	reg       *Registry
	q         ContactQuery
	end, asOf int64
	events    map[uint64][]ScanEvent
	stays     map[uint64][]trajectory.Stay
	homes     map[uint64]string // household
	lives     map[uint64]string // home site
}

func newContactOracle(m *movingTown, q ContactQuery) *contactOracle {
	o := &contactOracle{
		reg: m.s.Registry(), q: q, end: min(q.To, m.s.now()+1), asOf: min(q.To, m.s.now()),
		events: map[uint64][]ScanEvent{}, stays: map[uint64][]trajectory.Stay{}, homes: map[uint64]string{}, lives: m.homes,
	}
	for person, events := range m.records() {
		var seen []ScanEvent
		for _, e := range events {
			if e.OccurredAt < o.end {
				seen = append(seen, e)
			}
		}
		o.events[person] = seen
		o.stays[person] = trajectory.Fold(o.reg.Facts(seen), o.asOf, o.reg.StayRules())
	}
	for _, id := range m.people {
		household, err := m.s.rdb.HGet(m.t.Context(), m.s.keys.person(id), "u").Result()
		if err == nil {
			o.homes[id] = household
		}
		if _, ok := o.events[id]; !ok {
			o.events[id] = nil
		}
	}
	return o
}

func (o *contactOracle) site(gate uint32) *Site {
	g, _ := o.reg.GateByNum(gate)
	site, _ := o.reg.Site(g.Site)
	return site
}

// between are the meetings of two people from a time on.
func (o *contactOracle) between(a, b uint64, from int64) (met []Meeting) {
	if h := o.homes[a]; h != "" && h == o.homes[b] {
		site, _ := o.reg.Site(o.lives[a])
		met = append(met, Meeting{Kind: ContactHousehold, Site: site.Num, From: from, To: o.asOf})
	}
	for _, x := range o.stays[a] {
		for _, y := range o.stays[b] {
			site, _ := o.reg.SiteByNum(x.Site)
			if x.Site != y.Site || site.Kind == Village || site.Kind == Compound {
				continue
			}
			lo, hi := max(x.From, y.From, from), min(x.To, y.To)
			m := Meeting{
				Kind: ContactVenue, Site: x.Site, From: lo, To: hi, Open: x.Open || y.Open,
				Inferred: x.Inferred || y.Inferred, UnknownStart: x.UnknownStart || y.UnknownStart,
				MyStay:    Presence{max(x.From, o.q.From), min(x.To, o.asOf), x.Open, x.Inferred, x.UnknownStart},
				TheirStay: Presence{max(y.From, o.q.From), min(y.To, o.asOf), y.Open, y.Inferred, y.UnknownStart},
			}
			switch {
			case m.UnknownStart && lo <= hi:
				m.Inferred = false
				met = append(met, m)
			case !m.UnknownStart && hi > lo && hi-lo >= o.q.MinOverlap.Milliseconds():
				met = append(met, m)
			}
		}
	}
	for _, x := range o.events[a] {
		for _, y := range o.events[b] {
			apart := x.OccurredAt - y.OccurredAt
			if x.OccurredAt < from || y.OccurredAt < from || max(apart, -apart) > o.q.GateMargin.Milliseconds() {
				continue
			}
			plate := tidyPlate(x.Plate)
			samePlate := plate != "" && plate != NoPlate && plate == tidyPlate(y.Plate)
			sameCar := x.Gate == y.Gate && x.Vehicle != [8]byte{} && x.Vehicle == y.Vehicle
			refused := x.Direction == In && x.Decision != Pass || y.Direction == In && y.Decision != Pass
			site := o.site(x.Gate)
			m := Meeting{
				Kind: ContactGate, Site: site.Num, From: min(x.OccurredAt, y.OccurredAt), To: max(x.OccurredAt, y.OccurredAt),
				Mine:   Passage{x.OccurredAt, x.Gate, x.Direction, x.Decision},
				Theirs: Passage{y.OccurredAt, y.Gate, y.Direction, y.Decision},
			}
			switch {
			case samePlate || sameCar:
				m.Kind = ContactVehicle
			case x.Gate != y.Gate || !refused && site.Kind != Village && site.Kind != Compound:
				continue
			}
			met = append(met, m)
		}
	}
	return met
}

// oracleLink is the last step of somebody's chain.
type oracleLink struct {
	via      uint64
	met      []Meeting
	infected int64
	exposure float64
}

func oracleInfected(met []Meeting) int64 {
	at := int64(math.MaxInt64)
	for _, m := range met {
		if m.Kind == ContactVehicle || m.Kind == ContactGate {
			at = min(at, m.To)
		} else {
			at = min(at, m.From)
		}
	}
	return at
}

// oracleExposure is what the table says, in minutes.
func oracleExposure(met []Meeting) float64 {
	sum := 0.0
	for _, m := range met {
		minutes := float64(m.To-m.From) / 60_000
		switch {
		case m.Kind == ContactHousehold:
			sum += 600 * math.Max(1, math.Ceil(minutes/1440))
		case m.Kind == ContactVehicle:
			sum += 60
		case m.Kind == ContactGate:
			sum += 2
		case m.UnknownStart:
			sum += 2 + minutes/2
		case m.Inferred:
			sum += minutes / 2
		default:
			sum += minutes
		}
	}
	return math.Floor(sum + 1e-6)
}

// contacts gives everybody's last link by hop: the earliest chains of at most
// so many meetings, worked out anew for each number of them.
func (o *contactOracle) contacts() (lines []string) {
	soonest := map[uint64]int64{o.q.Person: o.q.From}
	hops := map[uint64]int{o.q.Person: 0}
	for hop := 1; hop <= o.q.Hops; hop++ {
		links := map[uint64]oracleLink{}
		for via, since := range soonest {
			for other := range o.events {
				if other == via || other == o.q.Person {
					continue
				}
				met := o.between(via, other, since)
				if len(met) == 0 {
					continue
				}
				l := oracleLink{via, met, oracleInfected(met), oracleExposure(met)}
				old, ok := links[other]
				if !ok || l.infected < old.infected || l.infected == old.infected &&
					(l.exposure > old.exposure || l.exposure == old.exposure && l.via < old.via) {
					links[other] = l
				}
			}
		}
		next := map[uint64]int64{}
		for person, l := range links {
			if _, known := hops[person]; !known {
				hops[person] = hop
				lines = append(lines, o.line(person, hop, l))
			}
			next[person] = l.infected
		}
		for person, at := range next {
			if was, ok := soonest[person]; !ok || at < was {
				soonest[person] = at
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func (o *contactOracle) line(person uint64, hop int, l oracleLink) string {
	first, last, together := int64(math.MaxInt64), int64(0), 0.0
	kinds := map[ContactKind]bool{}
	for _, m := range l.met {
		first, last = min(first, m.From), max(last, m.To)
		kinds[m.Kind] = true
		if m.Kind == ContactVenue {
			together += float64(m.To-m.From) / 60_000
		}
	}
	var names []string
	for _, k := range []ContactKind{ContactHousehold, ContactVehicle, ContactVenue, ContactGate} {
		if kinds[k] {
			names = append(names, k.String())
		}
	}
	return fmt.Sprintf("hop %d %x via %x %s exposure %d minutes %d first %d last %d infected %d met %s", hop, person, l.via,
		strings.Join(names, "+"), int64(l.exposure), int64(math.Floor(together+1e-6)), first, last, l.infected, evidence(l.met))
}

// evidence renders meetings in an order of its own.
func evidence(met []Meeting) string {
	lines := make([]string, len(met))
	for i, m := range met {
		lines[i] = fmt.Sprintf("%+v", m)
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}
